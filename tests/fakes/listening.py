"""An observer that remembers what it was told."""

from collections.abc import Iterable

from app.domain.ids import ApplicationId
from app.ports import Nobody, RunEnd


class Listening(Nobody):
    """Remembers outcomes of deliveries and of replays, alarms by their level, take-overs by their number, and how runs ended."""

    def __init__(self) -> None:
        self.outcomes: list[str] = []
        self.replays: list[str] = []
        self.levels: list[int] = []
        self.take_overs = 0
        self.runs: list[tuple[RunEnd, float]] = []

    def settled(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""
        self.outcomes += outcomes

    def replayed(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""
        self.replays += outcomes

    def alarmed(self, application_id: ApplicationId, level: int) -> None:
        """See Observer."""
        self.levels.append(level)

    def taken_over(self) -> None:
        """See Observer."""
        self.take_overs += 1

    def ran(self, ended: RunEnd, seconds: float) -> None:
        """See Observer."""
        self.runs.append((ended, seconds))
