"""Shopware's webhooks: proven, named and read.

https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html. They name what was written and say nothing of
how it is now. One may have many rows, as when a hundred products are imported. A shop signs for an app; what an integration
ordered through the API is unsigned, and its address is the secret. Stock that an order takes is written past everything that
is told, so the notices of orders ring for the products in them.
"""

import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from app.domain.errors import InvalidSignature, Unreadable
from app.domain.event import Fact, Incomplete, Tombstone, Uninstalled
from app.domain.http import Delivery
from app.domain.ids import EventId, SourceId, StockItemId, Topic
from app.domain.structs import replace
from app.platforms.adapter import Secret, named_by, signed_with, substitute_id
from app.platforms.bodies import read_json
from app.platforms.shopware.addresses import normal_form
from app.platforms.shopware.ids import LIVE_VERSION, identity
from app.platforms.shopware.topics import APP_TOPICS, ORDER_TOPICS, UNINSTALLED

SIGNATURE = "shopware-shop-signature"
LONGEST = 255


class Webhooks:
    """Shopware's deliveries."""

    app_topics = frozenset(APP_TOPICS)
    app_topics_signed_by: Literal["app", "shop"] = "shop"

    def is_greeting(self, delivery: Delivery) -> bool:  # noqa: ARG002 - none is
        """Return that Shopware sends nothing to try an address."""
        return False

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless one of ``secrets`` signed the body, or is the end of the address.

        A signature is the hexadecimal HMAC-SHA256 of the body's bytes.
        """
        if delivery.token:
            if not named_by(delivery.token, secrets):
                raise InvalidSignature("The address of the delivery is not one of this Application.")
            return
        given = delivery.headers.get(SIGNATURE, "")
        if not given:
            raise InvalidSignature("The delivery carries no signature.")
        if not signed_with(delivery.body, read_signature(given), secrets):
            raise InvalidSignature("The delivery is not signed with a secret of this Application.")

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a delivery by what its body says: no header tells. An event keeps its id when it is sent again.

        Without an id, the same body is the same event.
        """
        body = _told(delivery.body)
        topic = _clean(body.event) or "unknown"
        event_id = EventId(_clean(_text(body.source.get("eventId"))))
        return event_id or substitute_id(Topic(topic), delivery.body), Topic(topic)

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the shop that a delivery names in its body, which the shop signs."""
        try:
            return normal_form(_text(_told(delivery.body).source.get("url")))
        except ValueError:
            return None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what a delivery says; unknown topics say nothing; Unreadable tells what is wrong with the body."""
        body = _told(delivery.body)
        topic = _clean(body.event)
        if topic in UNINSTALLED:
            return (Uninstalled(),)
        reader = _READERS.get(topic)
        if reader is None:
            return ()
        try:
            # Rows of one import often name the same product twice, and a read answers both.
            return tuple({(type(each), each.source_id): each for each in reader(body.payload)}.values())
        except ValueError as error:
            raise Unreadable(f"The body of {topic} cannot be read: {error}.") from error

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as Shopware would sign it."""
        return replace(delivery, headers={**delivery.headers, SIGNATURE: signature_of(delivery.body, secret)})


def signature_of(message: bytes, secret: Secret) -> str:
    """Return Shopware's signature of ``message``: its HMAC-SHA256 in hexadecimal digits."""
    return hmac.new(secret.value, message, hashlib.sha256).hexdigest()


def read_signature(given: str) -> bytes:
    """Return a signature's bytes; InvalidSignature if it is none."""
    try:
        return binascii.unhexlify(given.encode())
    except (binascii.Error, ValueError):
        raise InvalidSignature("The signature is not hexadecimal.") from None


@dataclass(frozen=True, slots=True)
class _Told:
    """The three parts of a body: what happened, to what, and who says so."""

    event: str
    payload: object
    source: Mapping[str, Any]


def _told(body: bytes) -> _Told:
    """Return the parts of a body; empty ones of a body that has none."""
    try:
        told = read_json(body)
    except ValueError:
        told = None
    data, source = _part(told, "data"), _part(told, "source")
    return _Told(_text(data.get("event")), data.get("payload"), source)


def _part(whole: object, name: str) -> Mapping[str, Any]:
    found = whole.get(name) if isinstance(whole, dict) else None
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(value: str) -> str:
    return "".join(each for each in value if each.isprintable()).strip()[:LONGEST]


def _rows(payload: object) -> Iterable[Mapping[str, Any]]:
    """Return the rows of a payload.

    PHP writes a list that rows were taken out of as an object with numbers for names.
    """
    rows = list(payload.values()) if isinstance(payload, dict) else payload
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it has no rows")
    return rows


def _written(payload: object) -> Iterable[Incomplete | Tombstone]:
    for row in _rows(payload):
        if row.get("entity", "product") != "product" or row.get("versionId") not in (None, LIVE_VERSION):
            continue
        source_id = SourceId(identity(row.get("primaryKey")))
        # A variant is a product of its own here, and its stock is named like it.
        item = StockItemId(source_id)
        if row.get("operation") == "delete":
            yield Tombstone(source_id=source_id, stock_item_id=item)
        else:
            yield Incomplete(source_id=source_id, stock_item_id=item, reason=_why(row))


def _deleted(payload: object) -> Iterable[Incomplete | Tombstone]:
    # An operation is told here, too, but the topic leaves no doubt.
    return _written([{**row, "operation": "delete"} for row in _rows(payload)])


def _why(row: Mapping[str, Any]) -> str:
    if row.get("operation") == "insert":
        return "the notice tells only that it was created"
    fields = row.get("updatedFields")
    names = [each for each in fields if each in _TELLING] if isinstance(fields, list) else []
    return f"the notice tells only that it changed{': ' + ', '.join(names) if names else ''}"


_TELLING = ("active", "stock", "price", "name", "description", "productNumber", "isCloseout", "coverId")
"""Fields that are worth naming in a product's story."""


def _ordered(payload: object) -> Iterable[Incomplete | Tombstone]:
    """Return the products of an order. Lines that are no products, such as vouchers, name none.

    An order that does not tell its lines rings for nothing; the sweep finds what it took.
    """
    order = _part(payload, "order")
    lines = order.get("lineItems")
    for line in lines if isinstance(lines, list) else ():
        product_id = line.get("productId") if isinstance(line, dict) else None
        if product_id is not None:
            sold = identity(product_id)
            reason = "an order may have changed its stock"
            yield Incomplete(source_id=SourceId(sold), stock_item_id=StockItemId(sold), reason=reason)


_READERS: Mapping[str, Callable[[object], Iterable[Incomplete | Tombstone]]] = {
    "product.written": _written,
    "product.deleted": _deleted,
    **dict.fromkeys(ORDER_TOPICS, _ordered),
}
