"""Replay: working through stored deliveries again, on purpose.

Whoever asks writes down what is meant, and each Application's lane does its share: a page of deliveries, what follows from
them, and how far it came are one transaction. So a crash costs nothing, and nothing is worked through twice. The rate is
limited without holding anybody up: after a page the share is due later, and the lane with it.

An old delivery is a hint, no more: see ``project_again``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from app.domain.application import Application
from app.domain.errors import ApplicationNotFound, DeliveryNotFound, NotPossibleNow
from app.domain.event import Erasure, Fact, Incomplete, Rung, Uninstalled
from app.domain.ids import ApplicationId, DeliveryId, SupplierId
from app.domain.replay import Replay, Selection, project_again
from app.flows.lane import LaneRun
from app.flows.project_events import (
    BATCH_BYTES,
    Manner,
    about_the_installation,
    open_book,
    project_delivery,
    read_delivery,
)
from app.flows.services import Services
from app.ports import InboxEntry, Settled, Told, Transaction
from app.ports.replays import Candidate, ReplayDue

BATCH = 200
"""Deliveries that one transaction replays at most, however high the rate is set."""

DROPPED_AT_ONCE = 10_000
"""Dead letters that one statement drops at most."""

Hint = tuple[Fact, ...] | Settled
"""What an old delivery says, or what becomes of it because nothing can be made of it."""


async def start_replay(services: Services, selection: Selection, *, supplier_id: SupplierId | None, by: str) -> Replay:
    """Write a replay down and wake the lanes that have a share in it.

    ``supplier_id``: only this supplier's Applications; None: everybody's. DeliveryNotFound if one of the deliveries that
    are named is not among theirs, ApplicationNotFound and NotPossibleNow if an Application is named that cannot replay.
    """
    replay_id = services.new_id()
    async with services.store.transaction() as tx:
        await _check(tx, selection, supplier_id)
        await tx.replays.start(replay_id, selection, supplier_id=supplier_id, by=by)
        started = await tx.replays.one(replay_id)
    assert started is not None  # noqa: S101 - it was just written
    return started


async def _check(tx: Transaction, selection: Selection, supplier_id: SupplierId | None) -> None:
    for each in await _owners(tx, selection, supplier_id):
        if each.state in ("uninstalling", "uninstalled"):
            raise NotPossibleNow("The Application is uninstalled; what comes to it changes nothing any more.")


async def _owners(tx: Transaction, selection: Selection, supplier_id: SupplierId | None) -> Sequence[Application]:
    """Return the Applications that are named, by themselves or by their deliveries.

    ApplicationNotFound or DeliveryNotFound if one is not there, or not this supplier's.
    """
    owners = set[ApplicationId]()
    if selection.application_id is not None:
        owners.add(selection.application_id)
    if selection.delivery_ids is not None:
        found = await tx.inbox.owners(selection.delivery_ids)
        if len(found) < len(set(selection.delivery_ids)):
            raise DeliveryNotFound
        owners.update(found.values())
    named: list[Application] = []
    for each in owners:
        application = await tx.applications.one(each)
        if application is None or supplier_id not in (None, application.supplier_id):
            raise ApplicationNotFound if each == selection.application_id else DeliveryNotFound
        named.append(application)
    return named


async def cancel_replay(services: Services, replay_id: UUID) -> Replay | None:
    """End a replay where it is; what was worked through stays. One that has ended stays as it ended."""
    async with services.store.transaction() as tx:
        await tx.replays.cancel(replay_id)
        return await tx.replays.one(replay_id)


async def drop_dead_letter(services: Services, delivery_id: DeliveryId, *, by: str) -> InboxEntry:
    """Close a dead letter for good, and return it. Dropping it again changes nothing; NotPossibleNow if it is none."""
    async with services.store.transaction() as tx:
        dropped = await tx.inbox.drop(delivery_id, by=by)
        found = await tx.inbox.one(delivery_id)
    if found is None:
        raise DeliveryNotFound
    if not dropped and found[0].outcome != "dropped":
        raise NotPossibleNow("The delivery is no dead letter: it was worked through, or it still waits for that.")
    return found[0]


@dataclass(frozen=True, slots=True)
class Dropped:
    """How many dead letters were closed at once, and whether there may be more."""

    count: int
    more: bool


async def drop_dead_letters(
    services: Services, selection: Selection, *, supplier_id: SupplierId | None, by: str
) -> Dropped:
    """Close the dead letters among the deliveries that are meant, the oldest first, a great many at a time.

    ``supplier_id``: only of this supplier's Applications; None: of everybody's. Errors as for ``start_replay``, but what is
    uninstalled may be cleared away.
    """
    async with services.store.transaction() as tx:
        await _owners(tx, selection, supplier_id)
        count = await tx.inbox.drop_all(selection, supplier_id=supplier_id, by=by, limit=DROPPED_AT_ONCE)
    return Dropped(count, more=count == DROPPED_AT_ONCE)


async def replay_page(run: LaneRun) -> bool:
    """Work through the next page of the Application's oldest replay; False when there is none, or it is not yet time."""
    async with run.services.store.reading() as tx:
        due = await tx.replays.due(run.application.id)
    if due is None or due.share.due_at > run.now():
        return False
    rate = run.services.pace.replay_per_second
    async with run.services.store.transaction(run.claim) as tx:
        page = await tx.replays.page(due, limit=min(BATCH, math.ceil(rate)), size=BATCH_BYTES)
        if page is None:
            return True
        worked = await _work_through(run, tx, due, page.candidates)
        await tx.replays.advance(due, worked, cursor=page.cursor, wait=timedelta(seconds=len(worked) / rate))
    run.services.observer.replayed(run.application.platform, [each.outcome for each in worked])
    return True


async def _work_through(
    run: LaneRun, tx: Transaction, due: ReplayDue, candidates: Sequence[Candidate]
) -> Sequence[Settled]:
    hints = [(each, _hint(run, each)) for each in candidates]
    facts = [fact for _, hint in hints if isinstance(hint, tuple) for fact in hint]
    book = await open_book(run, tx, [each for each in facts if not isinstance(each, Rung | Uninstalled | Erasure)])
    manner = Manner(project=project_again, kind="replay", lead=f"Replayed by {due.by}: ")
    worked: list[Settled] = []
    told: list[Told] = []
    for candidate, hint in hints:
        if isinstance(hint, Settled):
            worked.append(hint)
        else:
            outcome, sentences = project_delivery(run, book, candidate.stored, hint, manner=manner)
            worked.append(outcome)
            told += sentences
    await tx.products.save(run.application.id, book.changes())
    await tx.timeline.add(run.application.id, told)
    return worked


def _hint(run: LaneRun, candidate: Candidate) -> Hint:
    if candidate.kept:
        facts = read_delivery(run, candidate.stored)
        if about_the_installation(facts):
            return _ignored(
                candidate, "It is about the installation itself, of which only fresh deliveries are believed."
            )
        return facts
    if candidate.source_id is None:
        return _ignored(candidate, "Its body is not kept any more, and which product it was about is not known.")
    return (Incomplete(source_id=candidate.source_id, reason="a notice is replayed whose body is not kept any more"),)


def _ignored(candidate: Candidate, reason: str) -> Settled:
    return Settled(delivery_id=candidate.stored.id, outcome="ignored", reason=reason)
