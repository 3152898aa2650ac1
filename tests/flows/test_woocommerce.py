"""A WooCommerce shop's products end on Orderchamp as the shop has them, in whatever order and however often it tells of them.

The shop is the sandbox, its webhooks come over sockets and are handed on in the orders that a test wants.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from app.domain.application import Application
from app.domain.errors import NotStored
from app.domain.http import Delivery
from app.platforms import woocommerce
from app.sandbox.woocommerce.sandbox import Sandbox
from app.sandbox.woocommerce.server import create_app
from tests.fakes.reaching import ToSandbox
from tests.fakes.stage import Stage
from tests.sandbox.receiver import Received, Receiver
from tests.sandbox.woocommerce.standin import KEY, KEY_SECRET, SHOP, StandIn

APP = create_app()
Order = Callable[[Sequence[Received]], list[Received]]


@dataclass
class Shop:
    """A shop that has the Application installed, and what came from it."""

    stage: Stage
    woo: StandIn
    receiver: Receiver
    application: Application

    async def heard(self) -> list[Received]:
        """Return what the shop has sent since it was asked last."""
        await self.woo.quiet()
        heard, self.receiver.received = self.receiver.received, []
        return heard

    async def tell(self, *received: Received) -> None:
        """Hand webhooks on to the service."""
        for each in received:
            sent = Delivery(
                method="POST",
                url=f"https://test{each.path}",
                headers=each.headers,
                body=each.content,
                received_at=datetime.now(UTC),
            )
            await self._carry(sent)

    async def _carry(self, sent: Delivery) -> None:
        """Hand one webhook on, again while a busy machine keeps the service from storing it in time."""
        for _ in range(50):
            try:
                return await self.stage.carry(sent)
            except NotStored:
                continue
        raise AssertionError("the delivery is never stored")

    def shown(self) -> dict[str, tuple[bool, dict[str, int | None]]]:
        """What Orderchamp shows: whether a product is published, and the stock of each SKU."""
        return {
            each.title: (each.published, {str(variant.sku): variant.stock for variant in each.variants.values()})
            for each in self.stage.orderchamp.products.values()
        }


@pytest.fixture
async def shop(stage: Stage) -> AsyncIterator[Shop]:
    """A shop with a bowl, and a board of two sizes, both of them on Orderchamp."""
    APP.state.sandbox = Sandbox(None)
    receiver = Receiver()
    transport = httpx.ASGITransport(app=APP)
    async with (
        APP.router.lifespan_context(APP),
        httpx.AsyncClient(transport=transport, base_url="http://woo") as client,
        await asyncio.start_server(receiver.answer, "127.0.0.1", 0) as server,
    ):
        woo = StandIn(client)
        await woo.open()
        await woo.add({"sku": "BOWL", "price": "49.00", "quantity": 5}, title="Bowl")
        sizes = [{"sku": f"BOARD-{each}", "price": "34.95", "quantity": 3, "options": [each]} for each in "SL"]
        await woo.add(*sizes, title="Board", options=["Size"])
        stage.adapters["woocommerce"] = woocommerce.ADAPTER
        stage.services = replace(
            stage.services,
            transport=ToSandbox(client),
            shop_url=lambda _, address: f"http://woo/shops/{address}",
            public_url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}",
        )
        credentials = {"consumer_key": KEY, "consumer_secret": KEY_SECRET}
        application = await stage.install(platform="woocommerce", shop=SHOP, credentials=credentials)
        await stage.settle()
        opened = Shop(stage, woo, receiver, application)
        await opened.tell(*await opened.heard())
        yield opened
        await receiver.all_closed()


async def posts(shop: Shop) -> tuple[str, dict[str, Any]]:
    """Return the bowl's id and the board."""
    found = {each["title"]: each for each in await shop.woo.do("GET", "/products")}
    return f"/products/{found['Bowl']['id']}", found["Board"]


async def test_an_install_orders_every_topic_and_brings_the_catalogue(shop: Shop) -> None:
    subscriptions = await shop.woo.do("GET", "/subscriptions")

    assert {each["topic"] for each in subscriptions} == set(woocommerce.ADAPTER.subscriptions.topics)  # type: ignore[union-attr]
    assert shop.shown() == {"Bowl": (True, {"BOWL": 5}), "Board": (True, {"BOARD-S": 3, "BOARD-L": 3})}
    assert await shop.stage.count("delivery") == 0


async def live(shop: Shop) -> list[Received]:
    """Lead both products through their lives and return what the shop told of that."""
    bowl, board = await posts(shop)
    small, large = (f"/products/{board['id']}/variants/{each['id']}" for each in board["variants"])
    steps: list[tuple[str, str, Any]] = [
        ("PUT", f"{bowl}/variants/{bowl.rpartition('/')[2]}/stock", {"quantity": 9}),
        ("POST", f"{bowl}/unpublish", None),
        ("PUT", f"{small}/stock", {"quantity": 1}),
        ("DELETE", bowl, None),
        ("POST", f"/products/{board['id']}/variants", {"sku": "BOARD-M", "options": ["M"], "quantity": 7}),
        ("POST", f"/posts/{bowl.rpartition('/')[2]}/restore", None),
        ("DELETE", large, None),
        ("POST", f"{bowl}/publish", None),
        ("PUT", f"{bowl}/variants/{bowl.rpartition('/')[2]}/stock", {"quantity": 4}),
    ]
    told: list[Received] = []
    for method, path, body in steps:
        await shop.woo.do(method, path, body)
        told += await shop.heard()
    return told


