"""The tables. Documents (snapshot, desired, observed, settings) are JSON text, read and written by ``documents.py``."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel


def _when(*, nullable: bool = True) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


def _now() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))


def _long(*, default: int | None = None, nullable: bool = False) -> Column[int]:
    server_default = None if default is None else text(str(default))
    return Column(BigInteger, nullable=nullable, server_default=server_default)


def _owner() -> Column[UUID]:
    return Column(ForeignKey("application.id", ondelete="CASCADE"), primary_key=True)


class AccountRow(SQLModel, table=True):
    """An Orderchamp account, its storefronts, and what may be spent on calls for it now."""

    __tablename__ = "account"

    id: str = Field(primary_key=True)
    supplier_id: str
    name: str
    storefronts: str = Field(sa_column=Column(Text, nullable=False))
    bucket_limit: float | None = Field(default=None, sa_column=Column(Double))
    restore_rate: float | None = Field(default=None, sa_column=Column(Double))
    level: float | None = Field(default=None, sa_column=Column(Double))
    level_at: datetime | None = Field(default=None, sa_column=_when())
    blocked_until: datetime | None = Field(default=None, sa_column=_when())


class AccountWebhookRow(SQLModel, table=True):
    """Our webhook at an Orderchamp account, which all its Applications share and one of them, ``keeper``, looks after.

    ``digest`` is of the secret in which its address ends; the secret itself is in the vault. ``signed``: one delivery was
    signed with our app's secret, so those that are not are refused. ``remote_id``: the one that was registered last.
    """

    __tablename__ = "account_webhook"
    __table_args__ = (Index("account_webhook_kept", "keeper"),)

    account_id: str = Field(
        sa_column=Column(ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    )
    keeper: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("application.id", ondelete="SET NULL"), nullable=True)
    )
    digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary, unique=True))
    signed: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    remote_id: str | None = None
    health: str = Field(default="unknown", sa_column=Column(Text, nullable=False, server_default=text("'unknown'")))
    message: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    checked_at: datetime | None = Field(default=None, sa_column=_when())


class RingRow(SQLModel, table=True):
    """A target that Orderchamp says was changed, and that was not looked at since: one row however often it rang.

    It changed between ``changed_from`` and ``changed_until`` on Orderchamp's clock; infinite where that is not told.
    """

    __tablename__ = "ring"

    application_id: UUID = Field(sa_column=_owner())
    target_id: str = Field(primary_key=True)
    changed_from: datetime = Field(sa_column=_when(nullable=False))
    changed_until: datetime = Field(sa_column=_when(nullable=False))
    rung_at: datetime = Field(sa_column=_now())


class ApplicationRow(SQLModel, table=True):
    """One installation. ``replan_after``: recompute desired states of products after this source id; '' from the start.

    ``renew_secret``: the shop has yet to be told what to sign with. ``erasing``: everything that is kept for it is on its
    way out.
    """

    __tablename__ = "application"
    __table_args__ = (
        Index("application_of_supplier", "supplier_id", "platform", "shop", unique=True),
        Index(
            "application_of_shop",
            "platform",
            "shop",
            unique=True,
            postgresql_where=text("state <> 'uninstalled'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    supplier_id: str
    platform: str
    shop: str
    state: str
    state_reason: str
    state_since: datetime = Field(sa_column=_when(nullable=False))
    paused_by: str | None = None
    settings: str = Field(sa_column=Column(Text, nullable=False))
    account_id: str = Field(foreign_key="account.id", index=True)
    storefront_id: str | None = None
    details: str = Field(sa_column=Column(Text, nullable=False))
    unpublish_on_uninstall: bool = False
    renew_secret: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    replan_after: str | None = None
    sweep_at: datetime | None = Field(default=None, sa_column=_when())
    erasing: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    revision: int = Field(sa_column=_long(default=1))
    created_at: datetime = Field(sa_column=_now())


class PendingInstallRow(SQLModel, table=True):
    """An install in a browser, from its start to its outcome. Of keys, states and browsers only digests are kept.

    ``asked`` is whose answer was sent for last, under the state of ``state_digest``, and ``answered`` whether it has come.
    ``due_at``: when a worker finishes it, or tries again; None: that is not for a worker. Its secrets are in the vault until
    it ends.
    """

    __tablename__ = "pending_install"
    __table_args__ = (
        Index("pending_install_of_browser", "browser_digest", "created_at"),
        Index("pending_install_of_shop", "platform", "shop", postgresql_where=text("state = 'waiting'")),
        Index("pending_install_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("pending_install_ending", "expires_at", postgresql_where=text("state = 'waiting'")),
        Index("pending_install_of_application", "application_id"),
    )

    id: UUID = Field(primary_key=True)
    supplier_id: str | None = Field(default=None, index=True)
    platform: str | None = None
    shop: str | None = None
    account_id: str | None = None
    storefront_id: str | None = None
    settings: str | None = Field(default=None, sa_column=Column(Text))
    state: str
    why: str = Field(sa_column=Column(Text, nullable=False))
    way_on: str = Field(sa_column=Column(Text, nullable=False))
    application_id: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=True)
    )
    key_digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary, unique=True))
    browser_digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    asked: str | None = None
    state_digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary, unique=True))
    answered: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    due_at: datetime | None = Field(default=None, sa_column=_when())
    created_at: datetime = Field(sa_column=_now())
    expires_at: datetime = Field(sa_column=_when(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=_when())


class SecretRow(SQLModel, table=True):
    """One encrypted value, bound to its owner and field."""

    __tablename__ = "secret"

    owner: str = Field(primary_key=True)
    field: str = Field(primary_key=True)
    key_id: str
    nonce: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class ApiKeyRow(SQLModel, table=True):
    """A key of the back office; only its digest is kept. ``supplier_id`` None: it sees every supplier."""

    __tablename__ = "api_key"

    id: UUID = Field(primary_key=True)
    digest: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    role: str
    supplier_id: str | None = None
    created_at: datetime = Field(sa_column=_now())


class LaneRow(SQLModel, table=True):
    """All the work of one Application, which one worker at a time holds.

    ``wake`` is raised with every commit that adds work; ``done`` is its value when the last run began to read. After
    ``failures`` runs in a row that ended with a bug, or in a flood, nobody runs it before ``rests_until``.

    ``awake`` follows from both and stays as it is when a lane that is awake is raised once more: so an index may speak of it
    and has no new entry each time (a heap-only update), which one that speaks of ``wake`` itself would have.
    """

    __tablename__ = "lane"
    __table_args__ = (
        Index("lane_woken", "last_run_at", postgresql_where=text("awake")),
        Index("lane_due", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index("lane_resting", "rests_until", postgresql_where=text("rests_until IS NOT NULL")),
    )

    application_id: UUID = Field(sa_column=_owner())
    wake: int = Field(sa_column=_long(default=1))
    done: int = Field(sa_column=_long(default=0))
    awake: bool = Field(sa_column=Column(Boolean, Computed("wake > done", persisted=True), nullable=False))
    due_at: datetime | None = Field(default=None, sa_column=_when())
    leased_until: datetime | None = Field(default=None, sa_column=_when())
    lease_token: int = Field(sa_column=_long(default=0))
    failures: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    rests_until: datetime | None = Field(default=None, sa_column=_when())
    last_run_at: datetime = Field(sa_column=_now())


class AppointmentRow(SQLModel, table=True):
    """When a lane looks after a duty that comes again and again. ``attempts`` have failed since it went well."""

    __tablename__ = "appointment"

    application_id: UUID = Field(sa_column=_owner())
    duty: str = Field(primary_key=True)
    due_at: datetime = Field(sa_column=_when(nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))


class PollRow(SQLModel, table=True):
    """How far a shop that is asked what changed has been heard: the receipt it got last, and the one it has yet to get."""

    __tablename__ = "poll"

    application_id: UUID = Field(sa_column=_owner())
    cursor: str | None = None
    receipt: str | None = None


class DeliveryRow(SQLModel, table=True):
    """The inbox: one row an event. ``application_id`` None: it names a shop of which nothing is held.

    No foreign key: it would look the Application up and lock it for every row, before every answer to a shop. A batch locks
    its Applications once (``entrance.ACCEPT``), and whoever erases one takes its deliveries first (``Erasures.finish``).

    Those that wait are in one index of an Application's deliveries and the others in another one, so that no row is written
    to both before a shop is answered. What looks for either kind looks in both (``inbox.newest``).
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("delivery_event", "application_id", "event_id", unique=True),
        Index("delivery_fresh", "application_id", "id", postgresql_where=text("outcome IS NULL")),
        Index("delivery_settled", "application_id", "id", postgresql_where=text("outcome IS NOT NULL")),
        Index("delivery_dead", "application_id", "id", postgresql_where=text("outcome IN ('unreadable', 'dead')")),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    application_id: UUID | None = None
    event_id: str
    topic: str
    method: str
    url: str = Field(sa_column=Column(Text, nullable=False))
    headers: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=_now())
    outcome: str | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
    source_id: str | None = None
    settled_at: datetime | None = Field(default=None, sa_column=_when())


