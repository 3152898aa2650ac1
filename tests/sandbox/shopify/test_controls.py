from typing import Any

import pytest

from tests.sandbox.shopify.standin import SHOP, TOKEN, StandIn


async def test_opening_a_shop_again_keeps_what_it_has(shopify: StandIn) -> None:
    await shopify.add()

    again = await shopify.open(catalogue="sample", token="another")

    assert len(again["products"]) == 1
    assert "token" not in again
    assert (await shopify.post("{ shop { id } }", token="another")).status_code == 200


async def test_a_product_is_hidden_in_two_ways_and_publishing_undoes_both(shopify: StandIn) -> None:
    path = f"/products/{(await shopify.add())['id']}"

    hidden = await shopify.do("PATCH", path, {"published": False})
    assert (hidden["status"], hidden["published_at"]) == ("active", None)
    assert (await shopify.do("POST", f"{path}/unpublish"))["status"] == "draft"
    shown = await shopify.do("POST", f"{path}/publish")
    assert shown["status"] == "active"
    assert shown["published_at"].endswith("+01:00")


async def test_a_product_is_changed_and_deleted(shopify: StandIn) -> None:
    path = f"/products/{(await shopify.add())['id']}"

    changed = await shopify.do("PATCH", path, {"title": "Ash board", "images": ["https://cdn.example/ash.jpg"]})

    assert (changed["title"], changed["images"][0]["src"]) == ("Ash board", "https://cdn.example/ash.jpg")
    await shopify.do("DELETE", path)
    await shopify.do("GET", path, status=404)


async def test_variants_come_change_and_go(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "S", "options": ["Small"]}, options=["Size"])
    path = f"/products/{made['id']}/variants"

    large = await shopify.do("POST", path, {"sku": "L", "options": ["Large"], "quantity": 4})
    changed = await shopify.do("PATCH", f"{path}/{large['id']}", {"price": 12, "options": ["Huge"]})
    assert (changed["price"], changed["options"]) == ("12.00", ["Huge"])
    await shopify.do("DELETE", f"{path}/{large['id']}")
    assert [each["sku"] for each in (await shopify.do("GET", f"/products/{made['id']}"))["variants"]] == ["S"]


async def test_stock_is_set_where_it_is(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "S", "quantity": 5})
    path = f"/products/{made['id']}/variants/{made['variants'][0]['id']}/stock"

    await shopify.do("PUT", path, {"quantity": 7})
    changed = await shopify.do("PUT", path, {"quantity": 2, "location": "Shop"})
    assert sorted(each["available"] for each in changed["levels"].values()) == [2, 7]
    left = await shopify.do("DELETE", f"{path}/Shop")
    assert [each["available"] for each in left["levels"].values()] == [7]


@pytest.mark.parametrize(
    "body",
    [
        {"title": "No such field", "colour": "red"},
        {"title": "Bad price", "variants": [{"price": "cheap"}]},
        {"title": "Bad time", "published_at": "yesterday"},
        {"title": "No value", "options": ["Size"], "variants": [{"sku": "S"}]},
        {"title": "Nowhere", "variants": [{"quantity": {"Attic": 1}}]},
        {"title": "Too many options", "options": ["A", "B", "C", "D"], "variants": [{"options": ["1", "2", "3", "4"]}]},
        {"title": "Too many variants", "variants": [{"sku": str(number)} for number in range(2049)]},
        {"id": 1, "title": "Taken"},
    ],
    ids=lambda body: str(body["title"]),
)
async def test_refuses_a_product_that_shopify_would_not_have(shopify: StandIn, body: Any) -> None:
    await shopify.add(id=1)

    await shopify.do("POST", "/products", body, status=422)
    assert len(await shopify.do("GET", "/products")) == 1


async def test_the_last_variant_stays(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "S"})

    await shopify.do("DELETE", f"/products/{made['id']}/variants/{made['variants'][0]['id']}", status=422)


async def test_a_token_dies_with_the_app_and_a_new_one_comes_with_it(shopify: StandIn) -> None:
    await shopify.subscribe("PRODUCTS_UPDATE", "https://app.example/webhooks")

    await shopify.do("POST", "/uninstall")
    assert (await shopify.post("{ shop { id } }")).status_code == 401
    assert (await shopify.post("{ shop { id } }", token="")).status_code == 401
    assert await shopify.do("GET", "/subscriptions") == []

    token = (await shopify.do("POST", "/reinstall", {}))["token"]
    assert token != TOKEN
    assert (await shopify.post("{ shop { id } }", token=token)).status_code == 200


async def test_calls_are_counted_by_field_and_by_name(shopify: StandIn) -> None:
    await shopify.ask("query probe { shop { id } currentAppInstallation { accessScopes { handle } } }")
    await shopify.ask("{ shop { id } }")

    calls = (await shopify.client.get("/_sandbox/calls", params={"shop": SHOP})).json()
    assert calls["by_operation"] == {"shop": 2, "currentAppInstallation": 1}
    assert calls["by_name"] == {"probe": 1, "": 1}
    assert (await shopify.client.get("/_sandbox/calls", params={"shop": "other"})).json()["total"] == 0
    await shopify.client.delete("/_sandbox/calls")
    assert (await shopify.client.get("/_sandbox/calls")).json()["total"] == 0


@pytest.mark.parametrize(
    ("kind", "status"), [("http_500", 500), ("http_502_html", 502), ("token_revoked", 401), ("malformed_json", 200)]
)
async def test_a_fault_strikes_as_often_as_it_is_told(shopify: StandIn, kind: str, status: int) -> None:
    await shopify.client.post("/_sandbox/faults", json={"kind": kind, "times": 1, "shop": SHOP})

    assert (await shopify.post("{ shop { id } }")).status_code == status
    assert "data" in (await shopify.post("{ shop { id } }")).json()


async def test_a_fault_of_one_shop_leaves_the_others_alone(shopify: StandIn) -> None:
    await shopify.client.put("/_sandbox/shops/other.myshopify.com", json={"token": TOKEN})
    await shopify.client.post("/_sandbox/faults", json={"kind": "http_500", "times": None, "shop": SHOP})

    assert (await shopify.post("{ shop { id } }", shop="other.myshopify.com")).status_code == 200
    assert (await shopify.post("{ shop { id } }")).status_code == 500
    await shopify.client.delete("/_sandbox/faults")
    assert (await shopify.post("{ shop { id } }")).status_code == 200


async def test_refuses_a_switch_that_nobody_knows(shopify: StandIn) -> None:
    await shopify.do("PUT", "/switches", {"drop_everything": True}, status=422)


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"query": 1}', b"{}"])
async def test_refuses_a_request_without_a_query(shopify: StandIn, body: bytes) -> None:
    answer = await shopify.client.post(
        f"/shops/{SHOP}/admin/api/2026-10/graphql.json", content=body, headers={"X-Shopify-Access-Token": TOKEN}
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("query", ["{ shop ", "{ shops { id } }"])
async def test_a_document_that_is_not_of_the_schema_is_an_error(shopify: StandIn, query: str) -> None:
    whole = await shopify.whole(query)

    assert whole["errors"]
    assert "data" not in whole
