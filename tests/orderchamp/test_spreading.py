"""After a wait that all lanes of an account are told, they do not come back at once."""

import random
from datetime import timedelta

import pytest

from app.domain.errors import RateLimited
from app.domain.ids import Sku
from app.domain.plan import NotSent
from tests.orderchamp.changes import SLOW_DOWN, stock
from tests.orderchamp.scripted import LATER, Purse, Scripted, account, ok

LANES = 200
DRAWS = random.Random(7).random


async def waits(told: timedelta) -> list[timedelta]:
    """What each lane of an account is told when nobody may draw for so long."""
    found = []
    for _ in range(LANES):
        with pytest.raises(RateLimited) as limited:
            await account(Scripted([ok({})]), Purse(waits=[told]), jitter=DRAWS).find([Sku("A")])
        assert limited.value.retry_after is not None
        found.append(limited.value.retry_after)
    return found


@pytest.mark.parametrize(("seconds", "spread"), [(1.2, 1), (30, 6), (600, 120)])
async def test_waits_of_many_lanes_spread_and_never_undercut(seconds: float, spread: float) -> None:
    told = timedelta(seconds=seconds)
    found = await waits(told)
    assert min(found) >= told
    assert max(found) <= told + timedelta(seconds=spread)
    busiest = max(
        sum(1 for each in found if start <= each - told < start + timedelta(seconds=spread / 10))
        for start in (timedelta(seconds=spread * n / 10) for n in range(10))
    )
    assert busiest < LANES / 5, "no tenth of the time takes more than twice its share"


async def test_the_budget_is_blocked_for_exactly_what_was_asked() -> None:
    purse = Purse()
    (outcome,) = await account(Scripted([SLOW_DOWN]), purse, jitter=lambda: 1.0).apply([stock(1)], before=LATER)
    assert purse.blocked == [timedelta(seconds=30)]
    assert isinstance(outcome, NotSent)
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == timedelta(seconds=36)
