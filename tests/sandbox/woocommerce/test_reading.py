import re
from typing import Any

import httpx
import pytest

from tests.sandbox.woocommerce.standin import KEY, KEY_SECRET, SHOP, StandIn

GMT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


async def test_a_simple_product_is_shown_as_the_plugin_shows_it(woo: StandIn) -> None:
    made = await woo.add({"sku": "OAK", "price": "34.95", "quantity": 12}, images=["https://cdn.example/oak.jpg"])

    shown = await woo.get(f"/products/{made['id']}")

    assert (shown["type"], shown["status"], shown["variations"]) == ("simple", "publish", [])
    assert (shown["sku"], shown["price"], shown["regular_price"], shown["sale_price"]) == ("OAK", "34.95", "34.95", "")
    assert (shown["manage_stock"], shown["stock_quantity"], shown["stock_status"]) == (True, 12, "instock")
    assert [each["src"] for each in shown["images"]] == ["https://cdn.example/oak.jpg"]
    assert GMT.fullmatch(shown["date_modified_gmt"])
    assert shown["date_modified"] != shown["date_modified_gmt"]


async def test_answers_are_written_as_php_does(woo: StandIn) -> None:
    made = await woo.add(title="Décor ✓", images=["https://cdn.example/a.jpg"])

    answer = await woo.call("GET", f"/products/{made['id']}")

    assert b"D\\u00e9cor \\u2713" in answer.content
    assert b"https:\\/\\/cdn.example\\/a.jpg" in answer.content


async def test_a_variable_product_names_its_variations_and_nothing_of_them(woo: StandIn) -> None:
    made = await woo.sized("S", "L")

    shown = await woo.get(f"/products/{made['id']}")

    ids = [each["id"] for each in made["variants"]]
    assert (shown["type"], shown["variations"], shown["sku"]) == ("variable", ids, "")
    assert (shown["manage_stock"], shown["stock_quantity"]) == (False, None)
    assert shown["attributes"][0]["options"] == ["S", "L"]
    assert [each["id"] for each in await woo.get(f"/products/{made['id']}/variations?orderby=id&order=asc")] == ids


async def test_a_variation_is_read_in_two_shapes(woo: StandIn) -> None:
    made = await woo.sized("S", "L")
    variation = made["variants"][0]["id"]

    as_product = await woo.get(f"/products/{variation}")
    as_variation = await woo.get(f"/products/{made['id']}/variations/{variation}")

    assert (as_product["type"], as_product["parent_id"], as_product["name"]) == (
        "variation",
        made["id"],
        "Oak board - S",
    )
    assert as_product["images"] == []
    assert (as_variation["name"], as_variation["image"]) == ("S", None)
    assert as_product["attributes"] == as_variation["attributes"]
    assert [each["option"] for each in as_product["attributes"]] == ["S"]
    assert (await woo.call("GET", f"/products/1/variations/{variation}")).status_code == 404


async def test_a_variation_without_an_sku_shows_that_of_its_product(woo: StandIn) -> None:
    made = await woo.sized("S", "L")
    await woo.do("PATCH", f"/posts/{made['id']}", {"sku": "OAK"})
    await woo.do("PATCH", f"/posts/{made['variants'][0]['id']}", {"sku": ""})

    skus = [each["sku"] for each in await woo.get(f"/products/{made['id']}/variations?orderby=id&order=asc")]

    assert skus == ["OAK", "L"]


async def test_a_variation_may_share_the_stock_of_its_product(woo: StandIn) -> None:
    made = await woo.sized("S", "L")
    small = made["variants"][0]["id"]
    await woo.do("PATCH", f"/posts/{made['id']}", {"manage_stock": True, "stock_quantity": 5, "backorders": "notify"})
    await woo.do("PATCH", f"/posts/{small}", {"manage_stock": False, "stock_quantity": None})

    shown = await woo.get(f"/products/{made['id']}/variations/{small}")
    assert (shown["manage_stock"], shown["stock_quantity"], shown["backorders_allowed"]) == ("parent", 5, True)
    await woo.do("PUT", f"/products/{made['id']}/variants/{small}/stock", {"quantity": 3})
    assert (await woo.get(f"/products/{made['id']}"))["stock_quantity"] == 3


