"""How far an import says that it is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.ids import ApplicationId
from app.domain.importing import Import, ImportPhase, seconds_left
from app.domain.structs import replace

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
FRESH = Import(
    id=UUID(int=1),
    application_id=ApplicationId(UUID(int=2)),
    state="running",
    phase="reading",
    reason="",
    cursor=None,
    attempts=0,
    due_at=START,
    started_at=START,
    finished_at=None,
)


@pytest.mark.parametrize(
    ("phase", "total", "counters", "progress"),
    [
        ("reading", 10, {}, 0.0),
        ("reading", 10, {"read": 5}, 0.25),
        ("reading", 10, {"read": 50}, 0.5),
        ("reading", None, {"read": 1000}, 0.25),
        ("reading", 0, {}, 0.0),
        ("listing", None, {}, 0.5),
        ("missing", None, {}, 0.525),
        ("sending", None, {"wanted": 4, "tried": 2}, 0.775),
        ("sending", None, {"wanted": 0}, 1.0),
    ],
)
def test_progress_follows_phase_and_counters(
    phase: ImportPhase, total: int | None, counters: dict[str, int], progress: float
) -> None:
    now = replace(FRESH, phase=phase, total=total, counters=counters).progressed()
    assert now.progress == pytest.approx(progress)


@given(st.lists(st.tuples(st.integers(0, 50), st.one_of(st.none(), st.integers(0, 200))), max_size=20))
def test_progress_never_falls_whatever_the_shop_says_of_its_size(steps: list[tuple[int, int | None]]) -> None:
    now = FRESH
    for read, total in steps:
        before = now.progress
        now = replace(now, total=total).counted({"read": read})
        assert before <= now.progress <= 0.5


def test_the_time_left_follows_the_pace_so_far() -> None:
    at = START + timedelta(seconds=30)
    assert seconds_left(replace(FRESH, progress=0.25), at=at) == pytest.approx(90)
    assert seconds_left(FRESH, at=at) is None
    assert seconds_left(replace(FRESH, progress=1.0, state="done"), at=at) is None
