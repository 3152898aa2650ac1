"""What passes between the flows and the store."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, get_args
from uuid import UUID

from app.domain.application import Application, Storefront
from app.domain.http import Delivery
from app.domain.ids import (
    AccountId,
    ApplicationId,
    Cursor,
    DeliveryId,
    EventId,
    Sku,
    SourceId,
    SourceVariantId,
    StorefrontId,
    SupplierId,
    TargetId,
    TargetVariantId,
    Topic,
)
from app.domain.projection import SourceProduct
from app.domain.state import Binding, Desired, Observed
from app.domain.structs import Struct


class Claim(Struct, frozen=True, kw_only=True):
    """A lane held: until it is released or taken over, nobody else works for the Application.

    ``token`` fences late writes; ``wake`` is what the lane's counter said; ``now`` is the database's clock at the claim.
    ``failures`` is how many runs before this one ended with a bug, in a row. ``taken_over``: who held it before has not let
    go of it. ``calls_left``: whether earlier holders may have left calls on their way.
    """

    application_id: ApplicationId
    token: int
    wake: int
    now: datetime
    failures: int = 0
    taken_over: bool = False
    calls_left: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """What the holder of a lane has to know first: the Application, its secrets by name, and the account's storefronts."""

    application: Application
    storefronts: tuple[Storefront, ...]
    secrets: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """An installed Application as receiving needs it. ``secrets`` None: they are stored, but cannot be opened."""

    id: ApplicationId
    platform: str
    revision: int
    secrets: Mapping[str, str] | None = field(repr=False)


DutyName = Literal[
    "events",
    "products",
    "reads",
    "old secret",
    "subscriptions",
    "images",
    "webhook",
    "rings",
    "replay",
    "changes",
    "import",
    "replan",
    "settling in",
    "preview",
    "sweep",
    "leaving",
    "erasing",
]
DUTIES: tuple[DutyName, ...] = get_args(DutyName)
"""What there may be to do in a lane; ``flows.run_lane`` says what each is and in which order they come."""


class Appointment(Struct, frozen=True, kw_only=True):
    """When a duty is looked after that comes again and again. ``attempts`` have failed since it went well."""

    due_at: datetime
    attempts: int


class Polling(Struct, frozen=True, kw_only=True):
    """How far a shop that is asked what changed has been heard.

    ``cursor`` is the receipt that was handed back last, ``receipt`` the one that is still to be; None: there is none.
    """

    cursor: Cursor | None = None
    receipt: str | None = None


class Arrival(Struct, frozen=True, kw_only=True):
    """A verified delivery on its way into the inbox.

    ``revision``: the Application's when the delivery was verified; None where its own secrets had no part in that.
    """

    application_id: ApplicationId
    revision: int | None
    event_id: EventId
    topic: Topic
    delivery: Delivery


class StoredDelivery(Struct, frozen=True, kw_only=True):
    """A delivery as the inbox gives it back."""

    id: DeliveryId
    topic: Topic
    delivery: Delivery


class Settled(Struct, frozen=True, kw_only=True):
    """What became of a delivery, with the reason as a sentence."""

    delivery_id: DeliveryId
    outcome: str
    reason: str
    source_id: SourceId | None = None


class InboxEntry(Struct, frozen=True, kw_only=True):
    """A delivery as people see it. ``outcome`` None: nothing has become of it yet."""

    id: DeliveryId
    application_id: ApplicationId | None
    event_id: EventId
    topic: Topic
    received_at: datetime
    outcome: str | None
    reason: str | None
    source_id: SourceId | None
    settled_at: datetime | None


class Told(Struct, frozen=True, kw_only=True):
    """One sentence of a product's story. ``delivery_id`` None: no delivery caused it. ``at`` None: not stored yet."""

    source_id: SourceId
    kind: str
    sentence: str
    delivery_id: DeliveryId | None = None
    at: datetime | None = None


Hiding = Literal["free", "held", "approved"]


class DueProduct(Struct, frozen=True, kw_only=True):
    """A source product that is to be reconciled. ``attempts`` have failed since its desired state changed.

    ``state`` is where it stood last; ``detached``: somebody deleted it on Orderchamp, so it is not created again before
    the next import. ``creating_since``: it is not known what came of a creation that began then. ``hiding``: whether the
    guard lets it be unpublished. ``import_id``: the import that wants it brought about; None: no import does. ``due_at``:
    since when it is due; None: it is planned without being due.
    """

    source_id: SourceId
    generation: int
    desired: Desired
    attempts: int
    cause: DeliveryId | None
    state: str = "new"
    detached: bool = False
    creating_since: datetime | None = None
    hiding: Hiding = "free"
    import_id: UUID | None = None
    due_at: datetime | None = None


