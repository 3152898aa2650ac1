from typing import Any

import pytest

from tests.sandbox.controls import Thing
from tests.sandbox.shopify.standin import SHOP, TOKEN, StandIn

PAGE = (
    "query page($first: Int, $after: String, $sort: ProductSortKeys, $query: String, $reverse: Boolean) "
    "{ products(first: $first, after: $after, sortKey: $sort, query: $query, reverse: $reverse) "
    "{ nodes { id title updatedAt } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
)
PRODUCT = """
query product($id: ID!) { product(id: $id) {
  id title descriptionHtml handle vendor productType status publishedAt updatedAt createdAt tags totalInventory
  options { id name position values } variantsCount { count } featuredMedia { id }
  media(first: 5) { nodes { id mediaContentType ... on MediaImage { image { url altText } } } }
  variants(first: 10) { edges { cursor node {
    id title sku barcode price compareAtPrice position inventoryQuantity inventoryPolicy updatedAt
    selectedOptions { name value }
    inventoryItem { id sku tracked inventoryLevels(first: 3) { nodes {
      id location { id name isActive } updatedAt quantities(names: ["available", "committed"]) { name quantity updatedAt }
    } } }
  } } }
} }
"""


def gid(product: Thing) -> str:
    return f"gid://shopify/Product/{product['id']}"


async def titles(shopify: StandIn, **asked: Any) -> list[str]:
    data = await shopify.ask(PAGE, **{"first": 50, **asked})
    return [each["title"] for each in data["products"]["nodes"]]


@pytest.mark.parametrize(("token", "shop", "status"), [("wrong", SHOP, 401), (TOKEN, "unknown.myshopify.com", 404)])
async def test_refuses_a_wrong_token_and_an_unknown_shop(shopify: StandIn, token: str, shop: str, status: int) -> None:
    answer = await shopify.post("{ shop { id } }", token=token, shop=shop)

    assert answer.status_code == status
    assert isinstance(answer.json()["errors"], str)


async def test_a_frozen_shop_answers_payment_required(shopify: StandIn) -> None:
    await shopify.do("POST", "/freeze", {"frozen": True})

    assert (await shopify.post("{ shop { id } }")).status_code == 402


async def test_tells_what_the_shop_is_and_what_the_app_may_do(shopify: StandIn) -> None:
    data = await shopify.ask(
        "{ shop { name myshopifyDomain currencyCode plan { displayName } primaryDomain { url } } "
        "currentAppInstallation { accessScopes { handle } } locations(first: 5) { nodes { name isActive } } }"
    )

    assert data["shop"] == {
        "name": "Oak And Ash",
        "myshopifyDomain": SHOP,
        "currencyCode": "EUR",
        "plan": {"displayName": "Basic"},
        "primaryDomain": {"url": f"https://{SHOP}"},
    }
    handles = [each["handle"] for each in data["currentAppInstallation"]["accessScopes"]]
    assert handles == ["read_products", "read_inventory", "read_locations"]
    assert [each["name"] for each in data["locations"]["nodes"]] == ["Warehouse", "Shop"]


async def test_a_product_has_all_its_parts(shopify: StandIn) -> None:
    board = {
        "sku": "OAK-S",
        "price": "34.95",
        "compare_at_price": 39.9,
        "barcode": "871",
        "options": ["Small"],
        "quantity": {"Warehouse": 5, "Shop": 3},
        "inventory_policy": "continue",
    }
    made = await shopify.add(
        board,
        {"sku": None, "price": "1", "options": ["Large"], "tracked": False},
        options=["Size"],
        body_html="<p>é ✓</p>",
        tags="oak, kitchen",
        images=["https://cdn.oak-and-ash.example/files/board.jpg"],
        id=2**53 + 1,
    )

    product = (await shopify.ask(PRODUCT, id=gid(made)))["product"]

    assert product["id"] == "gid://shopify/Product/9007199254740993"
    assert product["descriptionHtml"] == "<p>é ✓</p>"
    assert product["tags"] == ["oak", "kitchen"]
    assert product["updatedAt"].endswith("Z")
    assert (product["status"], product["totalInventory"], product["variantsCount"]) == ("ACTIVE", 8, {"count": 2})
    assert [(each["name"], each["values"]) for each in product["options"]] == [("Size", ["Small", "Large"])]
    medium = product["media"]["nodes"][0]
    assert medium["image"] == {"url": "https://cdn.oak-and-ash.example/files/board.jpg", "altText": None}
    assert product["featuredMedia"] == {"id": medium["id"]}
    small, large = (each["node"] for each in product["variants"]["edges"])
    assert (small["price"], small["compareAtPrice"], small["inventoryPolicy"]) == ("34.95", "39.90", "CONTINUE")
    assert (small["inventoryQuantity"], small["selectedOptions"]) == (8, [{"name": "Size", "value": "Small"}])
    levels = small["inventoryItem"]["inventoryLevels"]["nodes"]
    assert [(each["location"]["name"], each["quantities"][0]["quantity"]) for each in levels] == [
        ("Warehouse", 5),
        ("Shop", 3),
    ]
    assert levels[0]["quantities"][1]["name"] == "committed"
    assert (large["sku"], large["position"], large["inventoryItem"]["tracked"]) == (None, 2, False)


