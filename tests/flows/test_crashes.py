"""A worker that is killed anywhere and started again ends where it would have ended, and creates nothing twice."""

from collections.abc import Awaitable, Callable
from copy import deepcopy

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from tests.fakes.killing import Killer, live_through
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

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


async def _installed(stage: Stage) -> Application | None:
    async with stage.store.transaction() as tx:
        found = await tx.applications.list(supplier_id=None, platform=None, state=None, after=None, limit=1)
    return found[0] if found else None


@pytest.mark.parametrize("part", LIFE, ids=lambda part: part.__name__)
async def test_a_worker_killed_at_any_await_ends_in_the_same_state(stage: Stage, part: Part) -> None:
    for earlier in LIFE[: LIFE.index(part)]:
        await earlier(stage, await _installed(stage))
        await live_through(stage, Killer())
    await part(stage, await _installed(stage))
    await stage.remember()
    shop, orderchamp = deepcopy(stage.shop.__dict__), deepcopy(stage.orderchamp.__dict__)

    async def live_on(killer: Killer) -> object:
        """Live on from this point in time, with a worker that may be killed once, to what Orderchamp shows in the end."""
        await stage.go_back()
        stage.shop.__dict__.update(deepcopy(shop))
        stage.orderchamp.__dict__.update(deepcopy(orderchamp))
        await live_through(stage, killer)
        for shown in stage.orderchamp.products.values():
            assert shown.publications <= 2, f"“{shown.title}” was published more often than it was hidden"
        return stage.orderchamp.summary()

    counting = Killer()
    expected = await live_on(counting)
    missed = []
    for at in range(1, counting.awaits + 1):
        killer = Killer(at=at)
        assert await live_on(killer) == expected, f"killed at await {at}"
        if not killer.struck:
            missed.append(at)
    assert missed == [], "these awaits were not hit"
    assert counting.awaits > 40
