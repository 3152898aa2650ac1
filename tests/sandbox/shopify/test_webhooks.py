import base64
import hashlib
import hmac
import re
from pathlib import Path
from uuid import UUID

import httpx

from app.sandbox.shopify.server import create_app
from tests.sandbox.receiver import Receiver
from tests.sandbox.shopify.standin import SECRET, SHOP, StandIn

FAST = {"time_scale": 1e-6}


async def subscribed(shopify: StandIn, receiver: Receiver, *topics: str) -> None:
    for topic in topics:
        await shopify.subscribe(topic, receiver.url)


async def test_a_webhook_is_signed_over_the_bytes_that_are_sent(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.add(body_html="<p>é & ✓</p>", images=["https://cdn.oak-and-ash.example/a.jpg"])
    (got,) = await receiver.until(1)

    block = hashlib.sha256().block_size
    key = SECRET.encode().ljust(block, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in key) + got.content).digest()
    signature = hashlib.sha256(bytes(each ^ 0x5C for each in key) + inner).digest()
    assert got.headers["x-shopify-hmac-sha256"] == base64.b64encode(signature).decode()
    assert hmac.digest(SECRET.encode(), got.content, "sha256") == signature
    assert b"https:\\/\\/cdn" in got.content
    assert "\\u003cp\\u003eé \\u0026 ✓".encode() in got.content
    assert got.body["body_html"] == "<p>é & ✓</p>"


