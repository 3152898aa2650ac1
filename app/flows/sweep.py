"""Sweep: now and then, compare everything with what we know, and mend what no notice told and nobody meant.

First the shop's list (``listing``, and the ``missing`` ones): what differs is read again. Then what Orderchamp shows
(``showing``). A page at a time, each followed by a pause, so that a sweep takes a fifth at most of what the account and the
shop allow.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.domain.drift import Drift
from app.domain.errors import PlatformRejected, RunOver, TemporaryError
from app.domain.ids import ApplicationId
from app.domain.retry import GiveUp
from app.domain.structs import replace
from app.domain.sweeping import ASSUMED_LOAD, Finding, Sweep, pause_after
from app.flows import survey
from app.flows.lane import LaneRun
from app.flows.retrying import failures, next_try
from app.flows.services import Services
from app.flows.sweep_targets import compare_targets
from app.ports import Told, Transaction

logger = structlog.get_logger(__name__)


async def sweep(run: LaneRun) -> bool:
    """Take the next step of the sweep that is due, or begin one; False when it cannot go on now."""
    async with run.services.store.transaction(run.claim) as tx:
        if await tx.imports.running(run.application.id) is not None:
            # An import compares, too, and what it does meanwhile would look like drift.
            await tx.sweeps.schedule(run.application.id, run.services.pace.sweep_every / 24)
            return False
        running = await tx.sweeps.start(run.services.new_id(), run.application.id)
        await tx.sweeps.schedule(run.application.id, None)
    try:
        match running.phase:
            case "listing" | "missing" if run.adapter.catalogue is None:
                await _pass_over_list(run, running)
            case "listing":
                await _list(run, running)
            case "missing":
                await _ask_for_missing(run, running)
            case "showing":
                await _compare_targets(run, running)
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, running, error)
        return False
    return True


async def start_sweep(services: Services, application_id: ApplicationId) -> Sweep:
    """Begin a sweep now, or return the one that is running."""
    async with services.store.transaction() as tx:
        started = await tx.sweeps.start(services.new_id(), application_id)
        await tx.lanes.wake(application_id)
        return started


async def keep_sweeping(services: Services, tx: Transaction, application_id: ApplicationId) -> None:
    """Say when an Application that works again is swept, if nothing says so: it may have been paused before it was installed."""
    if await tx.sweeps.next_at(application_id) is None and await tx.sweeps.running(application_id) is None:
        await tx.sweeps.schedule(application_id, first_wait(services))


def first_wait(services: Services) -> timedelta:
    """Return when the first sweep comes: by chance, so that shops that were installed together are not swept together."""
    return services.pace.sweep_every * (0.5 + 0.5 * services.jitter())


async def _list(run: LaneRun, running: Sweep) -> None:
    page = await survey.list_page(run, running.cursor)
    await survey.hear_first(run)
    async with run.services.store.transaction(run.claim) as tx:
        found = await survey.take_in(run, tx, page, reading_id=running.id)
        after = await _report(run, tx, running, found.drifts, products=found.products)
        after = replace(after, cursor=found.next, phase="listing" if found.next is not None else "missing")
        await tx.sweeps.advance(after, wait=_pause(run, found.load))


async def _pass_over_list(run: LaneRun, running: Sweep) -> None:
    """Go on to what Orderchamp shows: a shop without a catalogue to read is asked all day what changed."""
    async with run.services.store.transaction(run.claim) as tx:
        await tx.appointments.make(run.application.id, "changes")
        await tx.sweeps.advance(replace(running, phase="showing", cursor=None), wait=timedelta(0))


async def _ask_for_missing(run: LaneRun, running: Sweep) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        found = await survey.take_in_missing(
            run, tx, running.cursor, reading_id=running.id, listed_from=running.started_at
        )
        after = await _report(run, tx, running, found.drifts)
        after = replace(after, cursor=found.next, phase="missing" if found.next is not None else "showing")
        await tx.sweeps.advance(after, wait=timedelta(0))


async def _compare_targets(run: LaneRun, running: Sweep) -> None:
    spent = run.spent()
    compared = await compare_targets(run, running)
    async with run.services.store.transaction(run.claim) as tx:
        rate = await tx.accounts.restore_rate(run.application.account_id)
        load = timedelta(seconds=(run.spent() - spent) / rate)
        if compared.cursor is not None:
            await tx.sweeps.advance(compared, wait=pause_after(load))
            return
        await tx.sweeps.advance(compared, wait=timedelta(0))
        await tx.sweeps.end(compared, "done", reason=compared.summary())
        await tx.sweeps.schedule(run.application.id, _until_next(run))


async def _report(
    run: LaneRun, tx: Transaction, running: Sweep, drifts: Sequence[Drift], *, products: int = 0
) -> Sweep:
    """Keep what the shop shows otherwise; all of it is being read again."""
    findings = [Finding(drift=each, side="shop", repaired=True) for each in drifts]
    await tx.sweeps.report(run.application.id, findings, sweep_id=running.id)
    told = [Told(source_id=each.source_id, kind="sweep", sentence=f"Sweep: {each.sentence}") for each in drifts]
    await tx.timeline.add(run.application.id, told)
    counts = Counter[str](each.kind for each in drifts)
    return running.counted({"products": products, **counts})


def _pause(run: LaneRun, load: timedelta | None) -> timedelta:
    return pause_after(ASSUMED_LOAD * run.services.pace.retry_scale if load is None else load)


def _until_next(run: LaneRun) -> timedelta:
    return run.services.pace.sweep_every * (0.9 + 0.2 * run.services.jitter())


async def _postpone(run: LaneRun, running: Sweep, error: TemporaryError | PlatformRejected) -> None:
    attempts = failures(running.attempts, error)
    wait = next_try(run, error, attempts)
    async with run.services.store.transaction(run.claim) as tx:
        if not isinstance(wait, GiveUp):
            await tx.sweeps.retry(running.id, attempts=attempts, wait=wait, reason=str(error))
            return
        await tx.sweeps.end(running, "failed", reason=wait.reason)
        await tx.sweeps.schedule(run.application.id, _until_next(run))
    logger.warning("sweep_failed", application_id=str(run.application.id), sweep_id=str(running.id), reason=wait.reason)
