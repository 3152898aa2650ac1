"""Sight: what a look at Orderchamp tells of a target, of people who were there, and of earlier attempts."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.ids import AccountId, TargetId
from app.domain.matching import was_published
from app.domain.state import Observed
from app.domain.structs import replace
from app.ports import TargetRecord, Transaction


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
