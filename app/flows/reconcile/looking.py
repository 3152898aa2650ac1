"""Looking: reading the targets of which it is not known what Orderchamp shows, and what that says of earlier attempts."""

from collections.abc import Collection

from app.domain.ids import TargetId
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, StillOnItsWay, Work, detached, told_of
from app.flows.reconcile.keeper import Keeper, Looked
from app.flows.reconcile.sight import Sight, seen
from app.ports import Told


async def look(run: LaneRun, batch: Batch, keeper: Keeper) -> None:
    """Read the targets that are not known. Those that are gone lose their bindings."""
    _wait_for_publications(run, batch)
    wanted = unseen(batch)
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    found = await keeper.market.read(tuple(sorted(wanted)))
    gone = {
        target_id: [source_id for source_id, work in batch.works.items() if _has(work, target_id)]
        for target_id, observed in found.items()
        if observed is None
    }
    sight = Sight(at=run.now())
    for target_id, observed in found.items():
        if observed is not None:
            batch.targets[target_id] = seen(batch.targets.get(target_id), observed, sight)
    told = [*_held(batch, sight), *_detach(batch, gone)]
    there = [batch.targets[target_id] for target_id, observed in found.items() if observed is not None]
    batch.targets |= await keeper.looked(Looked(there=there, gone=gone, sight=sight, told=told))


def unseen(batch: Batch) -> set[TargetId]:
    """Return the targets of which planning has to know what Orderchamp shows, and does not."""
    unknown = _unknown(batch)
    wanted = {
        binding.target_id
        for work in (batch.works.values() if unknown else ())
        if work.going_on
        for binding in work.bindings.values()
    }
    return unknown & {*wanted, *batch.occupants.values()}


def _unknown(batch: Batch) -> set[TargetId]:
    return {target_id for target_id, record in batch.targets.items() if record.observed is None}


def _wait_for_publications(run: LaneRun, batch: Batch) -> None:
    """Leave products alone while a publication of their target, by whomever, may still take effect or come into sight."""
    untils = {each: until for each in _unknown(batch) if (until := batch.targets[each].publishing_until) is not None}
    for work in batch.works.values() if untils else ():
        for binding in work.bindings.values():
            until = untils.get(binding.target_id)
            if work.going_on and until is not None and until > run.now():
                work.error = StillOnItsWay(retry_after=until - run.now())


def _held(batch: Batch, sight: Sight) -> list[Told]:
    sentence = {
        True: "Somebody unpublished the product on Orderchamp; it stays so until it is released.",
        False: "Somebody published the product on Orderchamp again.",
    }
    return [
        told_of(work, "observed", sentence[sight.held[target_id]])
        for work in batch.works.values()
        for target_id in dict.fromkeys(binding.target_id for binding in work.bindings.values())
        if target_id in sight.held
    ]


def _has(work: Work, target_id: TargetId) -> bool:
    return any(binding.target_id == target_id for binding in work.bindings.values())


def _detach(batch: Batch, gone: Collection[TargetId]) -> list[Told]:
    told = []
    for work in batch.works.values():
        lost = [variant for variant, binding in work.bindings.items() if binding.target_id in gone]
        for variant in lost:
            del work.bindings[variant]
        if lost and not work.bindings:
            detached(work)
            sentence = "The product does not exist on Orderchamp any more: somebody deleted it there."
            told.append(told_of(work, "observed", sentence))
    for target_id in gone:
        batch.targets.pop(target_id, None)
    return told
