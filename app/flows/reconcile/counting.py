"""Counting: what became of the products that a running import wants, and whether that was all of them."""

from collections import Counter as Count
from collections.abc import Sequence

from app.domain.importing import Counter
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Work
from app.ports import Reconciled, Transaction

AWAY = frozenset({"skipped", "detached"})
"""States of products that stay away from Orderchamp."""

COUNTED_BY_STATE: dict[str, Counter] = {"waiting": "waiting", "failed": "failed"}


async def count(run: LaneRun, tx: Transaction, results: Sequence[tuple[Work, Reconciled]]) -> None:
    """Add these products to the counters of the import that wants them, which ends with the last of them.

    Each is counted once, when it has been tried: one that fails for the time being is tried again without the import.
    """
    wanted = [(work, result) for work, result in results if work.due.import_id is not None and result.tried]
    if not wanted:
        return
    running = await tx.imports.running(run.application.id)
    if running is None:
        return
    counts: Count[Counter] = Count()
    for work, result in wanted:
        if work.due.import_id == running.id:
            counts.update(["tried", *_came_of(work, result)])
    counted = running.counted(counts)
    await tx.imports.advance(counted)
    if running.phase == "sending" and await tx.imports.is_sent(run.application.id, running.id):
        await tx.imports.end(running.id, "done", reason=counted.summary())


def _came_of(work: Work, result: Reconciled) -> Sequence[Counter]:
    # What was just created and then published counts as created alone.
    found: list[Counter] = [each for each in work.did if each != "updated" or "created" not in work.did]
    if result.state in AWAY:
        found.append("skipped")
    if work.conflicts:
        found.append("conflicts")
    if result.state in COUNTED_BY_STATE:
        found.append(COUNTED_BY_STATE[result.state])
    return found
