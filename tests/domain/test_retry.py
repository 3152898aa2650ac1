"""When something is tried again, as a table."""

from datetime import timedelta

import pytest

from app.domain.errors import (
    CredentialsRefused,
    OrderchampRejected,
    OrderchampUnavailable,
    OutcomeUnknown,
    PlatformRejected,
    RateLimited,
)
from app.domain.retry import FIRST_REST, LONGEST_REST, SCHEDULE, GiveUp, RetryAt, decide, rest_after
from tests.fakes.shop import EPOCH

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("error", "attempts", "wait"),
    [
        (OrderchampUnavailable(), 1, timedelta(seconds=5)),
        (OutcomeUnknown(), 2, timedelta(minutes=1)),
        (OrderchampUnavailable(), 4, timedelta(minutes=30)),
        (OrderchampUnavailable(), 8, 9 * HOUR),
        (OrderchampUnavailable(), 9, None),
        (RateLimited(retry_after=timedelta(seconds=40)), 1, timedelta(seconds=40)),
        (RateLimited(retry_after=timedelta(seconds=40)), 2, timedelta(minutes=1)),
        (OrderchampRejected(["no"]), 1, None),
        (PlatformRejected(), 1, None),
        (CredentialsRefused("shop", "no"), 1, None),
        (ZeroDivisionError(), 1, timedelta(seconds=5)),
        (ZeroDivisionError(), 9, None),
    ],
)
def test_what_is_temporary_comes_back_ever_more_slowly_and_the_rest_is_given_up(
    error: Exception, attempts: int, wait: timedelta | None
) -> None:
    decision = decide(error, attempts, EPOCH)
    assert (decision.when - EPOCH if isinstance(decision, RetryAt) else None) == wait


def test_it_is_tried_for_about_a_day() -> None:
    assert 23 * HOUR < sum(SCHEDULE, timedelta()) < 26 * HOUR
    assert list(SCHEDULE) == sorted(SCHEDULE)


@pytest.mark.parametrize("attempts", range(1, len(SCHEDULE) + 1))
@pytest.mark.parametrize("asked", [timedelta(0), timedelta(minutes=7), 30 * HOUR])
def test_jitter_lengthens_by_a_fifth_at_most_and_a_wait_that_was_asked_for_is_never_undercut(
    attempts: int, asked: timedelta
) -> None:
    plain, jittered = (decide(RateLimited(retry_after=asked), attempts, EPOCH, jitter=jitter) for jitter in (0.0, 1.0))
    assert isinstance(plain, RetryAt)
    assert isinstance(jittered, RetryAt)
    assert EPOCH + asked <= plain.when <= jittered.when <= EPOCH + max(asked, SCHEDULE[attempts - 1] * 1.2)
    assert (plain.when < jittered.when) == (asked < SCHEDULE[attempts - 1] * 1.2)


def test_what_is_given_up_says_why_without_the_words_of_a_bug() -> None:
    given_up = decide(ZeroDivisionError("secret"), 9, EPOCH)
    assert isinstance(given_up, GiveUp)
    assert "ZeroDivisionError" in given_up.reason
    assert "secret" not in given_up.reason


def test_a_lane_rests_twice_as_long_each_time_up_to_a_limit() -> None:
    rests = [rest_after(failures) for failures in range(1, 100)]
    assert rests[:4] == [FIRST_REST * n for n in (1, 2, 4, 8)]
    assert rests[-1] == max(rests) == LONGEST_REST
    assert FIRST_REST < rest_after(1, jitter=1.0) <= FIRST_REST * 1.2
