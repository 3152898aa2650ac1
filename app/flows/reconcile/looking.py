"""Looking: reading the targets of which it is not known what Orderchamp shows, and what that says of earlier attempts."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.domain.ids import AccountId, TargetId
from app.domain.matching import was_published
from app.domain.state import Observed
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, StillOnItsWay, detached, told_of
from app.ports import TargetRecord, Told, Transaction


@dataclass(slots=True)
class Sight:
    """What a read at that time told beyond what is shown: who was held or released by hand, what is clear now."""

    at: datetime
    held: dict[TargetId, bool] = field(default_factory=dict)
    clear: list[TargetId] = field(default_factory=list)

    @property
    def told_anything(self) -> bool:
        return bool(self.held or self.clear)


async def keep_sight(tx: Transaction, account_id: AccountId, sight: Sight) -> None:
    """Write down what was seen of people and earlier attempts."""
    if sight.held:
        await tx.targets.hold(account_id, sight.held)
    if sight.clear:
        await tx.targets.end_publishing(account_id, dict.fromkeys(sight.clear))


async def look(run: LaneRun, batch: Batch) -> None:
    """Read the targets that are not known. Those that are gone lose their bindings."""
    _wait_for_publications(run, batch)
    wanted = {
        binding.target_id
        for work in batch.works.values()
        if work.going_on
        for binding in work.bindings.values()
        if binding.target_id not in batch.targets or batch.targets[binding.target_id].observed is None
    }
    wanted |= {each for each in batch.occupants.values() if batch.targets[each].observed is None}
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    found = await run.marketplace.read(tuple(sorted(wanted)))
    gone = [target_id for target_id, observed in found.items() if observed is None]
    sight = Sight(at=run.now())
    for target_id, observed in found.items():
        if observed is not None:
            batch.targets[target_id] = seen(batch.targets.get(target_id), observed, sight)
    async with run.services.store.transaction(run.claim) as tx:
        await tx.targets.record(
            run.application.account_id, [batch.targets[each] for each, seen in found.items() if seen is not None]
        )
        await keep_sight(tx, run.application.account_id, sight)
        for target_id in gone:
            await tx.targets.unbind(run.application.account_id, target_id)
        await tx.timeline.add(run.application.id, [*_held(batch, sight), *_detach(batch, gone)])


def _wait_for_publications(run: LaneRun, batch: Batch) -> None:
    """Leave products alone while a publication of their target, by whomever, may still take effect or come into sight."""
    for work in batch.works.values():
        for binding in work.bindings.values():
            record = batch.targets.get(binding.target_id)
            until = None if record is None or record.observed is not None else record.publishing_until
            if work.going_on and until is not None and until > run.now():
                work.error = StillOnItsWay(retry_after=until - run.now())


def seen(before: TargetRecord | None, observed: Observed, sight: Sight) -> TargetRecord:
    """Take in what a read shows of a target, and put into ``sight`` what that tells of people and earlier attempts."""
    record = before or TargetRecord(target_id=observed.id, observed=None)
    if record.publishing_since is not None:
        record = _after_publication(record, observed, sight)
    elif record.left_published and not observed.published:
        if record.publishing_until is not None and record.publishing_until > sight.at:
            # Orderchamp may not show yet what we have just published; a person is believed once it must.
            return record
        record = replace(record, held=True)
        sight.held[observed.id] = True
    elif record.held and observed.published:
        record = replace(record, held=False)
        sight.held[observed.id] = False
    return replace(record, observed=replace(observed, images=record.sent_images))


def _after_publication(record: TargetRecord, observed: Observed, sight: Sight) -> TargetRecord:
    """Take in what a look says of a publication of unknown outcome; undecided, it stays unclear."""
    assert record.publishing_since is not None  # noqa: S101 - the caller has looked
    done = was_published(observed, since=record.publishing_since, refreshing=record.refresh_listing)
    if done is None:
        return record
    sight.clear.append(observed.id)
    return replace(
        record,
        publishing_since=None,
        publishing_until=None,
        refresh_listing=record.refresh_listing and not done,
    )


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


def _detach(batch: Batch, gone: Sequence[TargetId]) -> list[Told]:
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
