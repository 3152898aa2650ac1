"""A sweep finds what no notice told and what somebody did on Orderchamp, mends what may be mended, and reports all of it."""

import dataclasses
from collections.abc import Mapping
from datetime import timedelta
from random import Random

import pytest

from app.domain.application import Application
from app.domain.errors import PlatformUnavailable
from app.domain.ids import SourceId
from app.domain.plan import SetStock, Unpublish
from app.domain.product import Snapshot
from app.domain.structs import replace
from app.domain.sweeping import Sweep
from app.flows.operate import Revision, change, resume, start_import
from app.flows.run_lane import claim_lane, run_lane
from app.flows.sweep import start_sweep
from tests.fakes.shop import EPOCH, product, variant
from tests.fakes.stage import Stage


async def installed(stage: Stage, *snapshots: Snapshot) -> Application:
    stage.shop.put(*snapshots)
    application = await stage.install()
    await stage.settle()
    return application


async def swept(stage: Stage, application: Application) -> Sweep:
    begun = await start_sweep(stage.services, application.id)
    await stage.settle()
    async with stage.store.transaction() as tx:
        done = await tx.sweeps.one(application.id, begun.id)
    assert done is not None
    assert done.state == "done", done.reason
    return done


async def report(stage: Stage, application: Application, sweep: Sweep) -> Mapping[str, str]:
    """What a sweep found, by product."""
    async with stage.store.transaction() as tx:
        found = await tx.sweeps.findings(application.id, sweep.id, after=None, limit=1000)
    return {each.drift.source_id: each.drift.kind for _, each in found}


@pytest.mark.parametrize("ended_by", ["credentials", "another Application's token", "a person"])
async def test_an_application_that_was_paused_before_it_was_installed_is_swept_like_any_other(
    stage: Stage, ended_by: str
) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    stage.orderchamp.tokens = {"new"}
    await stage.settle()
    assert (await stage.application(application.id)).state == "paused"
    if ended_by == "credentials":
        await change(stage.services, application.id, Revision(orderchamp_token="new"))
    elif ended_by == "a person":
        stage.orderchamp.tokens = {"token"}
        await stage.execute("UPDATE import SET state = 'cancelled', finished_at = now()")
        await resume(stage.services, application.id)
    else:
        await stage.install(shop="second.example", orderchamp_token="new")
    await stage.settle()
    assert (await stage.application(application.id)).state == "active"
    async with stage.store.transaction() as tx:
        assert await tx.sweeps.next_at(application.id) is not None


async def test_a_sweep_of_what_agrees_finds_and_writes_nothing(stage: Stage) -> None:
    application = await installed(stage, product("1"), product("2"))
    applied = list(stage.orderchamp.applied)
    done = await swept(stage, application)
    assert done.counters == {"products": 2, "targets": 2}
    assert done.reason == "Compared 2 of the shop and 2 on Orderchamp: nothing differs."
    assert stage.orderchamp.applied == applied
    assert stage.shop.reads == []


async def test_what_no_notice_told_is_read_and_brought_about_and_named(stage: Stage) -> None:
    application = await installed(stage, *(product(str(n)) for n in range(1, 6)))
    level = replace(variant("4-A", stock=1).levels[0], version=EPOCH + timedelta(seconds=1))  # type: ignore[index]
    stage.shop.put(
        product("2", at=1, title="Renamed"),
        product("3", at=1, published=False, status="draft"),
        product("4", replace(variant("4-A"), levels=(level,), quantity=1)),
        product("9"),
    )
    del stage.shop.products[SourceId("5")]
    done = await swept(stage, application)
    assert await report(stage, application, done) == {
        "2": "missed_change",
        "3": "missed_change",
        "4": "missed_stock",
        "5": "missed_deletion",
        "9": "missed_creation",
    }
    assert stage.orderchamp.by_sku("2-A").title == "Renamed"
    assert not stage.orderchamp.by_sku("3-A").published
    assert stage.orderchamp.stock("4-A") == 1
    assert not stage.orderchamp.by_sku("5-A").published
    assert stage.orderchamp.by_sku("9-A").published
    assert "Sweep: The shop has 1 of 4-A, and no notice came since it had 5." in await stage.story(application, "4")


@pytest.mark.parametrize("seed", range(3))
async def test_when_a_fifth_of_all_notices_is_lost_one_sweep_later_orderchamp_shows_the_shop(
    stage: Stage, seed: int
) -> None:
    """An hour of a shop's life. The report names the products of which a notice was lost that no later one made up for."""
    chance = Random(seed)
    application = await installed(stage, *(product(str(n)) for n in range(20)))
    for at in range(1, 61):
        source_id = str(chance.randrange(20))
        changed = product(
            source_id, variant(f"{source_id}-A", stock=5), at=at * 60, title=f"{at}", published=chance.random() < 0.8
        )
        stage.shop.put(changed)
        if chance.random() > 0.2:
            await stage.hear(application, changed)
        await stage.run_lanes()
    await stage.settle()
    behind = set()
    for source_id, there in stage.shop.products.items():
        known = (await stage.product(application, source_id)).product.snapshot
        assert known is not None
        if known.version != there.version:
            behind.add(source_id)
    assert behind
    done = await swept(stage, application)
    assert set(await report(stage, application, done)) == behind
    for source_id, there in stage.shop.products.items():
        shown = stage.orderchamp.by_sku(f"{source_id}-A")
        assert (shown.title, shown.published) == (there.title, there.published)


