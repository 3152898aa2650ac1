from typing import Any

import pytest

from app.sandbox.shopware.access import Access, Denied, Limited
from app.sandbox.shopware.records import open_shop
from app.sandbox.shopware.switches import Switches
from tests.sandbox.controls import Thing
from tests.sandbox.shopware.standin import SHOP, StandIn

WITH_PARTS: Thing = {
    "options": {"associations": {"group": {}}},
    "media": {},
    "cover": {},
    "manufacturer": {},
    "visibilities": {},
}
SIZES = [{"sku": "S", "options": ["Small"], "price": "10.00"}, {"sku": "L", "options": ["Large"], "price": "12.00"}]


# Tokens


async def test_a_key_gives_a_token_that_lasts_ten_minutes(shopware: StandIn) -> None:
    told = (await shopware.ask_token()).json()

    assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)


async def test_nothing_is_told_without_a_token_or_to_another_key(shopware: StandIn) -> None:
    assert (await shopware.ask_token(secret="wrong")).status_code == 401
    shopware.token = "made-up"
    assert (await shopware.call("POST", "/search/product", {})).status_code == 401


async def test_a_token_ends_when_its_key_is_deleted(shopware: StandIn) -> None:
    await shopware.do("DELETE", "/keys")

    assert (await shopware.call("POST", "/search/product", {})).status_code == 401
    assert (await shopware.ask_token()).status_code == 401


async def test_tokens_of_one_shop_are_none_of_another(shopware: StandIn) -> None:
    await shopware.client.put("/_sandbox/shops/other.example", json={})
    answer = await shopware.client.post(
        "/shops/other.example/api/search/product", json={}, headers={"Authorization": f"Bearer {shopware.token}"}
    )

    assert answer.status_code == 401


async def test_the_cloud_limits_tokens_by_the_minute_and_tells_the_wait_in_a_header(shopware: StandIn) -> None:
    await shopware.do("PUT", "/switches", {"tokens_per_minute": 1})
    answer = await shopware.ask_token()

    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 61


async def test_shops_of_their_own_limit_failed_logins_and_tell_the_wait_in_the_error(shopware: StandIn) -> None:
    for _ in range(10):
        assert (await shopware.ask_token(secret="wrong")).status_code == 401
    answer = await shopware.ask_token()

    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert 1 <= answer.json()["errors"][0]["meta"]["parameters"]["seconds"] <= 11


def test_tokens_end_and_limits_pass_with_time() -> None:
    now = [0.0]
    switches = Switches(token_seconds=5, tokens_per_minute=2)
    access = Access(lambda _: switches, clock=lambda: now[0])
    shop = open_shop(SHOP, {})
    shop["integrations"]["K"] = {"secret": "s", "privileges": None, "app": False}

    token, _ = access.give(shop, "K", "s")
    assert access.enter(shop, f"Bearer {token}")
    access.give(shop, "K", "s")
    with pytest.raises(Limited):
        access.give(shop, "K", "s")
    now[0] = 5.0
    with pytest.raises(Denied):
        access.enter(shop, f"Bearer {token}")
    now[0] = 61.0
    assert access.give(shop, "K", "s")


# Privileges


async def test_a_key_may_do_what_its_role_says_and_is_told_what_it_lacks(shopware: StandIn) -> None:
    await shopware.do("PUT", "/privileges", {"privileges": ["product:read", "product_media:read"]})
    answer = await shopware.call("POST", "/search/product", {"associations": WITH_PARTS})

    assert answer.status_code == 403
    error = answer.json()["errors"][0]
    assert error["code"] == "FRAMEWORK__MISSING_PRIVILEGE_ERROR"
    assert '"product_manufacturer:read"' in error["detail"]
    assert '"product_media:read"' not in error["detail"]
    assert (await shopware.search())["data"] == []


async def test_webhooks_are_ordered_changed_and_cancelled_with_a_privilege_for_each(shopware: StandIn) -> None:
    await shopware.do("PUT", "/privileges", {"privileges": ["webhook:create"]})
    await shopware.subscribe("product.written", "http://127.0.0.1:9/x")
    (made,) = await shopware.webhooks()

    assert (await shopware.call("PATCH", f"/webhook/{made['id']}", {"active": False})).status_code == 403
    assert (await shopware.call("DELETE", f"/webhook/{made['id']}")).status_code == 403


