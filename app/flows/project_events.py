"""Fresh events: from the inbox to desired states."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, TypeGuard

import structlog

from app.domain.errors import Unreadable
from app.domain.event import Erasure, Fact, Incomplete, ProductFact, Rung, StockFact, Tombstone, Uninstalled
from app.domain.ids import DeliveryId, SourceId, StockItemId
from app.domain.product import Part, Snapshot
from app.domain.projection import Projected, SourceProduct, project
from app.domain.settings import ApplicationSettings
from app.flows.installation_events import hear_of_installation
from app.flows.lane import LaneRun
from app.ports import Settled, StoredDelivery, Told, Transaction

logger = structlog.get_logger(__name__)

BATCH = 200

BATCH_BYTES = 2_000_000
"""How long the bodies of a batch are together; the last one may go beyond that. One of 2,000 variants is about as long."""

DEAD = frozenset({"unreadable", "dead"})
"""Outcomes of deliveries that could not be worked through."""

LOGGED = 20
"""Dead letters of a batch that one line of the log names; the others are listed with them."""


class Projecting(Protocol):
    """How a fact is taken in: as ``app.domain.projection.project`` does, or with more caution."""

    def __call__(
        self,
        product: SourceProduct,
        fact: ProductFact,
        *,
        settings: ApplicationSettings,
        now: datetime,
        cause: DeliveryId | None,
    ) -> Projected: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How deliveries are taken in and told of. ``kind`` None: sentences are of the kind of their outcome."""

    project: Projecting
    kind: str | None = None
    lead: str = ""


FRESH = Manner(project=project)

RUNG = Rung()

OF_THE_INSTALLATION: TypeAlias = Uninstalled | Erasure
ASIDE: TypeAlias = Rung | OF_THE_INSTALLATION
"""Facts that are about no product."""

DESCRIPTION: TypeAlias = Snapshot | Part


@dataclass(slots=True)
class Book:
    """The products that a batch of facts is about: as they were, and as they are by now."""

    before: Mapping[SourceId, SourceProduct]
    by_stock_item: Mapping[StockItemId, SourceId] = field(default_factory=dict)
    after: dict[SourceId, SourceProduct] = field(default_factory=dict)

    def open(self, source_id: SourceId) -> SourceProduct:
        """Return a product as it is by now; an empty page for one that nobody has heard of."""
        return self.after.get(source_id) or self.before.get(source_id) or SourceProduct(source_id=source_id)

    def changes(self) -> tuple[tuple[SourceProduct | None, SourceProduct], ...]:
        """Return what has to be written, as (before, after)."""
        return tuple(
            (self.before.get(source_id), after)
            for source_id, after in self.after.items()
            if after != self.before.get(source_id)
        )

    def subject(self, fact: ProductFact) -> SourceId | None:
        """Return the product that ``fact`` is about; None when it names a stock item that no product has."""
        if isinstance(fact, DESCRIPTION):
            return fact.source_id
        owner = None if fact.stock_item_id is None else self._of_stock_item(fact.stock_item_id)
        return owner if owner is not None or isinstance(fact, StockFact) else fact.source_id

    def _of_stock_item(self, item: StockItemId) -> SourceId | None:
        for product in self.after.values():
            if product.snapshot and any(variant.stock_item_id == item for variant in product.snapshot.variants):
                return product.source_id
        return self.by_stock_item.get(item)


async def project_events(run: LaneRun) -> bool:
    """Work through a batch of fresh deliveries, oldest first; False when there was none."""
    async with run.services.store.reading() as tx:
        deliveries = await tx.inbox.fresh(run.application.id, limit=BATCH, size=BATCH_BYTES)
    if not deliveries:
        return False
    read = [(delivery, read_delivery(run, delivery)) for delivery in deliveries]
    ordinary = [each for each in read if not about_the_installation(each[1])]
    if ordinary:
        async with run.services.store.transaction(run.claim) as tx:
            settled, book = await _take_in(run, tx, ordinary)
        run.wanted = book.after
        run.services.observer.settled(run.application.platform, [each.outcome for each in settled])
        _log(run, settled)
    for delivery, facts in read:
        if about_the_installation(facts) and not run.ended:
            await hear_of_installation(run, delivery, facts)
    return True


def _log(run: LaneRun, settled: Sequence[Settled]) -> None:
    """Log what became of deliveries: dead letters always, one line for all of them, and the others for who looks closely."""
    log = logger.bind(application_id=str(run.application.id))
    dead = [each for each in settled if each.outcome in DEAD]
    if dead:
        ids = [each.delivery_id for each in dead[:LOGGED]]
        log.warning("dead_letters", count=len(dead), delivery_ids=ids, reason=dead[0].reason)
    if logging.getLogger(__name__).isEnabledFor(logging.DEBUG):
        for each in settled:
            log.debug("delivery_settled", delivery_id=each.delivery_id, outcome=each.outcome, source_id=each.source_id)


