"""Figures say by themselves whether they reach their goal."""

from typing import Literal

import pytest

from app.local.figures import Figure, report


@pytest.mark.parametrize(
    ("better", "value", "line"),
    [
        ("at least", 1.2, "figure ratio 1.2 >=1.2 ok"),
        ("at least", 1.19, "figure ratio 1.19 >=1.2 short"),
        ("at most", 1.2, "figure ratio 1.2 <=1.2 ok"),
        ("at most", 1.21, "figure ratio 1.21 <=1.2 short"),
        ("less than", 1.2, "figure ratio 1.2 <1.2 short"),
        ("less than", 1.1, "figure ratio 1.1 <1.2 ok"),
        ("at most", None, "figure ratio none <=1.2 short"),
    ],
)
def test_a_figure_is_compared_with_its_goal(
    better: Literal["at least", "at most", "less than"], value: float | None, line: str
) -> None:
    assert str(Figure(name="ratio", value=value, goal=1.2, better=better)) == line


def test_a_figure_that_was_not_taken_is_short() -> None:
    figure = Figure(name="ratio", goal=1.2, better="at most")
    assert not figure.ok
    assert figure.taken(1.1).ok


def test_one_short_figure_is_told_among_others(capsys: pytest.CaptureFixture[str]) -> None:
    good = Figure(name="lost", value=0, goal=0, better="at most")
    short = Figure(name="doubled", value=3, goal=0, better="at most")
    assert not report([good, short])
    assert capsys.readouterr().out.splitlines() == ["figure lost 0 <=0 ok", "figure doubled 3 <=0 short"]
    assert report([good])
