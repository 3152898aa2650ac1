"""ChannelEngine's triggers: an address that is called when something changed, and told nothing of what.

``?type=products&tenant=…&updatedSince=…`` is added to the address, which is all that is of interest; they are signed by nothing,
and they belong to the merchant's side, where the address is entered by hand. Nobody promises that they come: being asked again
and again is what counts, and a trigger only saves the waiting. GET was seen in use; POST is taken as well.
"""

from collections.abc import Mapping, Sequence
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from app.domain.errors import InvalidSignature
from app.domain.event import Fact, Rung
from app.domain.http import Delivery
from app.domain.ids import EventId, Topic
from app.domain.structs import replace
from app.platforms.adapter import Secret, named_by, substitute_id

TYPE, SINCE, TENANT = "type", "updatedSince", "tenant"
ABOUT_PRODUCTS = ("product", "offer", "stock")
"""Words in the types of triggers about what we ask for; those about orders, returns and the like are none of ours."""

LONGEST = 255


class Webhooks:
    """ChannelEngine's triggers."""

    app_topics = frozenset[Topic]()
    app_topics_signed_by: Literal["app", "shop"] = "app"

    def is_greeting(self, delivery: Delivery) -> bool:  # noqa: ARG002 - none is
        """Return that ChannelEngine sends nothing to try an address."""
        return False

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless the address is one of ``secrets``."""
        if not named_by(delivery.token, secrets):
            raise InvalidSignature("The address of the call is not one of this Application.")

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a trigger by all that it tells; equal ones are one until the shop was asked."""
        told, topic = _told(delivery), _topic(delivery)
        return substitute_id(topic, b"", told.get(TENANT, ""), told.get(SINCE, "")), topic

    def shop_of(self, delivery: Delivery) -> str | None:  # noqa: ARG002
        """Return that there is no address for all shops."""
        return None

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return that something changed, if the trigger is about products; nothing otherwise."""
        topic = _topic(delivery)
        return (Rung(),) if any(word in topic for word in ABOUT_PRODUCTS) else ()

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the trigger at the address with this secret."""
        return replace(delivery, token=secret.value.decode("latin-1"))


def _told(delivery: Delivery) -> Mapping[str, str]:
    try:
        return dict(parse_qsl(urlsplit(delivery.url).query))
    except ValueError:
        return {}


def _topic(delivery: Delivery) -> Topic:
    named = "".join(each for each in _told(delivery).get(TYPE, "").lower() if each.isprintable()).strip()[:LONGEST]
    return Topic(named or "unknown")
