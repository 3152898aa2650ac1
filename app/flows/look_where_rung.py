"""Looking at what Orderchamp says that it changed: compared as a sweep would, but within seconds.

Our own writes ring, too. What changed while we were writing to it is taken for ours and not looked at; what a person
changes in the same seconds is found by the next sweep. Looks take a fifth at most of what the account allows, however much
rings: what rings meanwhile waits for the next one, and once for each target.
"""

from datetime import timedelta

from app.domain.drift import without_sales
from app.domain.errors import OrderchampRejected, RunOver, TemporaryError
from app.domain.retry import rest_after
from app.domain.sweeping import pause_after
from app.flows.compare import SHOWN_BYTES, VARIANTS, as_many_as_fit, compare
from app.flows.lane import LaneRun
from app.flows.retrying import failures
from app.ports import Rung, Transaction


async def look_where_rung(run: LaneRun) -> bool:
    """Look at some of the targets that rang; False when Orderchamp has to be asked later."""
    application, spent = run.application, run.spent()
    async with run.services.store.transaction(run.claim) as tx:
        await tx.rings.excuse(application.id)
        rung = {each.target_id: each for each in await tx.rings.waiting(application.id, limit=VARIANTS)}
        holders = await tx.rings.at_rest(application.id, list(rung))
        busy = [each for target_id, each in rung.items() if target_id not in holders]
        if busy:
            # What is shown of these is about to change; whoever plans for them next looks first.
            await tx.rings.leave_to_planning(application.id, [each.target_id for each in busy])
            await tx.rings.looked_at(application.id, busy)
        known = await tx.targets.first(application.account_id, list(holders), size=SHOWN_BYTES)
        if not known:
            await _go_on(run, tx, [], after=timedelta(0))
            return True
    chosen = as_many_as_fit(known)
    try:
        await compare(run, chosen, holders, sweep_id=None, counts_as_shown=without_sales)
    except RunOver:
        raise
    except (TemporaryError, OrderchampRejected) as error:
        await _postpone(run, error)
        return False
    async with run.services.store.transaction(run.claim) as tx:
        rate = await tx.accounts.restore_rate(application.account_id)
        load = timedelta(seconds=(run.spent() - spent) / rate)
        await _go_on(run, tx, [rung[each] for each in chosen], after=pause_after(load))
    return True


async def _go_on(run: LaneRun, tx: Transaction, looked_at: list[Rung], *, after: timedelta) -> None:
    """Forget what was looked at. The next look, at what is left or will ring, comes ``after`` a pause at the earliest."""
    burst = run.services.pace.coalesce
    await tx.rings.looked_at(run.application.id, looked_at)
    # In this order, so that what rings at this moment either finds no appointment and makes one, or is seen here.
    await tx.appointments.cancel(run.application.id, "rings")
    if after > burst or await tx.rings.waiting(run.application.id, limit=1):
        await tx.appointments.make(run.application.id, "rings", after=max(after, burst))


async def _postpone(run: LaneRun, error: TemporaryError | OrderchampRejected) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        due = await tx.appointments.of(run.application.id, "rings")
        attempts = failures(0 if due is None else due.attempts, error)
        wait = rest_after(max(attempts, 1), jitter=run.services.jitter()) * run.services.pace.retry_scale
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        await tx.appointments.make(
            run.application.id, "rings", after=max(wait, asked or timedelta(0)), attempts=attempts
        )
