"""Finishing: how far each product came, and what follows for the lane."""

from datetime import timedelta

from app.domain.errors import CredentialsRefused, RateLimited, TemporaryError
from app.domain.plan import next_stage
from app.domain.retry import GiveUp, decide
from app.domain.story import standing
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, ChangedMeanwhile, Work, told_of
from app.ports import Reconciled


async def finish(run: LaneRun, batch: Batch) -> None:
    """Write down how far each product came, and end the run if somebody asked us to wait."""
    reconciled, told = [], []
    for work in batch.works.values():
        if work.error is None and next_stage(batch.situation(run, work)):
            continue  # The run was over before the product was finished; it stays due.
        result = _result(run, batch, work)
        reconciled.append(result)
        if result.state in ("problem", "failed", "skipped", "detached", "draft"):
            told.append(told_of(work, result.state, result.why))
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.record(run.application.id, reconciled)
        await tx.timeline.add(run.application.id, told)
    errors = [work.error for work in batch.works.values() if work.error is not None]
    for error in errors:
        if isinstance(error, CredentialsRefused):
            raise error
        if isinstance(error, ChangedMeanwhile):
            run.ended = True
        if isinstance(error, RateLimited):
            run.wait(error.retry_after or timedelta(seconds=1))


def _result(run: LaneRun, batch: Batch, work: Work) -> Reconciled:
    due = work.due
    if work.error is None:
        where = standing(batch.situation(run, work), [*work.blocked.values(), *work.refusals])
        return Reconciled(
            source_id=due.source_id,
            generation=due.generation,
            state=where.state,
            why=where.why,
            written=work.written,
        )
    waiting = isinstance(work.error, RateLimited | CredentialsRefused | ChangedMeanwhile)
    attempts = due.attempts if waiting else due.attempts + 1
    decision = decide(work.error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp) and not waiting:
        return Reconciled(
            source_id=due.source_id,
            generation=due.generation,
            state="failed",
            why=decision.reason,
            written=work.written,
        )
    wait = timedelta(0) if isinstance(decision, GiveUp) else (decision.when - run.now()) * run.services.pace.retry_scale
    if isinstance(work.error, TemporaryError) and work.error.retry_after is not None:
        wait = max(wait, work.error.retry_after)
    return Reconciled(
        source_id=due.source_id,
        generation=due.generation,
        state="waiting",
        why=f"Tried again later: {work.error}",
        written=work.written,
        retry_at=run.now() + max(wait, timedelta(milliseconds=50)),
        attempts=attempts,
    )


async def give_back(run: LaneRun, batch: Batch, error: TemporaryError | CredentialsRefused) -> None:
    """Postpone the whole batch, because Orderchamp could not be asked about it."""
    for work in batch.works.values():
        if work.error is None:
            work.error = error
    await finish(run, batch)
