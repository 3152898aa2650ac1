"""An uninstall in the middle of an import, by whichever end, with the worker killed anywhere: nothing of the import happens
afterwards, the uninstall ends, and whoever installs again gets everything once."""

from random import Random

import pytest

from app.domain.application import Application
from app.domain.errors import OrderchampUnavailable
from app.domain.event import Uninstalled
from app.domain.plan import Applied, Change, Unclear, Unpublish
from app.flows.operate import uninstall
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.killing_shop import killing
from tests.fakes.shop import product
from tests.fakes.stage import Stage

PRODUCTS = 7
WAYS = ("keep", "unpublish", "signal")


async def work_until_killed(stage: Stage, at: int) -> None:
    """Run lanes with a worker that is killed at its ``at``-th await of a port, unless its work is done before."""
    killer = Killer(at=at)
    await run_until_killed(stage, killer, fake=killing(stage.shop.adapter(), killer))


async def leave(stage: Stage, application: Application, way: str) -> None:
    if way == "signal":
        stage.shop.token = "another"  # The shop forgets our token together with the app.
        await stage.hear(application, Uninstalled(), event=str(stage.services.new_id()))
    else:
        await uninstall(stage.services, application.id, unpublish=way == "unpublish")


async def is_left(stage: Stage, application: Application) -> None:
    assert (await stage.application(application.id)).state == "uninstalled"
    assert await stage.execute("SELECT count(*) FROM import WHERE state = 'running'") == 0
    assert await stage.count("secret") == 0
    assert await stage.count("appointment") == 0
    assert await stage.count("in_flight") == 0
    assert (
        await stage.execute("SELECT count(*) FROM source_product WHERE coalesce(due_at, read_due_at) IS NOT NULL") == 0
    )
    assert await stage.execute("SELECT due_at FROM lane") is None


@pytest.mark.parametrize("way", WAYS)
async def test_nothing_of_an_import_happens_after_an_uninstall_wherever_workers_die(stage: Stage, way: str) -> None:
    """The first worker dies anywhere in the import, and up to three more on the way out."""
    chance = Random(way)
    await stage.remember()
    for at in range(5, 200, 39):
        await stage.go_back()
        stage.shop.__init__()  # type: ignore[misc]
        stage.orderchamp.__init__()  # type: ignore[misc]
        stage.shop.put(*(product(str(n)) for n in range(PRODUCTS)))
        application = await stage.install()
        await work_until_killed(stage, at)
        await leave(stage, application, way)
        pages, reads, written = stage.shop.pages, len(stage.shop.reads), len(stage.orderchamp.applied)
        for _ in range(3):
            await stage.hurry()
            await work_until_killed(stage, chance.randrange(1, 40))
        await stage.hurry()
        await stage.settle()
        await is_left(stage, application)
        assert (stage.shop.pages, len(stage.shop.reads)) == (pages, reads), f"killed at {at}"
        since = stage.orderchamp.applied[written:]
        assert all(isinstance(each, Unpublish) for each in since), f"killed at {at}: {since}"
        shown = [each.published for each in stage.orderchamp.products.values()]
        assert way != "unpublish" or not any(shown)
        assert way == "signal" or stage.shop.subscriptions == {}
        assert stage.orderchamp.webhooks == {}
        await comes_back(stage, application)


async def comes_back(stage: Stage, application: Application) -> None:
    """Install again: the same Application, and every product once."""
    stage.shop.token = "again"
    back = await stage.install(credentials={"token": "again"})
    assert back.id == application.id
    await stage.settle()
    assert (await stage.application(application.id)).state == "active"
    for n in range(PRODUCTS):
        shown = stage.orderchamp.by_sku(f"{n}-A")
        assert shown.published
        assert len(shown.variants) == 1
    assert await stage.execute("SELECT count(*) FROM import WHERE state = 'running'") == 0


@pytest.mark.parametrize("way", WAYS)
async def test_an_import_that_waits_for_the_shop_to_write_its_file_ends_with_the_uninstall(
    stage: Stage, way: str
) -> None:
    """As while Shopify prepares a bulk operation: nothing is due before the shop has to be asked again."""
    stage.shop.put(*(product(str(n)) for n in range(PRODUCTS)))
    application = await stage.install()
    held = await claim_lane(stage.services)
    assert held is not None
    await stage.execute("UPDATE import SET due_at = now() + interval '5 seconds', cursor = 'bulk/1/0'")
    await run_lane(stage.services, held)
    assert stage.shop.pages == 0
    await leave(stage, application, way)
    await stage.settle()
    await is_left(stage, application)
    assert stage.shop.pages == 0
    assert stage.orderchamp.products == {}
    assert await stage.execute("SELECT reason FROM import") == "The Application was uninstalled."
    await comes_back(stage, application)


@pytest.mark.parametrize("way", WAYS)
async def test_an_uninstall_ends_with_both_tokens_dead_whatever_was_on_its_way(stage: Stage, way: str) -> None:
    """The answer to a creation got lost, the worker died, and then everything was revoked."""
    stage.shop.put(*(product(str(n)) for n in range(PRODUCTS)))
    application = await stage.install()
    stage.orderchamp.after = lambda _: Unclear("the connection was lost")
    await stage.run_lanes()
    assert await stage.count("in_flight")
    created = len(stage.orderchamp.products)
    stage.orderchamp.tokens.clear()
    await leave(stage, application, way)
    stage.shop.token = "another"
    await stage.settle()
    await is_left(stage, application)
    left = await stage.application(application.id)
    assert ("Products were left as they are" in left.state_reason) is (way == "unpublish")
    assert len(stage.orderchamp.products) == created
    stage.orderchamp.after, stage.orderchamp.tokens = _as_it_was, {"token"}
    await comes_back(stage, application)


def _as_it_was(_: Change) -> Applied | None:
    return None


async def test_an_uninstall_waits_for_an_orderchamp_that_is_away_before_it_gives_up_hiding(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    await uninstall(stage.services, application.id, unpublish=True)
    stage.orderchamp.find_trouble = []
    stage.orderchamp.webhook_trouble = OrderchampUnavailable("away")
    await stage.run_lanes()
    assert (await stage.application(application.id)).state == "uninstalling"
    stage.orderchamp.webhook_trouble = None
    await stage.settle()
    assert (await stage.application(application.id)).state == "uninstalled"
    assert not stage.orderchamp.by_sku("1-A").published