async def test_the_price_that_counts_is_the_sales_price_and_may_be_empty(woo: StandIn) -> None:
    made = await woo.add({"sku": "OAK", "price": "34.95"})
    await woo.do("PATCH", f"/posts/{made['id']}", {"sale_price": "29.95"})
    shown = await woo.get(f"/products/{made['id']}")
    assert (shown["price"], shown["regular_price"], shown["on_sale"]) == ("29.95", "34.95", True)

    await woo.do("PATCH", f"/posts/{made['id']}", {"sale_price": "", "regular_price": ""})
    shown = await woo.get(f"/products/{made['id']}")
    assert (shown["price"], shown["purchasable"]) == ("", False)


async def test_pages_tell_how_many_there_are_and_are_of_ten_unless_it_is_said(woo: StandIn) -> None:
    made = [(await woo.add(title=f"Product {n}"))["id"] for n in range(12)]

    first = await woo.call("GET", "/products?orderby=id&order=asc")
    assert (len(first.json()), first.headers["x-wp-total"], first.headers["x-wp-totalpages"]) == (10, "12", "2")
    assert 'rel="next"' in first.headers["link"]
    assert [each["id"] for each in await woo.get("/products?per_page=5&offset=10&orderby=id&order=asc")] == made[10:]
    assert [each["id"] for each in await woo.get("/products?per_page=5&page=3&orderby=id&order=asc")] == made[10:]
    assert [each["id"] for each in await woo.get("/products?per_page=2")] == made[:-3:-1]


