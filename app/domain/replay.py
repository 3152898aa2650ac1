"""Replays: which stored deliveries are worked through again, what they may change, and how far that has come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.domain.event import Incomplete, ProductFact
from app.domain.ids import ApplicationId, DeliveryId, SourceId, Topic
from app.domain.projection import Projected, SourceProduct, project
from app.domain.settings import ApplicationSettings

DEAD_LETTER = "dead-letter"
"""An outcome to ask for: what could not be worked through, and was not mended by a replay since."""

ReplayState = Literal["running", "done", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which deliveries are meant: those for which everything holds that is given.

    ``outcome`` is their first one, or DEAD_LETTER. Received from ``received_from`` on, and before ``received_until``.
    """

    delivery_ids: tuple[DeliveryId, ...] | None = None
    application_id: ApplicationId | None = None
    topic: Topic | None = None
    outcome: str | None = None
    source_id: SourceId | None = None
    received_from: datetime | None = None
    received_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What one Application has to do of a replay: the deliveries behind ``first_id``, up to ``last_id``.

    ``cursor`` is the last one that was looked at. ``picked``: how many were named one by one; None: they are searched for.
    ``counters`` count the deliveries that were worked through, by their new outcome.
    """

    application_id: ApplicationId
    state: ReplayState
    first_id: int
    last_id: int
    cursor: int
    picked: int | None
    counters: Mapping[str, int]
    due_at: datetime
    finished_at: datetime | None

    @property
    def worked(self) -> int:
        return sum(self.counters.values())

    @property
    def progress(self) -> float:
        """How much of its deliveries was looked at, from 0 to 1."""
        if self.state != "running":
            return 1.0
        return (self.cursor - self.first_id) / max(self.last_id - self.first_id, 1)

    @property
    def expected(self) -> int | None:
        """How many deliveries it will be in all, about; None while nothing lets it be guessed.

        They are searched for as it goes, since counting them beforehand would take as long as finding them.
        """
        if self.state != "running":
            return self.worked
        if self.picked is not None:
            return self.picked
        return round(self.worked / self.progress) if self.progress > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A replay with the shares of all its Applications. ``by`` is who asked for it, ``supplier_id`` whose key that was."""

    id: UUID
    supplier_id: str | None
    by: str
    selection: Selection
    created_at: datetime
    shares: tuple[Share, ...]

    @property
    def state(self) -> ReplayState:
        states = {share.state for share in self.shares}
        return "running" if "running" in states else "cancelled" if "cancelled" in states else "done"

    @property
    def finished_at(self) -> datetime | None:
        """When the last share ended; None while it runs."""
        if self.state == "running":
            return None
        return max(
            (share.finished_at for share in self.shares if share.finished_at is not None), default=self.created_at
        )


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many deliveries a replay will work through in all, and how many seconds are left; None: not known yet."""

    deliveries: int | None
    seconds: float | None


def estimate(shares: Sequence[Share], *, per_second: float, running_for: float) -> Estimate:
    """Guess from what was found so far. ``per_second``: deliveries that one Application may replay at most.

    The slowest share decides, by that limit or, where it comes on more slowly, by its own pace in ``running_for`` seconds.
    """
    expected = [share.expected for share in shares]
    known = [each for each in expected if each is not None]
    if len(known) < len(expected):
        return Estimate(None, None)
    seconds = 0.0
    for share, total in zip(shares, known, strict=True):
        if share.state != "running":
            continue
        seconds = max(seconds, (total - share.worked) / per_second)
        if share.progress > 0:
            seconds = max(seconds, running_for * (1 - share.progress) / share.progress)
    return Estimate(sum(known), seconds)


def project_again(
    product: SourceProduct,
    fact: ProductFact,
    *,
    settings: ApplicationSettings,
    now: datetime,
    cause: DeliveryId | None,
) -> Projected:
    """Take in a fact that the shop told some time ago.

    It is a hint, no more: what is no news stays ignored, and what would change something is read from the shop, since
    newer than what we know need not be what the shop says today.
    """
    projected = project(product, fact, settings=settings, now=now, cause=cause)
    if projected.outcome != "applied":
        return projected
    asked = Incomplete(source_id=product.source_id, reason="a replayed notice is newer than what is known of it")
    return project(product, asked, settings=settings, now=now, cause=cause)
