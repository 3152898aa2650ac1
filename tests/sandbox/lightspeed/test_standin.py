import hashlib
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.sandbox.lightspeed.limits import Limits
from tests.sandbox.lightspeed.standin import APP_KEY, APP_SECRET, SHOP, StandIn
from tests.sandbox.receiver import Receiver


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


# The API


async def test_a_product_is_told_without_its_variants_and_they_by_themselves(lightspeed: StandIn) -> None:
    made = await lightspeed.add({"sku": "OAK", "price": "34.95", "quantity": 12}, brand="Oak & Ash")

    product = (await lightspeed.get(f"products/{made['id']}.json"))["product"]
    assert "price" not in str(product)
    assert product["variants"]["resource"]["url"] == f"variants.json?product={made['id']}".removesuffix(".json")
    (variant,) = (await lightspeed.get(f"variants.json?product={made['id']}"))["variants"]
    assert (variant["articleCode"], variant["sku"], variant["stockLevel"]) == ("OAK", "", 12)
    assert (variant["priceIncl"], variant["priceExcl"]) == (42.29, 34.95)
    assert (await lightspeed.get(f"brands/{product['brand']['resource']['id']}.json"))["brand"]["title"] == "Oak & Ash"


async def test_relations_that_are_not_there_are_false(lightspeed: StandIn) -> None:
    made = await lightspeed.add()

    product = (await lightspeed.get(f"products/{made['id']}.json"))["product"]
    assert (product["brand"], product["image"], product["images"]) == (False, False, False)


async def test_the_catalogue_tells_everything_of_what_is_above_an_id(lightspeed: StandIn) -> None:
    made = [await lightspeed.add(title=f"Thing {n}", images=["https://cdn.example/a.jpg"]) for n in range(3)]

    first = (await lightspeed.get("catalog.json?limit=2&since_id=0"))["products"]
    second = (await lightspeed.get(f"catalog.json?limit=2&since_id={first[-1]['id']}"))["products"]
    assert [each["id"] for each in (*first, *second)] == [each["id"] for each in made]
    assert first[0]["images"][0]["src"] == "https://cdn.example/a.jpg"
    assert list(first[0]["variants"]) == [str(made[0]["variants"][0]["id"])]


@pytest.mark.parametrize(
    ("path", "status"),
    [("products/1.json", 404), ("nothing.json", 404), ("variants/1.json", 404), ("webhooks/1.json", 404)],
)
async def test_what_is_not_there_is_told_so(lightspeed: StandIn, path: str, status: int) -> None:
    answer = await lightspeed.call("GET", path)

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


async def test_a_language_that_is_not_active_and_a_key_that_is_not_known_are_refused(lightspeed: StandIn) -> None:
    await lightspeed.do("PUT", "/languages", {"languages": ["de"]})

    assert (await lightspeed.call("GET", "products.json")).status_code == 404
    assert (await lightspeed.call("GET", "products.json", auth=("x", "y"))).status_code == 401


async def test_who_asks_too_often_is_told_when_to_come_back(lightspeed: StandIn) -> None:
    await lightspeed.do("PUT", "/switches", {"limits": "2/3000/12000"})

    answers = [await lightspeed.call("GET", "products/count.json") for _ in range(3)]
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[1].headers["x-ratelimit-remaining"] == "0/2998/11998"
    assert int(answers[2].headers["x-ratelimit-reset"].split("/")[0]) <= 300


def test_a_window_begins_anew_at_its_end() -> None:
    now = 0.0
    limits = Limits(lambda: now)

    assert [limits.spend("key", "1/5/5")[0] for _ in range(2)] == [True, False]
    now = 301.0
    passes, headers = limits.spend("key", "1/5/5")
    assert passes
    assert headers["X-RateLimit-Remaining"] == "0/2/2"


# Webhooks


async def test_a_webhook_of_the_shops_key_tells_the_resource_unsigned(lightspeed: StandIn, receiver: Receiver) -> None:
    await lightspeed.subscribe("products/created", receiver.url)
    made = await lightspeed.add(title="Décor")
    (got,) = await receiver.until(1)

    assert got.body["product"]["id"] == made["id"]
    assert b"D\\u00e9cor" in got.content
    assert (got.headers["x-event"], got.headers["x-products-id"]) == ("products/created", str(made["id"]))
    assert "x-signature" not in got.headers


async def test_a_webhook_of_the_app_is_signed(lightspeed: StandIn, receiver: Receiver) -> None:
    token = await installed(lightspeed)
    await lightspeed.subscribe("variants/*", receiver.url, auth=(APP_KEY, md5(token + APP_SECRET)))
    await lightspeed.add({"sku": "OAK"})
    (got,) = await receiver.until(1)

    assert got.headers["x-signature"] == md5(got.content.decode() + APP_SECRET)
    assert got.headers["x-event"] == "variants/created"


