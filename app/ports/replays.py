"""What passes between the flows and the store about replays, retention and erasure.

What each call means is said at its implementation in ``app/store``, under the same name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.domain.ids import ApplicationId, DeliveryId, SourceId, SupplierId
from app.domain.replay import Replay, ReplayState, Selection, Share
from app.ports.records import Settled, StoredDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayDue:
    """The share of a replay that an Application has to work on next."""

    replay_id: UUID
    by: str
    selection: Selection
    share: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A delivery to replay. ``kept`` False: its body is gone, and only its product, ``source_id``, may be known."""

    stored: StoredDelivery
    kept: bool
    source_id: SourceId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPage:
    """The next deliveries of a share, oldest first. ``cursor``: where to go on; None: there are no more."""

    candidates: tuple[Candidate, ...]
    cursor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What became of a delivery when it was replayed, beside its first outcome. ``by``: who asked for that."""

    replay_id: UUID
    by: str
    outcome: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """A batch of what retention drops: how many rows went, and behind which id to go on; None: that was the last batch."""

    dropped: int
    after: int | None


class Replays(Protocol):
    """Replays, in one transaction."""

    async def start(
        self, replay_id: UUID, selection: Selection, *, supplier_id: SupplierId | None, by: str
    ) -> None: ...

    async def one(self, replay_id: UUID) -> Replay | None: ...

    async def list(
        self,
        *,
        supplier_id: SupplierId | None,
        application_id: ApplicationId | None,
        state: ReplayState | None,
        before: UUID | None,
        limit: int,
    ) -> tuple[Replay, ...]: ...

    async def cancel(self, replay_id: UUID) -> None: ...

    async def cancel_of(self, application_id: ApplicationId) -> None: ...

    async def due(self, application_id: ApplicationId) -> ReplayDue | None: ...

    async def page(self, due: ReplayDue, *, limit: int, size: int) -> ReplayPage | None: ...

    async def advance(
        self, due: ReplayDue, worked: Sequence[Settled], *, cursor: int | None, wait: timedelta
    ) -> None: ...

    async def of_delivery(self, delivery_id: DeliveryId) -> tuple[Replayed, ...]: ...


class Retention(Protocol):
    """Dropping what is old, in one transaction each batch."""

    async def alone(self) -> bool: ...

    async def bodies(self, *, older_than: timedelta, after: int, limit: int) -> Swept: ...

    async def keys(self, *, older_than: timedelta, after: int, limit: int) -> Swept: ...

    async def timeline(self, *, older_than: timedelta, after: int, limit: int) -> Swept: ...

    async def installs(self, *, older_than: timedelta, after: int, limit: int) -> Swept: ...

    async def previews(self, *, after: int, limit: int) -> Swept: ...

    async def finished(self, *, older_than: timedelta, after: int, limit: int) -> Swept: ...


class Erasures(Protocol):
    """Erasing what is held of a supplier or an Application, in one transaction."""

    async def pending(self, supplier_id: SupplierId) -> bool: ...

    async def begin(self, supplier_id: SupplierId) -> tuple[ApplicationId, ...]: ...

    async def installed(self, supplier_id: SupplierId) -> tuple[ApplicationId, ...]: ...

    async def mark(self, application_id: ApplicationId) -> None: ...

    async def batch(self, application_id: ApplicationId, *, limit: int) -> int: ...

    async def finish(self, application_id: ApplicationId) -> None: ...

    async def finish_supplier(self, supplier_id: SupplierId) -> bool: ...
