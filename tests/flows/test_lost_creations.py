"""A creation whose answer got lost is found by what was sent, whatever the shop has changed since."""

import pytest

from app.domain.ids import Sku
from app.domain.plan import Change, CreateProduct, CreateVariant, Outcome
from app.domain.product import SourceVariant
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.marketplace import unclear
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

FIRST = (variant("A", stock=3), variant("B", stock=4))


def lose_creations(stage: Stage) -> None:
    """Let the answers to creations be lost from now on, after they were made."""

    def lose(change: Change) -> Outcome | None:
        return unclear(change) if isinstance(change, CreateProduct | CreateVariant) else None

    stage.orderchamp.after = lose


async def run_once(stage: Stage) -> None:
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)


@pytest.mark.parametrize(
    ("later", "stock"),
    [
        ((FIRST[0],), {"A": 3, "B": 0}),
        ((variant("A2", stock=3, variant_id="v-A"), FIRST[1]), {"A2": 3, "B": 4}),
        ((variant("A2", stock=3, variant_id="v-A"), variant("B2", stock=4, variant_id="v-B")), {"A2": 3, "B2": 4}),
        ((*FIRST, variant("C", stock=5)), {"A": 3, "B": 4, "C": 5}),
    ],
    ids=["a variant was removed", "an SKU changed", "every SKU changed", "a variant was added"],
)
async def test_a_product_is_created_once_although_the_shop_changed_it_before_its_creation_was_looked_up(
    stage: Stage, later: tuple[SourceVariant, ...], stock: dict[Sku, int]
) -> None:
    stage.shop.put(product("1", *FIRST))
    lose_creations(stage)
    application = await stage.install()
    await run_once(stage)
    (created,) = stage.orderchamp.products.values()
    stage.orderchamp.after = lambda _: None
    changed = product("1", *later, at=1)
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    (shown,) = stage.orderchamp.products.values()
    assert shown.id == created.id
    assert {each.sku: each.stock for each in shown.variants.values()} == stock
    assert shown.published


async def test_a_variant_is_created_once_although_its_sku_changed_before_its_creation_was_looked_up(
    stage: Stage,
) -> None:
    stage.shop.put(product("1", FIRST[0]))
    application = await stage.install()
    await stage.settle()
    lose_creations(stage)
    await stage.hear(application, product("1", *FIRST, at=1))
    await run_once(stage)
    stage.orderchamp.after = lambda _: None
    changed = product("1", FIRST[0], variant("B2", stock=4, variant_id="v-B"), at=2)
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    (shown,) = stage.orderchamp.products.values()
    assert {each.sku: each.stock for each in shown.variants.values()} == {"A": 3, "B2": 4}


async def test_a_lane_rests_until_what_is_on_its_way_is_over(stage: Stage) -> None:
    stage.shop.put(product("1", *FIRST))
    lose_creations(stage)
    application = await stage.install()
    await run_once(stage)
    async with stage.store.pool.transaction() as connection:
        # The next attempt is due long before that, but what Orderchamp shows cannot be told yet.
        await connection.execute("UPDATE source_product SET due_at = now() WHERE due_at IS NOT NULL")
    assert await stage.run_lanes() <= 1
    async with stage.store.pool.transaction() as connection:
        waiting = await connection.execute("SELECT due_at = (SELECT until FROM in_flight) FROM lane")
    assert waiting.scalar()
    assert await stage.count("in_flight") == 1
    assert (await stage.product(application, "1")).state == "waiting"
