"""Looking: reading the targets of which it is not known what Orderchamp shows."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.ids import TargetId
from app.domain.state import Observed
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch
from app.ports import TargetRecord, Told


async def look(run: LaneRun, batch: Batch) -> None:
    """Read the targets of which it is not known what Orderchamp shows."""
    wanted = {
        binding.target_id
        for work in batch.works.values()
        if work.going_on
        for binding in work.bindings.values()
        if binding.target_id not in batch.targets or batch.targets[binding.target_id].observed is None
    }
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    found = await run.marketplace.read(tuple(sorted(wanted)))
    gone = [target_id for target_id, observed in found.items() if observed is None]
    for target_id, observed in found.items():
        if observed is not None:
            batch.targets[target_id] = _seen(batch.targets.get(target_id), observed)
    async with run.services.store.transaction(run.claim) as tx:
        await tx.targets.record(
            run.application.account_id, [batch.targets[each] for each, seen in found.items() if seen is not None]
        )
        for target_id in gone:
            await tx.targets.unbind(run.application.account_id, target_id)
        await tx.timeline.add(run.application.id, _detach(batch, gone))


def _seen(before: TargetRecord | None, observed: Observed) -> TargetRecord:
    record = before or TargetRecord(target_id=observed.id, observed=None)
    return replace(record, observed=replace(observed, images=record.sent_images))


def _detach(batch: Batch, gone: Sequence[TargetId]) -> list[Told]:
    told = []
    for work in batch.works.values():
        lost = [variant for variant, binding in work.bindings.items() if binding.target_id in gone]
        for variant in lost:
            del work.bindings[variant]
        if lost and not work.bindings:
            work.due = replace(work.due, detached=True)
            sentence = "The product does not exist on Orderchamp any more: somebody deleted it there."
            told.append(Told(source_id=work.due.source_id, kind="observed", sentence=sentence))
    for target_id in gone:
        batch.targets.pop(target_id, None)
    return told
