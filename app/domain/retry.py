"""When to try again: minutes to hours between two attempts at one product, decided purely."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import IntegrationError, PermanentError, TemporaryError

SCHEDULE = tuple(
    timedelta(seconds=seconds) for seconds in (5, 60, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 8 * 3600, 9 * 3600)
)
"""The waits after the first, second, … failed attempt: eight of them in about 24 hours."""

CONFIRM_GONE = (timedelta(minutes=1), timedelta(minutes=15))
"""When a deletion that the shop announced, but does not show yet, is looked up again."""


FIRST_REST, LONGEST_REST = timedelta(seconds=5), timedelta(minutes=15)
"""How long a lane rests after a run that ended with a bug: at first, and at most."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """Try again at this time."""

    when: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Stop trying, for this reason."""

    reason: str


def decide(error: BaseException, attempts: int, now: datetime, *, jitter: float = 0.0) -> RetryAt | GiveUp:
    """Decide what follows the ``attempts``-th failed attempt (the first is 1).

    ``jitter`` between 0 and 1 lengthens the wait by up to a fifth, so that many products do not come back at once. A
    wait that the other side asked for is never undercut. An error that is not ours is a bug: retried like a temporary
    one, so that mending it mends the product.
    """
    if isinstance(error, PermanentError):
        return GiveUp(str(error))
    if attempts > len(SCHEDULE):
        reason = str(error) if isinstance(error, IntegrationError) else f"an internal error ({type(error).__name__})"
        return GiveUp(f"{attempts} attempts failed; the last one: {reason}")
    wait = SCHEDULE[attempts - 1] * (1 + 0.2 * jitter)
    if isinstance(error, TemporaryError) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return RetryAt(now + wait)


ALARM_LEVELS = (50, 70, 90, 100)
"""At which percentages of the limit it is announced that many products are refused; the last one pauses."""

ALARM_WINDOW = timedelta(hours=24)


def alarm_level(failures: int, limit: int) -> int | None:
    """Return the highest percentage of ``limit`` that has been reached; None below the first."""
    return max((level for level in ALARM_LEVELS if failures * 100 >= level * limit), default=None)


def rest_after(failures: int, *, jitter: float = 0.0) -> timedelta:
    """Return how long a lane rests after so many runs in a row that ended with a bug (the first is 1).

    ``jitter`` as for ``decide``: one bug often hits many lanes at once.
    """
    doubled = FIRST_REST * (1 << min(failures - 1, 20))
    return min(doubled, LONGEST_REST) * (1 + 0.2 * jitter)