class TargetRecord(Struct, frozen=True, kw_only=True):
    """What is stored of a target product.

    ``left_published`` is how we left it, None when we do not know; ``hidden_at`` when we unpublished it without anybody's
    approval. ``held``: a person unpublished it. ``publishing_since``: it is not known what came of a publication that began
    then. ``publishing_until``: when the last publication has taken effect, if ever, and is shown. These three are
    changed by calls of their own. ``was_published``: buyers saw it before, as far as we know. ``images_missing``: not all
    of the images that were sent ever arrived. ``arrived_images``: the last set of which all did; it stands in for
    ``failed_images``, of which none did. These three, too, are changed by calls of their own.

    ``generation`` is which state of it this goes on from, 0 for one that is not stored yet: whoever writes raises it, and
    what goes on from another state than the stored one is not believed.
    """

    target_id: TargetId
    observed: Observed | None
    sent_images: tuple[str, ...] | None = None
    last_storefront_id: StorefrontId | None = None
    refresh_listing: bool = False
    left_published: bool | None = None
    hidden_at: datetime | None = None
    held: bool = False
    publishing_since: datetime | None = None
    publishing_until: datetime | None = None
    was_published: bool = False
    images_missing: bool = False
    arrived_images: tuple[str, ...] | None = None
    failed_images: tuple[str, ...] | None = None
    generation: int = 0


class Hidings(Struct, frozen=True, kw_only=True):
    """How many targets an Application has, hid lately without approval, and is to hide without approval now."""

    targets: int
    lately: int
    pending: int


class Sibling(Struct, frozen=True, kw_only=True):
    """A source product that is bound to a target."""

    target_id: TargetId
    source_id: SourceId
    wants_published: bool
    living: bool


class BoundVariant(Struct, frozen=True, kw_only=True):
    """A binding on its way into the store, with the source product it belongs to."""

    source_id: SourceId
    binding: Binding


class UnfinishedCreation(Struct, frozen=True, kw_only=True):
    """A creation for a source product, begun at ``since``, of which nobody knows what came: the SKUs that were sent.

    ``bound`` are the targets that the source product is bound to; without any, a whole product was to be created.
    """

    source_id: SourceId
    since: datetime
    sent: Mapping[Sku, SourceVariantId]
    bound: frozenset[TargetId]


class Reconciled(Struct, frozen=True, kw_only=True):
    """How far a product was brought. ``retry_at`` None: as far as its desired state allows.

    ``tried`` False: it was only asked to wait, so an import that wants it still does. ``was_due_at``: since when it had
    been due; if it is due since another time by now, somebody wants it planned again.
    """

    source_id: SourceId
    generation: int
    state: str
    why: str
    written: bool
    retry_at: datetime | None = None
    attempts: int = 0
    tried: bool = True
    was_due_at: datetime | None = None


class ProductView(Struct, frozen=True, kw_only=True):
    """A source product as people see it. ``variants`` are (source variant, SKU, target, target variant)."""

    product: SourceProduct
    title: str
    state: str
    why: str
    observed_generation: int
    due_at: datetime | None
    attempts: int
    changed_at: datetime
    written_at: datetime | None
    variants: tuple[tuple[SourceVariantId, Sku | None, TargetId | None, TargetVariantId | None], ...]


class SubscriptionHealth(Struct, frozen=True, kw_only=True):
    """A standing order that we need, and how it was found when last looked at.

    ``mended_at``: when it was made good last, after it had been missing or stopped; ``message`` says what it was, or what
    is wrong now. None and empty: it never was, and nothing is.
    """

    topic: Topic
    address: str
    health: str
    message: str
    checked_at: datetime | None = None
    mended_at: datetime | None = None


class AccountWebhook(Struct, frozen=True, kw_only=True):
    """Our webhook at an account, and how it was found when last looked at.

    ``keeper`` is the Application whose lane looks after it for all of the account; None: whichever comes first.
    ``remote_id`` is the one that we registered last. ``message`` says why there is none, or what it was when it was mended.
    ``checked_at`` None: nobody has looked yet.
    """

    keeper: ApplicationId | None
    remote_id: str | None
    health: str
    message: str
    checked_at: datetime | None = None


class Ring(Struct, frozen=True, kw_only=True):
    """Orderchamp says that a product of an account changed there. What changed, only a look tells.

    ``account_id`` None: it does not say whose. ``target_id`` empty: it names none. ``changed_at`` is by Orderchamp's clock;
    None: it does not tell, or the product is gone.
    """

    account_id: AccountId | None
    target_id: TargetId
    changed_at: datetime | None


class Rung(Struct, frozen=True, kw_only=True):
    """A target that has rung and was not looked at since. ``at`` is when it rang last, on the database's clock."""

    target_id: TargetId
    at: datetime


class ApiKey(Struct, frozen=True, kw_only=True):
    """A key of the back office. ``supplier_id`` None: it sees every supplier."""

    id: UUID
    role: str
    supplier_id: SupplierId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What waits in the whole database. The ages are None when nothing waits.

    ``lanes`` counts them as leased, resting, runnable or idle; ``applications`` by platform and state; ``problems`` those
    that are open, by kind.
    """

    oldest_due: timedelta | None
    oldest_delivery: timedelta | None
    lanes: Mapping[str, int]
    applications: Mapping[tuple[str, str], int]
    problems: Mapping[str, int]
