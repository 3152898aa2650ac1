"""A store that is watched: a test has its say before each transaction, in it, and before it is committed."""

import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.domain.ids import AccountId, ApplicationId
from app.ports import Addressee, Arrival, Budget, Claim, Ring, Store, Transaction


class WatchedStore:
    """A store like the one given; what happens at which step is for those who inherit from it to say."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def before(self) -> None:
        """A transaction is about to begin."""

    def within(self, tx: Transaction) -> Transaction:
        """Return what is used as the transaction that has begun."""
        return tx

    async def committing(self) -> None:
        """What a transaction did is about to be kept."""

    @property
    def unavailable(self) -> tuple[type[Exception], ...]:
        return self._store.unavailable

    @contextlib.asynccontextmanager
    async def transaction(
        self, claim: Claim | None = None, *, renewed_for: timedelta | None = None
    ) -> AsyncIterator[Transaction]:
        await self.before()
        async with self._store.transaction(claim, renewed_for=renewed_for) as tx:
            yield self.within(tx)
            await self.committing()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        await self.before()
        async with self._store.reading() as tx:
            yield self.within(tx)

    @contextlib.asynccontextmanager
    async def previewing(self, preview_id: UUID, account_id: AccountId) -> AsyncIterator[Transaction]:
        await self.before()
        async with self._store.previewing(preview_id, account_id) as tx:
            yield self.within(tx)

    def budget(self, account_id: AccountId | None) -> Budget:
        return self._store.budget(account_id)

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None:
        await self._store.ring(secret, ring, signed=signed, look_after=look_after)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._store.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._store.accept(arrivals)