@pytest.mark.parametrize("query", ["per_page=101", "per_page=0", "page=x", "orderby=colour", "modified_after=never"])
async def test_refuses_parameters_that_are_none(woo: StandIn, query: str) -> None:
    answer = await woo.call("GET", f"/products?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "rest_invalid_param")


async def test_trash_is_seen_only_when_it_is_asked_for(woo: StandIn) -> None:
    kept, draft = await woo.add(title="Kept"), await woo.add(title="Draft", published=False)
    gone = await woo.add(title="Gone")
    await woo.do("DELETE", f"/products/{gone['id']}")

    assert {each["id"] for each in await woo.get("/products")} == {kept["id"], draft["id"]}
    assert [each["id"] for each in await woo.get("/products?status=draft")] == [draft["id"]]
    assert [each["id"] for each in await woo.get("/products?status=trash")] == [gone["id"]]
    assert (await woo.get(f"/products/{gone['id']}"))["status"] == "trash"


async def test_finds_by_sku_by_time_and_by_id(woo: StandIn) -> None:
    made = await woo.sized("S", "L")
    other = await woo.add({"sku": "ASH"})

    assert [each["id"] for each in await woo.get("/products?sku=L")] == [made["variants"][1]["id"]]
    assert [each["id"] for each in await woo.get(f"/products?include={other['id']}")] == [other["id"]]
    assert await woo.get("/products?modified_after=2100-01-01T00:00:00&dates_are_gmt=true") == []
    assert len(await woo.get("/products?modified_after=2000-01-01T00:00:00")) == 2


async def test_a_time_is_the_shops_own_unless_it_is_said_to_be_utc(woo: StandIn) -> None:
    made = await woo.add()
    modified = (await woo.get(f"/products/{made['id']}"))["date_modified_gmt"]

    assert await woo.get(f"/products?modified_after={modified}&dates_are_gmt=true") == []
    assert len(await woo.get(f"/products?modified_after={modified}")) == 1


async def test_only_the_fields_that_are_named_are_told(woo: StandIn) -> None:
    made = await woo.add()

    assert await woo.get("/products?_fields=id,status") == [{"id": made["id"], "status": "publish"}]
    assert await woo.get(f"/products/{made['id']}?_fields=id") == {"id": made["id"]}


async def test_settings_tell_currency_and_tax_mode(woo: StandIn) -> None:
    await woo.do("PATCH", "", {"prices_include_tax": True})

    assert (await woo.get("/settings/general/woocommerce_currency"))["value"] == "EUR"
    assert (await woo.get("/settings/tax/woocommerce_prices_include_tax"))["value"] == "yes"


def code(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["code"]


async def test_what_is_not_there_is_told_in_json(woo: StandIn) -> None:
    assert code(await woo.call("GET", "/products/1")) == (404, "woocommerce_rest_product_invalid_id")
    assert code(await woo.call("GET", "/colours")) == (404, "rest_no_route")
    assert code(await woo.call("PATCH", "/products")) == (404, "rest_no_route")


async def test_lets_nobody_in_without_a_key_that_works(woo: StandIn) -> None:
    assert code(await woo.call("GET", "/products", auth=None)) == (401, "woocommerce_rest_cannot_view")
    wrong = [("ck_other", KEY_SECRET), (KEY, "cs_other"), (KEY, "")]
    for auth in wrong:
        assert code(await woo.call("GET", "/products", auth=auth)) == (401, "woocommerce_rest_authentication_error")
    await woo.do("DELETE", "/keys")
    assert code(await woo.call("GET", "/products")) == (401, "woocommerce_rest_authentication_error")


async def test_a_key_has_the_rights_of_its_user(woo: StandIn) -> None:
    await woo.do("PUT", "/users/1", {"role": "customer"})

    assert code(await woo.call("GET", "/products")) == (403, "woocommerce_rest_cannot_view")


async def test_a_host_may_take_the_header_away_and_then_parameters_count(woo: StandIn) -> None:
    await woo.do("PUT", "/switches", {"hears_authorization": False})

    assert code(await woo.call("GET", "/products")) == (401, "woocommerce_rest_cannot_view")
    named = f"/products?consumer_key={KEY}&consumer_secret={KEY_SECRET}"
    assert (await woo.call("GET", named, auth=None)).status_code == 200


async def test_without_pretty_permalinks_the_api_is_elsewhere(woo: StandIn) -> None:
    await woo.do("PUT", "/switches", {"pretty_permalinks": False})

    missing = await woo.call("GET", "/products")
    assert (missing.status_code, missing.headers["content-type"].partition(";")[0]) == (404, "text/html")
    answer = await woo.client.get(f"/shops/{SHOP}/?rest_route=/wc/v3/products", auth=(KEY, KEY_SECRET))
    assert answer.json() == []


async def test_a_cache_answers_the_same_address_with_what_it_saw_before(woo: StandIn) -> None:
    made = await woo.add()
    await woo.do("PUT", "/switches", {"caches_answers": True})
    path = f"/products/{made['id']}"
    await woo.get(path)
    await woo.do("PATCH", path, {"title": "Ash board"})

    assert (await woo.get(path))["name"] == "Oak board"
    assert (await woo.get(f"{path}?fresh=1"))["name"] == "Ash board"


@pytest.mark.parametrize("status", [200, 403, 406, 429, 503])
async def test_firewalls_answer_with_pages_for_people(woo: StandIn, status: int) -> None:
    await woo.client.post("/_sandbox/faults", json={"kind": f"http_{status}_html", "shop": SHOP})

    answer = await woo.call("GET", "/products")

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, "text/html")
    assert (await woo.call("GET", "/products")).status_code == 200


async def test_calls_are_counted_by_what_they_do(woo: StandIn) -> None:
    made = await woo.add()
    await woo.get(f"/products/{made['id']}")
    await woo.get("/products?per_page=3")

    calls = (await woo.client.get("/_sandbox/calls", params={"shop": SHOP})).json()
    assert calls["by_operation"] == {"GET /products/<id>": 1, "GET /products": 1}
