import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.sandbox.woocommerce.courier import is_safe
from app.sandbox.woocommerce.server import create_app
from tests.sandbox.receiver import Receiver
from tests.sandbox.woocommerce.standin import SECRET, SHOP, StandIn


async def subscribed(woo: StandIn, receiver: Receiver, *topics: str) -> None:
    """Make webhooks, and forget their pings."""
    for topic in topics:
        await woo.subscribe(topic, receiver.url)
    receiver.received.clear()


def told(receiver: Receiver) -> list[tuple[str, Any]]:
    """What came, by topic and id, in an order of its own."""
    bodies = [(each.topic, each.body) for each in receiver.received]
    return sorted((topic, body.get("id", body.get("arg"))) for topic, body in bodies)


async def test_a_webhook_is_pinged_unsigned_before_its_maker_hears_of_it(woo: StandIn, receiver: Receiver) -> None:
    receiver.statuses = [500]
    made = await woo.subscribe("product.updated", receiver.url)

    (ping,) = receiver.received
    assert ping.content == f"webhook_id={made['id']}".encode()
    assert ping.headers["content-type"] == "application/x-www-form-urlencoded"
    assert not [name for name in ping.headers if name.startswith("x-wc-")]
    assert made["status"] == "active"


async def test_a_webhook_is_signed_over_the_bytes_that_are_sent(woo: StandIn, receiver: Receiver) -> None:
    await subscribed(woo, receiver, "product.created")
    await woo.add({"sku": "OAK"}, title="Décor", images=["https://cdn.example/a.jpg"])
    (got,) = await receiver.until(1)

    block = hashlib.sha256().block_size
    key = SECRET.encode().ljust(block, b"\0")
    inner = hashlib.sha256(bytes(each ^ 0x36 for each in key) + got.content).digest()
    signature = hashlib.sha256(bytes(each ^ 0x5C for each in key) + inner).digest()
    assert got.headers["x-wc-webhook-signature"] == base64.b64encode(signature).decode()
    assert b"https:\\/\\/cdn" in got.content
    assert b"D\\u00e9cor" in got.content


