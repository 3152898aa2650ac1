"""A shop that is asked what changed: everything it tells ends on Orderchamp, whatever breaks, and it is asked for no less.

The shop is the sandbox ChannelEngine.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from app.domain.application import Application, Storefront
from app.domain.errors import InvalidInstallation
from app.domain.http import Delivery, Request, Response
from app.domain.ids import SourceId, StorefrontId
from app.flows.operate import cancel_import, look_again, start_import
from app.flows.preview import start_preview
from app.flows.receive_delivery import Reception
from app.flows.sweep import start_sweep
from app.flows.webhook_secret import CHOSEN
from app.platforms import channelengine as platform
from app.sandbox.channelengine.sandbox import Sandbox
from app.sandbox.channelengine.server import create_app
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.killing_shop import killing
from tests.fakes.marketplace import MAIN
from tests.fakes.reaching import ToSandbox
from tests.fakes.stage import Stage
from tests.sandbox.channelengine.standin import KEY, SHOP, StandIn

APP = create_app()


@dataclass
class Shop:
    """A merchant who has the Application installed."""

    stage: Stage
    standin: StandIn
    transport: ToSandbox
    application: Application

    async def poll(self) -> None:
        """Have the shop asked now, and everything brought about."""
        await self.stage.keep_appointment("changes")
        await self.stage.settle()

    def shown(self) -> dict[str, tuple[bool, dict[str, int | None]]]:
        """What Orderchamp shows: whether a product is published, and the stock of each SKU."""
        return {
            each.title: (each.published, {str(variant.sku): variant.stock for variant in each.variants.values()})
            for each in self.stage.orderchamp.products.values()
        }

    async def product(self, title: str) -> dict[str, Any]:
        return next(each for each in await self.standin.do("GET", "/products") if each["title"] == title)


@pytest.fixture
async def open_shop(stage: Stage) -> AsyncIterator[Shop]:
    """A merchant with a bowl, and a board of two sizes; nothing is installed yet."""
    APP.state.sandbox = Sandbox(None)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=APP), base_url="http://ce")
    async with APP.router.lifespan_context(APP), client:
        standin = StandIn(client)
        await standin.open()
        await standin.add({"sku": "BOWL", "price": "49.00", "quantity": 5}, title="Bowl")
        sizes = [{"sku": f"BOARD-{each}", "price": "34.95", "quantity": 3, "options": [each]} for each in "SL"]
        await standin.add(*sizes, title="Board", options=["Size"])
        stage.adapters["channelengine"] = platform.ADAPTER
        stage.orderchamp.storefronts = (MAIN, Storefront(id=StorefrontId("front-2"), name="Outlet", live=True))
        transport = ToSandbox(client)
        stage.services = replace(
            stage.services, transport=transport, shop_url=lambda _, address: f"http://ce/shops/{address}"
        )
        yield Shop(stage, standin, transport, None)  # type: ignore[arg-type]


async def install(stage: Stage, **changes: Any) -> Application:
    return await stage.install(platform="channelengine", shop=SHOP, credentials={"api_key": KEY}, **changes)


@pytest.fixture
async def shop(open_shop: Shop) -> Shop:
    """A merchant whose products are on Orderchamp."""
    open_shop.application = await install(open_shop.stage)
    await open_shop.stage.settle()
    return open_shop


async def test_an_install_asks_until_there_is_nothing_more(shop: Shop) -> None:
    assert shop.shown() == {"Bowl": (True, {"BOWL": 5}), "Board": (True, {"BOARD-S": 3, "BOARD-L": 3})}
    assert (await shop.stage.application(shop.application.id)).state == "active"
    assert (await shop.standin.changes())["ToBeCreated"] == []
    async with shop.stage.store.transaction() as tx:
        done = await tx.imports.latest(shop.application.id)
        due = await tx.appointments.of(shop.application.id, "changes")
    assert done is not None
    assert (done.state, done.counters["created"]) == ("done", 2)
    assert due is not None


async def live(shop: Shop) -> None:
    """Lead both products through their lives."""
    do = shop.standin.do
    bowl, board = await shop.product("Bowl"), await shop.product("Board")
    await do("PUT", f"/products/{bowl['id']}/variants/{bowl['variants'][0]['id']}/stock", {"quantity": 9})
    await do(
        "POST",
        f"/products/{board['id']}/variants",
        {"sku": "BOARD-M", "price": "34.95", "options": ["M"], "quantity": 7},
    )
    await do("DELETE", f"/products/{board['id']}/variants/{board['variants'][1]['id']}")
    await do("PATCH", f"/products/{bowl['id']}", {"title": "Large bowl"})
    await do("POST", f"/products/{board['id']}/unpublish")


LIVED = {"Large bowl": (True, {"BOWL": 9}), "Board": (False, {"BOARD-S": 3, "BOARD-L": 3})}


async def test_whatever_changed_is_brought_about_when_the_shop_is_asked(shop: Shop) -> None:
    await live(shop)
    await shop.poll()
    assert shop.shown() == LIVED

    await shop.standin.do("POST", f"/products/{(await shop.product('Board'))['id']}/publish")
    await shop.poll()

    assert shop.shown()["Board"] == (True, {"BOARD-S": 3, "BOARD-L": 0, "BOARD-M": 7})
    assert (await shop.standin.changes())["ToBeUpdated"] == []
    assert await shop.standin.offers() == []


@pytest.mark.parametrize("after", range(1, 200, 13))
async def test_a_worker_that_dies_at_any_step_loses_and_doubles_nothing(shop: Shop, after: int) -> None:
    await live(shop)
    await shop.stage.keep_appointment("changes")
    stage, killer = shop.stage, Killer(at=after)
    if await run_until_killed(stage, killer, channelengine=killing(platform.ADAPTER, killer)):
        await stage.hurry()
    await shop.poll()

    assert shop.shown() == LIVED
    assert all(each.publications == 1 for each in stage.orderchamp.products.values())
    told = await shop.standin.changes()
    assert (told["ToBeCreated"], told["ToBeUpdated"], told["ToBeRemoved"]) == ([], [], [])


@pytest.mark.policy("storefront_unknown")
async def test_an_install_without_a_storefront_is_refused_and_told_which_there_are(open_shop: Shop) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        await install(open_shop.stage, storefront_id=None)

    ((where, reason),) = refused.value.reasons
    assert where == "orderchamp.storefront_id"
    assert "front-1" in reason


@pytest.mark.policy("storefront_not_there")
async def test_a_product_that_is_shown_again_goes_where_the_input_names_it(shop: Shop) -> None:
    bowl = await shop.product("Bowl")
    path = f"/products/{bowl['id']}"

    async def again(storefront: str) -> StorefrontId | None:
        await shop.standin.do("POST", f"{path}/unpublish")
        await shop.poll()
        await shop.standin.do("PUT", f"{path}/mapped", {"fields_of_channel": {"storefront": storefront}})
        await shop.standin.do("POST", f"{path}/publish")
        await shop.poll()
        shown = shop.stage.orderchamp.by_sku("BOWL")
        return shown.storefront if shown.published else None

    assert shop.stage.orderchamp.by_sku("BOWL").storefront == "front-1"
    assert await again("front-2") == "front-2"
    assert await again("") == "front-1"
    assert await again("Nowhere") is None
    problem = await shop.stage.problem(shop.application, "storefront_not_there")
    assert "“Nowhere”" in problem.sentence


async def test_a_trigger_has_the_shop_asked_at_once(shop: Shop) -> None:
    async with shop.stage.store.transaction() as tx:
        secret = (await tx.vault.get(str(shop.application.id)))[CHOSEN]
    bowl = await shop.product("Bowl")
    await shop.standin.do("PUT", f"/products/{bowl['id']}/variants/{bowl['variants'][0]['id']}/stock", {"quantity": 1})
    shop.transport.asked.clear()
    for topic in ("orders", "products", "products"):
        url = f"/webhooks/channelengine/{shop.application.id}?type={topic}&tenant=oak-and-ash&updatedSince=1"
        call = Delivery(method="GET", url=url, headers={}, body=b"", received_at=datetime.now(UTC), token=secret)
        await Reception(shop.stage.services).receive("channelengine", str(shop.application.id), call)
    await shop.stage.settle()

    assert shop.shown()["Bowl"] == (True, {"BOWL": 1})
    assert shop.transport.asked.count("ChannelEngine changes") == 2
    assert sorted((await shop.stage.outcomes(shop.application)).values()) == ["ignored", "reading"]  # type: ignore[type-var]


@pytest.mark.policy("changes_not_told")
async def test_a_shop_that_takes_no_receipt_is_asked_no_more_often_and_that_is_shown(shop: Shop) -> None:
    await shop.standin.do("PUT", "/switches", {"forgets_acknowledgements": True})
    await live(shop)
    shop.transport.asked.clear()
    await shop.poll()

    assert shop.shown() == LIVED
    assert shop.transport.asked.count("ChannelEngine changes") == 2
    assert "the same again" in (await shop.stage.problem(shop.application, "changes_not_told")).sentence

    await shop.standin.do("PUT", "/switches", {"forgets_acknowledgements": False})
    await shop.poll()
    await shop.poll()

    assert await shop.stage.problems(shop.application) == ()


@pytest.mark.policy("changes_not_told")
async def test_a_shop_that_refuses_is_asked_again_at_the_usual_time_and_that_is_shown(shop: Shop) -> None:
    await shop.standin.do("PUT", "/switches", {"refuses_politely": True})
    await shop.poll()

    assert "The channel is not active" in (await shop.stage.problem(shop.application, "changes_not_told")).sentence
    assert (await shop.stage.application(shop.application.id)).state == "active"

    await shop.standin.do("PUT", "/switches", {"refuses_politely": False})
    await live(shop)
    await shop.poll()
    assert shop.shown() == LIVED


async def test_a_record_that_cannot_be_read_is_shown_and_costs_no_other(shop: Shop) -> None:
    bowl = await shop.product("Bowl")
    await shop.standin.do("PUT", f"/products/{bowl['id']}/mapped", {"fields_of_channel": {"price": "dear"}})
    await shop.standin.add({"sku": "TRAY", "price": "9.00", "quantity": 2}, title="Tray")
    await shop.poll()

    assert shop.shown()["Tray"] == (True, {"TRAY": 2})
    assert "“dear” is no price" in (await shop.stage.problem(shop.application, "changes_not_told")).sentence


async def test_a_key_that_is_taken_back_pauses_and_a_new_one_catches_up(shop: Shop) -> None:
    await shop.standin.do("DELETE", "/keys")
    await live(shop)
    await shop.poll()
    assert (await shop.stage.application(shop.application.id)).state == "paused"

    await shop.standin.open()
    await install(shop.stage)
    await shop.stage.settle()

    assert shop.shown() == LIVED


async def test_one_product_cannot_be_read_so_the_shop_is_asked_what_changed(shop: Shop) -> None:
    bowl = await shop.product("Bowl")
    await shop.standin.do("PATCH", f"/products/{bowl['id']}", {"title": "Large bowl"})

    assert await look_again(shop.stage.services, shop.application.id, SourceId(str(bowl["id"])))
    await shop.stage.settle()

    assert "Large bowl" in shop.shown()
    story = await shop.stage.story(shop.application, str(bowl["id"]))
    assert any(re.search("asked for all that changed", each) for each in story)


@pytest.mark.parametrize("alone", [True, False], ids=["one product", "everything"])
async def test_a_preview_goes_by_what_the_shop_told_last(shop: Shop, alone: bool) -> None:
    gone = shop.stage.orderchamp.by_sku("BOWL")
    del shop.stage.orderchamp.products[gone.id]
    await start_sweep(shop.stage.services, shop.application.id)
    await shop.stage.settle()
    bowl = SourceId(str((await shop.product("Bowl"))["id"]))

    started = await start_preview(shop.stage.services, shop.application.id, bowl if alone else None)
    await shop.stage.settle()

    async with shop.stage.store.reading() as tx:
        ended = await tx.previews.one(shop.application.id, started.id)
    assert ended is not None
    assert (ended.state, ended.counters["read"]) == ("done", 1 if alone else 2), ended.reason
    assert ended.counters["create"] == 1
    assert "Bowl" not in shop.shown()


async def test_an_import_that_a_person_wants_asks_and_brings_back_what_was_deleted_by_hand(shop: Shop) -> None:
    gone = shop.stage.orderchamp.by_sku("BOWL")
    del shop.stage.orderchamp.products[gone.id]
    await start_sweep(shop.stage.services, shop.application.id)
    await shop.stage.settle()
    assert "Bowl" not in shop.shown()

    await start_import(shop.stage.services, shop.application.id)
    await shop.stage.settle()

    assert shop.shown()["Bowl"] == (True, {"BOWL": 5})


async def test_nothing_that_the_shop_told_is_lost_with_an_import_that_is_cancelled(open_shop: Shop) -> None:
    stage = open_shop.stage
    open_shop.application = application = await install(stage)

    class Cancelling:
        """Somebody cancels the import while the shop tells its products."""

        async def send(self, request: Request, *, within: timedelta) -> Response:
            answer = await open_shop.transport.send(request, within=within)
            if b"BOWL" in answer.body:
                async with stage.store.transaction() as tx:
                    running = await tx.imports.running(application.id)
                if running is not None:
                    await cancel_import(stage.services, application.id, running.id)
            return answer

    stage.services = replace(stage.services, transport=Cancelling())
    await stage.settle()
    await open_shop.poll()
    async with stage.store.transaction() as tx:
        latest = await tx.imports.latest(application.id)
    assert latest is not None
    assert latest.state == "cancelled"
    assert open_shop.shown() == {"Bowl": (True, {"BOWL": 5}), "Board": (True, {"BOARD-S": 3, "BOARD-L": 3})}
