"""A fake shop on a fake platform: products in a dict, and deliveries whose bodies are facts as JSON."""

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

import msgspec

from app.domain.errors import CredentialsRefused, InvalidSignature, PlatformRejected, PlatformUnavailable
from app.domain.event import Erasure, Fact, Incomplete, StockFact, Tombstone, Uninstalled
from app.domain.http import Delivery, Reading
from app.domain.ids import Cursor, EventId, LocationId, Sku, SourceId, SourceVariantId, StockItemId, Topic
from app.domain.product import Snapshot, SourceVariant, StockLevel
from app.domain.structs import replace
from app.platforms.adapter import (
    CURRENCY,
    Adapter,
    Connection,
    Mend,
    Page,
    Secret,
    SecretKind,
    Subscribe,
    Subscription,
    SubscriptionChange,
    Unsubscribe,
    named_by,
)

EPOCH = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOME = LocationId("home")

_KINDS: Mapping[str, type[Fact]] = {
    "snapshot": Snapshot,
    "stock": StockFact,
    "incomplete": Incomplete,
    "gone": Tombstone,
    "uninstalled": Uninstalled,
    "erasure": Erasure,
}
_TOPICS = {kind: topic for topic, kind in _KINDS.items()}


def variant(sku: str | None, *, stock: int = 5, price: str = "10.00", variant_id: str | None = None) -> SourceVariant:
    """A tracked variant with its stock at one location."""
    identity = variant_id or f"v-{sku}"
    return SourceVariant(
        id=SourceVariantId(identity),
        sku=None if sku is None else Sku(sku),
        price=Decimal(price),
        stock_item_id=StockItemId(f"item-{identity}"),
        tracked=True,
        quantity=stock,
        levels=(StockLevel(location_id=HOME, quantity=stock, version=EPOCH),),
    )


