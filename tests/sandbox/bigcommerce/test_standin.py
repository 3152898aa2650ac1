import base64
import hashlib
import hmac
import json
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.sandbox.bigcommerce.quota import Quota
from tests.sandbox.bigcommerce.standin import CLIENT_ID, CLIENT_SECRET, SECRET, SHOP, StandIn
from tests.sandbox.receiver import Received, Receiver

CALLBACK = "https://service.example/install/bigcommerce/callback"
TWO = ({"sku": "OAK-S", "options": ["S"], "quantity": 3}, {"sku": "OAK-L", "options": ["L"], "price": "12.50"})


def signature(got: Received, secret: str) -> str:
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.content
    return f"v1,{base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()}"


# The API


async def test_a_product_without_options_has_a_base_variant_and_is_counted_as_one(bigcommerce: StandIn) -> None:
    made = await bigcommerce.add({"sku": "OAK", "price": "34.95", "quantity": 12}, brand="Oak & Ash")

    product = (await bigcommerce.get(f"v3/catalog/products/{made['id']}?include=variants,images"))["data"]
    (variant,) = product["variants"]
    assert (product["sku"], product["price"], product["inventory_tracking"]) == ("OAK", 34.95, "product")
    assert product["base_variant_id"] == variant["id"]
    assert variant["option_values"] == []
    brands = (await bigcommerce.get(f"v3/catalog/brands?id:in={product['brand_id']}"))["data"]
    assert [each["name"] for each in brands] == ["Oak & Ash"]


async def test_variants_are_told_with_their_options_and_only_when_asked_for(bigcommerce: StandIn) -> None:
    made = await bigcommerce.add(*TWO, options=["Size"])

    product = (await bigcommerce.get(f"v3/catalog/products/{made['id']}?include=variants"))["data"]
    assert (product["base_variant_id"], product["inventory_tracking"], product["inventory_level"]) == (
        None,
        "variant",
        0,
    )
    assert [each["option_values"][0]["label"] for each in product["variants"]] == ["S", "L"]
    bare = (await bigcommerce.get(f"v3/catalog/products/{made['id']}?include_fields=name"))["data"]
    assert bare == {"id": made["id"], "name": "Oak board"}


async def test_products_are_listed_by_id_and_found_by_id(bigcommerce: StandIn) -> None:
    made = [(await bigcommerce.add(title=f"Thing {n}"))["id"] for n in range(5)]

    first = await bigcommerce.get("v3/catalog/products?limit=2&id:greater=0")
    rest = await bigcommerce.get(f"v3/catalog/products?limit=50&id:greater={made[1]}")
    assert [each["id"] for each in (*first["data"], *rest["data"])] == made
    assert first["meta"]["pagination"]["total_pages"] == 3
    assert [each["id"] for each in (await bigcommerce.get(f"v3/catalog/products?id:in={made[2]},1"))["data"]] == made[
        2:3
    ]


async def test_the_catalogue_tells_stock_late_and_the_inventory_at_once(bigcommerce: StandIn) -> None:
    await bigcommerce.do("PUT", "/switches", {"catalogue_lag_seconds": 60})
    made = await bigcommerce.add({"sku": "OAK", "quantity": 1})
    path = f"/products/{made['id']}/variants/{made['variants'][0]['id']}"
    await bigcommerce.do("PUT", f"{path}/stock", {"quantity": 7})
    await bigcommerce.do("PUT", f"{path}/locations/2", {"quantity": 5})

    product = (await bigcommerce.get(f"v3/catalog/products/{made['id']}"))["data"]
    (item,) = (await bigcommerce.get(f"v3/inventory/items?product_id:in={made['id']}"))["data"]
    assert product["inventory_level"] == 7
    assert [each["available_to_sell"] for each in item["locations"]] == [7, 5]
    assert item["identity"]["variant_id"] == made["variants"][0]["id"]
    await bigcommerce.do("PUT", "/switches", {"catalogue_lag_seconds": 0})
    assert (await bigcommerce.get(f"v3/catalog/products/{made['id']}"))["data"]["inventory_level"] == 12