async def test_a_webhook_says_what_it_is(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.subscribe("PRODUCTS_CREATE", receiver.url, name="one")
    await shopify.add()
    (got,) = await receiver.until(1)

    assert got.topic == "products/create"
    assert got.headers["x-shopify-shop-domain"] == SHOP
    assert got.headers["x-shopify-api-version"] == "2026-10"
    assert got.headers["x-shopify-name"] == "one"
    assert got.headers["content-type"] == "application/json"
    assert str(UUID(got.headers["x-shopify-webhook-id"])) == got.headers["x-shopify-webhook-id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z", got.headers["x-shopify-triggered-at"])


async def test_a_product_is_told_in_the_shape_of_rest(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    variants = [{"sku": f"S{number}", "price": 1, "options": [str(number)]} for number in range(101)]
    made = await shopify.add(*variants, options=["Number"], tags=["oak", "kitchen"])
    body = (await receiver.until(1))[0].body

    assert (body["id"], body["admin_graphql_api_id"]) == (made["id"], f"gid://shopify/Product/{made['id']}")
    assert body["tags"] == "oak, kitchen"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+01:00", body["updated_at"])
    assert (len(body["variants"]), len(body["variant_gids"])) == (100, 101)
    assert body["variants"][0]["price"] == "1.00"
    assert (body["variants"][0]["option1"], body["variants"][0]["option2"]) == ("0", None)
    assert re.fullmatch(r".*T\d\d:\d\d:\d\d\.000Z", body["variant_gids"][0]["updated_at"])


async def test_one_action_tells_several_topics_under_one_event(shopify: StandIn, receiver: Receiver) -> None:
    made = await shopify.add({"sku": "S", "quantity": 5})
    await subscribed(shopify, receiver, "PRODUCTS_UPDATE", "INVENTORY_LEVELS_UPDATE")
    item = made["variants"][0]["inventory_item_id"]
    await shopify.do("PUT", f"/products/{made['id']}/variants/{made['variants'][0]['id']}/stock", {"quantity": 9})
    got = {each.topic: each for each in await receiver.until(2)}

    assert {each.headers["x-shopify-event-id"] for each in got.values()} == {
        got["products/update"].headers["x-shopify-event-id"]
    }
    assert len({each.headers["x-shopify-webhook-id"] for each in got.values()}) == 2
    level = got["inventory_levels/update"].body
    assert (level["inventory_item_id"], level["available"]) == (item, 9)
    assert got["products/update"].body["variants"][0]["inventory_quantity"] == 9


async def test_every_topic_tells_its_part(shopify: StandIn, receiver: Receiver) -> None:
    topics = ("CONNECT", "DISCONNECT")
    made = await shopify.add({"sku": "S", "options": ["Small"]}, {"sku": "L", "options": ["Large"]}, options=["Size"])
    await subscribed(
        shopify,
        receiver,
        *(f"INVENTORY_LEVELS_{each}" for each in topics),
        *("INVENTORY_ITEMS_UPDATE", "INVENTORY_ITEMS_DELETE", "PRODUCTS_DELETE", "APP_SCOPES_UPDATE"),
    )
    variant = f"/products/{made['id']}/variants/{made['variants'][0]['id']}"

    await shopify.do("PUT", f"{variant}/stock", {"quantity": 1, "location": "Shop"})
    await shopify.do("DELETE", f"{variant}/stock/Shop")
    await shopify.do("PATCH", variant, {"sku": "S2"})
    await shopify.do("DELETE", variant)
    await shopify.do("POST", "/scopes", {"scopes": ["read_products"]})
    await shopify.do("DELETE", f"/products/{made['id']}")
    await shopify.quiet()

    bodies = {each.topic: each.body for each in receiver.received}
    assert sorted(receiver.topics()) == [
        *("app/scopes_update", "inventory_items/delete", "inventory_items/delete", "inventory_items/update"),
        *("inventory_levels/connect", "inventory_levels/disconnect", "products/delete"),
    ]
    assert bodies["products/delete"] == {"id": made["id"]}
    assert bodies["inventory_items/update"]["sku"] == "S2"
    assert set(bodies["inventory_levels/disconnect"]) == {"inventory_item_id", "location_id"}
    assert bodies["app/scopes_update"]["current"] == ["read_products"]


async def test_an_uninstalled_app_is_told_so_at_last(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "APP_UNINSTALLED", "PRODUCTS_CREATE")
    await shopify.do("POST", "/uninstall")
    await shopify.add()
    await shopify.quiet()

    assert receiver.topics() == ["app/uninstalled"]
    assert receiver.received[0].body["myshopify_domain"] is None


async def test_compliance_topics_go_to_the_app_itself(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.do("POST", "/compliance/shop/redact", status=422)
    await shopify.open(app_url=receiver.url.removesuffix("/webhooks/one"))
    await shopify.do("POST", "/compliance/customers/redact")
    (got,) = await receiver.until(1)

    assert (got.topic, got.body["shop_domain"]) == ("customers/redact", SHOP)
    await shopify.do("POST", "/compliance/customers/forget", status=422)


async def test_tries_again_with_the_same_bytes_until_it_succeeds(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.do("PUT", "/switches", FAST)
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    receiver.statuses = [500, 302, 404, 204]
    made = await shopify.add()
    await shopify.do("PATCH", f"/products/{made['id']}", {"title": "Changed meanwhile"})
    await shopify.quiet()

    assert len(receiver.received) == 4
    assert len({each.content for each in receiver.received}) == 1
    assert len({each.headers["x-shopify-webhook-id"] for each in receiver.received}) == 1
    (delivery,) = await shopify.deliveries()
    assert (delivery["tries"], delivery["last_status"], delivery["done"]) == (4, 204, True)
    assert SECRET not in str(delivery)


async def test_gives_up_after_nine_tries_and_has_deleted_the_subscription(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.do("PUT", "/switches", FAST)
    await subscribed(shopify, receiver, "PRODUCTS_CREATE", "PRODUCTS_UPDATE")
    receiver.statuses = [503]
    await shopify.add()
    await shopify.quiet()

    assert len(receiver.received) == 9
    assert [each["topic"] for each in await shopify.do("GET", "/subscriptions")] == ["PRODUCTS_UPDATE"]


async def test_a_success_forgives_earlier_failures(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.do("PUT", "/switches", FAST)
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    for _ in range(2):
        receiver.statuses = [*([500] * 5), 200]
        await shopify.add()
        await shopify.quiet()

    assert [each["failures"] for each in await shopify.do("GET", "/subscriptions")] == [0]


async def test_nobody_there_is_a_failure(shopify: StandIn) -> None:
    await shopify.do("PUT", "/switches", FAST)
    await shopify.subscribe("PRODUCTS_CREATE", "http://127.0.0.1:1/webhooks")
    await shopify.add()
    await shopify.quiet()

    (delivery,) = await shopify.deliveries()
    assert (delivery["tries"], delivery["last_status"]) == (9, "ConnectError")


async def test_drops_so_many(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"drop_next": 2})
    for title in ("one", "two", "three"):
        await shopify.add(title=title)
    await shopify.quiet()
    await shopify.do("PUT", "/switches", {"drop_probability": 1})
    await shopify.add(title="four")
    await shopify.quiet()

    assert [each.body["title"] for each in receiver.received] == ["three"]
    assert (await shopify.do("GET", "/quiet"))["dropped"] == 3


async def test_a_try_that_got_lost_is_made_again_and_only_answers_count_as_acknowledged(
    shopify: StandIn, receiver: Receiver
) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"lose_probability": 1, "time_scale": 0.00001})
    await shopify.add()
    await shopify.quiet()
    (delivery,) = await shopify.deliveries()
    assert (delivery["tries"], delivery["last_status"], delivery["acknowledged"]) == (9, "Lost", 0)
    await shopify.do("PUT", "/switches", {"lose_probability": 0})
    await shopify.do("POST", f"/deliveries/{delivery['id']}/redeliver")
    await shopify.quiet()
    (delivery,) = await shopify.deliveries()
    assert delivery["acknowledged"] == len(receiver.received) == 1


async def test_chance_follows_from_its_seed(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"drop_probability": 0.5})
    dropped = []
    for seed in (5, 6, 5):
        await shopify.client.put(f"/_sandbox/seed/{seed}")
        before = (await shopify.do("GET", "/quiet"))["dropped"]
        for _ in range(10):
            await shopify.add(title="x")
        dropped.append((await shopify.do("GET", "/quiet"))["dropped"] - before)
    assert dropped[0] == dropped[2]


async def test_a_duplicate_has_the_same_id(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"duplicate_probability": 1})
    await shopify.add()
    first, second = await receiver.until(2)
    await shopify.quiet()

    assert first.headers["x-shopify-webhook-id"] == second.headers["x-shopify-webhook-id"]


async def test_sends_in_another_order(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"reorder": True})
    for title in ("one", "two"):
        await shopify.add(title=title)
    assert await shopify.do("GET", "/quiet") == {"pending": 2, "dropped": 0}
    await shopify.add(title="three")
    await shopify.quiet()

    assert {each.body["title"] for each in receiver.received} == {"one", "two", "three"}


