"""The interface of a platform, and the guide to adding one.

To add a platform:

1. Make a folder ``app/platforms/<platform>/`` whose ``__init__.py`` ends in
   ``ADAPTER = Adapter(platform="<platform>", name="<what people call it>", …)``. Inside it the platform's own words win;
   constants for its headers and topics stand at the top of the module, each with the page that documents it.
2. Write the parts that the platform has. A part that it lacks stays None, and flows ask before using it.
   ``installation`` (what a supplier enters, how credentials are tried), ``webhooks`` (deliveries into facts),
   ``catalogue`` (reads), ``versions`` (where the shop tells cheaply what it has), ``subscriptions`` (standing orders for
   topics), ``changes`` (for platforms that are asked what changed; without a ``catalogue`` an import asks, too, until there
   is nothing more), ``handshake`` (an install that the shop has a part
   in) and ``renewal`` (credentials that expire) are all pure: they never send anything. A read of several requests is a
   generator that yields a Request and is sent its Response.
3. Add one line to ``registry.py``.
4. Put recorded deliveries into ``tests/samples/<platform>/<case>/``: ``headers.json``, ``body`` (the bytes as sent) and
   ``expected.json``. The contract tests in ``tests/platforms/`` then run over the new platform by themselves; ``lives.py``
   there is told how the life of a product reads on it. What only this platform does is tested in
   ``tests/platforms/<platform>/``, with the signatures that were computed elsewhere (``tests/samples/signature-vectors.json``).
5. Give it a shop in ``app/sandbox/<platform>/`` that shares no code with the adapter, so that they cannot share a mistake, a
   command in ``app/sandbox/__main__.py`` that starts it, and tests in ``tests/sandbox/<platform>/``. What all stand-in shops
   do alike, delivering, misbehaving and what merchants do, is in ``app/sandbox/shop/``.
6. Say in ``app/local/platforms.py`` how such a shop is opened and installed, and what it cannot do;
   ``make demo P=<platform>`` then shows the platform.
7. Name it in the README, and say in ``docs/operating.md`` what its operators set up, and what it never tells anybody.

Nothing else changes: no flow, no table, no route.

Rules that every adapter keeps: bytes are verified before they are parsed; ids are text and keep every digit; money is
``Decimal`` read from text; times are aware; SKUs are trimmed, empty ones are None; a body that cannot be read raises
``Unreadable`` and nothing else; a statement that does not tell everything is ``Incomplete``, never a guess.
``bodies.read_json`` reads JSON so, and ``bodies.reader`` straight into structs, where it comes by the thousand;
``measures`` knows the units of weights and sizes, and ``asking`` waits when a shop asks to.

And of reads: what an answer means is said in the errors that ``Catalogue`` names, and no error of the adapter's own leaves it.
A shop that asks to wait gets the same request again with ``after``, so that the read goes on where it was. A product counts
as gone only where the shop itself says so: a 404 may also be of its address, its language or its proxy. What a notice announces
is read where the shop keeps it, since a read follows within milliseconds, and some lists are late.

Addresses and headers of deliveries are kept as they came. So a secret of ours never travels in a header, even where a
platform would send one along: it is the end of the address (``SecretKind`` "address"), which is not kept.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, Protocol

from app.domain.drift import SeenProduct
from app.domain.errors import InvalidSignature
from app.domain.event import SUBSTITUTE, Fact, ProductFact
from app.domain.http import Delivery, Reading, Response
from app.domain.ids import Cursor, EventId, SourceId, Topic
from app.domain.product import Snapshot

CURRENCY = "currency"
"""The detail of a shop that names the currency of its prices, by three capital letters."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key with which a platform signs. Its text never shows in a repr."""

    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The part of an Application that an adapter needs to call the shop.

    ``base_url`` has no slash at its end. ``details`` are what ``probe`` found. ``app`` are the keys of our app on this
    platform, by the names in ``Installation.app_keys``; empty when this deployment has none.
    """

    base_url: str
    credentials: Mapping[str, str] = field(repr=False)
    details: Mapping[str, str] = field(default_factory=dict)
    app: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page of a catalogue. ``next`` None: it was the last one. ``incomplete`` products must be read one by one.

    ``wait``: the next page is not to be asked for sooner, since the shop is still preparing it. ``total`` is how many
    products the shop says that it has; None: it does not say so here.
    """

    snapshots: tuple[Snapshot, ...]
    incomplete: tuple[SourceId, ...] = ()
    next: Cursor | None
    wait: timedelta = timedelta(0)
    total: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionPage:
    """One page of what the shop has, in short. ``next`` None: it was the last one. A product may be on several pages.

    ``load`` is how long the shop takes to give back what this page cost of what it allows us; None: it sets no such limit,
    or does not tell.
    """

    seen: tuple[SeenProduct, ...]
    next: Cursor | None
    load: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A standing order as the shop has it. ``active`` False: the shop has it, and sends nothing.

    ``address`` None: it came with our app, which says by itself where it delivers.
    """

    id: str
    topic: Topic
    address: str | None = field(repr=False)  # Its end may be a secret.
    active: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """Order this topic at this address. ``secret`` is what it is to be signed with; None where that is not for us to say."""

    topic: Topic
    address: str = field(repr=False)  # Its end may be a secret.
    secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mend:
    """Make this standing order send again, and sign with this secret from now on."""

    subscription: Subscription
    secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe:
    """Cancel this standing order."""

    subscription: Subscription


SubscriptionChange = Subscribe | Mend | Unsubscribe

SecretKind = Literal["theirs", "ours", "address"]
"""Who chooses what a shop's deliveries are proven by.

