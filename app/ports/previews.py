"""What passes between the flows and the store about previews.

What each call means is said at its implementation in ``app/store``, under the same name.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from app.domain.ids import AccountId, ApplicationId, Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.previewing import ItemKind, Preview, PreviewItem, PreviewState
from app.domain.state import Desired
from app.domain.structs import Struct
from app.ports.records import BoundVariant, DueProduct, Hiding, TargetRecord


class StandsNow(Struct, frozen=True, kw_only=True):
    """How far a product that is known was brought. ``due``: it is to be reconciled, now or later."""

    state: str
    hiding: Hiding
    creating_since: datetime | None
    due: bool


class PreviewedProduct(Struct, frozen=True, kw_only=True):
    """A product as it would be after an import, where that differs from how it is.

    ``desired`` None: it is not known before it is read. ``variants`` are ids and SKUs; None: they are as they were.
    ``due``: it would be reconciled. ``to_read``: it has to be read by itself first. ``flipped``: it appears, disappears, is
    shown or hidden. ``shown_again``: what a person hid is let go.
    """

    source_id: SourceId
    title: str
    desired: Desired | None
    gone: bool
    variants: Sequence[tuple[SourceVariantId, Sku | None]] | None
    state: str = "new"
    hiding: Hiding = "free"
    creating_since: datetime | None = None
    due: bool = False
    to_read: bool = False
    flipped: bool = False
    shown_again: bool = False


class PlannedProduct(Struct, frozen=True, kw_only=True):
    """Where a product would stand."""

    source_id: SourceId
    state: str
    hiding: Hiding


class Rehearsed(Struct, frozen=True, kw_only=True):
    """What planning a batch to its end came to.

    ``unbound`` are source variants that lost their binding, ``taken_over`` target variants that changed hands, ``shared``
    targets that got another binding by a match, or do not exist any more.
    """

    account_id: AccountId
    items: Sequence[PreviewItem]
    products: Sequence[PlannedProduct]
    targets: Sequence[TargetRecord]
    bound: Sequence[BoundVariant]
    unbound: Sequence[tuple[SourceId, SourceVariantId]]
    taken_over: Sequence[TargetVariantId]
    shared: Sequence[TargetId]


class Previews(Protocol):
    """Previews, in one transaction."""

    async def start(
        self, preview_id: UUID, application_id: ApplicationId, source_id: SourceId | None, *, lasts: timedelta
    ) -> Preview: ...

    async def due(self, application_id: ApplicationId) -> Preview | None: ...

    async def one(self, application_id: ApplicationId, preview_id: UUID) -> Preview | None: ...

    async def list(
        self, application_id: ApplicationId, *, before: datetime | None, limit: int
    ) -> tuple[Preview, ...]: ...

    async def hold(self, now: Preview) -> bool: ...

    async def advance(self, now: Preview, *, lasts: timedelta, wait: timedelta = ...) -> None: ...

    async def retry(self, preview_id: UUID, *, attempts: int, wait: timedelta, reason: str) -> None: ...

    async def end(
        self, application_id: ApplicationId, preview_id: UUID, state: PreviewState, *, reason: str, lasts: timedelta
    ) -> None: ...

    async def end_all(self, application_id: ApplicationId, *, reason: str, lasts: timedelta) -> None: ...

    # What it learns on its way

    async def stands_now(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, StandsNow]: ...

    async def put(self, preview: Preview, products: Sequence[PreviewedProduct]) -> None: ...

    async def forget(self, preview: Preview, source_ids: Sequence[SourceId]) -> None: ...

    async def to_read(self, preview: Preview, *, limit: int) -> Mapping[SourceId, StandsNow]: ...

    async def follow(self, preview: Preview) -> int: ...

    async def due_products(self, preview: Preview, *, limit: int, size: int) -> tuple[DueProduct, ...]: ...

    async def known_targets(self, preview: Preview, ids: Sequence[TargetId]) -> Mapping[TargetId, TargetRecord]: ...

    async def keep(self, preview: Preview, rehearsed: Rehearsed) -> Mapping[str, int]: ...

    # What it found

    async def add(self, preview: Preview, items: Sequence[PreviewItem]) -> None: ...

    async def items(
        self, preview_id: UUID, *, kind: ItemKind | None, source_id: SourceId | None, after: int | None, limit: int
    ) -> tuple[tuple[int, PreviewItem], ...]: ...
