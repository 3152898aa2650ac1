"""The life of a product, under both values of every switch that bears on it."""

from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import Orderchamp

LISTING = "query($id: ID!) { product(id: $id) { listing { id status } } }"


async def listing(orderchamp: Orderchamp, product_id: str) -> dict[str, Any] | None:
    found: dict[str, Any] | None = (await orderchamp.data(LISTING, id=product_id))["product"]["listing"]
    return found


async def state(orderchamp: Orderchamp, product_id: str) -> tuple[str, str | None, int]:
    shown = await orderchamp.shown(product_id)
    return shown["status"], (shown["storefront"] or {}).get("name"), shown["published_count"]


@pytest.fixture
async def published(orderchamp: Orderchamp) -> str:
    product_id = await orderchamp.create()
    await orderchamp.do("productPublish", id=product_id, storefrontId=orderchamp.storefronts[0])
    return product_id


async def test_without_a_storefront_a_new_product_stays_a_draft(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    assert await orderchamp.refused("productPublish", id=product_id) == []
    assert await state(orderchamp, product_id) == ("draft", None, 0)


async def test_publishing_shows_a_product_on_a_storefront(orderchamp: Orderchamp, published: str) -> None:
    found = await listing(orderchamp, published)
    assert found is not None
    assert found["status"] == "PUBLISHED"
    shown = await orderchamp.shown(published)
    assert (shown["status"], shown["visible"], shown["listing_variants"]) == (
        "published",
        True,
        ["MUG-RED", "MUG-BLUE"],
    )


async def test_nobody_sees_what_is_published_on_an_unpublished_storefront(
    orderchamp: Orderchamp, published: str
) -> None:
    await orderchamp.open(storefronts=[{"name": "Main", "is_published": False}])
    shown = await orderchamp.shown(published)
    assert (shown["status"], shown["visible"]) == ("published", False)


@pytest.mark.parametrize("after", ["keep", "null"])
@pytest.mark.parametrize("again", ["productPublish", "productRepublish"])
async def test_an_unpublished_product_returns_to_its_last_storefront(
    orderchamp: Orderchamp, published: str, after: str, again: str
) -> None:
    await orderchamp.switch(listing_after_unpublish=after)
    before = await listing(orderchamp, published)
    assert await orderchamp.refused("productUnpublish", id=published) == []
    hidden = await listing(orderchamp, published)
    assert hidden == (None if after == "null" else {**(before or {}), "status": "UNPUBLISHED"})
    assert await state(orderchamp, published) == ("unpublished", "Main", 1)
    assert (await orderchamp.shown(published))["listing_variants"] == []
    assert await orderchamp.refused(again, id=published) == []
    assert await state(orderchamp, published) == ("published", "Main", 2)
    shown_again = await listing(orderchamp, published)
    assert shown_again is not None
    assert (shown_again == before) is (after == "keep")


async def test_publishing_elsewhere_moves_the_product(orderchamp: Orderchamp, published: str) -> None:
    await orderchamp.do("productPublish", id=published, storefrontId=orderchamp.storefronts[1])
    assert await state(orderchamp, published) == ("published", "Outlet", 2)
    assert (await orderchamp.shown(published))["listing_variants"] == ["MUG-RED", "MUG-BLUE"]


@pytest.mark.parametrize("with_storefront", [True, False])
async def test_publishing_twice_leaves_ghost_copies(
    orderchamp: Orderchamp, published: str, *, with_storefront: bool
) -> None:
    given = {"storefrontId": orderchamp.storefronts[0]} if with_storefront else {}
    await orderchamp.do("productPublish", id=published, **given)
    shown = await orderchamp.shown(published)
    assert shown["listing_variants"] == ["MUG-RED", "MUG-BLUE", "MUG-RED", "MUG-BLUE"]
    assert shown["published_count"] == 2


async def test_publishing_twice_may_do_nothing(orderchamp: Orderchamp, published: str) -> None:
    await orderchamp.switch(publish_twice="no_op")
    await orderchamp.do("productPublish", id=published, storefrontId=orderchamp.storefronts[0])
    shown = await orderchamp.shown(published)
    assert (shown["listing_variants"], shown["published_count"]) == (["MUG-RED", "MUG-BLUE"], 1)


@pytest.mark.parametrize(
    ("switch", "at_once"),
    [("only_after_republish", ["MUG-RED", "MUG-BLUE"]), ("immediate", ["MUG-RED", "MUG-BLUE", "N"])],
)
async def test_a_new_variant_reaches_the_listing_at_once_or_when_republished(
    orderchamp: Orderchamp, published: str, switch: str, at_once: list[str]
) -> None:
    await orderchamp.switch(new_variant_in_listing=switch)
    await orderchamp.do("productVariantCreate", productId=published, sku="N", price=1)
    assert (await orderchamp.shown(published))["listing_variants"] == at_once
    orderchamp.clock.move(60)
    before = (await orderchamp.shown(published))["published_at"]
    await orderchamp.do("productRepublish", id=published)
    shown = await orderchamp.shown(published)
    assert shown["listing_variants"] == ["MUG-RED", "MUG-BLUE", "N"]
    assert shown["published_at"] > before


async def test_a_deleted_variant_leaves_the_listing(orderchamp: Orderchamp, published: str) -> None:
    await orderchamp.do("productVariantDelete", id=await orderchamp.variant("MUG-RED"))
    assert (await orderchamp.shown(published))["listing_variants"] == ["MUG-BLUE"]


async def test_a_draft_cannot_be_republished_but_may_be_unpublished(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    assert await orderchamp.refused("productUnpublish", id=product_id) == []
    assert await orderchamp.refused("productRepublish", id=product_id) == [("id", "Product has never been published")]
    assert await state(orderchamp, product_id) == ("draft", None, 0)