"theirs": the platform, or our app on it. "ours": we do, the shop signs with it, and it can be rotated. "address": we do,
and since the platform signs nothing, or not for sure, it is the last part of the address at which the shop delivers.
"""


class Installation(Protocol):
    """What a supplier enters, and whether it works."""

    app_keys: Mapping[str, str]
    """The keys of our app on this platform, each with its meaning; empty where it has no app. An operator sets all or none."""

    by_hand: Mapping[str, str]
    """The credentials that a supplier may enter by hand, each with its meaning; empty where only a handshake gives any."""

    def shop(self, shop: str) -> str:
        """Return the shop's address in its one normal form; InvalidInstallation if it cannot be one."""

    def base_url(self, shop: str) -> str:
        """Return the https address under which the shop's API answers, without a slash at its end."""

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the keys in ``credentials`` with which this shop signs."""

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the keys among the app's with which the platform signs for all shops; during a rotation also the old one."""

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:
        """Return who chooses what this shop's deliveries are proven by."""

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the credentials and return details worth keeping; under ``CURRENCY`` that of the prices, if the shop tells it.

        CredentialsRefused (naming missing scopes, too) when the shop does not accept them.
        """


class Webhooks(Protocol):
    """Turns deliveries into facts. Pure: the same bytes give the same answer, today and on replay.

    ``verify`` and ``identify`` run in the web process, before the commit; ``read`` runs in the lane.
    """

    app_topics: frozenset[Topic]
    """Topics that come to the platform-wide address."""

    app_topics_signed_by: Literal["app", "shop"]
    """Whose secret signs what comes to the platform-wide address: the app's, or that of the shop which it names."""

    def is_greeting(self, delivery: Delivery) -> bool:
        """Tell whether this is what the platform sends unsigned by design, such as a ping when a subscription is made.

        It is answered 200, not stored, and changes nothing. Called only for what ``verify`` refuses.
        """

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        """Raise InvalidSignature unless one of ``secrets`` signed the body, or is the ``token`` of an address that is one.

        More than one secret is tried so that secrets can be rotated; none at all refuses everything.
        """

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        """Name a verified delivery without reading more of it than that needs. Never raises.

        A delivery with the id of an earlier one is a redelivery, and changes nothing. Where the platform does not tell those
        apart, ``substitute_id`` makes an id that is one only until something has become of it.
        """

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
        """Read one whole product, all pages of it; None when the shop says that it does not exist.

        Where the platform names variants as it names products, ``source_id`` may be a variant's: then the snapshot is of
        the product to which it belongs, and has that one's ``source_id``.
        """

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``; None is the first one."""


class Versions(Protocol):
    """For platforms that tell cheaply which products they have, at which version and stock. Raises as ``Catalogue`` does."""

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[VersionPage]:
        """Read the page after ``cursor``; None is the first one. No product that exists throughout is left out."""


class Subscriptions(Protocol):
    """The standing orders that this service needs at a shop."""

    topics: tuple[Topic, ...]

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every standing order of ours at the shop, all pages."""

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change. Ordering what is ordered, and cancelling what is gone, counts as done.

        PlatformRejected with the shop's own words when it will not.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What changed, as the shop told when it was asked. ``receipt`` None: nothing is to be acknowledged.

    ``more``: the shop may have more to tell once it has the receipt back. ``unread`` says, in whole sentences, what it told
    that cannot be read; that is in no receipt, so the shop tells it again.
    """

    facts: tuple[ProductFact, ...]
    receipt: str | None
    more: bool
    unread: tuple[str, ...] = ()


class Changes(Protocol):
    """For platforms that are asked what changed, because they do not tell by themselves.

    The facts are stored before their receipt is handed back. After a crash in between the same facts come again. They are
    believed as a read is, since nobody else asks: what is told now is newer than all that was told before.
    """

    every: timedelta
    """How often the shop is asked when nothing rings before."""

    def poll(self, connection: Connection, cursor: Cursor | None) -> Reading[Polled]:
        """Ask what changed since the receipt handed back last, which is ``cursor``; None: none was yet."""

    def acknowledge(self, connection: Connection, receipt: str) -> Reading[None]:
        """Hand a receipt back. Safe to repeat."""


class Renewal(Protocol):
    """For platforms whose credentials expire and are renewed by us."""

    def due(self, credentials: Mapping[str, str]) -> datetime | None:
        """Return when these credentials have to be renewed; None: never, such as those that do not expire."""

    def renew(self, connection: Connection, *, now: datetime) -> Reading[Mapping[str, str]]:
        """Return all credentials to keep instead. CredentialsRefused when the shop gives none any more.

        A renewal whose answer got lost is asked for again with the old credentials.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One install on its way, as its handshake sees it.

    ``state`` is unguessable, new each time that the browser is sent off, and gets credentials once; the platform gives it
    back, so that its call finds this install. ``callback`` is our address for the platform's calls, by the browser or by
    itself, and for the browser's return; ``confirm`` is another one, for handshakes that end with a call of their own.
    ``shop`` is in its normal form and ``base_url`` is where it answers; both None when only the platform will tell.
    ``secret`` is ours to give away: 64 letters and digits, the same in every call of this install. ``kept`` is what earlier
    calls left to remember. ``credentials`` are those with which the shop is installed already; empty: it is not.
    """

    state: str = field(repr=False)
    callback: str
    confirm: str
    shop: str | None
    base_url: str | None
    secret: Secret
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a call of a handshake comes to.

    ``reply`` is the answer to a platform that calls by itself. None: it was the supplier's browser, which is shown how the
    install goes; such a call counts only from the browser with which the install was begun. ``kept`` is to be remembered
    until the next call, beside what is. ``shop`` is there when the platform told it. ``credentials`` is a read that gets
    them, one without requests when the call brought them; they pass through ``Installation.credentials`` and are tried as
    any others. ``refused`` says, as a sentence, that the shop does not agree. None of these: nothing is decided yet.
    """

    reply: Response | None = None
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)
    shop: str | None = None
    credentials: Reading[Mapping[str, str]] | None = None
    refused: str | None = None