# Search


async def test_products_are_found_by_filters_and_sorted(shopware: StandIn) -> None:
    made = [await shopware.add({"sku": f"S{n}"}) for n in range(4)]
    await shopware.do("PUT", f"/products/{made[1]['id']}/active", {"active": False})

    async def skus(*filters: Thing, **more: Any) -> list[str]:
        found = await shopware.search(filter=list(filters), sort=[{"field": "autoIncrement"}], **more)
        return [each["productNumber"] for each in found["data"]]

    assert await skus() == ["S0", "S1", "S2", "S3"]
    assert await skus({"type": "equals", "field": "active", "value": False}) == ["S1"]
    assert await skus({"type": "equals", "field": "parentId", "value": None}) == ["S0", "S1", "S2", "S3"]
    both = [{"type": "equals", "field": "id", "value": made[n]["id"]} for n in (0, 3)]
    assert await skus({"type": "multi", "operator": "OR", "queries": both}) == ["S0", "S3"]
    assert await skus({"type": "not", "operator": "OR", "queries": both}) == ["S1", "S2"]
    assert await skus({"type": "range", "field": "autoIncrement", "parameters": {"gt": 2}}) == ["S2", "S3"]
    assert await skus({"type": "range", "field": "updatedAt", "parameters": {"gte": "2020-01-01 00:00:00"}}) == ["S1"]
    assert await skus({"type": "equalsAny", "field": "product.productNumber", "value": "S0|S2"}) == ["S0", "S2"]
    assert await skus(limit=2, page=2) == ["S2", "S3"]
    assert await skus(ids=[made[2]["id"]]) == ["S2"]


async def test_ten_products_are_told_unless_more_are_asked_for_and_their_number_only_if_that_is(
    shopware: StandIn,
) -> None:
    for _ in range(12):
        await shopware.add()

    assert len((await shopware.search())["data"]) == 10
    assert (await shopware.search(count=1))["total"] == 12
    assert (await shopware.search())["total"] == 10


@pytest.mark.parametrize(
    "criteria",
    [
        {"limit": 501},
        {"limit": 0},
        {"page": 0},
        {"filter": [{"type": "equals", "field": "nonsense", "value": 1}]},
        {"filter": [{"type": "nonsense", "field": "id", "value": 1}]},
        {"filter": [{"type": "range", "field": "stock", "parameters": {}}]},
        {"sort": [{"field": "nonsense"}]},
        {"associations": {"nonsense": {}}},
    ],
)
async def test_criteria_that_cannot_be_followed_are_refused(shopware: StandIn, criteria: Thing) -> None:
    status, _ = await shopware.refused(**criteria)
    assert status == 400


async def test_without_asking_for_plain_json_the_answer_has_another_shape(shopware: StandIn) -> None:
    await shopware.add()
    found = await shopware.search(headers={"Accept": "*/*"})

    assert found["data"][0]["attributes"]["name"] == "Oak board"


async def test_unknown_shops_and_routes_are_not_found(shopware: StandIn) -> None:
    assert (await shopware.client.post("/shops/nowhere.example/api/oauth/token", json={})).status_code == 404
    assert (await shopware.call("GET", "/nonsense")).status_code == 404
    assert (await shopware.call("POST", "/search/nonsense", {})).status_code == 404


# Entities


async def test_a_product_is_told_with_the_parts_that_were_asked_for(shopware: StandIn) -> None:
    images = ["https://cdn.example/a.jpg", "https://cdn.example/b.jpg"]
    await shopware.add(
        {"sku": "OAK", "price": "10.00", "quantity": 7}, brand="Holt", images=images, description="<p>é</p>"
    )

    (bare,) = (await shopware.search())["data"]
    assert (bare["media"], bare["manufacturer"], bare["visibilities"]) == (None, None, None)
    (found,) = (await shopware.search(associations=WITH_PARTS))["data"]
    assert [each["media"]["url"] for each in found["media"]] == images
    assert found["cover"]["media"]["url"] == images[0]
    assert found["manufacturer"]["translated"] == {"name": "Holt"}
    assert [each["visibility"] for each in found["visibilities"]] == [30]
    assert (found["stock"], found["isCloseout"], found["updatedAt"]) == (7, True, None)
    (price,) = found["price"]
    assert price["net"] == 10.0
    assert 12.09 < price["gross"] < 12.11