async def test_a_webhook_says_what_it_is(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.subscribe("product.created", receiver.url)
    receiver.received.clear()
    await woo.add()
    (got,) = await receiver.until(1)

    assert got.topic == "product.created"
    assert (got.headers["x-wc-webhook-resource"], got.headers["x-wc-webhook-event"]) == ("product", "created")
    assert got.headers["x-wc-webhook-source"] == f"https://{SHOP}/"
    assert got.headers["x-wc-webhook-id"] == str(made["id"])
    assert re.fullmatch(r"[0-9a-f]{32}", got.headers["x-wc-webhook-delivery-id"])
    assert got.headers["user-agent"].startswith("WooCommerce/")


async def test_deliveries_of_one_webhook_within_a_second_have_the_same_id(woo: StandIn, receiver: Receiver) -> None:
    await subscribed(woo, receiver, "product.created")
    made = [await woo.add(title=f"Product {n}") for n in range(20)]
    await woo.quiet()

    ids = {each.headers["x-wc-webhook-delivery-id"] for each in receiver.received}
    assert len(receiver.received) == len(made)
    assert len(ids) < len(made)


async def test_entities_in_a_secret_count_as_what_they_stand_for(woo: StandIn, receiver: Receiver) -> None:
    await woo.subscribe("product.created", receiver.url, secret="a&amp;b")
    receiver.received.clear()
    await woo.add()
    (got,) = await receiver.until(1)

    expected = base64.b64encode(hmac.digest(b"a&b", got.content, "sha256")).decode()
    assert got.headers["x-wc-webhook-signature"] == expected


async def test_a_products_life_is_told(woo: StandIn, receiver: Receiver) -> None:
    topics = ("product.created", "product.updated", "product.deleted", "product.restored", "product.published")
    await subscribed(woo, receiver, *topics)

    made = await woo.add({"sku": "OAK"}, published=False)
    await woo.quiet()
    await woo.do("POST", f"/products/{made['id']}/publish")
    await woo.quiet()
    await woo.do("DELETE", f"/products/{made['id']}")
    await woo.quiet()
    await woo.do("POST", f"/posts/{made['id']}/restore")
    await woo.quiet()

    assert sorted(receiver.topics()) == sorted(topics)
    bodies = {each.topic: each.body for each in receiver.received}
    assert bodies["product.created"]["status"] == "draft"
    assert bodies["product.updated"]["status"] == "publish"
    assert bodies["product.deleted"] == {"id": made["id"]}
    assert bodies["product.restored"]["status"] == "publish"


async def test_a_variation_is_told_as_a_product_and_has_its_product_told_too(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.sized("S", "L")
    await subscribed(woo, receiver, "product.created", "product.updated")

    added = await woo.do("POST", f"/products/{made['id']}/variants", {"sku": "M", "options": ["M"]})
    await woo.quiet()
    assert told(receiver) == [("product.created", added["id"]), ("product.updated", made["id"])]
    bodies = {each.body["id"]: each.body for each in receiver.received}
    assert (bodies[added["id"]]["type"], bodies[added["id"]]["parent_id"]) == ("variation", made["id"])
    assert added["id"] in bodies[made["id"]]["variations"]

    receiver.received.clear()
    await woo.do("PUT", f"/products/{made['id']}/variants/{added['id']}/stock", {"quantity": 4})
    await woo.quiet()
    assert told(receiver) == [("product.updated", made["id"]), ("product.updated", added["id"])]

    receiver.received.clear()
    await woo.do("PUT", "/switches", {"saves_parents": False})
    await woo.do("PATCH", f"/products/{made['id']}/variants/{added['id']}", {"price": "9.00"})
    await woo.quiet()
    assert told(receiver) == [("product.updated", added["id"])]


async def test_of_a_removed_variation_only_its_product_and_the_plugins_own_hook_tell(
    woo: StandIn, receiver: Receiver
) -> None:
    made = await woo.sized("S", "L")
    hook = "action.woocommerce_delete_product_variation"
    await subscribed(woo, receiver, "product.updated", "product.deleted", hook)

    await woo.do("DELETE", f"/products/{made['id']}/variants/{made['variants'][0]['id']}")
    await woo.quiet()

    assert told(receiver) == [(hook, made["variants"][0]["id"]), ("product.updated", made["id"])]


async def test_trashing_a_product_tells_of_its_variations_too(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.sized("S")
    await subscribed(woo, receiver, "product.deleted", "product.updated")

    await woo.do("DELETE", f"/products/{made['id']}")
    await woo.quiet()

    assert told(receiver) == [("product.deleted", each) for each in (made["id"], made["variants"][0]["id"])]


async def test_deleting_for_good_is_silent_but_for_the_plugins_own_hook(woo: StandIn, receiver: Receiver) -> None:
    hook = "action.woocommerce_delete_product"
    await subscribed(woo, receiver, "product.deleted", "product.updated", hook)
    by_force, past_the_plugin, in_trash = [await woo.add(title=title) for title in ("A", "B", "C")]

    await woo.do("DELETE", f"/posts/{by_force['id']}")
    await woo.quiet()
    (got,) = receiver.received
    assert got.body == {"action": "woocommerce_delete_product", "arg": by_force["id"]}
    assert (got.headers["x-wc-webhook-resource"], got.topic) == ("action", hook)

    receiver.received.clear()
    await woo.do("PUT", "/switches", {"deletes_quietly": True})
    await woo.do("DELETE", f"/posts/{past_the_plugin['id']}")
    await woo.do("DELETE", f"/products/{in_trash['id']}")
    await woo.quiet()
    receiver.received.clear()
    await woo.do("DELETE", "/trash")
    await woo.quiet()
    assert receiver.received == []
    assert await woo.get("/products") == []


async def test_a_body_is_built_when_its_job_runs_and_bursts_become_one(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.add({"sku": "OAK"})
    await subscribed(woo, receiver, "product.updated")
    await woo.do("PUT", "/switches", {"delay_seconds": 0.1})

    for title in ("One", "Two", "Three"):
        await woo.do("PATCH", f"/products/{made['id']}", {"title": title})
    await woo.quiet()

    (got,) = receiver.received
    assert got.body["name"] == "Three"


async def test_what_is_gone_when_the_job_runs_is_told_as_an_error(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.add({"sku": "OAK"})
    await subscribed(woo, receiver, "product.updated")
    await woo.do("PUT", "/switches", {"delay_seconds": 0.1})

    await woo.do("PATCH", f"/products/{made['id']}", {"title": "Gone soon"})
    await woo.do("DELETE", f"/posts/{made['id']}")
    await woo.quiet()

    (got,) = receiver.received
    assert got.body == {
        "code": "woocommerce_rest_product_invalid_id",
        "message": "Invalid ID.",
        "data": {"status": 404},
    }


async def test_a_webhook_has_the_rights_of_its_owner(woo: StandIn, receiver: Receiver) -> None:
    await subscribed(woo, receiver, "product.created")
    await woo.do("PUT", "/users/1", {"role": "customer"})
    await woo.add()
    await woo.do("DELETE", "/users/1")
    await woo.add()
    await woo.quiet()

    assert sorted(each.body["data"]["status"] for each in receiver.received) == [401, 403]


async def test_a_failed_delivery_is_lost_and_the_seventh_in_a_row_disables_in_silence(
    woo: StandIn, receiver: Receiver
) -> None:
    made = await woo.subscribe("product.created", receiver.url)
    receiver.received.clear()
    receiver.statuses = [503]
    for n in range(8):
        await woo.add(title=f"Product {n}")
        await woo.quiet()
        status = (await woo.get(f"/webhooks/{made['id']}"))["status"]
        assert status == ("active" if n < 6 else "disabled")
    assert len(receiver.received) == 7


@pytest.mark.parametrize("status", [204, 301, 302])
async def test_a_redirect_passes_for_a_success(woo: StandIn, receiver: Receiver, status: int) -> None:
    await subscribed(woo, receiver, "product.created")
    receiver.statuses = [*([500] * 6), status]
    for n in range(7):
        await woo.add(title=f"Product {n}")
        await woo.quiet()

    (webhook,) = await woo.do("GET", "/subscriptions")
    assert (webhook["failures"], webhook["status"]) == (0, "active")
    assert "secret" not in webhook


async def test_drops_doubles_and_mixes_up_when_told(woo: StandIn, receiver: Receiver) -> None:
    await subscribed(woo, receiver, "product.created")
    await woo.do("PUT", "/switches", {"drop_next": 1})
    await woo.add(title="Dropped")
    await woo.do("PUT", "/switches", {"duplicate_probability": 1})
    await woo.add(title="Twice")
    await woo.quiet()
    assert [each.body["name"] for each in receiver.received] == ["Twice", "Twice"]

    receiver.received.clear()
    await woo.do("PUT", "/switches", {"duplicate_probability": 0, "reorder": True})
    for title in ("One", "Two", "Three"):
        await woo.add(title=title)
    await woo.quiet()
    assert sorted(each.body["name"] for each in receiver.received) == ["One", "Three", "Two"]


async def test_what_happens_while_a_job_runs_may_be_lost(woo: StandIn, receiver: Receiver) -> None:
    made = await woo.add()
    await subscribed(woo, receiver, "product.updated")
    await woo.do("PUT", "/switches", {"loses_while_sending": True})
    receiver.statuses = [200]
    gate = receiver.hold()

    await woo.do("PATCH", f"/products/{made['id']}", {"title": "First"})
    await receiver.until(1)
    await woo.do("PATCH", f"/products/{made['id']}", {"title": "Lost"})
    gate.set()
    await woo.quiet()

    assert [each.body["name"] for each in receiver.received] == ["First"]


async def test_only_safe_addresses_are_delivered_to_when_told(woo: StandIn, receiver: Receiver) -> None:
    await woo.do("PUT", "/switches", {"only_safe_addresses": True})
    await woo.subscribe("product.created", receiver.url)
    await woo.add()
    await woo.quiet()

    (delivery,) = await woo.do("GET", "/deliveries")
    assert (delivery["last_status"], receiver.received) == ("UnsupportedProtocol", [])


def test_safe_is_public_and_on_a_usual_port() -> None:
    addresses = ("https://service.example/webhooks", "https://8.8.8.8:8080/", "https://service.example:8443/")
    assert [is_safe(each) for each in addresses] == [True, True, False]
    assert not any(is_safe(each) for each in ("http://127.0.0.1/", "http://localhost/", "http://[::1]/"))


async def test_everything_survives_a_restart(receiver: Receiver, tmp_path: Path) -> None:
    path = tmp_path / "state" / "woocommerce.json"
    before = create_app(path)
    async with before.router.lifespan_context(before), client(before) as running:
        woo = StandIn(running)
        await woo.open()
        await subscribed(woo, receiver, "product.created")
        await woo.do("PUT", "/switches", {"delay_seconds": 0.2})
        made = await woo.add(title="Made before")
    assert receiver.received == []

    after = create_app(path)
    async with after.router.lifespan_context(after), client(after) as running:
        woo = StandIn(running)
        (got,) = await receiver.until(1)
        assert got.body["id"] == made["id"]
        assert [each["id"] for each in await woo.get("/products")] == [made["id"]]
        assert (await woo.do("GET", "/switches"))["delay_seconds"] == 0.2


def client(app: object) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://woo")
