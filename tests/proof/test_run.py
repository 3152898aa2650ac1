"""Which troubles a run meets."""

from random import Random

from app.proof.run import chosen_troubles
from app.proof.troubles import MACHINES, MENDED_WITH_ORDERCHAMP, TROUBLES

CHOSEN = [chosen_troubles(seed, Random(seed)) for seed in range(2000)]


def test_so_many_runs_in_a_row_as_there_are_troubles_meet_them_all() -> None:
    assert {name for chosen in CHOSEN[: len(TROUBLES)] for name in chosen} == set(TROUBLES)


def test_what_is_about_machines_begins_last_and_alone() -> None:
    for chosen in CHOSEN:
        assert not MACHINES.keys() & set(chosen[:-1])


def test_what_needs_orderchamp_to_be_mended_begins_first() -> None:
    met = [chosen for chosen in CHOSEN if MENDED_WITH_ORDERCHAMP & set(chosen)]
    assert any(len(chosen) > 1 for chosen in met)
    assert [chosen for chosen in met if chosen[0] not in MENDED_WITH_ORDERCHAMP] == []
