"""Settings that change while a lane is running hold from then on, and nothing of the old ones is left."""

import dataclasses

import pytest

from app.domain.plan import UpdateProduct
from app.domain.settings import ApplicationSettings, FieldSwitches
from app.domain.structs import replace
from app.flows.operate import Revision, change
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.interrupting import Interrupted
from tests.fakes.shop import product
from tests.fakes.stage import Stage


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

        interrupted = dataclasses.replace(stage.services, store=Interrupted(stage.store, at=at, happening=switch))
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


async def test_settings_that_change_while_others_are_being_followed_have_the_last_word(stage: Stage) -> None:
    def kept_back(pieces: int) -> Revision:
        return Revision(settings=ApplicationSettings(price_kind="wholesale", safety_stock=pieces))

    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    for at in range(1, 40):
        await change(stage.services, application.id, kept_back(1))

        async def again() -> None:
            await change(stage.services, application.id, kept_back(2))

        store = Interrupted(stage.store, at=at, happening=again)
        held = await claim_lane(stage.services)
        assert held is not None
        await run_lane(dataclasses.replace(stage.services, store=store), held)
        await stage.settle()
        if store.left > 0:
            return
        assert stage.orderchamp.stock("1-A") == 3, f"changed again before transaction {at}"
    raise AssertionError("the run never got to its end")
