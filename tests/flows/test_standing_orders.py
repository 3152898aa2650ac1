"""How standing orders are found, and what is told of it: as tables."""

from datetime import UTC, datetime

import pytest

from app.domain.ids import Topic
from app.flows.standing_orders import ALL, Found, broken, gaps, health, look, never_ordered
from app.platforms.adapter import Subscription
from app.ports import SubscriptionHealth

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
EARLIER = "https://service.example/webhooks/x/1"
HERE, FORMER, ELSEWHERE = f"{EARLIER}/new", f"{EARLIER}/old", "https://other.example/webhooks/x/1"
UPDATED = Topic("updated")
SHOWN = EARLIER


def order(number: int, address: str | None, *, active: bool = True) -> Subscription:
    return Subscription(id=str(number), topic=UPDATED, address=address, active=active)


def known(health: str, message: str = "", *, mended_at: datetime | None = None) -> SubscriptionHealth:
    return SubscriptionHealth(topic=UPDATED, address=SHOWN, health=health, message=message, mended_at=mended_at)


@pytest.mark.parametrize(
    ("orders", "found"),
    [
        ([], Found.MISSING),
        ([order(1, HERE)], Found.STANDS),
        ([order(1, HERE), order(2, HERE)], Found.DOUBLED),
        ([order(1, HERE, active=False), order(2, HERE)], Found.DOUBLED),
        ([order(1, HERE), order(2, ELSEWHERE)], Found.DOUBLED),
        ([order(1, HERE, active=False)], Found.STOPPED),
        ([order(1, None)], Found.STANDS),
        ([order(1, None, active=False)], Found.STOPPED),
        ([order(1, HERE, active=False), order(2, ELSEWHERE)], Found.STOPPED),
        ([order(1, FORMER)], Found.MOVED),
        ([order(1, EARLIER)], Found.MOVED),
        ([order(1, HERE, active=False), order(2, FORMER)], Found.MOVED),
        ([order(1, FORMER, active=False)], Found.ASTRAY),
        ([order(1, ELSEWHERE)], Found.ASTRAY),
        ([order(1, f"{EARLIER}2/new")], Found.ASTRAY),
    ],
)
def test_an_order_is_found_as_it_is(orders: list[Subscription], found: Found) -> None:
    assert look(orders, [UPDATED], address=HERE, earlier=EARLIER) == {UPDATED: found}
    assert look(orders[::-1], [UPDATED], address=HERE, earlier=EARLIER) == {UPDATED: found}


@pytest.mark.parametrize(
    ("before", "found", "refused", "health_now", "message", "mended_at", "gap"),
    [
        # The first order mends nothing, and misses nothing.
        (None, Found.MISSING, {}, "active", "", None, False),
        (None, Found.MISSING, {UPDATED: "No."}, "refused", "No.", None, False),
        (None, Found.STANDS, {ALL: "No."}, "unknown", "No.", None, False),
        (known("active"), Found.STANDS, {}, "active", "", None, False),
        (known("active"), Found.MISSING, {}, "active", Found.MISSING.mended, NOW, True),
        (known("active"), Found.STOPPED, {}, "active", Found.STOPPED.mended, NOW, True),
        (known("active"), Found.ASTRAY, {}, "active", Found.ASTRAY.mended, NOW, True),
        (known("active"), Found.DOUBLED, {}, "active", Found.DOUBLED.mended, NOW, False),
        (known("active"), Found.MOVED, {}, "active", Found.MOVED.mended, NOW, False),
        # What was mended is told until something else happens.
        (known("active", "It was.", mended_at=BEFORE), Found.STANDS, {}, "active", "It was.", BEFORE, False),
        (known("active", "It was.", mended_at=BEFORE), Found.STOPPED, {}, "active", Found.STOPPED.mended, NOW, True),
        (known("unknown", "No.", mended_at=BEFORE), Found.STANDS, {}, "active", "", BEFORE, False),
        # A gap is there until the order stands.
        (known("broken", "It is."), Found.STOPPED, {UPDATED: "No."}, "refused", "No.", None, False),
        (known("refused", "No."), Found.STANDS, {}, "active", "", None, True),
        (known("broken", "It is."), Found.STANDS, {ALL: "No."}, "broken", "No.", None, False),
        (known("broken", "It is."), Found.STANDS, {}, "active", "It is. It was made good.", NOW, True),
        (known("broken", "It is."), Found.MISSING, {}, "active", Found.MISSING.mended, NOW, True),
    ],
)
def test_what_is_told_of_an_order(
    before: SubscriptionHealth | None,
    found: Found,
    refused: dict[str, str],
    health_now: str,
    message: str,
    mended_at: datetime | None,
    gap: bool,
) -> None:
    were = {} if before is None else {UPDATED: before}
    (now,) = health(were, {UPDATED: found}, refused, address=SHOWN, now=NOW)

    assert (now.health, now.message, now.mended_at, now.address) == (health_now, message, mended_at, SHOWN)
    assert gaps(were, {UPDATED: found}, refused) == ((UPDATED,) if gap else ())


def test_what_is_broken_is_written_down_once_before_it_is_mended() -> None:
    (noted,) = broken({UPDATED: known("active", mended_at=BEFORE)}, {UPDATED: Found.STOPPED}, address=SHOWN)

    assert (noted.health, noted.message, noted.mended_at) == ("broken", Found.STOPPED.wrong, BEFORE)
    assert broken({UPDATED: noted}, {UPDATED: Found.STOPPED}, address=SHOWN) == ()
    assert broken({}, {UPDATED: Found.MISSING}, address=SHOWN) == ()
    assert broken({UPDATED: known("active")}, {UPDATED: Found.DOUBLED}, address=SHOWN) == ()


def test_a_first_order_that_has_to_wait_leaves_a_gap() -> None:
    (noted,) = never_ordered({}, [UPDATED], address=SHOWN, reason="The shop is down.")

    assert (noted.health, noted.message) == ("broken", "The shop is down.")
    assert gaps({UPDATED: noted}, {UPDATED: Found.MISSING}, {}) == (UPDATED,)
    assert never_ordered({UPDATED: known("active")}, [UPDATED], address=SHOWN, reason="x") == ()