class DeliveryBodyRow(SQLModel, table=True):
    """The bytes of a delivery, apart from its key so that dropping old ones is cheap.

    Nothing but its key is checked or indexed, since that would be paid for before every answer to a shop.
    """

    __tablename__ = "delivery_body"

    delivery_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SourceProductRow(SQLModel, table=True):
    """A source product: what the shop says, what Orderchamp should show, and how far that is brought about.

    Projecting writes snapshot, desired and generation; reconciling writes observed_generation, state and why.
    ``due_at`` None: nothing to bring about. ``read_due_at`` None: nothing to read from the shop. ``creating_since``: since
    when it is not known whether something was created for it, and ``creating``: the SKUs that were sent, each with its
    source variant, as JSON. ``hiding``: whether the guard lets it be unpublished: free,
    held, or approved by a person. ``import_id``: the import that wants it brought about; until that has read the whole
    catalogue, the product is not due on its account.
    """

    __tablename__ = "source_product"
    __table_args__ = (
        Index("source_product_held", "application_id", postgresql_where=text("hiding = 'held'")),
        Index("source_product_due", "application_id", "due_at", postgresql_where=text("due_at IS NOT NULL")),
        Index(
            "source_product_to_read", "application_id", "read_due_at", postgresql_where=text("read_due_at IS NOT NULL")
        ),
        # For those who ask for a state: no state is NULL, but whoever names none cannot be served by it. Where the planner
        # thinks little of a table, every index that begins with the Application is as good to it as the key.
        Index("source_product_state", "application_id", "state", postgresql_where=text("state IS NOT NULL")),
        Index("source_product_import", "application_id", "import_id", postgresql_where=text("import_id IS NOT NULL")),
    )

    application_id: UUID = Field(sa_column=_owner())
    source_id: str = Field(primary_key=True)
    title: str = Field(default="", sa_column=Column(Text, nullable=False))
    snapshot: str | None = Field(default=None, sa_column=Column(Text))
    gone: bool = False
    desired: str | None = Field(default=None, sa_column=Column(Text))
    wants_published: bool = False
    generation: int = Field(sa_column=_long(default=0))
    observed_generation: int = Field(sa_column=_long(default=0))
    due_at: datetime | None = Field(default=None, sa_column=_when())
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    state: str = Field(default="new", sa_column=Column(Text, nullable=False, server_default=text("'new'")))
    why: str = Field(default="", sa_column=Column(Text, nullable=False, server_default=text("''")))
    written_at: datetime | None = Field(default=None, sa_column=_when())
    rests_until: datetime | None = Field(default=None, sa_column=_when())
    cause: int | None = Field(default=None, sa_column=_long(nullable=True))
    read_due_at: datetime | None = Field(default=None, sa_column=_when())
    read_reason: str | None = Field(default=None, sa_column=Column(Text))
    read_attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    gone_checks: int | None = Field(default=None, sa_column=Column(SmallInteger))
    creating_since: datetime | None = Field(default=None, sa_column=_when())
    creating: str | None = Field(default=None, sa_column=Column(Text))
    hiding: str = Field(default="free", sa_column=Column(Text, nullable=False, server_default=text("'free'")))
    import_id: UUID | None = None
    changed_at: datetime = Field(sa_column=_now())


