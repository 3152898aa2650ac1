"""Whoever wants to know what happened, such as metrics."""

from collections.abc import Iterable
from typing import Literal, Protocol

from app.domain.ids import ApplicationId

RunEnd = Literal["done", "over", "waits", "refused", "lost", "broken off", "failed"]
"""How a run of a lane ended.

"done": as it should; products that have to wait are no trouble of the run. "over": it had to make way, and the next one
goes on. "waits": somebody asked us to wait, or did not answer. "refused": credentials were not accepted. "lost": another
worker holds the lane. "broken off": the database was away. "failed": a bug.
"""


class Observer(Protocol):
    """Is told what happened once it is written down. Takes no time, and raises nothing."""

    def settled(self, platform: str, outcomes: Iterable[str]) -> None:
        """These are what became of deliveries, one each."""

    def replayed(self, platform: str, outcomes: Iterable[str]) -> None:
        """These are what became of deliveries that were replayed, one each."""

    def reconciled(self, platform: str, states: Iterable[str]) -> None:
        """These are where products stand after reconciling, one each."""

    def alarmed(self, application_id: ApplicationId, level: int) -> None:
        """Many products of an Application are refused: this percentage of the limit."""

    def taken_over(self) -> None:
        """A lane was taken whose holder had not let go of it."""

    def ran(self, ended: RunEnd, seconds: float) -> None:
        """A run of a lane ended, after so many seconds."""


class Nobody:
    """Does not want to know."""

    def settled(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""

    def replayed(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""

    def reconciled(self, platform: str, states: Iterable[str]) -> None:
        """See Observer."""

    def alarmed(self, application_id: ApplicationId, level: int) -> None:
        """See Observer."""

    def taken_over(self) -> None:
        """See Observer."""

    def ran(self, ended: RunEnd, seconds: float) -> None:
        """See Observer."""
