from typing import Any

import pytest

from tests.sandbox.woocommerce.standin import KEY, KEY_SECRET, StandIn


async def test_opening_a_shop_fills_it_once_and_hides_its_keys(woo: StandIn) -> None:
    catalogue = [{"title": "Oak board", "variants": [{"sku": "OAK"}]}]
    await woo.add({"sku": "ASH"}, title="Ash bowl")

    opened = await woo.open(catalogue=catalogue)

    assert [each["title"] for each in await woo.do("GET", "/products")] == ["Ash bowl"]
    assert KEY_SECRET not in str(opened)
    assert KEY not in str(opened)


async def test_a_product_without_options_is_its_own_only_variant(woo: StandIn) -> None:
    made = await woo.add({"sku": "OAK", "quantity": 3})
    assert [(each["id"], each["sku"]) for each in made["variants"]] == [(made["id"], "OAK")]

    variant = f"/products/{made['id']}/variants/{made['id']}"
    await woo.do("PUT", f"{variant}/stock", {"quantity": 8})
    await woo.do("PATCH", variant, {"price": "12.5", "barcode": "8712345"})

    shown = await woo.get(f"/products/{made['id']}")
    assert (shown["stock_quantity"], shown["price"], shown["global_unique_id"]) == (8, "12.50", "8712345")
    await woo.do("POST", f"/products/{made['id']}/variants", {"sku": "S", "options": ["S"]}, status=422)
    await woo.do("DELETE", variant, status=422)


async def test_variants_come_change_and_go(woo: StandIn) -> None:
    made = await woo.sized("S")
    path = f"/products/{made['id']}/variants"

    large = await woo.do("POST", path, {"sku": "L", "options": ["L"], "quantity": 4})
    changed = await woo.do("PATCH", f"{path}/{large['id']}", {"sku": "XL", "options": ["XL"], "tracked": False})
    assert (changed["sku"], changed["attributes"], changed["manage_stock"]) == ("XL", ["XL"], False)
    await woo.do("DELETE", f"{path}/{large['id']}")
    assert [each["sku"] for each in (await woo.do("GET", f"/products/{made['id']}"))["variants"]] == ["S"]


async def test_details_change_and_publication_has_its_own_controls(woo: StandIn) -> None:
    made = await woo.sized("S")
    path = f"/products/{made['id']}"

    changes = {"title": "Ash board", "description": "<p>Ash</p>", "brand": "Oak & Ash", "options": ["Measure"]}
    await woo.do("PATCH", path, changes)
    shown = await woo.get(path)
    assert (shown["name"], shown["description"], shown["brands"][0]["name"]) == ("Ash board", "<p>Ash</p>", "Oak & Ash")
    assert shown["attributes"][0]["name"] == "Measure"
    assert (await woo.do("POST", f"{path}/unpublish"))["status"] == "draft"
    assert (await woo.do("POST", f"{path}/publish"))["status"] == "publish"


@pytest.mark.parametrize(
    "body",
    [
        {"title": "No such field", "colour": "red"},
        {"title": "Bad price", "variants": [{"price": "cheap"}]},
        {"title": "Two without options", "variants": [{"sku": "A"}, {"sku": "B"}]},
        {"title": "Too few values", "options": ["Size"], "variants": [{"sku": "A"}]},
        {"title": "Same SKU", "variants": [{"sku": "OAK"}]},
        {"title": "Same id", "id": 812},
    ],
)
async def test_refuses_what_a_merchant_could_not_do(woo: StandIn, body: dict[str, Any]) -> None:
    await woo.add({"sku": "OAK"}, id=812)
    await woo.do("POST", "/products", body, status=422)
    assert len(await woo.get("/products")) == 1


async def test_two_products_share_an_sku_where_the_shop_lets_them(woo: StandIn) -> None:
    await woo.do("PUT", "/switches", {"unique_skus": False})
    await woo.add({"sku": "OAK"})
    await woo.add({"sku": "OAK"})
    assert len(await woo.get("/products?sku=OAK")) == 2


async def test_what_is_not_there_is_not_found(woo: StandIn) -> None:
    made = await woo.sized("S")
    variation = made["variants"][0]["id"]
    for path in (f"/products/{variation}", "/products/1", "/deliveries/1/redeliver"):
        await woo.do("POST" if path.endswith("redeliver") else "GET", path, status=404)
    await woo.do("PATCH", "/posts/1", {"sku": "X"}, status=404)
    await woo.do("PATCH", f"/products/{made['id']}/variants/1", {"sku": "X"}, status=404)


async def test_stock_that_is_not_counted_cannot_be_set(woo: StandIn) -> None:
    made = await woo.add({"sku": "OAK", "tracked": False})
    await woo.do("PUT", f"/products/{made['id']}/variants/{made['id']}/stock", {"quantity": 1}, status=422)
    shown = await woo.get(f"/products/{made['id']}")
    assert (shown["manage_stock"], shown["stock_quantity"], shown["stock_status"]) == (False, None, "instock")


async def test_a_time_never_goes_back(woo: StandIn) -> None:
    made = await woo.add()
    await woo.do("PATCH", f"/posts/{made['id']}", {"title": "Changed"})
    shown = await woo.get(f"/products/{made['id']}")
    assert shown["date_modified_gmt"] >= shown["date_created_gmt"]
