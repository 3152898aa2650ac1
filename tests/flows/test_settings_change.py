"""Settings that change while a lane is running hold from then on, and nothing of the old ones is left."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from app.domain.ids import AccountId, ApplicationId
from app.domain.plan import UpdateProduct
from app.domain.settings import ApplicationSettings, FieldSwitches
from app.flows.operate import Revision, change
from app.flows.run_lane import claim_lane, run_lane
from app.ports import Addressee, Arrival, Budget, Claim, Store, Transaction
from tests.fakes.shop import product
from tests.fakes.stage import Stage


class Interrupted:
    """A store before whose n-th transaction something else happens."""

    def __init__(self, store: Store, *, at: int, happening: Callable[[], Awaitable[object]]) -> None:
        self._store = store
        self._left = at
        self._happening = happening

    @property
    def unavailable(self) -> tuple[type[Exception], ...]:
        return self._store.unavailable

    @contextlib.asynccontextmanager
    async def transaction(self, claim: Claim | None = None) -> AsyncIterator[Transaction]:
        self._left -= 1
        if self._left == 0:
            await self._happening()
        async with self._store.transaction(claim) as tx:
            yield tx

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[Transaction]:
        self._left -= 1
        if self._left == 0:
            await self._happening()
        async with self._store.reading() as tx:
            yield tx

    def budget(self, account_id: AccountId | None) -> Budget:
        return self._store.budget(account_id)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._store.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._store.accept(arrivals)


@pytest.mark.parametrize("on", [True, False])
async def test_a_field_switched_during_a_run_holds_whenever_it_was_switched(stage: Stage, on: bool) -> None:
    def settings(*, title: bool) -> ApplicationSettings:
        return ApplicationSettings(price_kind="wholesale", fields=FieldSwitches(title=title))

    stage.shop.put(product("1"))
    application = await stage.install(settings=settings(title=not on))
    await stage.settle()
    for at in range(1, 40):
        await change(stage.services, application.id, Revision(settings=settings(title=not on)))
        await stage.settle()
        await stage.hear(application, replace(product("1", at=at), title=f"Title {at}"))
        switched: list[int] = []

        async def switch(switched: list[int] = switched) -> None:
            await change(stage.services, application.id, Revision(settings=settings(title=on)))
            switched.append(len(stage.orderchamp.applied))

        interrupted = replace(stage.services, store=Interrupted(stage.store, at=at, happening=switch))
        while (held := await claim_lane(interrupted)) is not None:
            await run_lane(interrupted, held)
        if not switched:
            return
        await stage.settle()
        later = stage.orderchamp.applied[switched[0] :]
        titles = [each.title for each in later if isinstance(each, UpdateProduct) and each.title is not None]
        if on:
            assert stage.orderchamp.by_sku("1-A").title == f"Title {at}", f"switched on before transaction {at}"
        else:
            assert titles == [], f"switched off before transaction {at}"
    raise AssertionError("the run never got to its end")
