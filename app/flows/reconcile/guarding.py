"""Guarding: whether products may be unpublished, asked once for each before its first change."""

from datetime import timedelta

from app.domain.guard import may_stop, too_many
from app.domain.plan import wants_hiding
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, Work
from app.flows.reconcile.keeper import Keeper


async def guard(run: LaneRun, batch: Batch, keeper: Keeper) -> None:
    """Decide for the products that want to be hidden. What is held once stays held until a person approves."""
    hidden = [work for work in batch.works.values() if not work.due.desired.published and work.may_hide is None]
    asked = [work for work in hidden if work.going_on and wants_hiding(batch.situation(run, work))]
    free = [work for work in asked if work.due.hiding == "free"]
    held = bool(free) and run.application.state != "uninstalling" and await _is_unbelievable(run, free, keeper)
    for work in asked:
        if run.application.state == "uninstalling":
            work.may_hide = True
        else:
            work.may_hide = work.due.hiding == "approved" or (work.due.hiding == "free" and not held)


async def _is_unbelievable(run: LaneRun, free: list[Work], keeper: Keeper) -> bool:
    settings = run.application.settings.guard
    if not may_stop(settings):
        return False
    since = run.now() - timedelta(minutes=settings.window_minutes)
    counted = await keeper.hidings(since=since)
    return too_many(
        targets=counted.targets,
        lately=counted.lately,
        pending=max(counted.pending, len(free)),
        settings=settings,
    )
