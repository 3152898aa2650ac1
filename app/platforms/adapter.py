"""The interface of a platform, and the guide to adding one.

To add a platform:

1. Make a folder ``app/platforms/<name>/`` whose ``__init__.py`` ends in ``ADAPTER = Adapter(platform="<name>", …)``.
   Inside it the platform's own words win; constants for its headers and topics stand at the top of the module, each
   with the page that documents it.
2. Write the parts that the platform has. A part that it lacks stays None, and flows ask before using it.
   ``installation`` (what a supplier enters, how credentials are tried), ``webhooks`` (deliveries into facts),
   ``catalogue`` (reads) and ``subscriptions`` (standing orders for topics) are all pure: they never send anything.
   A read of several requests is a generator that yields a Request and is sent its Response.
3. Add one line to ``registry.py``.
4. Put recorded deliveries into ``tests/samples/<name>/<case>/``: ``headers.json``, ``body`` (the bytes as sent) and
   ``expected.json``. The contract tests in ``tests/platforms/`` then run over the new platform by themselves.
5. Give it a shop in ``app/sandbox/`` that shares no code with the adapter, so that they cannot share a mistake.

Nothing else changes: no flow, no table, no route.

Rules that every adapter keeps: bytes are verified before they are parsed; ids are text and keep every digit; money is
``Decimal`` read from text; times are aware; SKUs are trimmed, empty ones are None; a body that cannot be read raises
``Unreadable`` and nothing else; a statement that does not tell everything is ``Incomplete``, never a guess.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from app.domain.event import Fact
from app.domain.http import Delivery, Reading
from app.domain.ids import Cursor, EventId, SourceId, Topic
from app.domain.product import Snapshot


@dataclass(frozen=True, slots=True)
class Secret:
    """A key with which a platform signs. Its text never shows in a repr."""

    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The part of an Application that an adapter needs to call the shop.

    ``base_url`` has no slash at its end. ``details`` are what ``probe`` found.
    """

    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a catalogue. ``next`` None: it was the last one. ``incomplete`` products must be read one by one."""

    snapshots: tuple[Snapshot, ...]
    incomplete: tuple[SourceId, ...] = ()
    next: Cursor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A standing order as the shop has it."""

    id: str
    topic: Topic
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Order this topic at this address."""

    topic: Topic
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Cancel this standing order."""

    subscription: Subscription


class Installation(Protocol):
    """What a supplier enters, and whether it works."""

    def shop(self, shop: str) -> str:
        """Return the shop's address in its one normal form; InvalidInstallation if it cannot be one."""

    def base_url(self, shop: str) -> str:
        """Return the https address under which the shop's API answers, without a slash at its end."""

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the keys in ``credentials`` with which this shop signs; the app's own keys come from settings."""

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the credentials and return details worth keeping.

        CredentialsRefused (naming missing scopes, too) when the shop does not accept them.
        """


class Webhooks(Protocol):
    """Turns deliveries into facts. Pure: the same bytes give the same answer, today and on replay.

    ``verify`` and ``identify`` run in the web process, before the commit; ``read`` runs in the lane.
    """

    app_topics: frozenset[Topic]
    """Topics that come to the platform-wide address, signed with the app's own secret."""

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless one of ``secrets`` signed the body.

        More than one secret is tried so that secrets can be rotated; none at all refuses everything.
        """

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a verified delivery without reading more of it than that needs. Never raises."""

    def shop_of(self, delivery: Delivery) -> str | None:
        """Return the normal form of the shop that a platform-wide delivery is about; None when it names none."""

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        """Return what the delivery says, in order.

        Unknown topics say nothing, which is not an error; a body that cannot be read raises Unreadable.
        """

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        """Return the delivery as the platform would sign it; used by tests and by replay tools."""


class Catalogue(Protocol):
    """Describes reads. Each raises CredentialsRefused, PlatformUnavailable, RateLimited or PlatformRejected."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one whole product, all pages of it; None when the shop says that it does not exist."""

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``; None is the first one."""


class Subscriptions(Protocol):
    """The standing orders that this service needs at a shop."""

    topics: tuple[Topic, ...]

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every standing order of ours at the shop, all pages."""

    def change(self, connection: Connection, change: Subscribe | Unsubscribe) -> Reading[None]:
        """Make one change. Ordering what is ordered, and cancelling what is gone, counts as done.

        PlatformRejected with the shop's own words when it will not.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What one platform can do. A part it lacks is None, and flows ask before using it."""

    platform: str
    installation: Installation
    webhooks: Webhooks | None = None
    catalogue: Catalogue | None = None
    subscriptions: Subscriptions | None = None


def subscription_changes(
    existing: Sequence[Subscription], *, topics: Sequence[Topic], address: str
) -> tuple[Subscribe | Unsubscribe, ...]:
    """Compare the standing orders with the wanted ones and return what to change: orders first, then cancellations.

    Doubled orders, and those that point to another address, are cancelled.
    """
    kept: dict[Topic, Subscription] = {}
    surplus: list[Unsubscribe] = []
    for subscription in existing:
        if subscription.address == address and subscription.topic in topics and subscription.topic not in kept:
            kept[subscription.topic] = subscription
        else:
            surplus.append(Unsubscribe(subscription=subscription))
    missing = [Subscribe(topic=topic, address=address) for topic in topics if topic not in kept]
    return (*missing, *surplus)


def signed_with(message: bytes, signature: bytes, secrets: Sequence[Secret]) -> bool:
    """Tell whether HMAC-SHA256 of ``message`` under one of ``secrets`` is ``signature`` (raw digest bytes).

    Every secret is tried, in constant time; an empty one never fits, since anyone could have used it.
    """
    fits = False
    for secret in secrets:
        digest = hmac.digest(secret.value, message, hashlib.sha256)
        fits |= bool(secret.value) and hmac.compare_digest(digest, signature)
    return fits


def aware(moment: datetime) -> datetime:
    """Return ``moment`` if it names its offset; ValueError if it is naive, since nobody could order it."""
    if moment.tzinfo is None:
        raise ValueError("the time has no offset")
    return moment
