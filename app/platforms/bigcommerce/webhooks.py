"""BigCommerce's webhooks: proven, named and read.

https://developer.bigcommerce.com/docs/integrations/webhooks. They name what changed, and say nothing of how it is now; what they
say of stock is a level by its name and a difference by its description, so the shop is asked. Since when, and for which
stores, webhooks are signed is nowhere written down, so they come to an address that is secret. BigCommerce would send a header
of ours along instead; but headers are kept with a delivery, and the end of its address is not.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from app.domain.errors import InvalidSignature, Unreadable
from app.domain.event import Fact, Incomplete, Tombstone, Uninstalled
from app.domain.http import Delivery
from app.domain.ids import EventId, SourceId, Topic
from app.domain.structs import replace
from app.platforms.adapter import Secret, named_by, substitute_id
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.installation import SHOP
from app.platforms.bigcommerce.signatures import (
    MESSAGE_ID,
    SENT_AT,
    SIGNATURE,
    claims_of,
    claims_unproven,
    is_recent,
    is_signed,
    signature_of,
)
from app.platforms.bigcommerce.topics import DELETED, OF_PRODUCTS, STORE_CANCELLED, TELLING, TOPICS, UNINSTALLED
from app.platforms.bodies import read_json

LONGEST = 255


class Webhooks:
    """BigCommerce's deliveries, and its call when the app was removed."""

    app_topics = frozenset({UNINSTALLED})
    app_topics_signed_by: Literal["app", "shop"] = "app"

    def is_greeting(self, delivery: Delivery) -> bool:  # noqa: ARG002 - none is
        """Return that BigCommerce sends nothing to try an address."""
        return False

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless the address is one of ``secrets``, or one of them signed the delivery about now.

        Where there is a signature it has to fit. Its time does not count at a secret address: a webhook is sent again for two
        days, and whether its time moves along is not known.
        """
        if _is_call(delivery):
            claims_of(delivery, secrets)
            return
        if delivery.token and not named_by(delivery.token, secrets):
            raise InvalidSignature("The address of the delivery is not one of this Application.")
        if SIGNATURE in delivery.headers:
            if not is_signed(delivery, secrets):
                raise InvalidSignature("The delivery is not signed with the client secret.")
            if not delivery.token and not is_recent(delivery):
                raise InvalidSignature(
                    "The delivery was signed at another time, so it may be one that was sent before."
                )
        elif not delivery.token:
            raise InvalidSignature("The delivery carries no signature, and its address is not a secret one.")

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a delivery by its hash, as BigCommerce says to tell doubled ones.

        Two changes within one second may have the same hash (by reasoning: it is one of the payload, whose time has whole
        seconds), so that it tells no more than that two are alike.
        """
        if _is_call(delivery):
            named = _clean(_text(claims_unproven(delivery).get("jti")))
            return EventId(named) if named else substitute_id(
                UNINSTALLED, delivery.url.encode("utf-8", "replace")
            ), UNINSTALLED
        told = _told(delivery)
        topic = Topic(_clean(_text(told.get("scope"))) or "unknown")
        alike = _text(told.get("hash")).encode("utf-8", "replace")
        return substitute_id(topic, alike or delivery.body), topic

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the store that a delivery or a call names, as ``stores/<hash>``."""
        named = claims_unproven(delivery).get("sub") if _is_call(delivery) else _told(delivery).get("producer")
        shop = _text(named).removeprefix("stores/")
        return shop if SHOP.fullmatch(shop) else None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what a delivery says; unknown topics say nothing; Unreadable tells what is wrong with the body."""
        if _is_call(delivery):
            return (Uninstalled(),)
        told = _told(delivery)
        topic = Topic(_clean(_text(told.get("scope"))))
        if topic == STORE_CANCELLED:
            return (Uninstalled(),)
        if topic not in TOPICS:
            return ()
        try:
            return (_about(topic, told.get("data")),)
        except ValueError as error:
            raise Unreadable(f"The delivery of {topic} cannot be read: {error}.") from error

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as BigCommerce would send it to an address with this secret, signed with it."""
        sent = {
            MESSAGE_ID: delivery.headers.get(MESSAGE_ID, "msg"),
            SENT_AT: str(int(delivery.received_at.timestamp())),
        }
        timed = replace(delivery, headers={**delivery.headers, **sent}, token=secret.value.decode("latin-1"))
        return replace(timed, headers={**timed.headers, SIGNATURE: signature_of(timed, secret)})


def _is_call(delivery: Delivery) -> bool:
    """Tell whether this is a call that says everything in its address."""
    return delivery.method == "GET"


def _told(delivery: Delivery) -> Mapping[str, Any]:
    """Return what a body says; nothing of one that cannot be read, since the topic is in it, too."""
    try:
        told = read_json(delivery.body)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _about(topic: Topic, data: object) -> Fact:
    """Return what a notice is about; ValueError if it does not name it."""
    node: Mapping[str, Any] = data if isinstance(data, dict) else {}
    if topic == DELETED:
        return Tombstone(source_id=SourceId(identity(node.get("id"))))
    named = node.get("id") if topic.startswith(OF_PRODUCTS) else _beside(node).get("product_id")
    return Incomplete(source_id=SourceId(identity(named)), reason=f"the notice tells only that {TELLING[topic]}")


def _beside(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the part of a notice that names a product beside something else: that of a SKU, of its stock, or all of it."""
    part = node.get("sku", node.get("inventory", node))
    return part if isinstance(part, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _clean(value: str) -> str:
    return "".join(each for each in value if each.isprintable()).strip()[:LONGEST]
