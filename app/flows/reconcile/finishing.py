"""Finishing: how far each product came, which problems it has, and what follows for the lane."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from app.domain.errors import CredentialsRefused, IntegrationError, RateLimited, RunOver, TemporaryError
from app.domain.ids import TargetId
from app.domain.images import may_be_tried_again
from app.domain.plan import Situation
from app.domain.problem import Raised
from app.domain.raising import given_up, problems_of
from app.domain.retry import GiveUp, decide
from app.domain.story import standing
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.reconcile.alarm import announce, sound
from app.flows.reconcile.applying import plan
from app.flows.reconcile.batch import Batch, StillOnItsWay, Work, told_of
from app.flows.reconcile.counting import count
from app.flows.reconcile.recording import Made, write_down
from app.flows.retrying import AT_LEAST
from app.ports import Reconciled, TargetRecord, Transaction

WORTH_TELLING = frozenset({"problem", "failed", "skipped", "detached", "draft", "held"})
TROUBLES = frozenset({"refused", "operation_refused", "sku_conflict", "create_unclear", "publish_unclear"})
"""Kinds of problem that show in the product's state."""


@dataclass(frozen=True, slots=True)
class Result:
    """How far a product came. ``problems`` None: it is not finished, so it keeps those that it has."""

    reconciled: Reconciled
    problems: tuple[Raised, ...] | None


async def finish(run: LaneRun, batch: Batch, made: Made | None = None) -> None:
    """Write down how far each product came, and end the run if somebody asked us to wait.

    ``made``: what came of the last calls, if that is not written down yet.
    """
    results = results_of(run, batch)
    told = [
        told_of(work, result.reconciled.state, result.reconciled.why)
        for work, result in results
        if result.reconciled.state in WORTH_TELLING
    ]
    async with run.services.store.transaction(run.claim) as tx:
        if made is not None:
            await write_down(run, tx, batch, made)
        reconciled = [result.reconciled for _, result in results]
        await tx.products.record(run.application.id, reconciled, coalesce=run.services.pace.coalesce)
        await _keep(run, tx, batch, [work for work, result in results if result.problems is not None])
        await count(run, tx, [(work, result.reconciled) for work, result in results])
        await tx.problems.settle(
            run.application.id,
            {work.due.source_id: result.problems for work, result in results if result.problems is not None},
        )
        await tx.timeline.add(run.application.id, told)
        states = {each for work, result in results for each in (work.due.state, result.reconciled.state)}
        level = await sound(run, tx, states)
    announce(run, level)
    run.services.observer.reconciled(run.application.platform, [each.state for each in reconciled])
    _follow(run, [work.error for work in batch.works.values() if work.error is not None])


def results_of(run: LaneRun, batch: Batch) -> Sequence[tuple[Work, Result]]:
    """Return how far each product came. A run may be over before one was finished; that one is absent, and stays due."""
    if batch.cut_short:
        # The last plan was made before the last changes.
        plan(run, batch)
    return [
        (work, _result(run, batch, work))
        for work in batch.works.values()
        if work.error is not None or work.due.source_id in batch.through
    ]


async def _keep(run: LaneRun, tx: Transaction, batch: Batch, finished: Sequence[Work]) -> None:
    """Keep what later plans go by: who is held, which creations are clear, and how targets are left."""
    application = run.application
    brought = [work for work in finished if work.error is None]
    held = [work.due.source_id for work in brought if work.may_hide is False]
    if held:
        await tx.products.hold_hiding(application.id, held)
    clear = [work.due.source_id for work in brought if work.due.creating_since is not None and not work.foreign]
    if clear:
        await tx.products.end_creating(application.id, clear)
    forgiven = [work.due.source_id for work in brought if _forgives_images(run, batch, work)]
    if forgiven:
        await tx.images.forget_failed(application.id, forgiven)
    await tx.targets.record(application.id, application.account_id, left_as_shown(batch, brought))


def _forgives_images(run: LaneRun, batch: Batch, work: Work) -> bool:
    """Tell whether the shop has left images behind that did not arrive, so that they are tried when it has them again."""
    if all(batch.targets[each.target_id].failed_images is None for each in work.bindings.values()):
        return False
    return any(
        each.owner
        and may_be_tried_again(work.due.desired.images, arrived=each.arrived_images, failed=each.failed_images)
        for each in batch.situation(run, work).targets.values()
    )


def left_as_shown(batch: Batch, brought: Sequence[Work]) -> Sequence[TargetRecord]:
    """Return the targets of finished products that are to be remembered as left otherwise than they were."""
    left: dict[TargetId, TargetRecord] = {}
    for work in brought:
        for binding in work.bindings.values():
            record = batch.targets[binding.target_id]
            shown = None if record.observed is None else record.observed.published
            if shown is not None and record.left_published is not shown and record.publishing_since is None:
                left[record.target_id] = replace(record, left_published=shown)
    return list(left.values())


def _follow(run: LaneRun, errors: list[IntegrationError]) -> None:
    for error in errors:
        if isinstance(error, CredentialsRefused):
            raise error
        if isinstance(error, RunOver):
            run.ended = True
        if isinstance(error, RateLimited):
            run.wait(error.retry_after or timedelta(seconds=1))


def _result(run: LaneRun, batch: Batch, work: Work) -> Result:
    if work.error is None:
        return _brought_about(work, batch.through[work.due.source_id])
    # Who was asked to wait has not failed.
    waiting = isinstance(work.error, RateLimited | CredentialsRefused | RunOver | StillOnItsWay)
    attempts = work.due.attempts if waiting else work.due.attempts + 1
    decision = decide(work.error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp):
        if not waiting:
            failed = _reconciled(work, state="failed", why=decision.reason)
            return Result(failed, (given_up(work.due.source_id, work.due.desired.title, decision.reason),))
        wait = timedelta(0)
    else:
        wait = (decision.when - run.now()) * run.services.pace.retry_scale
    if isinstance(work.error, TemporaryError) and work.error.retry_after is not None:
        wait = max(wait, work.error.retry_after)
    later = Reconciled(
        source_id=work.due.source_id,
        generation=work.due.generation,
        state="waiting",
        why=f"Tried again later: {work.error}",
        written=work.written,
        # What was not begun, because the run had to end, goes on with the next one.
        retry_at=run.now() + (timedelta(0) if isinstance(work.error, RunOver) else max(wait, AT_LEAST)),
        attempts=attempts,
        tried=not waiting,
        was_due_at=work.due.due_at,
    )
    return Result(later, None)


def _brought_about(work: Work, situation: Situation) -> Result:
    conflicts, reasons = (work.troubles(), work.reasons_by_variant().values()) if situation.apart else ((), ())
    problems = problems_of(situation, refusals=work.refusals, conflicts=conflicts, foreign=work.foreign.values())
    troubled = any(each.kind in TROUBLES for each in problems)
    where = standing(situation, [*reasons, *work.refusals], troubled=troubled)
    return Result(_reconciled(work, state=where.state, why=where.why), problems)


def _reconciled(work: Work, *, state: str, why: str) -> Reconciled:
    return Reconciled(
        source_id=work.due.source_id,
        generation=work.due.generation,
        state=state,
        why=why,
        written=work.written,
        was_due_at=work.due.due_at,
    )


def give_back(batch: Batch, error: TemporaryError | CredentialsRefused) -> None:
    """Postpone the whole batch, because Orderchamp could not be asked about it."""
    for work in batch.works.values():
        if work.error is None:
            work.error = error