async def test_what_does_not_exist_is_null(shopify: StandIn) -> None:
    data = await shopify.ask(
        '{ product(id: "gid://shopify/Product/1") { id } productVariant(id: "gid://shopify/ProductVariant/1") { id } '
        'inventoryItem(id: "gid://shopify/InventoryItem/1") { id } node(id: "gid://shopify/Location/1") { id } }'
    )

    assert data == {"product": None, "productVariant": None, "inventoryItem": None, "node": None}


async def test_an_id_of_another_kind_is_an_error(shopify: StandIn) -> None:
    whole = await shopify.whole('{ product(id: "gid://shopify/Order/1") { id } }')

    assert "Invalid global id" in whole["errors"][0]["message"]


async def test_a_variant_is_found_by_id_item_node_and_sku(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "OAK-S"})
    variant = made["variants"][0]
    variant_id = f"gid://shopify/ProductVariant/{variant['id']}"
    query = (
        "query find($variant: ID!, $item: ID!) { productVariant(id: $variant) { product { id } } "
        "inventoryItem(id: $item) { sku variant { id product { id } } } "
        "node(id: $variant) { id ... on ProductVariant { sku } } "
        'productVariants(first: 5, query: "sku:oak-s") { nodes { id } } }'
    )

    data = await shopify.ask(
        query, variant=variant_id, item=f"gid://shopify/InventoryItem/{variant['inventory_item_id']}"
    )

    assert data["productVariant"] == {"product": {"id": gid(made)}}
    assert data["inventoryItem"] == {"sku": "OAK-S", "variant": {"id": variant_id, "product": {"id": gid(made)}}}
    assert data["node"] == {"id": variant_id, "sku": "OAK-S"}
    assert data["productVariants"] == {"nodes": [{"id": variant_id}]}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sort", ["ID", "UPDATED_AT", "CREATED_AT", "TITLE"])
async def test_pages_hold_every_product_once_in_every_order(shopify: StandIn, sort: str, *, reverse: bool) -> None:
    for number in range(7):
        await shopify.add(title=f"Product {number}")
    seen: list[str] = []
    after = None
    while True:
        data = await shopify.ask(PAGE, first=3, after=after, sort=sort, reverse=reverse)
        seen += [each["title"] for each in data["products"]["nodes"]]
        if not data["products"]["pageInfo"]["hasNextPage"]:
            break
        after = data["products"]["pageInfo"]["endCursor"]

    assert seen == sorted(seen, reverse=reverse)
    assert len(seen) == 7


async def test_a_page_goes_on_although_the_product_of_its_cursor_is_gone(shopify: StandIn) -> None:
    made = [await shopify.add(title=f"Product {number}") for number in range(4)]
    first = (await shopify.ask(PAGE, first=2))["products"]
    await shopify.do("DELETE", f"/products/{made[1]['id']}")

    assert await titles(shopify, after=first["pageInfo"]["endCursor"]) == ["Product 2", "Product 3"]


async def test_searches_by_time_in_any_offset_by_id_and_by_status(shopify: StandIn) -> None:
    first = await shopify.add(title="First")
    await shopify.add(title="Second", status="draft")
    updated = (await shopify.ask(PRODUCT, id=gid(first)))["product"]["updatedAt"]

    assert await titles(shopify, sort="UPDATED_AT", query=f"updated_at:>='{updated}'") == ["First", "Second"]
    assert await titles(shopify, query=f"updated_at:>='{updated}'") == ["First", "Second"]
    assert await titles(shopify, sort="UPDATED_AT", query="updated_at:>='2999-01-01T00:00:00Z'") == []
    assert await titles(shopify, query=f"id:>{first['id']}") == ["Second"]
    assert await titles(shopify, query=f"status:active AND id:>={first['id']}") == ["First"]


@pytest.mark.parametrize("query", ["color:red", "updated_at:>=yesterday", "just words"])
async def test_a_search_that_it_cannot_make_is_an_error_not_an_empty_page(shopify: StandIn, query: str) -> None:
    assert (await shopify.whole(PAGE, first=1, query=query))["errors"]


@pytest.mark.parametrize("after", ["nonsense", "WzEsIDIsIDNd", "WyJ0aXRsZSIsIDFd"])
async def test_a_cursor_of_somebody_else_is_an_error(shopify: StandIn, after: str) -> None:
    await shopify.add()

    assert "cursor" in (await shopify.whole(PAGE, first=1, after=after))["errors"][0]["message"]


async def test_a_scope_that_was_not_granted_denies_access(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "OAK-S"})
    await shopify.do("POST", "/scopes", {"scopes": ["write_products"]})

    await shopify.ask(PAGE, first=1)
    whole = await shopify.whole(PRODUCT, id=gid(made))

    assert whole["errors"][0]["extensions"] == {"code": "ACCESS_DENIED"}