class SourceVariantRow(SQLModel, table=True):
    """Which product a variant, an SKU and a stock item belong to. Follows the snapshot.

    ``folded`` is the SKU without the difference of upper and lower case, by which conflicts are found.
    """

    __tablename__ = "source_variant"
    __table_args__ = (
        Index("source_variant_of_product", "application_id", "source_id"),
        Index("source_variant_stock_item", "application_id", "stock_item_id"),
        Index("source_variant_sku", "application_id", "sku"),
        Index("source_variant_folded", "folded", "application_id"),
    )

    application_id: UUID = Field(sa_column=_owner())
    source_variant_id: str = Field(primary_key=True)
    source_id: str
    sku: str | None = None
    folded: str | None = None
    stock_item_id: str


class BindingRow(SQLModel, table=True):
    """The stored pair of a source variant and a target variant. Outlives the variant in the shop, and the uninstall."""

    __tablename__ = "binding"
    __table_args__ = (
        Index("binding_of_product", "application_id", "source_id"),
        Index("binding_of_target", "account_id", "target_id"),
        # Partial for the same reason as ``source_product_state``.
        Index(
            "binding_of_target_variant",
            "account_id",
            "target_variant_id",
            unique=True,
            postgresql_where=text("target_variant_id IS NOT NULL"),
        ),
    )

    application_id: UUID = Field(sa_column=_owner())
    source_variant_id: str = Field(primary_key=True)
    source_id: str
    account_id: str
    target_id: str
    target_variant_id: str
    bound_at: datetime = Field(sa_column=_now())


