"""Kills a worker at its n-th await of a port: the store's and the marketplace's."""

import contextlib
import inspect
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.domain.ids import AccountId, ApplicationId
from app.ports import Addressee, Arrival, Budget, Claim, Marketplace, Marketplaces, Ring, Store, Transaction


class Killed(BaseException):
    """The process died here."""


@dataclass
class Killer:
    """Counts awaits and strikes at one of them; ``at`` None: never."""

    at: int | None = None
    awaits: int = 0
    struck: bool = False

    def step(self) -> None:
        self.awaits += 1
        if self.at is not None and self.awaits == self.at:
            self.struck = True
            raise Killed

    def around(self, thing: Any) -> Any:
        """Return ``thing`` with a step before each await of it."""
        return _Watched(thing, self)


class _Watched:
    def __init__(self, thing: Any, killer: Killer) -> None:
        self._thing = thing
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._thing, name)
        if not inspect.iscoroutinefunction(value):
            return value

        async def watched(*arguments: Any, **named: Any) -> Any:
            self._killer.step()
            return await value(*arguments, **named)

        return watched


class KillingStore:
    """A store whose every await may be the last."""

    def __init__(self, store: Store, killer: Killer) -> None:
        self._store = store
        self._killer = killer

    @property
    def unavailable(self) -> tuple[type[Exception], ...]:
        return self._store.unavailable

    @contextlib.asynccontextmanager
    async def transaction(self, claim: Claim | None = None) -> AsyncIterator[Transaction]:
        self._killer.step()
        async with self._store.transaction(claim) as tx:
            yield _WatchedTransaction(tx, self._killer)
            self._killer.step()

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self._killer.step()
        async with self._store.reading() as tx:
            yield _WatchedTransaction(tx, self._killer)

    @contextlib.asynccontextmanager
    async def previewing(self, preview_id: UUID, account_id: AccountId) -> AsyncIterator[Transaction]:
        self._killer.step()
        async with self._store.previewing(preview_id, account_id) as tx:
            yield _WatchedTransaction(tx, self._killer)

    def budget(self, account_id: AccountId | None) -> Budget:
        return self._store.budget(account_id)

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None:
        await self._store.ring(secret, ring, signed=signed, look_after=look_after)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._store.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._store.accept(arrivals)


class _WatchedTransaction:
    def __init__(self, tx: Transaction, killer: Killer) -> None:
        self._tx = tx
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        return self._killer.around(getattr(self._tx, name))


class KillingMarketplaces:
    """Marketplaces whose every await may be the last, before it or after it was done."""

    def __init__(self, marketplaces: Marketplaces, killer: Killer) -> None:
        self._marketplaces = marketplaces
        self._killer = killer

    def open(self, token: str, budget: Budget) -> Marketplace:
        watched: Marketplace = self._killer.around(self._marketplaces.open(token, budget))
        return watched
