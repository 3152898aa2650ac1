"""When a duty that met an error goes on."""

from datetime import timedelta

from app.domain.errors import PlatformRejected, RateLimited, TemporaryError
from app.domain.retry import GiveUp, decide
from app.flows.lane import LaneRun

AT_LEAST = timedelta(milliseconds=50)
"""The shortest wait after an error, however much waits are shortened and whatever the other side asks for."""


def failures(before: int, error: Exception) -> int:
    """Return how many attempts have failed, after ``before`` and this error. Being asked to wait is no failure."""
    return before + (0 if isinstance(error, RateLimited) else 1)


def next_try(run: LaneRun, error: TemporaryError | PlatformRejected, attempts: int) -> timedelta | GiveUp:
    """Return how long to wait after so many attempts that failed, or that no more is tried.

    A wait that the other side asks for counts, however short it is.
    """
    decision = decide(error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp):
        return decision
    asked = error.retry_after if isinstance(error, TemporaryError) else None
    ours = (decision.when - run.now()) * run.services.pace.retry_scale
    return max(ours if asked is None else asked, AT_LEAST)