async def test_of_a_variant_the_catalogue_tells_what_one_location_has(bigcommerce: StandIn) -> None:
    await bigcommerce.do("PUT", "/switches", {"catalogue_lag_seconds": 0})
    made = await bigcommerce.add(*TWO, options=["Size"])
    path = f"/products/{made['id']}/variants/{made['variants'][0]['id']}"
    await bigcommerce.do("PUT", f"{path}/locations/2", {"quantity": 5})

    product = (await bigcommerce.get(f"v3/catalog/products/{made['id']}?include=variants"))["data"]
    assert product["variants"][0]["inventory_level"] == 3


@pytest.mark.parametrize("path", ["v3/catalog/products/1", "v3/nothing", "v3/hooks/1"])
async def test_what_is_not_there_is_told_so(bigcommerce: StandIn, path: str) -> None:
    answer = await bigcommerce.call("GET", path)

    assert (answer.status_code, answer.json()["status"]) == (404, 404)


async def test_a_token_that_is_not_known_is_refused(bigcommerce: StandIn) -> None:
    assert (await bigcommerce.call("GET", "v2/store", token="x")).status_code == 401
    await bigcommerce.do("DELETE", "/accounts")
    assert (await bigcommerce.call("GET", "v2/store")).status_code == 401


async def test_who_asks_too_often_is_told_when_to_come_back(bigcommerce: StandIn) -> None:
    await bigcommerce.do("PUT", "/switches", {"quota": 2})

    answers = [await bigcommerce.call("GET", "v2/store") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[1].headers["x-rate-limit-requests-left"] == "0"
    assert 0 < int(answers[2].headers["x-rate-limit-time-reset-ms"]) <= 30_000


def test_a_window_begins_anew_at_its_end() -> None:
    now = 0.0
    quota = Quota(lambda: now)

    assert [quota.spend("abc123", 1)[0] for _ in range(2)] == [True, False]
    now = 30.0
    assert quota.spend("abc123", 1)[0]


# Webhooks


async def test_a_webhook_tells_the_id_and_is_signed_with_the_accounts_secret(
    bigcommerce: StandIn, receiver: Receiver
) -> None:
    await bigcommerce.subscribe("store/product/created", receiver.url, headers={"x-mine": "yes"})
    made = await bigcommerce.add()
    (got,) = await receiver.until(1)

    assert got.body["data"] == {"type": "product", "id": made["id"]}
    assert (got.body["scope"], got.body["producer"]) == ("store/product/created", f"stores/{SHOP}")
    assert got.headers["webhook-signature"] == signature(got, SECRET)
    assert got.headers["x-mine"] == "yes"


async def test_a_store_that_does_not_sign_yet_sends_the_same_bare(bigcommerce: StandIn, receiver: Receiver) -> None:
    await bigcommerce.do("PUT", "/switches", {"signs": False})
    await bigcommerce.subscribe("store/product/*", receiver.url)
    await bigcommerce.add()
    (got,) = await receiver.until(1)

    assert "webhook-signature" not in got.headers


async def scopes(bigcommerce: StandIn, receiver: Receiver) -> list[str]:
    """What was told since this was asked before."""
    await bigcommerce.do("GET", "/quiet?within=5")
    told = sorted(each.body["scope"].removeprefix("store/") for each in receiver.received)
    receiver.received.clear()
    return told


async def test_what_is_told_of_a_product_and_of_its_variants(bigcommerce: StandIn, receiver: Receiver) -> None:
    for scope in ("product/*", "product/inventory/*", "product/inventory/order/*"):
        await bigcommerce.subscribe(f"store/{scope}", receiver.url)
        await bigcommerce.subscribe(f"store/{scope.replace('product', 'sku')}", receiver.url)
    simple = await bigcommerce.add({"sku": "ASH"})
    assert await scopes(bigcommerce, receiver) == ["product/created"]
    path = f"/products/{simple['id']}/variants/{simple['variants'][0]['id']}"
    await bigcommerce.do("PUT", f"{path}/stock", {"quantity": 7})
    assert await scopes(bigcommerce, receiver) == ["product/inventory/updated", "product/updated"]
    await bigcommerce.do("POST", f"{path}/order", {"quantity": 1})
    assert await scopes(bigcommerce, receiver) == ["product/inventory/order/updated", "product/updated"]

    made = await bigcommerce.add(*TWO, options=["Size"])
    assert await scopes(bigcommerce, receiver) == ["product/created", "sku/created", "sku/created"]
    path = f"/products/{made['id']}/variants"
    small = made["variants"][0]["id"]
    await bigcommerce.do("PUT", f"{path}/{small}/stock", {"quantity": 7})
    await bigcommerce.do("POST", f"{path}/{small}/order", {"quantity": 2})
    assert await scopes(bigcommerce, receiver) == ["sku/inventory/order/updated", "sku/inventory/updated"]
    await bigcommerce.do("PATCH", f"{path}/{small}", {"price": "9.50"})
    await bigcommerce.do("DELETE", f"{path}/{small}")
    assert await scopes(bigcommerce, receiver) == ["sku/deleted", "sku/updated"]
    await bigcommerce.do("POST", path, {"options": ["XL"]})
    assert await scopes(bigcommerce, receiver) == []
    await bigcommerce.do("POST", f"/products/{made['id']}/unpublish")
    await bigcommerce.do("PUT", f"/products/{made['id']}/availability", {"availability": "disabled"})
    await bigcommerce.do("DELETE", f"/products/{made['id']}")
    assert await scopes(bigcommerce, receiver) == ["product/deleted", "product/updated", "product/updated"]


async def test_stock_at_a_location_is_told_by_a_notice_of_its_own(bigcommerce: StandIn, receiver: Receiver) -> None:
    for scope in ("product/inventory/updated", "channel/*/inventory/product/stock_changed"):
        await bigcommerce.subscribe(f"store/{scope}", receiver.url)
    made = await bigcommerce.add({"sku": "ASH"})
    variant = made["variants"][0]["id"]
    await bigcommerce.do("PUT", f"/products/{made['id']}/variants/{variant}/locations/2", {"quantity": 5})
    (got,) = await receiver.until(1)

    assert got.body["scope"] == "store/channel/*/inventory/product/stock_changed"
    assert got.body["data"] == {"variant_id": variant, "product_id": made["id"], "location_id": 2}
    receiver.received.clear()
    await bigcommerce.do("PUT", f"/products/{made['id']}/variants/{variant}/stock", {"quantity": 5})
    assert await scopes(bigcommerce, receiver) == [
        "channel/*/inventory/product/stock_changed",
        "product/inventory/updated",
    ]


async def test_nobody_is_told_of_images_but_of_the_first(bigcommerce: StandIn, receiver: Receiver) -> None:
    await bigcommerce.subscribe("store/product/updated", receiver.url)
    made = await bigcommerce.add()
    for image in ("a", "b"):
        await bigcommerce.do("PATCH", f"/products/{made['id']}", {"images": [f"https://cdn.example/{image}.jpg"]})

    assert await scopes(bigcommerce, receiver) == ["product/updated"]


async def test_an_order_for_what_is_ordered_is_refused_and_others_orders_are_not_seen(bigcommerce: StandIn) -> None:
    ours = await bigcommerce.subscribe("store/product/updated", "https://service.example/a")
    again = await bigcommerce.call("POST", "v3/hooks", {"scope": ours["scope"], "destination": ours["destination"]})
    assert again.status_code == 422
    token = await installed(bigcommerce)

    assert (await bigcommerce.get("v3/hooks", token=token))["data"] == []
    assert (await bigcommerce.call("DELETE", f"v3/hooks/{ours['id']}", token=token)).status_code == 404
    assert (await bigcommerce.get(f"v3/hooks/{ours['id']}"))["data"]["is_active"] is True


async def test_a_webhook_that_failed_for_two_days_is_stopped_and_can_be_started(
    bigcommerce: StandIn, receiver: Receiver
) -> None:
    await bigcommerce.do("PUT", "/switches", {"time_scale": 0})
    made = await bigcommerce.subscribe("store/product/created", receiver.url)
    receiver.statuses = [500]
    await bigcommerce.add()
    await bigcommerce.do("GET", "/quiet?within=5")

    assert len(receiver.received) == 12
    assert len({each.headers["webhook-id"] for each in receiver.received}) == 1
    assert (await bigcommerce.get("v3/hooks"))["data"][0]["is_active"] is False
    changed = await bigcommerce.call("PUT", f"v3/hooks/{made['id']}", {"is_active": True})
    assert changed.json()["data"]["is_active"] is True
    await bigcommerce.do("POST", f"/subscriptions/{made['id']}/deactivate")
    assert (await bigcommerce.get("v3/hooks"))["data"][0]["is_active"] is False


# The app


async def installed(bigcommerce: StandIn) -> str:
    """Install the app and return its token."""
    page = await bigcommerce.client.get(f"/app/install?callback={CALLBACK}")
    assert f"Install in {SHOP}" in page.text
    answer = await bigcommerce.client.post(f"/app/install?shop={SHOP}&callback={CALLBACK}")
    assert answer.status_code == 303
    given = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    asked = {
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        **{name: given[name] for name in ("code", "scope", "context")},
    }
    told = (await bigcommerce.client.post("/oauth2/token", json=asked)).json()
    assert told["context"] == f"stores/{SHOP}"
    once_more = await bigcommerce.client.post("/oauth2/token", json=asked)
    assert (once_more.status_code, once_more.json()) == (400, {"error": "invalid_grant"})
    wrong = await bigcommerce.client.post("/oauth2/token", json={**asked, "client_secret": "x"})
    assert wrong.status_code == 401
    token: str = told["access_token"]
    return token


async def test_a_code_is_good_for_one_token_and_the_former_token_ends(bigcommerce: StandIn) -> None:
    first, second = await installed(bigcommerce), await installed(bigcommerce)

    assert (await bigcommerce.call("GET", "v2/store", token=first)).status_code == 401
    assert (await bigcommerce.call("GET", "v2/store", token=second)).status_code == 200


async def test_a_removed_app_is_told_loses_its_token_and_its_webhooks(bigcommerce: StandIn, receiver: Receiver) -> None:
    token = await installed(bigcommerce)
    await bigcommerce.subscribe("store/product/created", receiver.url, token=token)
    answered = await bigcommerce.do("POST", "/remove-app", {"address": receiver.url})
    (got,) = await receiver.until(1)

    assert answered == {"answered": 200}
    head, claims, signed = dict(parse_qsl(urlsplit(got.path).query))["signed_payload_jwt"].split(".")
    expected = hmac.new(CLIENT_SECRET.encode(), f"{head}.{claims}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64decode(signed + "=") == expected
    assert json.loads(base64.urlsafe_b64decode(claims + "=="))["sub"] == f"stores/{SHOP}"
    assert (await bigcommerce.call("GET", "v2/store", token=token)).status_code == 401
    assert await bigcommerce.do("GET", "/subscriptions") == []


# Merchants


async def test_skus_are_unique_whatever_the_case_of_their_letters(bigcommerce: StandIn) -> None:
    await bigcommerce.add({"sku": "OAK"})

    await bigcommerce.do("POST", "/products", {"title": "Ash", "variants": [{"sku": "oak"}]}, status=422)


async def test_a_product_needs_an_option_for_another_variant_and_keeps_one(bigcommerce: StandIn) -> None:
    made = await bigcommerce.add({"sku": "OAK"})
    path = f"/products/{made['id']}/variants"

    await bigcommerce.do("POST", path, {"sku": "OAK-L", "options": ["L"]}, status=422)
    await bigcommerce.do("DELETE", f"{path}/{made['variants'][0]['id']}", status=422)
