"""Who may see what."""

import pytest

from tests.sandbox.orderchamp.conftest import MUG, Orderchamp

ACCOUNT = "{ account { id name type slug databaseId } }"


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer other", "Basic token", "token"])
async def test_refuses_unknown_tokens_with_401(orderchamp: Orderchamp, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    answer = await orderchamp.client.post("/v1/graphql", json={"query": ACCOUNT}, headers=headers)
    assert answer.status_code == 401


async def test_refuses_a_revoked_token_until_it_is_restored(orderchamp: Orderchamp) -> None:
    await orderchamp.control("POST", "/tokens/token/revoke")
    assert (await orderchamp.post(ACCOUNT)).status_code == 401
    await orderchamp.control("POST", "/tokens/token/restore")
    assert (await orderchamp.data(ACCOUNT))["account"]["type"] == "SUPPLIER"


async def test_opening_an_account_again_returns_it(orderchamp: Orderchamp) -> None:
    first = await orderchamp.open(storefronts=[{"name": "Main"}])
    again = await orderchamp.open(storefronts=[{"name": "Main"}, {"name": "New"}])
    assert again["account_id"] == first["account_id"]
    assert [each["name"] for each in again["storefronts"]] == ["Main", "Outlet", "New"]


async def test_a_second_token_opens_the_same_account(orderchamp: Orderchamp) -> None:
    account = await orderchamp.open()
    second = orderchamp.as_("second")
    assert (await second.open(same_account_as="token"))["account_id"] == account["account_id"]
    product_id = await orderchamp.create()
    assert (await second.data("query($id: ID!) { product(id: $id) { id } }", id=product_id))["product"]


async def test_there_is_no_second_token_of_an_unknown_account(orderchamp: Orderchamp) -> None:
    answer = await orderchamp.client.put("/_sandbox/accounts/second", json={"same_account_as": "nobody"})
    assert answer.status_code == 404


async def test_no_account_sees_or_touches_another_ones_things(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    variant_id = await orderchamp.variant("MUG-RED")
    levels = '{ productVariantBySku(sku: "MUG-RED") { inventoryLevels(first: 1) { nodes { id } } } }'
    level = (await orderchamp.data(levels))["productVariantBySku"]["inventoryLevels"]["nodes"][0]["id"]
    other = orderchamp.as_("other")
    await other.open(name="Other")
    assert await other.errors("query($id: ID!) { product(id: $id) { id } }", id=product_id) == ["Product not found"]
    assert (await other.data('{ productVariantBySku(sku: "MUG-RED") { id } }'))["productVariantBySku"] is None
    assert (await other.data('{ productVariants(first: 9, skus: ["MUG-RED"]) { nodes { id } } }'))[
        "productVariants"
    ] == {"nodes": []}
    assert (await other.data("{ products(first: 9) { totalCount } }"))["products"]["totalCount"] == 0
    lines = [
        {"sku": "MUG-RED", "adjustment": 1},
        {"productVariantId": variant_id, "adjustment": 1},
        {"inventoryLevelId": level, "adjustment": 1},
    ]
    assert len(await other.refused("inventoryLevelBulkAdjust", inventoryLevels=lines)) == 3
    storefront = orderchamp.storefronts[0]
    mine = await other.create()
    publish = "mutation($i: ProductPublishInput!) { productPublish(input: $i) { product { id } } }"
    assert await other.errors(publish, i={"id": mine, "storefrontId": storefront}) == ["Storefront not found"]
    assert (await orderchamp.shown(product_id))["variants"][0]["quantity"] == 3
    assert (await other.shown(mine))["variants"][0]["sku"] == MUG["variants"][0]["sku"]  # type: ignore[index]


async def test_the_control_shows_products_by_token_and_sku(orderchamp: Orderchamp) -> None:
    mine = await orderchamp.create()
    other = orderchamp.as_("other")
    await other.open(name="Other")
    theirs = await other.create()
    for query, expected in (
        ("", [mine, theirs]),
        ("?token=token", [mine]),
        ("?sku=MUG-RED", [mine, theirs]),
        ("?token=other&sku=MUG-RED", [theirs]),
        ("?sku=mug-red", []),
    ):
        assert [each["id"] for each in await orderchamp.control("GET", f"/products{query}")] == expected


async def test_wiping_forgets_everything(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    await orderchamp.fault("http_500")
    await orderchamp.switch(bucket="1000/50")
    await orderchamp.control("DELETE", "")
    assert await orderchamp.control("GET", "/products") == []
    assert await orderchamp.control("GET", "/faults") == []
    assert (await orderchamp.control("GET", "/switches"))["bucket"] == "2000/100"
    assert (await orderchamp.post(ACCOUNT)).status_code == 401
