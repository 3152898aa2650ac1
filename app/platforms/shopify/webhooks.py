"""Shopify's classic webhooks: verified, named and read.

https://shopify.dev/docs/apps/build/webhooks/subscribe/https. Only the body is signed, so neither topic nor shop nor time in
the headers is proven; ids in the body and reads of the shop are what counts. Deliveries of the newer "Events" carry the
same headers without ``x-``; they are told apart by their signature's name.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from app.domain.errors import InvalidInstallation, Unreadable
from app.domain.event import Erasure, Fact, Incomplete, StockFact, Tombstone, Uninstalled
from app.domain.http import Delivery
from app.domain.ids import EventId, LocationId, SourceId, StockItemId, Topic
from app.domain.product import StockLevel
from app.domain.structs import Struct, replace
from app.platforms.adapter import Secret, check_signature, substitute_id
from app.platforms.bodies import read_json, reader
from app.platforms.shopify.bodies import Identity, ProductBody, Quantity, check_id, from_body, moment_of
from app.platforms.shopify.installation import Installation

SIGNATURE = "hmac-sha256"
TOPIC = "topic"
WEBHOOK_ID = "webhook-id"
SHOP_DOMAIN = "shop-domain"
"""Headers, by their names behind ``x-shopify-`` (or ``shopify-`` for Events)."""

SIGNED_EVENT = f"shopify-{SIGNATURE}"

LONGEST = 255

_ITEM_IN_GID = re.compile(r"[?&]inventory_item_id=([0-9]{1,40})(?:&|$)")
"""The query of a stock level's global id: ``gid://shopify/InventoryLevel/…?inventory_item_id=…``."""

COMPLIANCE = {
    Topic("customers/data_request"): "customer",
    Topic("customers/redact"): "customer",
    Topic("shop/redact"): "shop",
}
"""The topics of https://shopify.dev/docs/apps/build/compliance/privacy-law-compliance, and whom each is about."""


class Webhooks:
    """Shopify's deliveries."""

    app_topics = frozenset(COMPLIANCE)
    app_topics_signed_by: Literal["app", "shop"] = "app"

    def is_greeting(self, delivery: Delivery) -> bool:  # noqa: ARG002 - none is
        """Return that Shopify signs everything."""
        return False

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless one of ``secrets`` signed the body: base64 of HMAC-SHA256 over its bytes."""
        check_signature(delivery.body, _header(delivery, SIGNATURE), secrets)

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a delivery by its webhook id, which stays the same when it is sent again.

        Without one, the same topic with the same body is the same event while nothing has become of it.
        """
        topic = _topic(delivery)
        event_id = EventId(_clean(_header(delivery, WEBHOOK_ID)))
        return event_id or substitute_id(topic, delivery.body), topic

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the shop that a delivery names in its body, which is signed; the header only where it does not."""
        try:
            body = read_json(delivery.body)
            named = body.get("shop_domain") or body.get("myshopify_domain") if isinstance(body, dict) else None
        except ValueError:
            named = None
        name = named if isinstance(named, str) else _header(delivery, SHOP_DOMAIN)
        try:
            return Installation().shop(name) if name else None
        except InvalidInstallation:
            return None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what a delivery says; unknown topics say nothing; Unreadable tells what is wrong with the body."""
        topic = _topic(delivery)
        if topic in COMPLIANCE:
            return (Erasure(subject=COMPLIANCE[topic]),)
        if topic == "app/uninstalled":
            return (Uninstalled(),)
        read = _READERS.get(topic)
        if read is None:
            return ()
        try:
            return read(delivery.body)
        except ValueError as error:
            raise Unreadable(f"The body of {topic} cannot be read: {error}.") from error

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as Shopify would sign it."""
        digest = hmac.digest(secret.value, delivery.body, hashlib.sha256)
        headers = {**delivery.headers, f"x-shopify-{SIGNATURE}": base64.b64encode(digest).decode()}
        return replace(delivery, headers=headers)


def _header(delivery: Delivery, name: str) -> str:
    prefix = "shopify-" if SIGNED_EVENT in delivery.headers else "x-shopify-"
    return delivery.headers.get(prefix + name, "")


def _topic(delivery: Delivery) -> Topic:
    return Topic(_clean(_header(delivery, TOPIC).lower()) or "unknown")


def _clean(value: str) -> str:
    if not value.isprintable():
        value = "".join(each for each in value if each.isprintable())
    return value.strip()[:LONGEST]


class _Named(Struct, frozen=True):
    id: Identity

    def __post_init__(self) -> None:
        check_id("id", self.id)


class _OfProduct(Struct, frozen=True):
    product_id: Identity

    def __post_init__(self) -> None:
        check_id("product_id", self.product_id)


class _Level(Struct, frozen=True):
    inventory_item_id: Identity
    location_id: Identity
    available: Quantity | None = None
    updated_at: str | None = None
    admin_graphql_api_id: str | None = None

    def __post_init__(self) -> None:
        check_id("inventory_item_id", self.inventory_item_id)
        check_id("location_id", self.location_id)

    @property
    def stock_item_id(self) -> StockItemId:
        """The stock item; by the global id where it names one, since a number may have lost digits on its way."""
        found = _ITEM_IN_GID.search(self.admin_graphql_api_id or "")
        return StockItemId(found[1] if found else str(self.inventory_item_id))


_read_product = reader(ProductBody)
_read_named = reader(_Named)
_read_of_product = reader(_OfProduct)
_read_level = reader(_Level)


def _product(body: bytes) -> tuple[Fact, ...]:
    return (from_body(_read_product(body)),)


def _deleted(body: bytes) -> tuple[Fact, ...]:
    return (Tombstone(source_id=SourceId(str(_read_named(body).id))),)


def _level(body: bytes) -> tuple[Fact, ...]:
    level = _read_level(body)
    item, version = level.stock_item_id, moment_of("updated_at", level.updated_at)
    if item != str(level.inventory_item_id):
        return (Incomplete(stock_item_id=item, reason="the numbers in the notice have lost digits"),)
    if level.available is None or version is None:
        return (Incomplete(stock_item_id=item, reason="the notice does not tell the stock"),)
    known = StockLevel(location_id=LocationId(str(level.location_id)), quantity=level.available, version=version)
    return (StockFact(stock_item_id=item, level=known),)


def _disconnected(body: bytes) -> tuple[Fact, ...]:
    item = _read_level(body).stock_item_id
    return (Incomplete(stock_item_id=item, reason="its stock is no longer kept at a location"),)


def _item(body: bytes) -> tuple[Fact, ...]:
    item = StockItemId(str(_read_named(body).id))
    return (Incomplete(stock_item_id=item, reason="the way its stock is kept changed"),)


def _in_stock(body: bytes) -> tuple[Fact, ...]:
    source_id = SourceId(str(_read_of_product(body).product_id))
    return (Incomplete(source_id=source_id, reason="a variant ran out of stock or came back"),)


_READERS: Mapping[str, Callable[[bytes], tuple[Fact, ...]]] = {
    "products/create": _product,
    "products/update": _product,
    "products/delete": _deleted,
    "inventory_levels/update": _level,
    "inventory_levels/connect": _level,
    "inventory_levels/disconnect": _disconnected,
    "inventory_items/create": _item,
    "inventory_items/update": _item,
    "variants/in_stock": _in_stock,
    "variants/out_of_stock": _in_stock,
}
