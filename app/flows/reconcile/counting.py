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
    await tx.imports.tally(counted)
    if running.phase == "sending" and await tx.imports.is_sent(run.application.id, running.id):
        await tx.imports.end(running.id, "done", reason=counted.summary())


async def count_now(run: LaneRun, tx: Transaction, works: Sequence[Work], counter: Counter) -> None:
    """Add products to one counter at once: what a run did that may end before it is through with them."""
    wanted = [work for work in works if work.due.import_id is not None]
    running = await tx.imports.running(run.application.id) if wanted else None
    if running is not None:
        counted = sum(work.due.import_id == running.id for work in wanted)
        await tx.imports.tally(running.counted({counter: counted}))


def _came_of(work: Work, result: Reconciled) -> Sequence[Counter]:
    found: list[Counter] = []
    # What stood nowhere before was just created or found, and then published.
    if work.written and not (work.created or (work.due.state == "new" and not work.matched)):
        found.append("updated")
    if result.state in AWAY:
        found.append("skipped")
    if work.conflicts:
        found.append("conflicts")
    if result.state in COUNTED_BY_STATE:
        found.append(COUNTED_BY_STATE[result.state])
    return found
