"""The store as the flows see it: one Protocol a subject, all of them in one transaction.

What each call means is said at its implementation in ``app/store``, under the same name.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.domain.application import Account, Application, ApplicationState, PausedBy, Storefront
from app.domain.conflict import BoundTo, Choice, Holder
from app.domain.drift import DriftKind
from app.domain.http import Delivery
from app.domain.ids import (
    AccountId,
    ApplicationId,
    DeliveryId,
    EventId,
    InstallId,
    Sku,
    SourceId,
    SourceVariantId,
    StockItemId,
    StorefrontId,
    SupplierId,
    TargetId,
    TargetVariantId,
    Topic,
)
from app.domain.images import Sent, Verdict
from app.domain.importing import Import
from app.domain.installing import Asked, PendingInstall
from app.domain.problem import Problem, ProblemKind, ProblemState, Raised
from app.domain.projection import SourceProduct
from app.domain.replay import Selection
from app.domain.state import Binding
from app.domain.sweeping import Finding, Sweep
from app.ports.outside import Budget
from app.ports.previews import Previews
from app.ports.records import (
    AccountWebhook,
    Addressee,
    ApiKey,
    Appointment,
    Arrival,
    BoundVariant,
    Briefing,
    Claim,
    DueProduct,
    DutyName,
    Hidings,
    InboxEntry,
    Polling,
    ProductView,
    Reconciled,
    Ring,
    Rung,
    Settled,
    Sibling,
    StoredDelivery,
    SubscriptionHealth,
    TargetRecord,
    Told,
    UnfinishedCreation,
)
from app.ports.replays import Erasures, Replays, Retention


class Applications(Protocol):
    """The Applications, in one transaction."""

    async def one(self, application_id: ApplicationId, *, lock: bool = False) -> Application | None: ...

    async def lock_shop(self, platform: str, shop: str) -> None: ...

    async def of_shop(self, platform: str, shop: str) -> tuple[Application, ...]: ...

    async def of_account(self, account_id: AccountId) -> tuple[Application, ...]: ...

    async def list(
        self,
        *,
        supplier_id: SupplierId | None,
        platform: str | None,
        state: str | None,
        after: ApplicationId | None,
        limit: int,
    ) -> tuple[Application, ...]: ...

    async def save(self, application: Application) -> None: ...

    async def set_state(
        self, application_id: ApplicationId, state: ApplicationState, reason: str, *, paused_by: PausedBy | None = None
    ) -> None: ...

    async def state(self, application_id: ApplicationId) -> ApplicationState | None: ...

    async def touch(self, application_id: ApplicationId) -> None: ...

    async def is_current(self, application: Application) -> bool: ...

    async def want_secret_told(self, application_id: ApplicationId, *, due: bool) -> None: ...

    async def secret_to_tell(self, application_id: ApplicationId) -> bool: ...

    async def replan(self, application_id: ApplicationId, *, after: str | None) -> None: ...

    async def replan_after(self, application_id: ApplicationId) -> str | None: ...

    async def subscriptions(self, application_id: ApplicationId) -> tuple[SubscriptionHealth, ...]: ...

    async def record_subscriptions(
        self, application_id: ApplicationId, found: Sequence[SubscriptionHealth], *, alone: bool = False
    ) -> None: ...


class Appointments(Protocol):
    """The appointments of lanes, in one transaction."""

    async def make(
        self,
        application_id: ApplicationId,
        duty: DutyName,
        *,
        after: timedelta = ...,
        attempts: int = 0,
        kept: Appointment | None = None,
    ) -> None: ...

    async def of(self, application_id: ApplicationId, duty: DutyName) -> Appointment | None: ...

    async def cancel(self, application_id: ApplicationId, duty: DutyName) -> None: ...

    async def cancel_all(self, application_id: ApplicationId) -> None: ...


class Polls(Protocol):
    """What shops told that are asked what changed, in one transaction."""

    async def of(self, application_id: ApplicationId) -> Polling: ...

    async def heard(self, application_id: ApplicationId, receipt: str) -> None: ...

    async def handed_back(self, application_id: ApplicationId) -> None: ...


class Briefings(Protocol):
    """The briefings of lane runs, in one transaction."""

    async def of(self, application_id: ApplicationId) -> Briefing | None: ...


class Conflicts(Protocol):
    """The holders of SKUs in an account, in one transaction."""

    async def holders(
        self, account_id: AccountId, folded: Collection[str], *, at_least: int = 1
    ) -> tuple[Holder, ...]: ...

    async def bound_to(
        self, account_id: AccountId, ids: Collection[TargetVariantId]
    ) -> Mapping[TargetVariantId, BoundTo]: ...

    async def choices(self, account_id: AccountId, folded: Collection[str]) -> Mapping[str, Choice]: ...

    async def choose(self, account_id: AccountId, folded: str, choice: Choice) -> None: ...

    async def plan_holders_again(
        self,
        application_id: ApplicationId,
        folded: Collection[str],
        *,
        without: Sequence[SourceId] = (),
        patient: bool = False,
    ) -> None: ...

    async def plan_all_holders_again(self, application_id: ApplicationId) -> None: ...


class Images(Protocol):
    """The images of targets, in one transaction."""

    async def sent(self, account_id: AccountId, ids: Sequence[TargetId], *, wait: timedelta) -> None: ...

    async def to_check(self, application_id: ApplicationId, *, limit: int) -> tuple[Sent, ...]: ...

    async def settle(self, account_id: AccountId, verdicts: Mapping[TargetId, Verdict]) -> frozenset[TargetId]: ...

    async def forget(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def forget_failed(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def next_check(self, application_id: ApplicationId) -> timedelta | None: ...


class Imports(Protocol):
    """Readings of whole catalogues, in one transaction."""

    async def start(self, import_id: UUID, application_id: ApplicationId) -> Import: ...

    async def rewind(self, application_id: ApplicationId) -> None: ...

    async def goes_on(self, import_id: UUID) -> bool: ...

    async def running(self, application_id: ApplicationId) -> Import | None: ...

    async def one(self, application_id: ApplicationId, import_id: UUID) -> Import | None: ...

    async def latest(self, application_id: ApplicationId) -> Import | None: ...

    async def list(
        self, application_id: ApplicationId, *, before: datetime | None, limit: int
    ) -> tuple[Import, ...]: ...

    async def tally(self, now: Import) -> None: ...

    async def advance(self, now: Import, *, wait: timedelta = timedelta(0), lists: bool = False) -> None: ...

    async def retry(self, import_id: UUID, *, attempts: int, wait: timedelta, reason: str) -> None: ...

    async def end(self, import_id: UUID, state: str, *, reason: str) -> bool: ...

    async def release(self, application_id: ApplicationId, import_id: UUID) -> int: ...

    async def next_read(self, application_id: ApplicationId, import_id: UUID) -> timedelta | None: ...

    async def is_sent(self, application_id: ApplicationId, import_id: UUID) -> bool: ...

    async def sight(self, application_id: ApplicationId, reading_id: UUID, source_ids: Sequence[SourceId]) -> None: ...

    async def unseen(
        self, application_id: ApplicationId, reading_id: UUID, *, listed_from: datetime, after: str, limit: int
    ) -> tuple[SourceId, ...]: ...


class Accounts(Protocol):
    """The accounts, in one transaction."""

    async def save(self, account: Account, supplier_id: SupplierId) -> SupplierId: ...

    async def storefronts(self, account_id: AccountId) -> tuple[Storefront, ...]: ...

    async def name(self, account_id: AccountId) -> str: ...

    async def restore_rate(self, account_id: AccountId) -> float: ...


class Inbox(Protocol):
    """The inbox, in one transaction."""

    async def keep_unowned(self, event_id: EventId, topic: Topic, delivery: Delivery, *, reason: str) -> None: ...

    async def fresh(self, application_id: ApplicationId, *, limit: int, size: int) -> tuple[StoredDelivery, ...]: ...

    async def settle(self, settled: Sequence[Settled]) -> None: ...

    async def of(
        self, application_id: ApplicationId, *, before: int | None, limit: int, topic: str | None, outcome: str | None
    ) -> tuple[InboxEntry, ...]: ...

    async def one(self, delivery_id: DeliveryId) -> tuple[InboxEntry, Delivery] | None: ...

    async def last_received(self, application_id: ApplicationId) -> datetime | None: ...

    async def owners(self, delivery_ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, ApplicationId]: ...

    async def forget_body(self, delivery_id: DeliveryId) -> None: ...

    async def drop(self, delivery_id: DeliveryId, *, by: str) -> bool: ...

    async def drop_all(self, selection: Selection, *, supplier_id: SupplierId | None, by: str, limit: int) -> int: ...


class Installs(Protocol):
    """The installs on their way, in one transaction."""

    async def add(
        self, install: PendingInstall, *, key: str | None = None, browser: str | None = None, state: str | None = None
    ) -> bool: ...

    async def save(self, install: PendingInstall) -> None: ...

    async def one(self, install_id: InstallId) -> PendingInstall | None: ...

    async def of_key(self, key: str) -> PendingInstall | None: ...

    async def of_state(self, asked: Asked, state: str) -> PendingInstall | None: ...

    async def of_browser(self, browser: str, platform: str | None) -> PendingInstall | None: ...

    async def waiting_for(self, platform: str, shop: str) -> tuple[PendingInstall, ...]: ...

    async def begun_in(self, install_id: InstallId, browser: str) -> bool: ...

    async def bind(self, install_id: InstallId, browser: str) -> None: ...

    async def ask(self, install_id: InstallId, asked: Asked, state: str) -> None: ...

    async def answer(self, install_id: InstallId) -> None: ...

    async def put_back(self, install_id: InstallId, *, why: str, way_on: str) -> None: ...

    async def ring(self) -> None: ...

    async def claim(self, lease: timedelta) -> PendingInstall | None: ...

    async def postpone(self, install_id: InstallId, wait: timedelta, why: str) -> None: ...


class ApiKeys(Protocol):
    """The keys, in one transaction."""

    async def add(self, key_id: UUID, key: str, *, role: str, supplier_id: SupplierId | None) -> None: ...

    async def find(self, key: str) -> ApiKey | None: ...


class Lanes(Protocol):
    """The lanes, in one transaction."""

    async def add(self, application_id: ApplicationId) -> None: ...

    async def wake(self, application_id: ApplicationId) -> None: ...

    async def claim(self, lease: timedelta) -> Claim | None: ...

    async def waiting(self, application: Application) -> frozenset[DutyName] | None: ...

    async def claim_one(self, application_id: ApplicationId, lease: timedelta) -> Claim | None: ...

    async def next_due(self) -> timedelta | None: ...

    async def ring(self) -> None: ...

    async def revision(self, claim: Claim) -> int: ...

    async def renew(self, claim: Claim, lease: timedelta) -> None: ...

    async def forget(self, claim: Claim) -> None: ...

    async def confirm(self, claim: Claim) -> None: ...

    async def release(
        self,
        claim: Claim,
        *,
        sound: bool = True,
        not_before: datetime | None = None,
        gather: timedelta = timedelta(0),
    ) -> None: ...

    async def rest(self, claim: Claim, wait: timedelta) -> None: ...

    async def wake_up(self, application_id: ApplicationId) -> None: ...


class Products(Protocol):
    """The products of Applications, in one transaction."""

    async def known(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, SourceProduct]: ...

    def in_portions(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], *, size: int
    ) -> AsyncIterator[Mapping[SourceId, SourceProduct | None]]: ...

    async def of_stock_items(
        self, application_id: ApplicationId, items: Sequence[StockItemId]
    ) -> Mapping[StockItemId, SourceId]: ...

    async def save(
        self,
        application_id: ApplicationId,
        changes: Sequence[tuple[SourceProduct | None, SourceProduct]],
        *,
        import_id: UUID | None = None,
        patient: bool = False,
    ) -> None: ...

    async def to_read(self, application_id: ApplicationId, *, limit: int) -> tuple[SourceProduct, ...]: ...
    async def forget_unread(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...
    async def postpone_reads(self, application_id: ApplicationId, *, until: datetime) -> None: ...

    async def after(
        self, application_id: ApplicationId, source_id: str, *, limit: int, size: int
    ) -> tuple[SourceProduct, ...]: ...

    async def make_due(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def reattach(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId] | None, *, import_id: UUID | None = None
    ) -> int: ...

    async def stop(self, application_id: ApplicationId) -> None: ...

    async def request_read(self, application_id: ApplicationId, source_id: SourceId, *, reason: str) -> bool: ...

    async def due(
        self, application_id: ApplicationId, *, limit: int, size: int, wanted: Mapping[SourceId, SourceProduct]
    ) -> tuple[DueProduct, ...]: ...

    async def anything_due(self, application_id: ApplicationId) -> bool: ...

    async def forget_observed(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def record(
        self, application_id: ApplicationId, reconciled: Sequence[Reconciled], *, coalesce: timedelta
    ) -> None: ...

    async def release_holds(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def begin_creating(
        self, application_id: ApplicationId, sent: Mapping[SourceId, Mapping[Sku, SourceVariantId]]
    ) -> None: ...

    async def unfinished_creations(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> tuple[UnfinishedCreation, ...]: ...

    async def end_creating(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def hold_hiding(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def approve_hiding(self, application_id: ApplicationId, source_ids: Sequence[SourceId] | None) -> None: ...

    async def start_calls(
        self, application_id: ApplicationId, *, token: int, until: datetime, calls: Mapping[SourceId, str]
    ) -> None: ...

    async def end_calls(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def calls_left_behind(self, application_id: ApplicationId, *, token: int) -> Mapping[SourceId, datetime]: ...

    async def list(
        self,
        application_id: ApplicationId,
        *,
        state: str | None,
        sku: str | None,
        q: str | None,
        after: str | None,
        limit: int,
    ) -> tuple[ProductView, ...]: ...

    async def one(self, application_id: ApplicationId, source_id: SourceId) -> ProductView | None: ...

    async def counts(self, application_id: ApplicationId) -> Mapping[str, int]: ...

    async def backlog(self, application_id: ApplicationId) -> tuple[int, datetime | None]: ...


class Sweeps(Protocol):
    """Comparisons of shop and Orderchamp with what we know, in one transaction."""

    async def start(self, sweep_id: UUID, application_id: ApplicationId) -> Sweep: ...

    async def running(self, application_id: ApplicationId) -> Sweep | None: ...

    async def one(self, application_id: ApplicationId, sweep_id: UUID) -> Sweep | None: ...

    async def list(
        self, application_id: ApplicationId, *, before: datetime | None, limit: int
    ) -> tuple[Sweep, ...]: ...

    async def advance(self, now: Sweep, *, wait: timedelta) -> None: ...

    async def retry(self, sweep_id: UUID, *, attempts: int, wait: timedelta, reason: str) -> None: ...

    async def end(self, ended: Sweep, state: str, *, reason: str) -> None: ...

    async def schedule(self, application_id: ApplicationId, wait: timedelta | None) -> None: ...

    async def next_at(self, application_id: ApplicationId) -> datetime | None: ...

    async def report(
        self, application_id: ApplicationId, found: Sequence[Finding], *, sweep_id: UUID | None
    ) -> None: ...

    async def findings(
        self, application_id: ApplicationId, sweep_id: UUID, *, after: int | None, limit: int
    ) -> tuple[tuple[int, Finding], ...]: ...

    async def repaired_before(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], *, sweep_id: UUID | None
    ) -> frozenset[tuple[SourceId, DriftKind, int]]: ...

    async def targets(
        self, application_id: ApplicationId, *, after: str, limit: int
    ) -> Mapping[TargetId, SourceId]: ...


class Webhooks(Protocol):
    """Our webhooks at Orderchamp, one an account, in one transaction."""

    async def of(self, account_id: AccountId) -> AccountWebhook | None: ...

    async def take_care(self, account_id: AccountId, application_id: ApplicationId) -> AccountWebhook | None: ...

    async def know(self, account_id: AccountId, secret: str) -> None: ...

    async def record(self, account_id: AccountId, found: AccountWebhook) -> None: ...

    async def hand_on(self, account_id: AccountId, application_id: ApplicationId) -> tuple[ApplicationId, ...]: ...

    async def forget(self, account_id: AccountId) -> None: ...


class Rings(Protocol):
    """What has rung at Orderchamp, in one transaction."""

    async def excuse(self, application_id: ApplicationId) -> None: ...

    async def waiting(self, application_id: ApplicationId, *, limit: int) -> tuple[Rung, ...]: ...

    async def at_rest(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> Mapping[TargetId, SourceId]: ...

    async def leave_to_planning(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> None: ...

    async def looked_at(self, application_id: ApplicationId, rung: Sequence[Rung]) -> None: ...

    async def forget(self, application_id: ApplicationId) -> None: ...


class Targets(Protocol):
    """The targets of an account and their bindings, in one transaction."""

    async def bindings(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, tuple[Binding, ...]]: ...

    async def known(
        self, account_id: AccountId, ids: Sequence[TargetId], *, lock: bool = False
    ) -> Mapping[TargetId, TargetRecord]: ...

    async def first(
        self, account_id: AccountId, ids: Sequence[TargetId], *, size: int
    ) -> Mapping[TargetId, TargetRecord]: ...

    async def siblings(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> tuple[Sibling, ...]: ...

    async def bind(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        bound: Sequence[BoundVariant],
        *,
        take_over: Sequence[TargetVariantId] = (),
    ) -> frozenset[SourceVariantId]: ...

    async def unbind(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        target_id: TargetId,
        source_ids: Sequence[SourceId],
    ) -> None: ...

    async def record(
        self, application_id: ApplicationId, account_id: AccountId, targets: Sequence[TargetRecord]
    ) -> Mapping[TargetId, TargetRecord]: ...

    async def record_written(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        targets: Sequence[TargetRecord],
        *,
        since: datetime,
    ) -> Mapping[TargetId, TargetRecord]: ...

    async def hold(self, account_id: AccountId, held: Mapping[TargetId, bool]) -> None: ...

    async def begin_hiding(self, account_id: AccountId, ids: Sequence[TargetId]) -> None: ...

    async def begin_publishing(
        self, account_id: AccountId, storefronts: Mapping[TargetId, StorefrontId | None], *, until: datetime
    ) -> None: ...

    async def end_publishing(self, account_id: AccountId, ids: Mapping[TargetId, datetime | None]) -> None: ...

    async def believe_unpublished(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None: ...

    async def hidings(self, application_id: ApplicationId, *, since: datetime) -> Hidings: ...

    async def choose_storefront(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], storefront_id: StorefrontId
    ) -> None: ...

    async def claim_skus(
        self, application_id: ApplicationId, account_id: AccountId, wanted: Mapping[Sku, SourceVariantId]
    ) -> frozenset[Sku]: ...


class Problems(Protocol):
    """The problems of Applications, in one transaction."""

    async def settle(self, application_id: ApplicationId, found: Mapping[SourceId, Sequence[Raised]]) -> None: ...

    async def raise_(self, application_id: ApplicationId, raised: Raised) -> None: ...

    async def close(self, application_id: ApplicationId, kind: ProblemKind, subject: str | None = None) -> None: ...

    async def close_all(self, application_id: ApplicationId) -> None: ...

    async def dismiss(self, problem_id: UUID) -> None: ...

    async def one(self, problem_id: UUID) -> Problem | None: ...

    async def list(
        self,
        application_id: ApplicationId,
        *,
        state: ProblemState | None,
        kind: ProblemKind | None,
        source_id: SourceId | None,
        after: UUID | None,
        limit: int,
    ) -> tuple[Problem, ...]: ...

    async def opened_since(self, application_id: ApplicationId, kind: ProblemKind, *, since: datetime) -> int: ...

    async def open_level(self, application_id: ApplicationId) -> int | None: ...

    async def open_counts(self, application_id: ApplicationId) -> Mapping[ProblemKind, int]: ...


class Timeline(Protocol):
    """The stories of products, in one transaction."""

    async def add(self, application_id: ApplicationId, told: Sequence[Told]) -> None: ...

    async def of(
        self, application_id: ApplicationId, source_id: SourceId, *, after: int | None, limit: int
    ) -> tuple[tuple[int, Told], ...]: ...


class Vault(Protocol):
    """Secrets of one transaction."""

    async def put(self, owner: str, secrets: Mapping[str, str]) -> None: ...

    async def get(self, owner: str) -> Mapping[str, str]: ...

    async def readable(self, owner: str) -> Mapping[str, str]: ...

    async def names(self, owner: str) -> frozenset[str]: ...

    async def forget(self, owner: str, name: str) -> None: ...

    async def erase(self, owner: str) -> None: ...

    async def reencrypt(self, limit: int) -> int: ...


class Transaction(Protocol):
    """Everything that can be asked and written in one transaction."""

    @property
    def applications(self) -> Applications: ...

    @property
    def appointments(self) -> Appointments: ...

    @property
    def polls(self) -> Polls: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def briefings(self) -> Briefings: ...

    @property
    def conflicts(self) -> Conflicts: ...

    @property
    def images(self) -> Images: ...

    @property
    def imports(self) -> Imports: ...

    @property
    def inbox(self) -> Inbox: ...

    @property
    def installs(self) -> Installs: ...

    @property
    def keys(self) -> ApiKeys: ...

    @property
    def lanes(self) -> Lanes: ...

    @property
    def previews(self) -> Previews: ...

    @property
    def problems(self) -> Problems: ...

    @property
    def products(self) -> Products: ...

    @property
    def rings(self) -> Rings: ...

    @property
    def sweeps(self) -> Sweeps: ...

    @property
    def targets(self) -> Targets: ...

    @property
    def timeline(self) -> Timeline: ...

    @property
    def replays(self) -> Replays: ...

    @property
    def retention(self) -> Retention: ...

    @property
    def erasures(self) -> Erasures: ...

    @property
    def vault(self) -> Vault: ...

    @property
    def webhooks(self) -> Webhooks: ...


class Entrance(Protocol):
    """Where deliveries come in, many at once. Both answer quickly or raise NotStored."""

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]: ...

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]: ...


class Store(Entrance, Protocol):
    """The store. A ``transaction`` commits at the end of its block and rolls back on an error.

    ``unavailable`` are the errors by which it says that it is away or overloaded.
    """

    @property
    def unavailable(self) -> tuple[type[Exception], ...]: ...

    def transaction(
        self, claim: Claim | None = None, *, renewed_for: timedelta | None = None
    ) -> AbstractAsyncContextManager[Transaction]: ...

    def reading(self) -> AbstractAsyncContextManager[Transaction]: ...

    def previewing(self, preview_id: UUID, account_id: AccountId) -> AbstractAsyncContextManager[Transaction]: ...

    def budget(self, account_id: AccountId | None) -> Budget: ...

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None: ...
