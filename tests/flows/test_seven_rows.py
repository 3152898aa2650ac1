"""The table of the README, row by row: what happens in the shop, and what Orderchamp shows afterwards."""

from dataclasses import replace
from decimal import Decimal

import pytest

from app.domain.event import StockFact, Tombstone
from app.domain.ids import SourceId, StockItemId, StorefrontId
from app.domain.plan import UpdateProduct
from app.domain.product import Snapshot, StockLevel
from app.domain.settings import ApplicationSettings, FieldSwitches
from app.flows.operate import Revision, change
from tests.fakes.shop import EPOCH, HOME, product, variant
from tests.fakes.stage import Stage


async def installed(stage: Stage, *snapshots: Snapshot, settings: ApplicationSettings | None = None):  # type: ignore[no-untyped-def]
    stage.shop.put(*snapshots)
    application = await stage.install(**({} if settings is None else {"settings": settings}))
    await stage.settle()
    return application


async def test_a_deleted_product_is_unpublished(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    assert stage.orderchamp.by_sku("1-A").published
    del stage.shop.products[SourceId("1")]
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    view = await stage.product(application, "1")
    assert (view.state, view.why) == ("deleted", "Not published, because it was deleted in the shop.")


async def test_a_deletion_that_the_shop_does_not_confirm_changes_nothing(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    assert stage.shop.reads.count("1") == 3


async def test_an_inactive_product_is_unpublished(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    await stage.hear(application, product("1", at=1, published=False, status="draft"))
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    assert "Unpublished on Orderchamp, because it is draft in the shop." in await stage.story(application, "1")


async def test_a_republished_product_returns_to_the_storefront_it_was_on_last(stage: Stage) -> None:
    front_2 = StorefrontId("front-2")
    stage.orderchamp.storefronts += (replace(stage.orderchamp.storefronts[0], id=front_2, name="Second"),)
    application = await installed(stage, product("1"))
    await stage.hear(application, product("1", at=1, published=False, status="archived"))
    await stage.settle()
    await change(stage.services, application.id, Revision(storefront_id=front_2))
    await stage.hear(application, product("1", at=2))
    await stage.settle()
    shown = stage.orderchamp.by_sku("1-A")
    assert (shown.published, shown.storefront) == (True, "front-1")


async def test_an_added_variant_is_matched_by_its_sku_to_one_that_is_there(stage: Stage) -> None:
    by_hand = stage.orderchamp.add("By hand", {"X": 0})
    application = await installed(stage, product("1"))
    await stage.hear(application, product("1", variant("1-A"), variant("X", stock=7), at=1))
    await stage.settle()
    assert stage.orderchamp.by_sku("X").id == by_hand.id
    assert stage.orderchamp.stock("X") == 7


async def test_an_added_variant_that_is_nowhere_is_created_on_the_bound_product(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    bound = stage.orderchamp.by_sku("1-A")
    await stage.hear(application, product("1", variant("1-A"), variant("new", stock=3), at=1))
    await stage.settle()
    assert stage.orderchamp.by_sku("new").id == bound.id
    assert bound.listed == set(bound.variants), "the listing has the variant that was added after it was published"
    assert bound.publications == 1


async def test_stock_is_always_sent(stage: Stage) -> None:
    nothing = FieldSwitches(title=False, description=False, price=False, images=False)
    settings = ApplicationSettings(price_kind="wholesale", fields=nothing)
    application = await installed(stage, product("1"), settings=settings)
    level = StockLevel(location_id=HOME, quantity=2, version=EPOCH.replace(year=2027))
    await stage.hear(application, StockFact(stock_item_id=StockItemId("item-v-1-A"), level=level))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 2


@pytest.mark.parametrize("field", ["title", "description", "price", "images"])
@pytest.mark.parametrize("on", [True, False])
async def test_a_detail_is_sent_only_when_it_is_switched_on(stage: Stage, field: str, on: bool) -> None:
    settings = ApplicationSettings(price_kind="wholesale", fields=FieldSwitches(**{field: on}))
    application = await installed(stage, product("1"), settings=settings)
    changed = product(
        "1",
        variant("1-A", price="12.50"),
        at=1,
        title="New title",
        description="<p>New</p>",
        images=("https://cdn.example/new.jpg",),
    )
    await stage.hear(application, changed)
    await stage.settle()
    shown = stage.orderchamp.by_sku("1-A")
    (seen,) = shown.variants.values()
    sent = {
        "title": shown.title == "New title",
        "description": shown.description == "<p>New</p>",
        "price": seen.price == Decimal("12.50"),
        "images": shown.images == ("https://cdn.example/new.jpg",),
    }
    assert sent == {"title": True, "description": True, "price": True, "images": True, field: on}


async def test_a_new_product_is_matched_by_sku_before_it_is_created(stage: Stage) -> None:
    there = stage.orderchamp.add("There before", {"1-A": 1})
    application = await installed(stage, product("1"))
    await stage.hear(application, product("2"))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").id == there.id
    assert there.published
    assert stage.orderchamp.by_sku("2-A").published
    assert len(stage.orderchamp.products) == 2
    assert UpdateProduct not in {type(each) for each in stage.orderchamp.applied[-1:]}
