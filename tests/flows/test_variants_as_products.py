"""Platforms that name variants as they name products: what is said of a variant ends at the product that it belongs to."""

from dataclasses import dataclass
from itertools import permutations

from app.domain.application import Application
from app.domain.event import Fact, Incomplete, Tombstone
from app.domain.ids import AccountId, SourceId, StockItemId, SupplierId
from app.domain.product import Snapshot
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage, open_stage

SMALL, LARGE = SourceId("small"), SourceId("large")
BEFORE = product("bowl", variant("S", variant_id=SMALL))
AFTER = product("bowl", variant("S", variant_id=SMALL, stock=2), variant("L", variant_id=LARGE), at=1)


def written(source_id: str) -> Incomplete:
    return Incomplete(
        source_id=SourceId(source_id), stock_item_id=StockItemId(f"item-{source_id}"), reason="it was written"
    )


def deleted(source_id: str) -> Tombstone:
    return Tombstone(source_id=SourceId(source_id), stock_item_id=StockItemId(f"item-{source_id}"))


@dataclass
class Bowl:
    """A product of a shop that answers for the ids of its variants with the product itself."""

    stage: Stage
    application: Application

    def becomes(self, snapshot: Snapshot | None, *gone: SourceId) -> None:
        self.stage.shop.products.clear()
        if snapshot is not None:
            ids = [snapshot.source_id, *(SourceId(each.id) for each in snapshot.variants)]
            self.stage.shop.products.update(dict.fromkeys(set(ids) - set(gone), snapshot))

    async def known(self) -> list[str]:
        async with self.stage.store.reading() as tx:
            found = await tx.products.list(self.application.id, state=None, sku=None, q=None, after=None, limit=50)
        return sorted(each.product.source_id for each in found)


async def a_bowl(database_url: str, *, n: int = 0) -> Bowl:
    stage = open_stage(database_url)
    stage.orderchamp.account_id = AccountId(f"account-{n}")
    stage.shop.put(BEFORE)
    application = await stage.install(supplier_id=SupplierId(f"supplier-{n}"), shop=f"{n}.example")
    await stage.settle()
    return Bowl(stage, application)


async def test_a_variant_that_nobody_knew_is_read_as_the_product_it_belongs_to(database_url: str) -> None:
    bowl = await a_bowl(database_url)
    bowl.becomes(AFTER)
    await bowl.stage.hear(bowl.application, written(LARGE))
    await bowl.stage.settle()

    assert bowl.stage.orderchamp.by_sku("L").id == bowl.stage.orderchamp.by_sku("S").id
    assert await bowl.known() == ["bowl"]
    await bowl.stage.store.close()


async def test_one_read_answers_whatever_was_said_of_a_product_and_its_variants(database_url: str) -> None:
    bowl = await a_bowl(database_url)
    bowl.becomes(AFTER)
    reads = len(bowl.stage.shop.reads)
    for each in (LARGE, "bowl", SMALL):
        await bowl.stage.hear(bowl.application, written(each))
    await bowl.stage.settle()

    assert len(bowl.stage.shop.reads) == reads + 1
    assert await bowl.known() == ["bowl"]
    await bowl.stage.store.close()


async def test_a_variant_that_is_gone_is_sold_out_and_its_product_stays(database_url: str) -> None:
    bowl = await a_bowl(database_url)
    bowl.becomes(AFTER)
    await bowl.stage.hear(bowl.application, written("bowl"))
    await bowl.stage.settle()
    bowl.becomes(product("bowl", variant("S", variant_id=SMALL), at=2))
    await bowl.stage.hear(bowl.application, deleted(LARGE))
    await bowl.stage.settle()

    shown = bowl.stage.orderchamp.by_sku("S")
    assert shown.published
    assert {each.sku: each.stock for each in shown.variants.values()} == {"S": 5, "L": 0}
    assert await bowl.known() == ["bowl"]
    await bowl.stage.store.close()


async def test_a_product_that_became_a_variant_of_another_one_is_gone_as_a_product(database_url: str) -> None:
    bowl = await a_bowl(database_url)
    bowl.stage.shop.put(product("large", variant("L", variant_id=LARGE)))
    await bowl.stage.hear(bowl.application, written(LARGE))
    await bowl.stage.settle()
    assert bowl.stage.orderchamp.by_sku("L").published
    bowl.becomes(AFTER)
    await bowl.stage.hear(bowl.application, written(LARGE), event="later")
    await bowl.stage.settle()

    async with bowl.stage.store.reading() as tx:
        alone = await tx.products.known(bowl.application.id, [LARGE])
    assert alone[LARGE].gone
    await bowl.stage.store.close()


async def test_all_orders_of_what_is_said_of_variants_end_in_the_same_state(database_url: str) -> None:
    life: dict[str, Fact] = {
        "product": written("bowl"),
        "new variant": written(LARGE),
        "stock": written(SMALL),
        "gone and back": deleted(SMALL),
    }
    ended = set()
    for n, order in enumerate(permutations(life)):
        bowl = await a_bowl(database_url, n=n)
        bowl.becomes(AFTER)
        for position, name in enumerate(order):
            await bowl.stage.hear(bowl.application, life[name], event=f"{position}")
            await bowl.stage.hear(bowl.application, life[name], event=f"{position} again")
            if n % 2:
                await bowl.stage.run_lanes()
        await bowl.stage.settle()
        ended.add(str(bowl.stage.orderchamp.summary()))
        assert await bowl.known() == ["bowl"]
        await bowl.stage.store.close()
    assert len(ended) == 1


async def test_all_orders_of_a_deletion_with_the_variants_end_unpublished(database_url: str) -> None:
    life = ("bowl", SMALL, LARGE)
    for n, order in enumerate(permutations(life)):
        bowl = await a_bowl(database_url, n=n)
        bowl.becomes(AFTER)
        await bowl.stage.hear(bowl.application, written("bowl"))
        await bowl.stage.settle()
        bowl.becomes(None)
        for position, each in enumerate(order):
            await bowl.stage.hear(bowl.application, deleted(each), event=f"{position}")
            if n % 2:
                await bowl.stage.run_lanes()
        await bowl.stage.settle()
        assert not bowl.stage.orderchamp.by_sku("S").published
        await bowl.stage.store.close()