class Handshake(Protocol):
    """An install that the shop has a part in. Every call may come twice, late, or never.

    It begins with us, in the supplier's browser. Whatever comes of it ends in the same install as credentials by hand do.
    It needs ``app_keys`` if the platform has any: without them the platform is installed by hand only. Its parts are pure,
    and ``hear`` gives the same answer to a repeated call, whose credentials are then not asked for again.
    """

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:
        """Return the address to which the supplier's browser is sent. InvalidInstallation if there is none for this shop."""

    def state_of(self, call: Delivery) -> str | None:
        """Return the state that a call names; None when it names none."""

    def shop_of(self, call: Delivery) -> str | None:
        """Return the shop that a call without a state is about, in any form; None when it names none, or nothing proves it.

        Then the call is for the install that waits for this shop, or begins one anew for the shop's own Application; where
        it names no shop either, it is for the install that the browser has begun.
        """

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:
        """Take in a call at ``callback`` or ``confirm``.

        InvalidSignature unless it proves to come from the platform, wherever the platform signs.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """What one platform can do. A part it lacks is None, and flows ask before using it.

    ``platform`` is its name in addresses and tables, ``name`` what people call it. ``names_storefront``: the supplier names
    the storefront for this shop, or the shop for each product, and a product that is published again goes there, not to
    the storefront used last.
    """

    platform: str
    name: str
    installation: Installation
    webhooks: Webhooks | None = None
    catalogue: Catalogue | None = None
    versions: Versions | None = None
    subscriptions: Subscriptions | None = None
    changes: Changes | None = None
    handshake: Handshake | None = None
    renewal: Renewal | None = None
    names_storefront: bool = False


def subscription_changes(
    existing: Sequence[Subscription],
    *,
    topics: Sequence[Topic],
    address: str,
    secret: Secret | None = None,
    renew_secret: bool = False,
) -> tuple[SubscriptionChange, ...]:
    """Compare the standing orders with the wanted ones and return what to change: orders first, then cancellations.

    Those that the shop has stopped are mended, and so is every one when it is to sign with another ``secret`` from now on
    (``renew_secret``). Doubled orders, and those that point to another address, are cancelled.
    """
    kept: dict[Topic, Subscription] = {}
    surplus: list[Unsubscribe] = []
    # Of two for the same topic the one that sends is kept.
    for subscription in sorted(existing, key=lambda each: not each.active):
        here = subscription.address in (address, None)
        if here and subscription.topic in topics and subscription.topic not in kept:
            kept[subscription.topic] = subscription
        else:
            surplus.append(Unsubscribe(subscription=subscription))
    missing = [Subscribe(topic=topic, address=address, secret=secret) for topic in topics if topic not in kept]
    broken = [Mend(subscription=each, secret=secret) for each in kept.values() if renew_secret or not each.active]
    return (*missing, *broken, *surplus)


def signed_with(message: bytes, signature: bytes, secrets: Sequence[Secret]) -> bool:
    """Tell whether HMAC-SHA256 of ``message`` under one of ``secrets`` is ``signature`` (raw digest bytes).

    Every secret is tried, in constant time; an empty one never fits, since anyone could have used it.
    """
    fits = False
    for secret in secrets:
        digest = hmac.digest(secret.value, message, hashlib.sha256)
        fits |= bool(secret.value) and hmac.compare_digest(digest, signature)
    return fits


def check_signature(body: bytes, given: str, secrets: Sequence[Secret]) -> None:
    """Raise InvalidSignature unless ``given`` is base64 of HMAC-SHA256 over ``body`` under one of ``secrets``."""
    if not given:
        raise InvalidSignature("The delivery carries no signature.")
    try:
        signature = base64.b64decode(given.encode(), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSignature("The signature is not base64.") from None
    if not signed_with(body, signature, secrets):
        raise InvalidSignature("The delivery is not signed with a secret of this Application.")


def named_by(token: str, secrets: Sequence[Secret]) -> bool:
    """Tell whether ``token``, the last part of an address, is one of ``secrets``; compared as for ``signed_with``."""
    given = token.encode(errors="surrogatepass")
    fits = False
    for secret in secrets:
        fits |= bool(secret.value) and hmac.compare_digest(secret.value, given)
    return fits


def substitute_id(topic: Topic, body: bytes, *parts: str) -> EventId:
    """Return an event id for a delivery to which the platform gives none to be trusted: equal ones are alike in all this."""
    told = "\n".join((topic, *parts)).encode(errors="surrogatepass")
    return EventId(SUBSTITUTE + hashlib.sha256(told + b"\n" + body).hexdigest())


def aware(moment: datetime) -> datetime:
    """Return ``moment`` if it names its offset; ValueError if it is naive, since nobody could order it."""
    if moment.tzinfo is None:
        raise ValueError("the time has no offset")
    return moment
