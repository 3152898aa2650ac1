"""How far a replay has come, and how long it will take."""

from dataclasses import replace
from uuid import UUID

from app.domain.ids import ApplicationId
from app.domain.replay import Estimate, Replay, Selection, Share, estimate
from tests.fakes.shop import EPOCH

HALF = Share(
    application_id=ApplicationId(UUID(int=1)),
    state="running",
    first_id=100,
    last_id=300,
    cursor=200,
    picked=None,
    counters={"ignored": 30, "reading": 10},
    due_at=EPOCH,
    finished_at=None,
)
DONE = replace(HALF, state="done", counters={"ignored": 5}, finished_at=EPOCH)
UNBEGUN = replace(HALF, cursor=100, counters={})


def test_what_was_found_so_far_says_how_much_there_will_be() -> None:
    assert (HALF.worked, HALF.progress, HALF.expected) == (40, 0.5, 80)
    assert (DONE.worked, DONE.progress, DONE.expected) == (5, 1.0, 5)
    assert (UNBEGUN.progress, UNBEGUN.expected) == (0.0, None)
    assert replace(UNBEGUN, picked=7).expected == 7


def test_the_slowest_share_says_how_long_it_takes() -> None:
    assert estimate([HALF, DONE], per_second=4, running_for=3) == Estimate(85, 10.0)
    assert estimate([HALF, DONE], per_second=400, running_for=3) == Estimate(85, 3.0), "slower than the limit"
    assert estimate([DONE], per_second=4, running_for=3) == Estimate(5, 0.0)
    assert estimate([HALF, UNBEGUN], per_second=4, running_for=3) == Estimate(None, None)
    assert estimate([], per_second=4, running_for=3) == Estimate(0, 0.0)


def test_a_replay_runs_as_long_as_one_of_its_shares_does() -> None:
    def replay(*shares: Share) -> Replay:
        return Replay(id=UUID(int=2), supplier_id=None, by="me", selection=Selection(), created_at=EPOCH, shares=shares)

    cancelled = replace(HALF, state="cancelled", finished_at=EPOCH)
    assert (replay(HALF, cancelled).state, replay(HALF, cancelled).finished_at) == ("running", None)
    assert (replay(DONE, cancelled).state, replay(DONE, cancelled).finished_at) == ("cancelled", EPOCH)
    assert (replay(DONE).state, replay().state, replay().finished_at) == ("done", "done", EPOCH)
