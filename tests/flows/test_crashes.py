"""A worker that is killed anywhere and started again ends where it would have ended, and creates nothing twice."""

from dataclasses import replace
from typing import Any

from app.domain.event import Tombstone
from app.domain.ids import AccountId, SourceId, SupplierId
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.killing import Killed, Killer, KillingMarketplaces, KillingStore
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage, open_stage


async def _live(stage: Stage, killer: Killer, name: str) -> dict[str, tuple[object, ...]]:
    """Live a shop's life with a worker that may be killed once, and return what Orderchamp shows in the end."""
    stage.orderchamp.account_id = AccountId(f"account-{name}")
    mortal = replace(
        stage.services,
        store=KillingStore(stage.store, killer),
        marketplaces=KillingMarketplaces(stage.orderchamp, killer),
    )
    stage.orderchamp.add("There before", {"1-A": 1})
    stage.shop.put(product("1"), product("2", variant("2-A"), variant("2-B")), product("3"))
    supplier = SupplierId(f"supplier-{name}")
    application = await stage.install(supplier_id=supplier, shop=f"{name}.example")
    await _work(stage, mortal)
    del stage.shop.products[SourceId("3")]
    renamed = product("1", at=1, title="Renamed")
    hidden = product("2", variant("2-A", stock=9), variant("2-C"), at=2, published=False, status="draft")
    stage.shop.put(renamed, hidden)
    await stage.hear(application, renamed, hidden, Tombstone(source_id=SourceId("3")))
    await _work(stage, mortal)
    shown_again = product("2", variant("2-A", stock=9), variant("2-C"), at=3)
    stage.shop.put(shown_again)
    await stage.hear(application, shown_again)
    await _work(stage, mortal)
    for shown in stage.orderchamp.products.values():
        assert shown.publications <= 2, f"“{shown.title}” was published more often than it was hidden"
    return stage.orderchamp.summary()


async def _work(stage: Stage, mortal: Any) -> None:
    """Run lanes until nothing is left. A killed worker leaves its lease and its calls behind; time passes over both."""
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


async def test_a_worker_killed_at_any_await_ends_in_the_same_state(database_url: str) -> None:
    first = open_stage(database_url)
    counting = Killer()
    expected = await _live(first, counting, "whole")
    await first.store.close()
    assert {sku: shown[1] for sku, shown in expected.items()} == {"1-A": True, "2-A,2-B,2-C": True, "3-A": False}
    missed = []
    for at in range(1, counting.awaits + 1):
        stage = open_stage(database_url)
        killer = Killer(at=at)
        ended = await _live(stage, killer, f"killed-{at}")
        await stage.store.close()
        if not killer.struck:
            missed.append(at)
        assert ended == expected, f"killed at await {at}"
    assert missed == [], "these awaits were not hit"
    assert counting.awaits > 100