async def test_what_is_held_back_is_not_held_back_for_ever(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.do("PUT", "/switches", {"reorder": True})
    await shopify.add()
    await shopify.do("PUT", "/switches", {"reorder": False})

    assert len(await receiver.until(1)) == 1


async def test_a_filter_lets_only_its_own_through(shopify: StandIn, receiver: Receiver) -> None:
    await shopify.subscribe("PRODUCTS_CREATE", receiver.url, filter="status:draft")
    await shopify.add(title="Active")
    await shopify.add(title="Draft", status="draft")
    await shopify.quiet()

    assert [each.body["title"] for each in receiver.received] == ["Draft"]


async def test_chosen_fields_alone_are_sent_and_the_same_body_only_once(shopify: StandIn, receiver: Receiver) -> None:
    made = await shopify.add({"sku": "S"})
    await shopify.subscribe("PRODUCTS_UPDATE", receiver.url, includeFields=["id", "title", "variants.sku"])
    for change in ({"vendor": "A"}, {"vendor": "B"}, {"title": "New"}):
        await shopify.do("PATCH", f"/products/{made['id']}", change)
    await shopify.quiet()

    told = sorted((each.body for each in receiver.received), key=lambda body: str(body["title"]))
    assert told == [{"id": made["id"], "title": title, "variants": [{"sku": "S"}]} for title in ("New", "Oak board")]


async def test_a_delivery_is_sent_again_when_asked(shopify: StandIn, receiver: Receiver) -> None:
    await subscribed(shopify, receiver, "PRODUCTS_CREATE")
    await shopify.add()
    await shopify.quiet()
    (delivery,) = await shopify.deliveries()

    await shopify.do("POST", f"/deliveries/{delivery['id']}/redeliver")
    first, second = await receiver.until(2)

    assert first.content == second.content
    assert first.headers == second.headers
    await shopify.do("POST", "/deliveries/unknown/redeliver", status=404)


async def test_everything_survives_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    path = tmp_path / "state" / "shopify.json"
    before = create_app(path, SECRET)
    async with before.router.lifespan_context(before), client(before) as running:
        shopify = StandIn(running)
        await shopify.open(catalogue="sample")
        await subscribed(shopify, receiver, "PRODUCTS_CREATE")
        await shopify.do("PUT", "/switches", {"delay_seconds": 0.2})
        made = await shopify.add(title="Made before")
    assert receiver.received == []

    after = create_app(path, SECRET)
    async with after.router.lifespan_context(after), client(after) as running:
        shopify = StandIn(running)
        (got,) = await receiver.until(1)
        assert got.body["id"] == made["id"]
        data = await shopify.ask("{ products(first: 50) { nodes { title } } }")
        assert len(data["products"]["nodes"]) == 13
        assert (await shopify.do("GET", "/switches"))["delay_seconds"] == 0.2


def client(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://shopify")