async def test_only_the_fields_that_were_named_are_told(shopware: StandIn) -> None:
    await shopware.add(images=["https://cdn.example/a.jpg"])
    includes = {"product": ["id", "media"], "product_media": ["media"], "media": ["url"]}
    (found,) = (await shopware.search(associations={"media": {}}, includes=includes))["data"]

    assert set(found) == {"id", "media", "apiAlias"}
    assert set(found["media"][0]["media"]) == {"url", "apiAlias"}


async def test_a_variant_leaves_open_what_is_its_products_unless_that_is_asked_for(shopware: StandIn) -> None:
    await shopware.add(*SIZES, options=["Size"])
    (_, small, large) = (await shopware.search(sort=[{"field": "autoIncrement"}], associations=WITH_PARTS))["data"]

    assert (small["name"], small["active"], small["price"], small["visibilities"]) == (None, None, None, [])
    assert large["price"][0]["net"] == 12.0
    assert small["options"][0]["name"] == "Small"
    assert small["options"][0]["group"]["name"] == "Size"
    seen = await shopware.search(
        headers={"sw-inheritance": "1"}, sort=[{"field": "autoIncrement"}], associations=WITH_PARTS
    )
    assert (seen["data"][1]["name"], seen["data"][1]["active"]) == ("Oak board", True)
    assert seen["data"][1]["price"][0]["net"] == 10.0
    assert len(seen["data"][1]["visibilities"]) == 1


async def test_the_currency_can_be_looked_up(shopware: StandIn) -> None:
    (found,) = (await shopware.search("currency", ids=["b7d2554b0ce847cd82f3ac9bd1c0dfca"]))["data"]
    assert found["isoCode"] == "EUR"


# Webhooks


async def test_a_webhook_is_an_entity_that_can_be_searched_changed_and_deleted(shopware: StandIn) -> None:
    await shopware.subscribe("product.written", "http://127.0.0.1:9/x")
    mine = {"type": "prefix", "field": "name", "value": "Test "}
    (found,) = (await shopware.search("webhook", filter=[mine]))["data"]
    assert (found["eventName"], found["active"], found["errorCount"], found["appId"]) == (
        "product.written",
        True,
        0,
        None,
    )

    path = f"/webhook/{found['id']}"
    assert (await shopware.call("PATCH", path, {"active": False})).status_code == 204
    assert (await shopware.webhooks())[0]["active"] is False
    assert (await shopware.call("PATCH", path, {"errorCount": 0})).status_code == 400
    assert (await shopware.call("DELETE", path)).status_code == 204
    assert (await shopware.call("DELETE", path)).status_code == 404
    assert (await shopware.call("POST", "/webhook", {"name": "x"})).status_code == 400


# Misbehaving


async def test_faults_are_of_the_shop_and_of_the_entity_that_they_name(shopware: StandIn) -> None:
    fault = {"shop": SHOP, "kind": "http_500", "operation": "product", "times": 1}
    await shopware.client.post("/_sandbox/faults", json=fault)

    assert (await shopware.ask_token()).status_code == 200
    assert (await shopware.call("POST", "/search/product", {})).status_code == 500
    assert (await shopware.call("POST", "/search/product", {})).status_code == 200


@pytest.mark.parametrize(("kind", "status"), [("throttled", 429), ("token_revoked", 401)])
async def test_shopwares_own_refusals_can_be_asked_for(shopware: StandIn, kind: str, status: int) -> None:
    await shopware.client.post("/_sandbox/faults", json={"kind": kind})

    assert (await shopware.call("POST", "/search/product", {})).status_code == status


async def test_calls_are_counted(shopware: StandIn) -> None:
    await shopware.search()
    counted = (await shopware.client.get("/_sandbox/calls", params={"shop": SHOP})).json()

    assert counted["by_operation"] == {"token": 1, "product": 1}
    await shopware.client.delete("/_sandbox/tokens")
    assert (await shopware.call("POST", "/search/product", {})).status_code == 401