def read_delivery(run: LaneRun, delivery: StoredDelivery) -> tuple[Fact, ...] | Settled:
    """Return what a delivery says, or what becomes of it because nobody can tell.

    A bug in reading one body is that delivery's end, not the lane's: once it is mended, a replay reads it again.
    """
    if run.adapter.webhooks is None:
        return ()
    try:
        return run.adapter.webhooks.read(delivery.delivery)
    except Unreadable as error:
        return Settled(delivery_id=delivery.id, outcome="unreadable", reason=str(error))
    except Exception as error:
        logger.exception("delivery_not_read", delivery_id=delivery.id, topic=delivery.topic)
        reason = (
            f"Reading it failed with an internal error ({type(error).__name__}), which was logged; replay it later."
        )
        return Settled(delivery_id=delivery.id, outcome="dead", reason=reason)


def about_the_installation(facts: tuple[Fact, ...] | Settled) -> TypeGuard[tuple[Fact, ...]]:
    """Tell whether a delivery is about the installation itself, not about products."""
    return isinstance(facts, tuple) and any(isinstance(fact, OF_THE_INSTALLATION) for fact in facts)


async def _take_in(
    run: LaneRun, tx: Transaction, read: Sequence[tuple[StoredDelivery, tuple[Fact, ...] | Settled]]
) -> tuple[Sequence[Settled], Book]:
    facts = [fact for _, found in read if isinstance(found, tuple) for fact in found if not isinstance(fact, ASIDE)]
    if any(isinstance(found, tuple) and RUNG in found for _, found in read) and run.application.state != "uninstalled":
        await tx.appointments.make(run.application.id, "changes")
    book = await open_book(run, tx, facts)
    settled: list[Settled] = []
    told: list[Told] = []
    for delivery, found in read:
        if run.application.state == "uninstalled":
            settled.append(
                Settled(delivery_id=delivery.id, outcome="ignored", reason="The Application is uninstalled.")
            )
        elif isinstance(found, Settled):
            settled.append(found)
        else:
            outcome, sentences = project_delivery(run, book, delivery, found)
            settled.append(outcome)
            told += sentences
    await tx.products.save(run.application.id, book.changes())
    await tx.inbox.settle(settled)
    await tx.timeline.add(run.application.id, told)
    return settled, book


async def open_book(run: LaneRun, tx: Transaction, facts: Sequence[ProductFact]) -> Book:
    """Return the products that these facts are about, as they are stored."""
    items = {fact.stock_item_id for fact in facts if not isinstance(fact, DESCRIPTION) and fact.stock_item_id}
    by_item = await tx.products.of_stock_items(run.application.id, tuple(items)) if items else {}
    named = {fact.source_id for fact in facts if not isinstance(fact, StockFact) and fact.source_id}
    known = await tx.products.known(run.application.id, tuple(named | set(by_item.values())))
    return Book(before=known, by_stock_item=by_item)


def project_delivery(
    run: LaneRun, book: Book, delivery: StoredDelivery, facts: Sequence[Fact], *, manner: Manner = FRESH
) -> tuple[Settled, tuple[Told, ...]]:
    """Project what a delivery says into ``book``; return what became of it, and the sentences that tell so."""
    told: list[Told] = []
    last: tuple[SourceId, Projected] | None = None
    for fact in facts:
        if isinstance(fact, ASIDE):
            continue
        source_id = book.subject(fact)
        if source_id is None:
            reason = "No known product has this stock item; it comes with its product when the shop announces that."
            return Settled(delivery_id=delivery.id, outcome="ignored", reason=reason), ()
        about = of_product(fact, source_id)
        projected = manner.project(
            book.open(source_id), about, settings=run.application.settings, now=run.now(), cause=delivery.id
        )
        book.after[source_id] = projected.product
        last = (source_id, projected)
        told.append(
            Told(
                source_id=source_id,
                kind=manner.kind or projected.outcome,
                sentence=f"{manner.lead}{delivery.topic}: {projected.sentence}",
                delivery_id=delivery.id,
            )
        )
    if last is None and RUNG in facts:
        reason = "The shop says that something changed; it is asked what."
        return Settled(delivery_id=delivery.id, outcome="reading", reason=reason), ()
    if last is None:
        reason = f"The topic {delivery.topic} says nothing about products."
        return Settled(delivery_id=delivery.id, outcome="ignored", reason=reason), ()
    source_id, projected = last
    reason = projected.sentence
    return Settled(delivery_id=delivery.id, outcome=projected.outcome, reason=reason, source_id=source_id), tuple(told)


def of_product(fact: ProductFact, source_id: SourceId) -> ProductFact:
    """Return what a fact says about the product itself: of a variant that is gone, that the product has to be read."""
    if isinstance(fact, Tombstone) and fact.source_id != source_id:
        return Incomplete(source_id=source_id, reason="the shop says that one of its variants is gone")
    return fact
