"""WooCommerce's webhooks: verified, named and read.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks and the plugin's source. Only the body is signed. What is told
is the product as it is when the webhook is sent, so that the newest delivery has the newest state; or an error of the REST API
when the product is gone by then, or when whoever made the webhook may not see it any more.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from app.domain.errors import Unreadable
from app.domain.event import Fact, Incomplete, Tombstone
from app.domain.http import Delivery
from app.domain.ids import EventId, SourceId, StockItemId, Topic
from app.domain.structs import replace
from app.platforms.adapter import Secret, check_signature, substitute_id
from app.platforms.bodies import read_json
from app.platforms.woocommerce import topics
from app.platforms.woocommerce.addresses import normal_form
from app.platforms.woocommerce.products import TRASH, VARIATION, Identity, NamedBody, ProductBody, snapshot

SIGNATURE = "x-wc-webhook-signature"
TOPIC = "x-wc-webhook-topic"
SOURCE = "x-wc-webhook-source"
WEBHOOK_ID = "x-wc-webhook-id"
"""Headers. There is an ``x-wc-webhook-delivery-id``, too, which all deliveries of one webhook within one second share."""

GREETING = re.compile(rb"webhook_id=[0-9]{1,20}")
LONGEST = 255
NO_PARENT = "0"


class Webhooks:
    """WooCommerce's deliveries."""

    app_topics: frozenset[Topic] = frozenset()
    app_topics_signed_by: Literal["app", "shop"] = "shop"

    def is_greeting(self, delivery: Delivery) -> bool:
        """Tell whether this is the ping that a shop sends, unsigned, while it makes a webhook."""
        headers = delivery.headers
        is_form = headers.get("content-type", "").startswith("application/x-www-form-urlencoded")
        return is_form and TOPIC not in headers and GREETING.fullmatch(delivery.body) is not None

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless one of ``secrets`` signed the body: base64 of HMAC-SHA256 over its bytes."""
        check_signature(delivery.body, delivery.headers.get(SIGNATURE, ""), secrets)

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a delivery by its webhook, topic and body, since WooCommerce gives no id to be trusted."""
        topic = Topic(_clean(delivery.headers.get(TOPIC, "").lower()) or "unknown")
        return substitute_id(topic, delivery.body, delivery.headers.get(WEBHOOK_ID, "")), topic

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the shop that a delivery names."""
        try:
            return normal_form(delivery.headers[SOURCE])
        except (KeyError, ValueError):
            return None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what a delivery says; unknown topics say nothing; Unreadable tells what is wrong with the body."""
        _, topic = self.identify(delivery)
        reader = _READERS.get(topic)
        if reader is None:
            return ()
        body = _json(delivery, topic)
        try:
            return (reader(body),)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"])
            raise Unreadable(f"The body of {topic} cannot be read: {where or 'it'}: {first['msg']}.") from error
        except ValueError as error:
            raise Unreadable(f"The body of {topic} cannot be read: {error}.") from error

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as WooCommerce would sign it."""
        digest = hmac.digest(secret.value, delivery.body, hashlib.sha256)
        return replace(delivery, headers={**delivery.headers, SIGNATURE: base64.b64encode(digest).decode()})


def _clean(value: str) -> str:
    return "".join(each for each in value if each.isprintable()).strip()[:LONGEST]


def _json(delivery: Delivery, topic: str) -> Mapping[str, Any]:
    try:
        body = read_json(delivery.body)
    except ValueError:
        raise Unreadable(f"The body of {topic} is not JSON.") from None
    if not isinstance(body, dict):
        raise Unreadable(f"The body of {topic} is not a JSON object.")
    if "id" not in body and "code" in body:
        raise Unreadable(f"The shop told {topic} with an error instead of a product: {_why(body)}")
    return body


def _why(error: Mapping[str, Any]) -> str:
    if str(error["code"]).endswith("_invalid_id"):
        return (
            "it was gone when the notice was sent, and the notice does not say which it was; the next sweep finds it."
        )
    words = str(error.get("message", ""))[:200].rstrip(".")
    return f"{words}. If whoever made the webhook may not see products any more, install again with another user's key."


class _Action(BaseModel):
    arg: Identity


def _product(body: Mapping[str, Any]) -> Fact:
    named = NamedBody.model_validate(body)
    if named.type == VARIATION:
        if named.parent_id == NO_PARENT:
            raise ValueError("it is of a variation and does not name its product")
        return Incomplete(source_id=SourceId(named.parent_id), reason="a variation of it was made or changed")
    source_id = SourceId(named.id)
    if named.status == TRASH:
        return Tombstone(source_id=source_id)
    if not body.keys() >= WHOLE:
        return Incomplete(source_id=source_id, reason="the notice leaves out parts of the product")
    product = ProductBody.model_validate(body)
    if product.has_variations:
        return Incomplete(source_id=source_id, reason="the notice names its variations and does not tell them")
    return snapshot(product)


WHOLE = frozenset(
    {"name", "type", "status", "description", "catalog_visibility", "images", "sku", "price", "manage_stock"}
)
"""What a body always has unless a plugin of the shop leaves it out. Left out is not empty."""


def _deleted(body: Mapping[str, Any]) -> Fact:
    # Of a product in the trash the variations are told, too, each as if it were a product.
    gone = NamedBody.model_validate(body).id
    return Tombstone(source_id=SourceId(gone), stock_item_id=StockItemId(gone))


def _gone(body: Mapping[str, Any]) -> Fact:
    return Tombstone(source_id=SourceId(_Action.model_validate(body).arg))


def _variation_gone(body: Mapping[str, Any]) -> Fact:
    return Incomplete(
        stock_item_id=StockItemId(_Action.model_validate(body).arg), reason="a variation of it was deleted"
    )


_READERS: Mapping[str, Callable[[Mapping[str, Any]], Fact]] = {
    topics.CREATED: _product,
    topics.UPDATED: _product,
    topics.RESTORED: _product,
    topics.PUBLISHED: _product,
    topics.DELETED: _deleted,
    topics.GONE: _gone,
    topics.VARIATION_GONE: _variation_gone,
}
