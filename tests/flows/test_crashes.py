"""A worker that is killed anywhere and started again ends where it would have ended, and creates nothing twice."""

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import replace

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from app.flows.run_lane import claim_lane, run_lane
from tests.conftest import Copies
from tests.fakes.killing import Killed, Killer, KillingMarketplaces, KillingStore
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage, open_stage

HIDDEN = product("2", variant("2-A", stock=9), variant("2-C"), at=2, published=False, status="draft")
SHOWN_AGAIN = product("2", variant("2-A", stock=9), variant("2-C"), at=3)


async def imports(stage: Stage, _: Application | None) -> None:
    """A shop is installed: one product is on Orderchamp already, two are new."""
    stage.orderchamp.add("There before", {"1-A": 1})
    stage.shop.put(product("1"), product("2", variant("2-A"), variant("2-B")), product("3"))
    await stage.install()


async def changes(stage: Stage, application: Application | None) -> None:
    """One is renamed; one is hidden, loses a variant and gets another and new stock; one is deleted."""
    assert application is not None
    renamed = product("1", at=1, title="Renamed")
    del stage.shop.products[SourceId("3")]
    stage.shop.put(renamed, HIDDEN)
    await stage.hear(application, renamed, HIDDEN, Tombstone(source_id=SourceId("3")))


async def returns(stage: Stage, application: Application | None) -> None:
    """The hidden one is shown again."""
    assert application is not None
    stage.shop.put(SHOWN_AGAIN)
    await stage.hear(application, SHOWN_AGAIN)


Part = Callable[[Stage, Application | None], Awaitable[None]]
LIFE: tuple[Part, ...] = (imports, changes, returns)


async def _work(stage: Stage, killer: Killer) -> None:
    """Run lanes until nothing is left. A killed worker leaves its lease and its calls behind; time passes over both."""
    mortal = replace(
        stage.services,
        store=KillingStore(stage.store, killer),
        marketplaces=KillingMarketplaces(stage.orderchamp, killer),
    )
    for _ in range(100):
        try:
            while (held := await claim_lane(mortal)) is not None:
                await run_lane(mortal, held)
        except Killed:
            await stage.hurry()
            continue
        if not await stage.hurry():
            return
    raise AssertionError("something always waits")


async def _installed(stage: Stage) -> Application | None:
    async with stage.store.transaction() as tx:
        found = await tx.applications.list(supplier_id=None, platform=None, state=None, after=None, limit=1)
    return found[0] if found else None


@pytest.mark.parametrize("part", LIFE, ids=lambda part: part.__name__)
async def test_a_worker_killed_at_any_await_ends_in_the_same_state(
    database_url: str, copies: Copies, part: Part
) -> None:
    before = open_stage(database_url)
    for earlier in LIFE[: LIFE.index(part)]:
        await earlier(before, await _installed(before))
        await _work(before, Killer())
    await part(before, await _installed(before))
    await before.store.close()
    counting = Killer()
    expected = await _live_on(before, database_url, copies, counting)
    missed = []
    for at in range(1, counting.awaits + 1):
        killer = Killer(at=at)
        assert await _live_on(before, database_url, copies, killer) == expected, f"killed at await {at}"
        if not killer.struck:
            missed.append(at)
    assert missed == [], "these awaits were not hit"
    assert counting.awaits > 50


async def _live_on(before: Stage, database_url: str, copies: Copies, killer: Killer) -> object:
    """Live on from a point in time, with a worker that may be killed once, and return what Orderchamp shows in the end."""
    async with copies.copy(database_url) as url:
        stage = open_stage(url)
        stage.orderchamp.products.update(deepcopy(before.orderchamp.products))
        stage.orderchamp._next = before.orderchamp._next
        stage.shop.products.update(before.shop.products)
        stage.shop.subscriptions.update(before.shop.subscriptions)
        await _work(stage, killer)
        await stage.store.close()
        for shown in stage.orderchamp.products.values():
            assert shown.publications <= 2, f"“{shown.title}” was published more often than it was hidden"
        return stage.orderchamp.summary()
