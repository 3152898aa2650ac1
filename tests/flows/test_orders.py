"""Any order and any repetition of what a shop says about a product ends in the same state."""

from itertools import permutations

from app.domain.event import Fact, Tombstone
from app.domain.ids import AccountId, SourceId, SupplierId
from tests.fakes.shop import product, variant
from tests.fakes.stage import open_stage


async def test_all_orders_of_a_products_life_end_in_the_same_state(database_url: str) -> None:
    last = product("1", variant("1-A", stock=2), at=3, title="Renamed")
    life: dict[str, Fact] = {
        "create": product("1", variant("1-A", stock=3)),
        "update": product("1", variant("1-A", stock=2), at=1, title="Renamed"),
        "unpublish": product("1", variant("1-A", stock=2), at=2, title="Renamed", published=False, status="draft"),
        "republish": last,
    }
    ended = set()
    for n, order in enumerate(permutations(life)):
        stage = open_stage(database_url)
        stage.orderchamp.account_id = AccountId(f"account-{n}")
        stage.shop.put(last)
        application = await stage.install(supplier_id=SupplierId(f"supplier-{n}"), shop=f"{n}.example")
        # The deliveries come before anything was imported or read, all in one run, or one run each.
        for position, name in enumerate(order):
            await stage.hear(application, life[name], event=f"{position}")
            await stage.hear(application, life[name], event=f"{position} again")
            if n % 2:
                await stage.run_lanes()
        await stage.settle()
        ended.add(str(stage.orderchamp.summary()))
        await stage.store.close()
    assert len(ended) == 1
    assert "'Renamed', True, 'front-1'" in ended.pop()


async def test_all_orders_with_a_deletion_end_unpublished(database_url: str) -> None:
    life: dict[str, Fact] = {
        "update": product("1", at=1, title="Renamed"),
        "unpublish": product("1", at=2, title="Renamed", published=False, status="draft"),
        "republish": product("1", at=3, title="Renamed"),
        "delete": Tombstone(source_id=SourceId("1")),
    }
    published = set()
    for n, order in enumerate(permutations(life)):
        stage = open_stage(database_url)
        stage.orderchamp.account_id = AccountId(f"account-{n}")
        stage.shop.put(product("1"))
        application = await stage.install(supplier_id=SupplierId(f"supplier-{n}"), shop=f"{n}.example")
        await stage.settle()
        stage.shop.products.clear()
        for position, name in enumerate(order):
            await stage.hear(application, life[name], event=f"{position}")
            await stage.hear(application, life[name], event=f"{position} again")
            if n % 2:
                await stage.run_lanes()
        await stage.settle()
        published.add(stage.orderchamp.by_sku("1-A").published)
        await stage.store.close()
    assert published == {False}
