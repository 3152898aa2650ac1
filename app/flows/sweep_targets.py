"""The second half of a sweep: what Orderchamp shows, a step at a time."""

from collections import Counter

from app.domain.ids import Cursor
from app.domain.structs import replace
from app.domain.sweeping import Sweep
from app.flows.compare import SHOWN_BYTES, VARIANTS, as_many_as_fit, compare
from app.flows.lane import LaneRun


async def compare_targets(run: LaneRun, running: Sweep) -> Sweep:
    """Compare the next targets, and return the sweep as it is then: at its end without a cursor."""
    async with run.services.store.transaction() as tx:
        holders = await tx.sweeps.targets(run.application.id, after=running.cursor or "", limit=VARIANTS)
        known = await tx.targets.first(run.application.account_id, list(holders), size=SHOWN_BYTES)
    chosen = as_many_as_fit(known)
    if not chosen:
        return replace(running, cursor=None)
    found = await compare(run, chosen, holders, sweep_id=running.id)
    counts = Counter[str](each.kind for each in found)
    after = running.counted({"targets": len(chosen), **counts})
    last = len(chosen) == len(holders) and len(holders) < VARIANTS
    # The last one as the database orders them: the next step begins behind it there.
    return replace(after, cursor=None if last else Cursor(list(chosen)[-1]))