def product(source_id: str, *variants: SourceVariant, at: int = 0, **changes: object) -> Snapshot:
    """A published product at the version ``at`` (seconds)."""
    made = Snapshot(
        source_id=SourceId(source_id),
        version=EPOCH + timedelta(seconds=at),
        title=f"Product {source_id}",
        published=True,
        status="active",
        variants=variants or (variant(f"{source_id}-A"),),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeShop:
    """The shop. ``down`` makes it unreachable, ``token`` is what it accepts, ``refused_topics`` nobody may subscribe to.

    ``refuses`` says of "list", "order", "page", "probe" and "renew" what is raised instead. ``secret_kind`` is how its deliveries
    are proven, ``signs_with`` what it was told to sign the deliveries of each subscription with. ``signs_app_topics``: it
    signs what comes to the platform-wide address, too.
    """

    products: dict[SourceId, Snapshot] = field(default_factory=dict)
    subscriptions: dict[str, Subscription] = field(default_factory=dict)
    token: str = "shop-token"
    down: bool = False
    page_size: int = 2
    refused_topics: set[str] = field(default_factory=set)
    refuses: dict[str, Exception] = field(default_factory=dict)
    reads: list[str] = field(default_factory=list)
    pages: int = 0
    secret_kind: SecretKind = "theirs"
    signs_with: dict[str, Secret] = field(default_factory=dict)
    signs_app_topics: bool = False
    currency: str = "EUR"
    ordered: int = 0
    renewals: int = 0

    def put(self, *snapshots: Snapshot) -> None:
        for each in snapshots:
            self.products[each.source_id] = each

    def tell(self, fact: Fact, *, event: str | None = None) -> tuple[Delivery, ...]:
        """Return what the shop sends to everybody who subscribed to this, each at its address."""
        made = delivery(fact, event=event)
        return tuple(
            replace(self._proven(each, made), url=each.address)
            for each in self.subscriptions.values()
            if each.active and each.address is not None and each.topic == made.headers["topic"]
        )

    def _proven(self, subscription: Subscription, made: Delivery) -> Delivery:
        if self.secret_kind == "theirs":
            return made
        unsigned = replace(made, headers={name: made.headers[name] for name in made.headers if name != "signature"})
        secret = self.signs_with.get(subscription.id)
        return unsigned if secret is None else _Webhooks().sign(unsigned, secret)

    def _enter(self, connection: Connection, what: str = "") -> None:
        if what in self.refuses:
            raise self.refuses[what]
        if self.down:
            raise PlatformUnavailable("The shop is down.")
        if connection.credentials.get("token") != self.token:
            raise CredentialsRefused("shop", "The token is not known.")

    def adapter(self) -> Adapter:
        return Adapter(
            platform="fake",
            name="Fake",
            installation=_Installation(self),
            webhooks=_ShopSigned() if self.signs_app_topics else _Webhooks(),
            catalogue=_Catalogue(self),
            subscriptions=_Subscriptions(self),
            renewal=_Renewal(self),
        )


def delivery(fact: Fact, *, event: str | None = None, secret: bytes = b"secret") -> Delivery:
    """A signed delivery that says one fact."""
    topic = _TOPICS[type(fact)]
    body = msgspec.json.encode(fact)
    event_id = event or hashlib.sha256(topic.encode() + body).hexdigest()
    headers = {"topic": topic, "event": event_id}
    unsigned = Delivery(method="POST", url="http://test/", headers=headers, body=body, received_at=EPOCH)
    return _Webhooks().sign(unsigned, Secret(secret))


class _Installation:
    app_keys: Mapping[str, str] = {"secret": "What the platform signs with."}
    by_hand: Mapping[str, str] = {"token": "What the shop accepts."}

    def __init__(self, shop: FakeShop) -> None:
        self._shop = shop

    def shop(self, shop: str) -> str:
        return shop.lower()

    def base_url(self, shop: str) -> str:
        return f"https://{shop}"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        return dict(given)

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        return (Secret(b"secret"),) if credentials and self._shop.secret_kind == "theirs" else ()

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:
        return (Secret(app["secret"].encode()),) if app.get("secret") else ()

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:
        return self._shop.secret_kind

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        yield from ()
        self._shop._enter(connection, "probe")
        return {"name": "Fake", CURRENCY: self._shop.currency}


class _Renewal:
    """Tokens last as long as ``renew_at`` says; those without one do not end."""

    def __init__(self, shop: FakeShop) -> None:
        self._shop = shop

    def due(self, credentials: Mapping[str, str]) -> datetime | None:
        ends = credentials.get("renew_at")
        return None if ends is None else datetime.fromisoformat(ends)

    def renew(self, connection: Connection, *, now: datetime) -> Reading[Mapping[str, str]]:
        yield from ()
        if "renew" in self._shop.refuses:
            raise self._shop.refuses["renew"]
        if self._shop.down:
            raise PlatformUnavailable("The shop is down.")
        self._shop.renewals += 1
        self._shop.token = f"token-{self._shop.renewals}"
        later = now + timedelta(hours=1)
        return {"token": self._shop.token, "renew_at": later.isoformat()}


class _Webhooks:
    app_topics = frozenset({Topic("erasure")})
    app_topics_signed_by: Literal["app", "shop"] = "app"

    def is_greeting(self, delivery: Delivery) -> bool:
        return delivery.body == b"hello" and "topic" not in delivery.headers

    def verify(self, delivery: Delivery, secrets: Sequence[Secret]) -> None:
        if named_by(delivery.token, secrets):
            return
        if not any(delivery.headers.get("signature") == _digest(delivery.body, each) for each in secrets):
            raise InvalidSignature

    def identify(self, delivery: Delivery) -> tuple[EventId, Topic]:
        return EventId(delivery.headers.get("event", "")), Topic(delivery.headers.get("topic", ""))

    def shop_of(self, delivery: Delivery) -> str | None:
        return delivery.headers.get("shop")

    def read(self, delivery: Delivery) -> tuple[Fact, ...]:
        kind = _KINDS.get(delivery.headers.get("topic", ""))
        return () if kind is None else (msgspec.json.decode(delivery.body, type=kind),)

    def sign(self, delivery: Delivery, secret: Secret) -> Delivery:
        return replace(delivery, headers={**delivery.headers, "signature": _digest(delivery.body, secret)})


class _ShopSigned(_Webhooks):
    app_topics_signed_by: Literal["app", "shop"] = "shop"


def _digest(body: bytes, secret: Secret) -> str:
    return hashlib.sha256(secret.value + body).hexdigest()


class _Catalogue:
    def __init__(self, shop: FakeShop) -> None:
        self._shop = shop

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        yield from ()
        self._shop._enter(connection)
        self._shop.reads.append(source_id)
        return self._shop.products.get(source_id)

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        yield from ()
        self._shop._enter(connection, "page")
        self._shop.pages += 1
        ids = sorted(each for each in self._shop.products if cursor is None or each > cursor)
        here = ids[: self._shop.page_size]
        last = len(here) == len(ids)
        return Page(
            snapshots=tuple(self._shop.products[each] for each in here), next=None if last else Cursor(here[-1])
        )


class _Subscriptions:
    topics: tuple[Topic, ...] = (Topic("snapshot"), Topic("gone"))

    def __init__(self, shop: FakeShop) -> None:
        self._shop = shop

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        yield from ()
        self._shop._enter(connection, "list")
        return tuple(self._shop.subscriptions.values())

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        yield from ()
        self._shop._enter(connection, "order")
        match change:
            case Unsubscribe():
                self._shop.subscriptions.pop(change.subscription.id, None)
            case Mend():
                mended = dataclasses.replace(change.subscription, active=True)
                self._shop.subscriptions[mended.id] = mended
                self._keep_secret(mended, change.secret)
            case Subscribe():
                if change.topic in self._shop.refused_topics:
                    raise PlatformRejected(f"Nobody may subscribe to {change.topic}, not even {change.address}.")
                if any(
                    (each.topic, each.address) == (change.topic, change.address)
                    for each in self._shop.subscriptions.values()
                ):
                    return
                self._shop.ordered += 1
                made = Subscription(id=f"subscription-{self._shop.ordered}", topic=change.topic, address=change.address)
                self._shop.subscriptions[made.id] = made
                self._keep_secret(made, change.secret)

    def _keep_secret(self, subscription: Subscription, secret: Secret | None) -> None:
        if secret is not None:
            self._shop.signs_with[subscription.id] = secret
