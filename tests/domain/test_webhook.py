"""Which of an account's webhooks is ours, and which are to go: every way in which one can stand."""

from itertools import permutations

import pytest

from app.domain.webhook import ASTRAY, DOUBLED, INCOMPLETE, MISSING, STANDS, Registered, standing

OURS = "https://apps.example/webhooks/orderchamp/"
ADDRESS = f"{OURS}secret"
HERE = Registered(id="1", address=ADDRESS, complete=True)
AGAIN = Registered(id="2", address=ADDRESS, complete=True)
HALF = Registered(id="3", address=ADDRESS, complete=False)
FORMER = Registered(id="4", address=f"{OURS}former", complete=True)
MOVED = Registered(id="5", address="https://former.example/webhooks/orderchamp/secret", complete=True)
FOREIGN = Registered(id="6", address="https://erp.example/orderchamp", complete=True)

CASES = {
    "nothing": ((), None, (), MISSING),
    "somebody else's": ((FOREIGN,), None, (), MISSING),
    "ours": ((HERE, FOREIGN), "1", (), STANDS),
    "twice": ((HERE, AGAIN), "1", ("2",), DOUBLED),
    "a former address beside it": ((HERE, FORMER), "1", ("4",), DOUBLED),
    "only a former address": ((FORMER,), None, ("4",), ASTRAY),
    "half of the events": ((HALF,), None, ("3",), INCOMPLETE),
    "half of the events beside the whole": ((HALF, HERE), "1", ("3",), DOUBLED),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_ours_is_told_from_what_is_not_in_any_order(name: str) -> None:
    registered, kept, to_go, was = CASES[name]
    for each in permutations(registered):
        found = standing(each, address=ADDRESS, ours=OURS, remembered=None)
        assert (found.kept, sorted(found.to_go), found.was) == (kept, sorted(to_go), was)


def test_the_one_that_we_registered_last_is_ours_wherever_it_rings() -> None:
    found = standing([MOVED, FOREIGN], address=ADDRESS, ours=OURS, remembered="5")
    assert (found.kept, found.to_go, found.was) == (None, ("5",), ASTRAY)


def test_of_two_alike_the_one_that_we_registered_last_stays() -> None:
    assert standing([HERE, AGAIN], address=ADDRESS, ours=OURS, remembered="2").kept == "2"
