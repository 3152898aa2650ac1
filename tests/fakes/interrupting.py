"""A store that is interrupted: something else happens in the middle of a run."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.domain.ids import AccountId, ApplicationId
from app.ports import Addressee, Arrival, Budget, Claim, Ring, Store, Transaction


class Interrupted:
    """A store before whose n-th transaction something else happens. ``left`` above zero: it has not happened yet."""

    def __init__(self, store: Store, *, at: int, happening: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self.left = at
        self._happening = happening

    @property
    def unavailable(self) -> tuple[type[Exception], ...]:
        return self._store.unavailable

    @contextlib.asynccontextmanager
    async def transaction(
        self, claim: Claim | None = None, *, renewed_for: timedelta | None = None
    ) -> AsyncIterator[Transaction]:
        self.left -= 1
        if self.left == 0:
            await self._happening()
        async with self._store.transaction(claim, renewed_for=renewed_for) as tx:
            yield tx

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self.left -= 1
        if self.left == 0:
            await self._happening()
        async with self._store.reading() as tx:
            yield tx

    @contextlib.asynccontextmanager
    async def previewing(self, preview_id: UUID, account_id: AccountId) -> AsyncIterator[Transaction]:
        self.left -= 1
        if self.left == 0:
            await self._happening()
        async with self._store.previewing(preview_id, account_id) as tx:
            yield tx

    def budget(self, account_id: AccountId | None) -> Budget:
        return self._store.budget(account_id)

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None:
        await self._store.ring(secret, ring, signed=signed, look_after=look_after)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._store.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._store.accept(arrivals)