class TargetRow(SQLModel, table=True):
    """A target product: what Orderchamp showed last (None: not known), and where it was published last.

    ``left_published`` is how we left it; None when we do not know, as while a call is on its way. ``held``: a person
    unpublished it on Orderchamp. ``hidden_at``: when we unpublished it without anybody's approval. ``publishing_since``: it
    is not known what came of a publication that began then. ``publishing_until``: when the last publication has taken
    effect, if ever, and is shown. ``was_published``: buyers saw it before.
    ``images_check_at``: when to look whether the images that were sent have arrived, ``images_tries``: how often none of them
    had; ``images_missing``: some never did. ``arrived_images``: the last set that arrived, which stands in for ``failed_images``,
    of which none did. ``written_from`` and ``written_until``: when our last write to it began and was over.
    """

    __tablename__ = "target"
    __table_args__ = (
        Index(
            "target_images_check",
            "account_id",
            "images_check_at",
            postgresql_where=text("images_check_at IS NOT NULL"),
        ),
    )

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    target_id: str = Field(primary_key=True)
    observed: str | None = Field(default=None, sa_column=Column(Text))
    sent_images: str | None = Field(default=None, sa_column=Column(Text))
    last_storefront_id: str | None = None
    refresh_listing: bool = False
    left_published: bool | None = None
    held: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    hidden_at: datetime | None = Field(default=None, sa_column=_when())
    publishing_since: datetime | None = Field(default=None, sa_column=_when())
    publishing_until: datetime | None = Field(default=None, sa_column=_when())
    was_published: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    generation: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default=text("0")))
    images_check_at: datetime | None = Field(default=None, sa_column=_when())
    images_tries: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    images_missing: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default=text("false")))
    arrived_images: str | None = Field(default=None, sa_column=Column(Text))
    failed_images: str | None = Field(default=None, sa_column=Column(Text))
    written_from: datetime | None = Field(default=None, sa_column=_when())
    written_until: datetime | None = Field(default=None, sa_column=_when())
    observed_at: datetime = Field(sa_column=_now())


