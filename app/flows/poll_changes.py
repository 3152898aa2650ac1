"""Polling: shops that do not tell by themselves are asked what changed.

What a shop tells is stored, together with its receipt, before the receipt is handed back; after a crash in between it is
handed back again. A shop is asked when it rings, when a person wants it to be, and every few minutes anyway. One that has
more to tell is asked again at once, unless it tells the same as before although it got the receipt.

Products are not read one by one where the platform has no such read: then the shop is asked what changed instead.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import structlog

from app.domain.errors import PlatformRejected, RunOver, TemporaryError
from app.domain.problem import Raised
from app.domain.projection import project_told
from app.domain.retry import GiveUp, decide
from app.flows.lane import LaneRun
from app.flows.project_events import of_product, open_book
from app.flows.retrying import AT_LEAST, failures
from app.platforms.adapter import Changes, Polled
from app.ports import Appointment, Polling, Told, Transaction

logger = structlog.get_logger(__name__)

TOLD = 3
"""Sentences about what cannot be read that one problem shows."""


async def poll_changes(run: LaneRun) -> bool:
    """Hand a receipt back, or ask what changed; False when that was not due, or has to be tried again later."""
    async with run.services.store.reading() as tx:
        due = await tx.appointments.of(run.application.id, "changes")
        polling = await tx.polls.of(run.application.id)
    if due is None:
        return False
    if run.adapter.changes is None:
        async with run.services.store.transaction(run.claim) as tx:
            await tx.appointments.cancel(run.application.id, "changes")
        return True
    try:
        if polling.receipt is not None:
            await hand_back(run, polling)
            return True
        polled = await ask(run, polling)
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, run.adapter.changes, due, error)
        return False
    async with run.services.store.transaction(run.claim) as tx:
        await take_in(run, tx, polling, polled)
    return True


async def hand_back(run: LaneRun, polling: Polling) -> None:
    """Let the shop know that what it told is stored."""
    assert run.adapter.changes is not None  # noqa: S101 - the caller has looked
    assert polling.receipt is not None  # noqa: S101
    await run.services.ask_shop(run.adapter.changes.acknowledge(run.connection, polling.receipt))
    async with run.services.store.transaction(run.claim) as tx:
        await tx.polls.handed_back(run.application.id)


async def ask(run: LaneRun, polling: Polling) -> Polled:
    """Ask the shop what changed. ``more`` is False as well when it tells only what it was given the receipt for."""
    assert run.adapter.changes is not None  # noqa: S101 - the caller has looked
    polled = await run.services.ask_shop(run.adapter.changes.poll(run.connection, polling.cursor))
    return replace(polled, more=polled.more and polled.receipt != polling.cursor)


async def take_in(
    run: LaneRun, tx: Transaction, polling: Polling, polled: Polled, *, import_id: UUID | None = None
) -> None:
    """Store what a shop told, with its receipt, and say when it is asked again. ``import_id`` as for ``Products.save``."""
    assert run.adapter.changes is not None  # noqa: S101 - the caller has looked
    application = run.application
    book = await open_book(run, tx, polled.facts)
    told: list[Told] = []
    for fact in polled.facts:
        source_id = book.subject(fact)
        if source_id is None:
            continue
        projected = project_told(
            book.open(source_id), of_product(fact, source_id), settings=application.settings, now=run.now()
        )
        book.after[source_id] = projected.product
        if projected.outcome != "ignored":
            told.append(Told(source_id=source_id, kind="polled", sentence=f"The shop told: {projected.sentence}"))
    await tx.products.save(application.id, book.changes(), import_id=import_id)
    await tx.timeline.add(application.id, told)
    if polled.receipt is not None:
        await tx.polls.heard(application.id, polled.receipt)
    stuck = polled.receipt is not None and polled.receipt == polling.cursor
    again = polled.receipt is not None and not stuck
    pause = timedelta(0) if again else run.services.pace.poll_every or run.adapter.changes.every
    await tx.appointments.make(application.id, "changes", after=pause)
    await _settle_problem(run, tx, polled.unread, stuck=stuck)


async def _settle_problem(run: LaneRun, tx: Transaction, unread: Sequence[str], *, stuck: bool) -> None:
    """Show what the shop told that cannot be read, and that it does not take receipts; neither any more, once it is mended."""
    sentences = list(unread[:TOLD])
    if len(unread) > TOLD:
        sentences.append(f"So are {len(unread) - TOLD} more.")
    if stuck:
        sentences.append("It tells the same again although it was told that this is stored.")
    if not sentences:
        await tx.problems.close(run.application.id, "changes_not_told")
        return
    await _raise(run, tx, " ".join(sentences))


async def _raise(run: LaneRun, tx: Transaction, sentence: str) -> None:
    logger.warning("changes_not_told", application_id=str(run.application.id), reason=sentence)
    await tx.problems.raise_(run.application.id, Raised(kind="changes_not_told", subject="", sentence=sentence))


async def _postpone(run: LaneRun, changes: Changes, due: Appointment, error: TemporaryError | PlatformRejected) -> None:
    """Have the shop asked again later, and no later than it is asked anyway; what it refuses, or goes on to, is shown."""
    attempts = failures(due.attempts, error)
    usual = run.services.pace.poll_every or changes.every
    decision = decide(error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    wait = usual if isinstance(decision, GiveUp) else (decision.when - run.now()) * run.services.pace.retry_scale
    asked = error.retry_after if isinstance(error, TemporaryError) else None
    gives_up = isinstance(decision, GiveUp) or wait >= usual
    async with run.services.store.transaction(run.claim) as tx:
        after = max(min(wait, usual), asked or timedelta(0), AT_LEAST)
        await tx.appointments.make(run.application.id, "changes", after=after, attempts=0 if gives_up else attempts)
        if gives_up:
            await _raise(run, tx, f"The shop was asked what changed, and did not tell: {error}")
