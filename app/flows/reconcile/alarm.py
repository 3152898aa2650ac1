"""The alarm: many products that Orderchamp refuses for good within a day say that something bigger is wrong."""

from collections.abc import Collection

import structlog

from app.domain.problem import Raised
from app.domain.retry import ALARM_LEVELS, ALARM_WINDOW, alarm_level
from app.flows.lane import LaneRun
from app.ports import Transaction

logger = structlog.get_logger(__name__)


async def sound(run: LaneRun, tx: Transaction, states: Collection[str]) -> int | None:
    """Raise the problem at each level once, at the last one pause the Application; return the level to announce, if any.

    ``states`` are where products stood or stand. Only what Orderchamp refused counts: who could not be reached, or what
    went wrong with us, is no fault of the products. Counting begins anew when a person resumes.
    """
    application = run.application
    if "problem" not in states or application.state == "uninstalling":
        return None
    since = max(run.now() - ALARM_WINDOW, application.state_since)
    failures = await tx.problems.opened_since(application.id, "refused", since=since)
    level = alarm_level(failures, application.settings.failure_limit)
    before = await tx.problems.open_level(application.id)
    if level is None and before is not None:
        await tx.problems.close(application.id, "many_failures")
    if level is None or (before is not None and before >= level):
        return None
    if level == ALARM_LEVELS[-1] and not await tx.applications.is_current(application):
        # Somebody paused it, let it go or resumed it meanwhile, and has the last word; what still holds is counted again.
        return None
    sentence = f"Orderchamp refused {failures} products within a day: {level} % of the limit."
    details = {"level": level, "failures": failures, "limit": application.settings.failure_limit}
    raised = Raised(kind="many_failures", subject="", sentence=sentence, details=details)
    await tx.problems.raise_(application.id, raised)
    if level == ALARM_LEVELS[-1]:
        reason = f"{sentence} Mend what is wrong, then resume."
        await tx.applications.set_state(application.id, "paused", reason, paused_by="system")
        run.ended = True
    return level


def announce(run: LaneRun, level: int | None) -> None:
    """Tell the log and the metrics of a level, once it is written down."""
    if level is not None:
        logger.warning("many_failures", application_id=str(run.application.id), percent_of_limit=level)
        run.services.observer.alarmed(run.application.id, level)
