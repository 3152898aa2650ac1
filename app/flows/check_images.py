"""Checking images: whether those that were sent some time ago have arrived.

Verdicts are only written down here, and the products planned again; it is planning that sends what follows from them. So a
crash anywhere costs nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.domain.errors import CredentialsRefused, RunOver, TemporaryError
from app.domain.ids import TargetId
from app.domain.images import ARRIVED_AFTER, SOONEST, Sent, Verdict, judge
from app.flows.lane import LaneRun
from app.ports import Told, Transaction

BATCH = 50


async def expect_images(run: LaneRun, tx: Transaction, ids: list[TargetId]) -> None:
    """Have it looked later whether the images of these targets have arrived, in the transaction that says that they were sent."""
    if not ids:
        return
    wait = _wait(run)
    await tx.images.sent(run.application.account_id, ids, wait=wait)
    if await tx.appointments.of(run.application.id, "images") is None:
        await tx.appointments.make(run.application.id, "images", after=wait)


def _wait(run: LaneRun) -> timedelta:
    return max(ARRIVED_AFTER * run.services.pace.retry_scale, SOONEST)


async def check_images(run: LaneRun) -> bool:
    """Look for the next images that should be there; False when that was all for now."""
    async with run.services.store.reading() as tx:
        due = await tx.images.to_check(run.application.id, limit=BATCH)
    verdicts: dict[TargetId, Verdict] = {}
    if due:
        await run.hold(run.services.pace.call * 2)
        try:
            shown = await run.marketplace.count_images([each.target_id for each in due])
        except RunOver:
            raise
        except (TemporaryError, CredentialsRefused):
            # Nothing waits for this, and it must not keep anything else waiting.
            async with run.services.store.transaction(run.claim) as tx:
                await tx.appointments.make(run.application.id, "images", after=_wait(run))
            return False
        # What does not exist any more needs no images.
        verdicts = {each.target_id: judge(each, shown.get(each.target_id, each.count)) for each in due}
    async with run.services.store.transaction(run.claim) as tx:
        settled = await tx.images.settle(run.application.account_id, verdicts)
        await _follow(run, tx, [each for each in due if each.target_id in settled], verdicts)
        wait = await tx.images.next_check(run.application.id)
        if wait is None:
            await tx.appointments.cancel(run.application.id, "images")
        else:
            await tx.appointments.make(run.application.id, "images", after=wait)
    return bool(due)


async def _follow(run: LaneRun, tx: Transaction, settled: Sequence[Sent], verdicts: Mapping[TargetId, Verdict]) -> None:
    """Plan again who has images to send, or a problem to raise or to close, and tell what was missing."""
    told = [
        Told(source_id=source_id, kind="images", sentence=sentence)
        for each in settled
        if (sentence := _sentence(run, verdicts[each.target_id])) is not None
        for source_id in each.source_ids
    ]
    await tx.timeline.add(run.application.id, told)
    again = [
        source_id
        for each in settled
        if verdicts[each.target_id] != "arrived" or each.missing
        for source_id in each.source_ids
    ]
    await tx.products.make_due(run.application.id, again)


def _sentence(run: LaneRun, verdict: Verdict) -> str | None:
    settings = run.application.settings
    follows: Mapping[Verdict, str] = {
        "replaced": "the last ones that arrived are sent in their place",
        "again": "those of the shop are sent again",
    }
    if verdict == "missing":
        return "Orderchamp does not show all of the images that it was sent."
    if verdict not in follows:
        return None
    kept = settings.fields.images and settings.mode != "stock"
    what = follows[verdict] if kept else "images are not kept up to date any more, so nothing is sent"
    return f"Orderchamp shows none of the images that it was sent; {what}."
