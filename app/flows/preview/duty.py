"""The duty: one step of the oldest preview that can go on."""

import structlog

from app.domain.errors import PlatformRejected, RunOver, TemporaryError
from app.domain.previewing import Preview
from app.domain.retry import GiveUp
from app.flows.lane import LaneRun
from app.flows.preview.collecting import ask_shop, look_for_missing, read_page, take_known
from app.flows.preview.rehearsing import plan_batch
from app.flows.reconcile.batch import StillOnItsWay
from app.flows.retrying import failures, next_try

logger = structlog.get_logger(__name__)


async def preview(run: LaneRun) -> bool:
    """Take the next step of a preview; False when none can go on now."""
    async with run.services.store.reading() as tx:
        now = await tx.previews.due(run.application.id)
    if now is None:
        return False
    try:
        match now.phase:
            case "reading" | "missing" | "asking" if run.adapter.catalogue is None:
                await take_known(run, now)
            case "reading":
                await read_page(run, now)
            case "missing":
                await look_for_missing(run, now)
            case "asking":
                await ask_shop(run, now)
            case "planning":
                await plan_batch(run, now)
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, now, error)
        return False
    return True


async def _postpone(run: LaneRun, now: Preview, error: TemporaryError | PlatformRejected) -> None:
    # To wait for what is on its way is no failure, either.
    attempts = now.attempts if isinstance(error, StillOnItsWay) else failures(now.attempts, error)
    wait = next_try(run, error, attempts)
    lasts = run.services.pace.preview_lasts
    async with run.services.store.transaction(run.claim) as tx:
        if not isinstance(wait, GiveUp):
            await tx.previews.retry(now.id, attempts=attempts, wait=wait, reason=str(error))
            return
        await tx.previews.end(run.application.id, now.id, "failed", reason=wait.reason, lasts=lasts)
    logger.warning("preview_failed", application_id=str(run.application.id), preview_id=str(now.id), reason=wait.reason)