def mixed(seed: int) -> Order:
    def mix(told: Sequence[Received]) -> list[Received]:
        return random.Random(seed).sample([*told, *told], 2 * len(told))

    return mix


ORDERS: dict[str, tuple[Order, bool]] = {
    "as told, one by one": (list, False),
    "backwards, one by one": (lambda told: list(reversed(told)), False),
    "mixed, one by one": (mixed(1), False),
    "twice over": (lambda told: [*told, *told], True),
    "mixed": (mixed(2), True),
    "mixed otherwise": (mixed(3), True),
}
"""Orders, and whether all is told before any of it is worked through."""


async def test_any_order_and_repetition_of_two_products_lives_end_alike(shop: Shop) -> None:
    told = await live(shop)
    assert len(told) >= 12
    await shop.stage.remember()
    orderchamp = deepcopy(shop.stage.orderchamp.products)
    ends = {}
    for name, (order, at_once) in ORDERS.items():
        await shop.tell(*order(told)) if at_once else await one_by_one(shop, order(told))
        await shop.stage.settle()
        ends[name] = shop.shown()
        await shop.stage.go_back()
        shop.stage.orderchamp.products = deepcopy(orderchamp)
    board = {"BOARD-S": 1, "BOARD-L": 0, "BOARD-M": 7}
    assert ends == {each: {"Bowl": (True, {"BOWL": 4}), "Board": (True, board)} for each in ends}


async def one_by_one(shop: Shop, told: Sequence[Received]) -> None:
    """Work through each delivery before the next one comes."""
    for each in told:
        await shop.tell(each)
        await shop.stage.run_lanes()


async def test_a_product_that_is_trashed_again_is_heard_of_again(shop: Shop) -> None:
    bowl, _ = await posts(shop)
    seen = []
    for _ in range(2):
        await shop.woo.do("DELETE", bowl)
        await shop.tell(*await shop.heard())
        await shop.stage.settle()
        seen.append(shop.shown()["Bowl"][0])
        await shop.woo.do("POST", f"/posts/{bowl.rpartition('/')[2]}/restore")
        await shop.tell(*await shop.heard())
        await shop.stage.settle()
        seen.append(shop.shown()["Bowl"][0])

    assert seen == [False, True, False, True]


@pytest.mark.parametrize("quietly", [False, True])
async def test_a_product_that_is_deleted_for_good_is_heard_of_unless_it_is_past_the_plugin(
    shop: Shop, quietly: bool
) -> None:
    bowl, _ = await posts(shop)
    await shop.woo.do("PUT", "/switches", {"deletes_quietly": quietly})

    await shop.woo.do("DELETE", f"/posts/{bowl.rpartition('/')[2]}")
    await shop.tell(*await shop.heard())
    await shop.stage.settle()

    assert shop.shown()["Bowl"][0] is quietly


async def test_trashing_a_product_with_variations_leaves_no_product_behind_for_any_of_them(shop: Shop) -> None:
    _, board = await posts(shop)

    await shop.woo.do("DELETE", f"/products/{board['id']}")
    told = await shop.heard()
    await shop.tell(*told)
    await shop.stage.settle()

    assert len(told) == 3
    assert shop.shown()["Board"][0] is False
    assert await shop.stage.count("source_product") == 2


async def test_a_variation_that_is_told_alone_changes_its_product(shop: Shop) -> None:
    _, board = await posts(shop)
    await shop.woo.do("PUT", "/switches", {"saves_parents": False})
    small = board["variants"][0]["id"]

    await shop.woo.do("PUT", f"/products/{board['id']}/variants/{small}/stock", {"quantity": 2})
    (told,) = await shop.heard()
    await shop.tell(told)
    await shop.stage.settle()

    assert shop.shown()["Board"][1]["BOARD-S"] == 2


async def test_a_cache_in_the_shop_keeps_nothing_old_alive(shop: Shop) -> None:
    _, board = await posts(shop)
    await shop.woo.do("PUT", "/switches", {"caches_answers": True})
    for quantity in (6, 8):
        await shop.woo.do(
            "PUT", f"/products/{board['id']}/variants/{board['variants'][0]['id']}/stock", {"quantity": quantity}
        )
        await shop.tell(*await shop.heard())
        await shop.stage.settle()
        assert shop.shown()["Board"][1]["BOARD-S"] == quantity


async def test_webhooks_that_the_shop_disabled_come_back_with_our_secret(shop: Shop) -> None:
    bowl, _ = await posts(shop)
    (webhook,) = [each for each in await shop.woo.do("GET", "/subscriptions") if each["topic"] == "product.updated"]
    await shop.woo.call("PUT", f"/webhooks/{webhook['id']}", {"status": "disabled", "secret": "forgotten"})

    credentials = {"consumer_key": KEY, "consumer_secret": KEY_SECRET}
    await shop.stage.install(platform="woocommerce", shop=SHOP, credentials=credentials)
    await shop.stage.settle()
    await shop.woo.do("POST", f"{bowl}/unpublish")
    await shop.tell(*await shop.heard())
    await shop.stage.settle()

    assert {each["status"] for each in await shop.woo.do("GET", "/subscriptions")} == {"active"}
    assert len(await shop.woo.do("GET", "/subscriptions")) == 6
    assert shop.shown()["Bowl"][0] is False