class SkuClaimRow(SQLModel, table=True):
    """Who may create a variant with this SKU. Taken before the create, so that two never create the same."""

    __tablename__ = "sku_claim"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    sku: str = Field(primary_key=True)
    application_id: UUID = Field(
        sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    source_variant_id: str
    claimed_at: datetime = Field(sa_column=_now())


class SkuChoiceRow(SQLModel, table=True):
    """A person's word on which source variant an SKU is, and which target variant; None: whichever has the SKU."""

    __tablename__ = "sku_choice"

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    folded: str = Field(primary_key=True)
    application_id: UUID = Field(
        sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    source_variant_id: str
    target_variant_id: str | None = None
    chosen_at: datetime = Field(sa_column=_now())


class InFlightRow(SQLModel, table=True):
    """Calls for a product that may be on their way, committed before they start.

    Whoever finds one of another holder waits until ``until`` and then reads Orderchamp before planning.
    """

    __tablename__ = "in_flight"

    application_id: UUID = Field(sa_column=_owner())
    source_id: str = Field(primary_key=True)
    lease_token: int = Field(sa_column=_long())
    until: datetime = Field(sa_column=_when(nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))


class ImportRow(SQLModel, table=True):
    """A reading of the whole catalogue, and where it is. ``counters`` is a JSON object of numbers.

    ``total`` is how many products the shop said that it has. ``progress`` is from 0 to 1. ``listed_from``: since when the
    shop's list is read that closes the reading.
    """

    __tablename__ = "import"
    __table_args__ = (
        Index("import_of_application", "application_id", "started_at"),
        Index("import_running", "application_id", unique=True, postgresql_where=text("state = 'running'")),
        Index("import_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    state: str
    reason: str = ""
    cursor: str | None = Field(default=None, sa_column=Column(Text))
    counters: str = Field(sa_column=Column(Text, nullable=False))
    phase: str = Field(default="reading", sa_column=Column(Text, nullable=False, server_default=text("'reading'")))
    total: int | None = Field(default=None, sa_column=_long(nullable=True))
    progress: float = Field(default=0.0, sa_column=Column(Double, nullable=False, server_default=text("0")))
    listed_from: datetime | None = Field(default=None, sa_column=_when())
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    due_at: datetime = Field(sa_column=_now())
    started_at: datetime = Field(sa_column=_now())
    finished_at: datetime | None = Field(default=None, sa_column=_when())


class SweepRow(SQLModel, table=True):
    """A comparison of shop and Orderchamp with what we know, and where it is. ``counters`` is a JSON object of numbers."""

    __tablename__ = "sweep"
    __table_args__ = (
        Index("sweep_of_application", "application_id", "started_at"),
        Index("sweep_running", "application_id", unique=True, postgresql_where=text("state = 'running'")),
        Index("sweep_finished", "finished_at", postgresql_where=text("finished_at IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    state: str
    phase: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    cursor: str | None = Field(default=None, sa_column=Column(Text))
    counters: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    due_at: datetime = Field(sa_column=_now())
    started_at: datetime = Field(sa_column=_now())
    finished_at: datetime | None = Field(default=None, sa_column=_when())


class FindingRow(SQLModel, table=True):
    """A difference that a sweep found, or (``sweep_id`` None) a look after Orderchamp had told of a change.

    ``generation`` is that of the product's desired state then.
    """

    __tablename__ = "finding"
    __table_args__ = (
        Index("finding_once", "sweep_id", "source_id", "side", "kind", unique=True),
        Index("finding_of_product", "application_id", "source_id", "kind"),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    sweep_id: UUID | None = Field(
        default=None, sa_column=Column(ForeignKey("sweep.id", ondelete="CASCADE"), nullable=True)
    )
    source_id: str
    side: str
    kind: str
    sentence: str = Field(sa_column=Column(Text, nullable=False))
    repaired: bool
    generation: int = Field(sa_column=_long())
    at: datetime = Field(sa_column=_now())


class SightingRow(SQLModel, table=True):
    """A product that a shop's list has named so far, in one reading of that list; dropped when that ends."""

    __tablename__ = "sighting"

    application_id: UUID = Field(sa_column=_owner())
    reading_id: UUID = Field(primary_key=True)
    source_id: str = Field(primary_key=True)


class PreviewRow(SQLModel, table=True):
    """What an import would do, and how far finding that out is. ``source_id`` None: of the whole Application.

    ``counters`` is a JSON object of numbers.
    """

    __tablename__ = "preview"
    __table_args__ = (
        Index("preview_of_application", "application_id", "started_at"),
        Index("preview_expires", "expires_at"),
        Index(
            "preview_running",
            "application_id",
            unique=True,
            postgresql_where=text("state = 'running' AND source_id IS NULL"),
        ),
        Index(
            "preview_running_of_product",
            "application_id",
            "source_id",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: UUID = Field(primary_key=True)
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    source_id: str | None = None
    state: str
    phase: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    cursor: str | None = Field(default=None, sa_column=Column(Text))
    counters: str = Field(sa_column=Column(Text, nullable=False))
    total: int | None = Field(default=None, sa_column=Column(Integer))
    progress: float = Field(default=0.0, sa_column=Column(Double, nullable=False, server_default=text("0")))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default=text("0")))
    due_at: datetime = Field(sa_column=_now())
    started_at: datetime = Field(sa_column=_now())
    finished_at: datetime | None = Field(default=None, sa_column=_when())
    expires_at: datetime = Field(sa_column=_when(nullable=False))


def _of_preview() -> Column[UUID]:
    return Column(ForeignKey("preview.id", ondelete="CASCADE"), primary_key=True)


class PreviewProductRow(SQLModel, table=True):
    """A source product as it would be, where that differs from ``source_product``; dropped when the preview ends.

    ``due``: it is still to be planned. ``to_read``: it has to be read first. ``flipped``: it appears, disappears, is shown or
    hidden. ``moved``: its variants are those of ``preview_variant``.
    """

    __tablename__ = "preview_product"
    __table_args__ = (
        Index("preview_product_due", "preview_id", "source_id", postgresql_where=text("due")),
        Index("preview_product_to_read", "preview_id", "source_id", postgresql_where=text("to_read")),
        Index("preview_product_of_application", "application_id"),
    )

    preview_id: UUID = Field(sa_column=_of_preview())
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    source_id: str = Field(primary_key=True)
    title: str = Field(sa_column=Column(Text, nullable=False))
    gone: bool
    desired: str | None = Field(default=None, sa_column=Column(Text))
    wants_published: bool
    state: str
    hiding: str
    creating_since: datetime | None = Field(default=None, sa_column=_when())
    due: bool
    to_read: bool
    flipped: bool
    moved: bool


class PreviewVariantRow(SQLModel, table=True):
    """A source variant as it would be; see ``preview_product``."""

    __tablename__ = "preview_variant"
    __table_args__ = (
        Index("preview_variant_of_product", "preview_id", "source_id"),
        Index("preview_variant_folded", "preview_id", "folded"),
        Index("preview_variant_of_application", "application_id"),
    )

    preview_id: UUID = Field(sa_column=_of_preview())
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    source_variant_id: str = Field(primary_key=True)
    source_id: str
    sku: str | None = None
    folded: str | None = None


class PreviewBindingRow(SQLModel, table=True):
    """A binding that would be made, or, with ``target_id`` None, lost; see ``preview_product``."""

    __tablename__ = "preview_binding"
    __table_args__ = (
        Index("preview_binding_of_product", "preview_id", "source_id"),
        Index("preview_binding_of_target", "preview_id", "target_id"),
        Index("preview_binding_of_target_variant", "preview_id", "target_variant_id"),
        Index("preview_binding_of_application", "application_id"),
    )

    preview_id: UUID = Field(sa_column=_of_preview())
    application_id: UUID = Field(sa_column=_owner())
    source_variant_id: str = Field(primary_key=True)
    source_id: str
    account_id: str
    target_id: str | None = None
    target_variant_id: str | None = None
    bound_at: datetime = Field(sa_column=_now())


class PreviewTargetRow(SQLModel, table=True):
    """A target product as it would be; see ``preview_product`` and ``target``."""

    __tablename__ = "preview_target"
    __table_args__ = (Index("preview_target_of_application", "application_id"),)

    preview_id: UUID = Field(sa_column=_of_preview())
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    target_id: str = Field(primary_key=True)
    account_id: str
    observed: str | None = Field(default=None, sa_column=Column(Text))
    sent_images: str | None = Field(default=None, sa_column=Column(Text))
    last_storefront_id: str | None = None
    refresh_listing: bool
    left_published: bool | None = None
    held: bool
    hidden_at: datetime | None = Field(default=None, sa_column=_when())
    publishing_since: datetime | None = Field(default=None, sa_column=_when())
    publishing_until: datetime | None = Field(default=None, sa_column=_when())
    was_published: bool
    images_missing: bool
    arrived_images: str | None = Field(default=None, sa_column=Column(Text))
    failed_images: str | None = Field(default=None, sa_column=Column(Text))


class PreviewItemRow(SQLModel, table=True):
    """One thing that would be done, or not and why. ``fields`` is a JSON object of values as they are and are to be."""

    __tablename__ = "preview_item"
    __table_args__ = (
        Index("preview_item_of_kind", "preview_id", "kind", "id"),
        Index("preview_item_of_product", "preview_id", "source_id", "id"),
        Index("preview_item_in_order", "preview_id", "id"),
        Index("preview_item_of_application", "application_id"),
    )

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    preview_id: UUID = Field(sa_column=Column(ForeignKey("preview.id", ondelete="CASCADE"), nullable=False))
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    kind: str
    operation: str | None = None
    source_id: str
    source_variant_id: str | None = None
    sku: str | None = None
    target_id: str | None = None
    target_variant_id: str | None = None
    fields: str = Field(sa_column=Column(Text, nullable=False))
    sentence: str = Field(sa_column=Column(Text, nullable=False))


class SubscriptionRow(SQLModel, table=True):
    """A standing order that we need at a shop, how it was found when last looked at, and when it was mended last."""

    __tablename__ = "subscription"

    application_id: UUID = Field(sa_column=_owner())
    topic: str = Field(primary_key=True)
    remote_id: str | None = None
    address: str
    health: str
    message: str = ""
    checked_at: datetime = Field(sa_column=_now())
    mended_at: datetime | None = Field(default=None, sa_column=_when())


class TimelineRow(SQLModel, table=True):
    """One sentence of a product's story, with the delivery that caused it."""

    __tablename__ = "timeline"
    __table_args__ = (Index("timeline_of_product", "application_id", "source_id", "id"),)

    id: int = Field(sa_column=Column(BigInteger, Identity(), primary_key=True))
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    source_id: str
    at: datetime = Field(sa_column=_now())
    kind: str
    sentence: str = Field(sa_column=Column(Text, nullable=False))
    delivery_id: int | None = Field(default=None, sa_column=_long(nullable=True))


class ProblemRow(SQLModel, table=True):
    """What a person has to know or to decide: one row for each kind and subject of an Application. ``details`` is JSON."""

    __tablename__ = "problem"
    __table_args__ = (
        Index("problem_subject", "application_id", "kind", "subject", unique=True),
        Index("problem_list", "application_id", "state", "id"),
        Index("problem_open", "kind", postgresql_where=text("state = 'open'")),
    )

    id: UUID = Field(sa_column=Column(Uuid, primary_key=True, server_default=text("gen_random_uuid()")))
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    kind: str
    subject: str = Field(sa_column=Column(Text, nullable=False))
    sentence: str = Field(sa_column=Column(Text, nullable=False))
    details: str = Field(sa_column=Column(Text, nullable=False))
    state: str
    since: datetime = Field(sa_column=_now())
    times_seen: int = Field(sa_column=_long(default=1))
    first_seen_at: datetime = Field(sa_column=_now())
    last_seen_at: datetime = Field(sa_column=_now())


class ProblemProductRow(SQLModel, table=True):
    """A source product that has a problem. Without any left, the problem is closed."""

    __tablename__ = "problem_product"
    __table_args__ = (Index("problem_product_of", "problem_id"),)

    application_id: UUID = Field(sa_column=_owner())
    source_id: str = Field(primary_key=True)
    problem_id: UUID = Field(sa_column=Column(ForeignKey("problem.id", ondelete="CASCADE"), primary_key=True))


class ReplayRow(SQLModel, table=True):
    """A replay that somebody asked for. ``supplier_id`` None: its key sees every supplier. ``selection`` is JSON."""

    __tablename__ = "replay"
    __table_args__ = (Index("replay_created", "created_at"),)

    id: UUID = Field(primary_key=True)
    supplier_id: str | None = Field(default=None, index=True)
    requested_by: str
    selection: str = Field(sa_column=Column(Text, nullable=False))
    created_at: datetime = Field(sa_column=_now())


class ReplayShareRow(SQLModel, table=True):
    """What one Application has to do of a replay, and where it is. ``delivery_ids`` None: they are searched for.

    The deliveries are behind ``first_id``, up to ``last_id``; ``cursor`` is the last one that was looked at. ``counters``
    is a JSON object of numbers.
    """

    __tablename__ = "replay_share"
    __table_args__ = (
        Index("replay_share_running", "application_id", "due_at", postgresql_where=text("state = 'running'")),
        Index("replay_share_of_application", "application_id"),
    )

    replay_id: UUID = Field(sa_column=Column(ForeignKey("replay.id", ondelete="CASCADE"), primary_key=True))
    application_id: UUID = Field(sa_column=_owner())
    state: str
    first_id: int = Field(sa_column=_long())
    last_id: int = Field(sa_column=_long())
    cursor: int = Field(sa_column=_long())
    delivery_ids: list[int] | None = Field(default=None, sa_column=Column(ARRAY(BigInteger)))
    counters: str = Field(sa_column=Column(Text, nullable=False))
    due_at: datetime = Field(sa_column=_now())
    started_at: datetime = Field(sa_column=_now())
    finished_at: datetime | None = Field(default=None, sa_column=_when())


class ReplayedRow(SQLModel, table=True):
    """What became of a delivery when it was replayed. Its first outcome stays with the delivery."""

    __tablename__ = "replayed"
    __table_args__ = (Index("replayed_of_application", "application_id"), Index("replayed_in", "replay_id"))

    delivery_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    replay_id: UUID = Field(sa_column=Column(ForeignKey("replay.id", ondelete="CASCADE"), primary_key=True))
    application_id: UUID = Field(sa_column=Column(ForeignKey("application.id", ondelete="CASCADE"), nullable=False))
    outcome: str
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=_now())


class ErasureRow(SQLModel, table=True):
    """A supplier of whom everything is being erased. The row goes last."""

    __tablename__ = "erasure"

    supplier_id: str = Field(primary_key=True)
    requested_at: datetime = Field(sa_column=_now())
