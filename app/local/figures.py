"""Figures that are measured and compared with a goal: the last lines of every measurement, one a figure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One figure. ``value`` None: it was not taken, or could not be, which counts as short of the goal.

    ``better`` says on which side of ``goal`` a value is good; the goal itself is good enough, except for "less than".
    """

    name: str
    value: float | None = None
    goal: float
    better: Literal["at least", "at most", "less than"]

    def taken(self, value: float | None) -> "Figure":
        """Return the figure with what was measured."""
        return replace(self, value=value)

    @property
    def ok(self) -> bool:
        if self.value is None:
            return False
        match self.better:
            case "at least":
                return self.value >= self.goal
            case "at most":
                return self.value <= self.goal
            case "less than":
                return self.value < self.goal

    def __str__(self) -> str:
        taken = "none" if self.value is None else f"{self.value:g}"
        sign = {"at least": ">=", "at most": "<=", "less than": "<"}[self.better]
        return f"figure {self.name} {taken} {sign}{self.goal:g} {'ok' if self.ok else 'short'}"


def report(figures: Iterable[Figure]) -> bool:
    """Print the figures, one a line, and tell whether all reach their goals."""
    reached = True
    for figure in figures:
        print(figure)
        reached = reached and figure.ok
    return reached
