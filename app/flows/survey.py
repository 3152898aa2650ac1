"""Surveys: going through what the shop has, in short, and reading again what differs from what we know.

An import ends with one, and a sweep is one. Whoever lists writes down what the list has, a page and a transaction at a time,
so that in the end what the list does not have is known, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.drift import Drift, SeenProduct, missing, shop_drift
from app.domain.event import Incomplete
from app.domain.ids import Cursor, SourceId
from app.domain.projection import SourceProduct, project
from app.flows.lane import LaneRun
from app.flows.project_events import project_events
from app.platforms.adapter import VersionPage
from app.ports import Transaction

BATCH = 200
"""Missing products that are asked for in one transaction."""

KNOWN_BYTES = 1_500_000
"""How long what is known of products is that are compared together; the last one may go beyond that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What one step found. ``next`` None: the list is at its end. ``load`` as ``VersionPage`` says."""

    drifts: tuple[Drift, ...]
    products: int
    next: Cursor | None
    load: timedelta | None = None


async def list_page(run: LaneRun, cursor: Cursor | None) -> VersionPage:
    """Read a page of the shop's list; of a shop that has none, a page of its catalogue."""
    assert run.adapter.catalogue is not None  # noqa: S101 - the caller has looked
    if run.adapter.versions is not None:
        return await run.services.ask_shop(run.adapter.versions.page(run.connection, cursor))
    page = await run.services.ask_shop(run.adapter.catalogue.page(run.connection, cursor))
    listed = [
        SeenProduct(
            source_id=each.source_id,
            version=each.version,
            stock={v.id: v.quantity for v in each.variants if v.quantity is not None},
        )
        for each in page.snapshots
    ]
    return VersionPage(
        seen=(*listed, *(SeenProduct(source_id=each) for each in page.incomplete)),
        next=page.next,
        load=page.wait or None,
    )


async def hear_first(run: LaneRun) -> None:
    """Take in the notices that have come by now, so that what they tell is not taken for missed."""
    while not run.ended and await project_events(run):
        pass


async def take_in(
    run: LaneRun, tx: Transaction, page: VersionPage, *, reading_id: UUID, import_id: UUID | None = None
) -> Surveyed:
    """Compare a page of the list with what we know, and have what differs read again."""
    ids = sorted({each.source_id for each in page.seen})
    await tx.imports.sight(run.application.id, reading_id, ids)
    drifts: list[Drift] = []
    async for known in tx.products.in_portions(run.application.id, ids, size=KNOWN_BYTES):
        found = [shop_drift(known[each.source_id], each) for each in page.seen if each.source_id in known]
        drifts += await _ask(run, tx, [each for each in found if each is not None], known, import_id=import_id)
    return Surveyed(drifts=tuple(drifts), products=len(page.seen), next=page.next, load=page.load)


async def take_in_missing(
    run: LaneRun,
    tx: Transaction,
    cursor: Cursor | None,
    *,
    reading_id: UUID,
    listed_from: datetime,
    import_id: UUID | None = None,
) -> Surveyed:
    """Have some of the products read again that we take for living and the list did not have."""
    ids = await tx.imports.unseen(
        run.application.id, reading_id, listed_from=listed_from, after=cursor or "", limit=BATCH
    )
    drifts: list[Drift] = []
    async for known in tx.products.in_portions(run.application.id, ids, size=KNOWN_BYTES):
        gone = [missing(each) for each, product in known.items() if product is not None]
        drifts += await _ask(run, tx, gone, known, import_id=import_id)
    return Surveyed(drifts=tuple(drifts), products=len(ids), next=Cursor(ids[-1]) if len(ids) == BATCH else None)


def _asked(run: LaneRun, product: SourceProduct | None) -> bool:
    """Tell whether the product is about to be read anyway."""
    return product is not None and product.read is not None and product.read.due_at <= run.now()


async def _ask(
    run: LaneRun,
    tx: Transaction,
    drifts: Sequence[Drift],
    known: Mapping[SourceId, SourceProduct | None],
    *,
    import_id: UUID | None,
) -> Sequence[Drift]:
    """Have the products read that differ, and return those that are not about to be read anyway."""
    news = [each for each in drifts if not _asked(run, known[each.source_id])]
    changes = {}
    for drift in news:
        before = known[drift.source_id]
        product = before or SourceProduct(source_id=drift.source_id)
        gone = drift.kind == "missed_deletion"
        reason = "its list does not have it any more" if gone else "its list tells otherwise than what is known"
        fact = Incomplete(source_id=drift.source_id, reason=reason)
        projected = project(product, fact, settings=run.application.settings, now=run.now(), cause=product.cause)
        changes[drift.source_id] = (before, projected.product)
    await tx.products.save(run.application.id, list(changes.values()), import_id=import_id)
    return news