async def test_ordering_twice_tells_everything_twice(lightspeed: StandIn, receiver: Receiver) -> None:
    for _ in range(2):
        await lightspeed.subscribe("products/deleted", receiver.url)
    made = await lightspeed.add()
    await lightspeed.do("DELETE", f"/products/{made['id']}")

    assert [each.body for each in await receiver.until(2)] == [{"product": {"id": made["id"]}}] * 2


async def test_stock_is_told_of_the_variant(lightspeed: StandIn, receiver: Receiver) -> None:
    await lightspeed.subscribe("variants/updated", receiver.url)
    made = await lightspeed.add({"sku": "OAK", "quantity": 1})
    variant = made["variants"][0]["id"]
    await lightspeed.do("PUT", f"/products/{made['id']}/variants/{variant}/stock", {"quantity": 7})
    (got,) = await receiver.until(1)

    assert got.body["variant"]["stockLevel"] == 7
    assert got.body["variant"]["product"]["resource"]["id"] == made["id"]


async def test_a_webhook_that_fails_too_often_is_switched_off_where_a_shop_does_that(
    lightspeed: StandIn, receiver: Receiver
) -> None:
    await lightspeed.do("PUT", "/switches", {"failures_allowed": 0, "time_scale": 0, "tries": 2})
    made = await lightspeed.subscribe("products/created", receiver.url)
    receiver.statuses = [500]
    await lightspeed.add()
    await lightspeed.do("GET", "/quiet?within=5")

    assert len(receiver.received) == 2
    assert (await lightspeed.get("webhooks.json"))["webhooks"][0]["isActive"] is False
    changed = await lightspeed.call("PUT", f"webhooks/{made['id']}.json", {"webhook": {"isActive": True}})
    assert changed.json()["webhook"]["isActive"] is True


# The App Store


async def installed(lightspeed: StandIn) -> str:
    """Install the app and return its token."""
    answer = await lightspeed.client.post(f"/app-store/install?shop={SHOP}&success=https://service.example/callback")
    assert answer.status_code == 303
    given = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    signed = "".join(f"{name}={given[name]}" for name in ("language", "shop_id", "timestamp", "token"))
    assert given["signature"] == md5(signed + APP_SECRET)
    return given["token"]


async def test_the_app_store_lists_the_shops_and_sends_back_with_a_signed_token(lightspeed: StandIn) -> None:
    page = await lightspeed.client.get("/app-store?success=https://service.example/callback")

    assert SHOP in page.text
    assert await installed(lightspeed) == await installed(lightspeed)


async def test_a_removed_app_is_told_loses_its_token_and_its_webhooks(lightspeed: StandIn, receiver: Receiver) -> None:
    token = await installed(lightspeed)
    auth = (APP_KEY, md5(token + APP_SECRET))
    await lightspeed.subscribe("products/created", receiver.url, auth=auth)
    answered = await lightspeed.do("POST", "/remove-app", {"address": receiver.url})

    assert answered == {"answered": 200}
    assert (await lightspeed.call("GET", "products.json", auth=auth)).status_code == 401
    assert (await lightspeed.get("webhooks.json"))["webhooks"] == []


# Merchants


async def test_a_product_is_hidden_shown_and_shown_while_in_stock(lightspeed: StandIn) -> None:
    made = await lightspeed.add()
    path = f"/products/{made['id']}"
    await lightspeed.do("POST", f"{path}/unpublish")
    hidden = (await lightspeed.get(f"products/{made['id']}.json"))["product"]
    await lightspeed.do("PUT", f"{path}/visibility", {"visibility": "auto"})
    auto = (await lightspeed.get(f"products/{made['id']}.json"))["product"]

    assert (hidden["visibility"], hidden["isVisible"]) == ("hidden", False)
    assert (auto["visibility"], auto["isVisible"]) == ("auto", True)


async def test_variants_are_added_changed_and_removed_but_for_the_last(lightspeed: StandIn) -> None:
    made = await lightspeed.add({"sku": "OAK-S", "options": ["S"]})
    path = f"/products/{made['id']}/variants"
    large = await lightspeed.do("POST", path, {"sku": "OAK-L", "options": ["L"]})
    await lightspeed.do("PATCH", f"{path}/{large['id']}", {"price": "12.50"})
    await lightspeed.do("DELETE", f"{path}/{made['variants'][0]['id']}")
    await lightspeed.do("DELETE", f"{path}/{large['id']}", status=422)

    (left,) = (await lightspeed.get(f"variants.json?product={made['id']}"))["variants"]
    assert (left["title"], left["priceExcl"], left["articleCode"]) == ("L", 12.5, "OAK-L")
