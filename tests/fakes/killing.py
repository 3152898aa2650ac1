"""Kills a worker at its n-th await of a port: the store's and the marketplace's."""

import inspect
from dataclasses import dataclass, replace
from typing import Any

from app.flows.run_lane import claim_lane, run_lane
from app.platforms.adapter import Adapter
from app.ports import Budget, Marketplace, Marketplaces, Store, Transaction
from tests.fakes.stage import Stage
from tests.fakes.watching import WatchedStore


class Killed(BaseException):
    """The process died here."""


@dataclass
class Killer:
    """Counts awaits and strikes at one of them; ``at`` None: never.

    ``inside`` False: not within a transaction, where all that was done is undone, as if it had struck before.
    """

    at: int | None = None
    inside: bool = True
    awaits: int = 0
    struck: bool = False

    def step(self) -> None:
        self.awaits += 1
        if self.at is not None and self.awaits == self.at:
            self.struck = True
            raise Killed

    def within(self, tx: Transaction) -> Transaction:
        """Return a transaction in which it strikes, if it does that."""
        return _WatchedTransaction(tx, self) if self.inside else tx

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


class KillingStore(WatchedStore):
    """A store whose every await may be the last."""

    def __init__(self, store: Store, killer: Killer) -> None:
        super().__init__(store)
        self._killer = killer

    async def before(self) -> None:
        self._killer.step()

    def within(self, tx: Transaction) -> Transaction:
        return self._killer.within(tx)

    async def committing(self) -> None:
        if self._killer.inside:
            self._killer.step()


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


async def run_until_killed(stage: Stage, killer: Killer, **adapters: Adapter) -> bool:
    """Run every lane that has work now, by a worker that ``killer`` may kill; tell whether it did.

    ``adapters`` take the place of the stage's own of these names: those of ``killing_shop`` can be struck at, too.
    """
    mortal = replace(
        stage.services,
        store=KillingStore(stage.store, killer),
        marketplaces=KillingMarketplaces(stage.orderchamp, killer),
        adapters={**stage.services.adapters, **adapters},
    )
    try:
        while (held := await claim_lane(mortal)) is not None:
            await run_lane(mortal, held)
    except Killed:
        return True
    return False


async def live_through(stage: Stage, killer: Killer, **adapters: Adapter) -> None:
    """Run lanes until nothing is left. A killed worker leaves its lease and its calls behind; time passes over both."""
    for _ in range(100):
        killed = await run_until_killed(stage, killer, **adapters)
        if not await stage.hurry() and not killed:
            return
    raise AssertionError("something always waits")
