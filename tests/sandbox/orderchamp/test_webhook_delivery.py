"""Webhooks about products: registered, signed, repeated, and given up in the end."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.sandbox.orderchamp.account import Account, Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.products import create_product, delete_product, update_product
from app.sandbox.orderchamp.records import Webhook
from app.sandbox.orderchamp.schema import load_schema
from app.sandbox.orderchamp.stock import adjust
from app.sandbox.orderchamp.webhooks import Courier, waits
from tests.sandbox.orderchamp.conftest import Orderchamp

URL = "https://shop.example/hook"
GIVEN = {"title": "Mug", "variants": [{"sku": "A", "price": load_schema().type_map["Money"].coerce_input_value("4.5")}]}  # type: ignore[attr-defined]


@dataclass
class Receiver:
    """Another side that answers these statuses in turn, and 200 from then on."""

    statuses: list[int | None] = field(default_factory=list)
    received: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    async def post(self, url: str, headers: Mapping[str, str], body: bytes, seconds: float) -> int | None:
        self.received.append((url, headers, body))
        return self.statuses.pop(0) if self.statuses else 200

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


@dataclass
class Told:
    market: Market
    catalogue: Catalogue
    receiver: Receiver
    courier: Courier


@pytest.fixture
def told() -> Told:
    market = Market(lambda: 1_800_000_000.0)
    account: Account = market.open_account("token", name="Oak", storefronts=[("Main", True)], sales_channels=None)
    events = ["PRODUCT_CREATED", "PRODUCT_DELETED"]
    account.webhooks["w"] = Webhook(id="w", url=URL, events=events)
    receiver = Receiver()
    courier = Courier(market, post=receiver.post, sleep=receiver.sleep, app_secret="the app's")
    market.tell = courier.tell
    return Told(market, market.catalogues[account.id], receiver, courier)


async def test_signs_the_raw_body_and_names_account_event_and_webhook(told: Told) -> None:
    product = create_product(told.market, told.catalogue, GIVEN)
    await told.courier.idle()
    ((url, headers, body),) = told.receiver.received
    assert url == URL
    signature = hmac.new(told.market.switches.webhook_secret.encode(), body, hashlib.sha256).hexdigest()
    assert headers["X-Orderchamp-Signature"] == signature
    assert headers["X-Orderchamp-Account-Id"] == told.catalogue.account.id
    assert (headers["X-Orderchamp-Event"], headers["X-Orderchamp-Webhook-Id"]) == ("PRODUCT_CREATED", "w")
    shown = json.loads(body)["data"]["product"]
    assert (shown["id"], shown["title"]) == (product.id, "Mug")
    assert shown["variants"]["edges"][0]["node"] == {
        "id": product.variant_ids[0],
        "inventoryQuantity": None,
        "position": 1,
        "price": "4.50",
    }


async def test_what_an_app_registered_is_signed_with_the_apps_secret(told: Told) -> None:
    told.catalogue.account.webhooks["w"].of_app = True
    create_product(told.market, told.catalogue, GIVEN)
    await told.courier.idle()
    ((_, headers, body),) = told.receiver.received
    assert headers["X-Orderchamp-Signature"] == hmac.new(b"the app's", body, hashlib.sha256).hexdigest()


async def test_webhook_for_stock_once_for_each_product_where_it_rings_at_all(told: Told) -> None:
    product = create_product(told.market, told.catalogue, GIVEN)
    await told.courier.idle()
    told.catalogue.account.webhooks["w"].events = ["PRODUCT_UPDATED"]
    lines = [{"productVariantId": product.variant_ids[0], "action": "SET", "adjustment": n} for n in (1, 2)]
    for rings in (False, True):
        told.market.switches = told.market.switches.model_copy(update={"webhook_for_stock": rings})
        told.receiver.received.clear()
        adjust(told.market, told.catalogue, lines)
        await told.courier.idle()
        assert len(told.receiver.received) == rings


async def test_tells_only_events_that_were_asked_for(told: Told) -> None:
    product = create_product(told.market, told.catalogue, GIVEN)
    update_product(told.market, told.catalogue, product, {"title": "Cup"})
    delete_product(told.market, told.catalogue, product)
    await told.courier.idle()
    events = [headers["X-Orderchamp-Event"] for _, headers, _ in told.receiver.received]
    assert sorted(events) == ["PRODUCT_CREATED", "PRODUCT_DELETED"]
    deleted = next(body for _, headers, body in told.receiver.received if "DELETED" in headers["X-Orderchamp-Event"])
    assert json.loads(deleted) == {"data": {"product": {"id": product.id}}}


async def test_repeats_until_the_other_side_answers_2xx(told: Told) -> None:
    told.receiver.statuses = [500, None, 302, 204]
    create_product(told.market, told.catalogue, GIVEN)
    await told.courier.idle()
    assert len({body for _, _, body in told.receiver.received}) == 1
    assert [each["status"] for each in told.courier.delivered] == [500, None, 302, 204]
    assert told.receiver.slept == waits(19, 48 * 3600)[:3]


async def test_removes_a_webhook_that_never_answers(told: Told) -> None:
    told.market.switches = told.market.switches.model_copy(update={"webhook_retries": 3})
    told.receiver.statuses = [500] * 9
    create_product(told.market, told.catalogue, GIVEN)
    await told.courier.idle()
    assert len(told.receiver.received) == 4
    assert told.catalogue.account.webhooks == {}


async def test_gives_up_what_is_under_way_when_it_is_closed(told: Told) -> None:
    create_product(told.market, told.catalogue, GIVEN)
    await told.courier.close()
    await told.courier.idle()
    assert told.receiver.received == []


def test_waits_grow_and_take_as_long_together_as_they_may() -> None:
    found = waits(19, 48 * 3600)
    assert len(found) == 19
    assert found == sorted(found)
    assert sum(found) == pytest.approx(48 * 3600)
    assert waits(0, 100) == []


async def test_registers_lists_and_deletes(orderchamp: Orderchamp) -> None:
    given = {"name": "Hook", "url": URL, "events": ["PRODUCT_UPDATED"], "template": "INVOICING"}
    made = (await orderchamp.do("webhookCreate", "webhook { id }", **given))["webhook"]["id"]
    query = "{ webhooks(first: 5) { nodes { id name url events template } } }"
    assert (await orderchamp.data(query))["webhooks"]["nodes"] == [{"id": made, **given}]
    assert (await orderchamp.do("webhookDelete", "deletedWebhookId", id=made)) == {"deletedWebhookId": made}
    assert (await orderchamp.data(query))["webhooks"]["nodes"] == []


@pytest.mark.parametrize(
    "url", ["http://localhost/x", "http://127.0.0.1:1/x", "https://a.internal/", "https://www.example.com/"]
)
async def test_refuses_local_addresses_only_when_told_to(orderchamp: Orderchamp, url: str) -> None:
    given: dict[str, Any] = {"url": url, "events": ["PRODUCT_UPDATED"]}
    assert await orderchamp.refused("webhookCreate", **given) == []
    await orderchamp.switch(refuse_local_webhooks=True)
    assert await orderchamp.refused("webhookCreate", **given) == [("url", "Url is not allowed")]


async def test_refuses_addresses_and_events_that_are_none(orderchamp: Orderchamp) -> None:
    assert await orderchamp.refused("webhookCreate", url="nowhere", events=[]) == [
        ("url", "Url is invalid"),
        ("events", "Events can't be blank"),
    ]