async def test_a_notice_that_has_arrived_is_not_taken_for_missed(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    changed = product("1", at=1, title="Renamed")
    stage.shop.put(changed)
    await stage.hear(application, changed)
    done = await swept(stage, application)
    assert await report(stage, application, done) == {}


@pytest.mark.policy("edited_by_hand")
async def test_what_was_edited_on_orderchamp_is_reported_and_overwritten_at_the_next_change(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    stage.orderchamp.by_sku("1-A").title = "By hand"
    done = await swept(stage, application)
    assert await report(stage, application, done) == {"1": "edited"}
    assert stage.orderchamp.by_sku("1-A").title == "By hand"
    assert await report(stage, application, await swept(stage, application)) == {}, "it is reported once"
    changed = product("1", variant("1-A", stock=1), at=1)
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").title == "Product 1"


@pytest.mark.policy("held")
async def test_what_was_unpublished_on_orderchamp_is_held(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    stage.orderchamp.by_sku("1-A").published = False
    done = await swept(stage, application)
    assert await report(stage, application, done) == {"1": "unpublished"}
    assert not stage.orderchamp.by_sku("1-A").published
    assert (await stage.problem(application, "held")).source_ids == ("1",)


@pytest.mark.policy("deleted_on_orderchamp")
async def test_what_was_deleted_on_orderchamp_stays_so(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    stage.orderchamp.products.clear()
    done = await swept(stage, application)
    assert await report(stage, application, done) == {"1": "deleted"}
    assert stage.orderchamp.products == {}
    assert (await stage.product(application, "1")).state == "detached"


def set_stock_by_hand(stage: Stage, quantity: int) -> None:
    shown = stage.orderchamp.by_sku("1-A")
    for variant_id, each in shown.variants.items():
        shown.variants[variant_id] = replace(each, stock=quantity)


@pytest.mark.policy("changed_again")
async def test_stock_is_mended_once_and_what_is_changed_again_is_a_problem(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    set_stock_by_hand(stage, 99)
    done = await swept(stage, application)
    assert await report(stage, application, done) == {"1": "stock"}
    assert stage.orderchamp.stock("1-A") == 5
    set_stock_by_hand(stage, 98)
    await swept(stage, application)
    assert stage.orderchamp.stock("1-A") == 98
    assert sum(isinstance(each, SetStock) for each in stage.orderchamp.applied) == 1
    assert (await stage.problem(application, "changed_again")).subject == "1"
    changed = product("1", variant("1-A", stock=4), at=1)
    changed = replace(changed, variants=(replace(changed.variants[0], levels=None, quantity=4),))
    stage.shop.put(changed)
    await stage.hear(application, replace(changed, title="Changed"))
    await stage.settle()
    set_stock_by_hand(stage, 97)
    await swept(stage, application)
    assert stage.orderchamp.stock("1-A") != 97, "after a change in the shop it is mended again"


@pytest.mark.policy("changed_again")
async def test_what_was_published_although_it_is_not_for_sale_is_hidden_once(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    hidden = product("1", at=1, published=False, status="draft")
    stage.shop.put(hidden)
    await stage.hear(application, hidden)
    await stage.settle()
    shown = stage.orderchamp.by_sku("1-A")
    for _ in range(2):
        shown.published = True
        done = await swept(stage, application)
        assert await report(stage, application, done) == {"1": "published"}
    assert shown.published
    assert sum(isinstance(each, Unpublish) for each in stage.orderchamp.applied) == 2


async def test_a_sweep_comes_by_itself_and_is_planned_anew_when_it_has_ended(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    await stage.execute("UPDATE application SET sweep_at = now()")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.settle()
    async with stage.store.transaction() as tx:
        swept_before = await tx.sweeps.list(application.id, before=None, limit=10)
        at = await tx.sweeps.next_at(application.id)
    assert [each.state for each in swept_before] == ["done"]
    assert at is not None
    left = at - stage.services.clock()
    assert timedelta(hours=21) < left < timedelta(hours=22), "a day, give or take a tenth by chance"


async def test_a_sweep_waits_so_that_it_takes_a_fifth_of_what_is_allowed(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    await stage.execute("UPDATE account SET bucket_limit = 2000, level = 2000, restore_rate = 100, level_at = now()")
    stage.services = dataclasses.replace(stage.services, pace=dataclasses.replace(stage.services.pace, retry_scale=1.0))
    await start_sweep(stage.services, application.id)
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)
    waits = await stage.execute("SELECT due_at - now() FROM sweep WHERE state = 'running'")
    assert timedelta(seconds=2) < waits <= timedelta(seconds=2.5), "half a second is a fifth of this"


async def test_a_sweep_stands_back_while_an_import_runs(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    stage.shop.down = True
    await stage.execute("UPDATE application SET sweep_at = now()")
    await start_import(stage.services, application.id)
    await stage.run_lanes()
    assert await stage.execute("SELECT count(*) FROM sweep WHERE state = 'running'") == 0


async def test_a_shop_that_is_away_postpones_a_sweep(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    stage.shop.down = True
    await start_sweep(stage.services, application.id)
    await stage.run_lanes()
    async with stage.store.transaction() as tx:
        running = await tx.sweeps.running(application.id)
    assert running is not None
    assert (running.attempts, running.reason) == (1, str(PlatformUnavailable("The shop is down.")))
    stage.shop.down = False
    await stage.settle()
    async with stage.store.transaction() as tx:
        assert await tx.sweeps.running(application.id) is None
