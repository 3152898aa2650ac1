"""What people do on Orderchamp by hand, and what becomes of targets that several products share."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from app.domain.product import Snapshot
from app.domain.resolution import Plain
from app.flows.operate import look_again
from app.flows.resolve import resolve
from app.flows.sweep import start_sweep
from tests.fakes.marketplace import Shown
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage


async def installed(stage: Stage, *snapshots: Snapshot) -> Application:
    stage.shop.put(*snapshots)
    application = await stage.install()
    await stage.settle()
    return application


async def unpublished_by_hand(stage: Stage, application: Application) -> Shown:
    """Somebody unpublishes product 1 on Orderchamp, and we come to see it."""
    shown = stage.orderchamp.by_sku("1-A")
    shown.published = False
    await look_again(stage.services, application.id, SourceId("1"))
    await stage.settle()
    return shown


@pytest.mark.policy("held")
async def test_what_was_unpublished_by_hand_stays_so_and_its_stock_goes_on(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    shown = await unpublished_by_hand(stage, application)
    assert not shown.published
    view = await stage.product(application, "1")
    assert (view.state, view.why) == ("held", "Not published, because somebody unpublished it on Orderchamp.")
    assert (await stage.problem(application, "held")).source_ids == ("1",)
    changed = product("1", variant("1-A", stock=1), at=1, title="Renamed")
    stage.shop.put(changed)
    await stage.hear(application, changed)
    await stage.settle()
    assert (shown.published, shown.title, stage.orderchamp.stock("1-A")) == (False, "Renamed", 1)


@pytest.mark.policy("held")
@pytest.mark.parametrize("in_one_batch", [True, False])
async def test_a_hold_ends_when_the_shop_goes_from_inactive_to_active(stage: Stage, in_one_batch: bool) -> None:
    application = await installed(stage, product("1"))
    shown = await unpublished_by_hand(stage, application)
    await stage.hear(application, product("1", at=1, published=False, status="draft"))
    if not in_one_batch:
        await stage.settle()
        assert not shown.published
        assert await stage.problems(application) == ()
    await stage.hear(application, product("1", at=2))
    await stage.settle()
    assert shown.published
    assert await stage.problems(application) == ()


@pytest.mark.policy("held")
async def test_a_person_releases_a_hold(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    shown = await unpublished_by_hand(stage, application)
    await resolve(stage.services, (await stage.problem(application, "held")).id, Plain("release"))
    await stage.settle()
    assert (shown.published, shown.storefront) == (True, "front-1")
    assert await stage.problems(application) == ()


@pytest.mark.policy("held")
async def test_a_person_who_publishes_it_on_orderchamp_again_ends_the_hold(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    shown = await unpublished_by_hand(stage, application)
    shown.published = True
    await look_again(stage.services, application.id, SourceId("1"))
    await stage.settle()
    assert await stage.problems(application) == ()
    assert (await stage.product(application, "1")).state == "published"


@pytest.mark.policy("held")
async def test_what_was_unpublished_for_the_shop_is_not_held(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    hidden = product("1", at=1, published=False, status="draft")
    stage.shop.put(hidden)
    await stage.hear(application, hidden)
    await stage.settle()
    await look_again(stage.services, application.id, SourceId("1"))
    await stage.settle()
    assert await stage.problems(application) == ()
    stage.shop.put(product("1", at=2))
    await stage.hear(application, product("1", at=2))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published


@pytest.mark.policy("held")
@pytest.mark.parametrize("lags", [True, False])
async def test_a_publication_that_orderchamp_does_not_show_yet_is_no_hold(stage: Stage, lags: bool) -> None:
    pace = replace(stage.services.pace, settle=timedelta(seconds=60))
    stage.services = replace(stage.services, pace=pace)
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.run_lanes()
    shown = stage.orderchamp.by_sku("1-A")
    assert shown.published
    shown.published = False
    await look_again(stage.services, application.id, SourceId("1"))
    await stage.run_lanes()
    assert await stage.problems(application) == ()
    view = await stage.product(application, "1")
    assert view.state == "waiting"
    assert view.due_at is not None
    assert view.due_at - stage.services.clock() > timedelta(seconds=50)
    shown.published = lags
    await stage.settle()
    assert [each.kind for each in await stage.problems(application)] == ([] if lags else ["held"])
    assert shown.publications == 1


@pytest.mark.policy("held")
async def test_a_sweep_that_does_not_see_a_publication_yet_takes_it_for_no_hold(stage: Stage) -> None:
    stage.services = replace(stage.services, pace=replace(stage.services.pace, settle=timedelta(seconds=60)))
    application = await installed(stage, product("1", published=False, status="draft"))
    await stage.hear(application, product("1", at=1))
    await stage.run_lanes()
    shown = stage.orderchamp.by_sku("1-A")
    assert shown.published
    shown.published = False
    begun = await start_sweep(stage.services, application.id)
    for _ in range(9):
        await stage.execute("UPDATE sweep SET due_at = now() WHERE state = 'running'")
        await stage.execute("UPDATE lane SET due_at = now()")
        await stage.run_lanes()
    async with stage.store.transaction() as tx:
        done = await tx.sweeps.one(application.id, begun.id)
    assert done is not None
    assert (done.state, done.counters.get("unpublished")) == ("done", 1)
    assert not await stage.execute("SELECT held FROM target")


@pytest.mark.policy("edited_by_hand")
async def test_a_field_edited_by_hand_is_overwritten_at_the_next_change(stage: Stage) -> None:
    application = await installed(stage, product("1"))
    shown = stage.orderchamp.by_sku("1-A")
    shown.title = "By hand"
    await look_again(stage.services, application.id, SourceId("1"))
    await stage.settle()
    assert shown.title == "Product 1"


async def sharing(stage: Stage) -> tuple[Application, Shown]:
    """Two products of the shop that are one on Orderchamp."""
    there = stage.orderchamp.add("There", {"1-A": 0, "2-A": 0})
    application = await installed(stage, product("1"), product("2"))
    assert there.published
    return application, there


async def deleted(stage: Stage, application: Application, source_id: str) -> None:
    stage.shop.products.pop(SourceId(source_id), None)
    await stage.hear(application, Tombstone(source_id=SourceId(source_id)))
    await stage.settle()


@pytest.mark.policy("target_publication")
async def test_a_shared_target_is_published_while_one_of_its_products_is(stage: Stage) -> None:
    application, _ = await sharing(stage)
    await stage.hear(application, product("1", at=1, published=False, status="draft"))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    await stage.hear(application, product("2", at=1, published=False, status="draft"))
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    await stage.hear(application, product("1", at=2))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published


@pytest.mark.policy("deleted_beside_living")
@pytest.mark.parametrize("living_is_shown", [True, False])
async def test_a_deleted_product_beside_a_living_one_is_sold_out(stage: Stage, living_is_shown: bool) -> None:
    application, there = await sharing(stage)
    if not living_is_shown:
        await stage.hear(application, product("2", at=1, published=False, status="draft"))
        await stage.settle()
    await deleted(stage, application, "1")
    assert there.published is living_is_shown
    gone = next(each for each in there.variants.values() if each.sku == "1-A")
    assert (gone.stock, gone.policy) == (0, "DENY")
    assert stage.orderchamp.stock("2-A") == 5


@pytest.mark.policy("deleted_beside_living")
async def test_a_product_that_returns_to_a_shared_target_does_not_sell_the_deleted_one(stage: Stage) -> None:
    application, there = await sharing(stage)
    await deleted(stage, application, "1")
    await deleted(stage, application, "2")
    assert not there.published
    stage.shop.put(product("2", at=9))
    await stage.hear(application, product("2", at=9))
    await stage.settle()
    assert (there.published, stage.orderchamp.stock("1-A"), stage.orderchamp.stock("2-A")) == (True, 0, 5)


@pytest.mark.policy("oldest_binding")
async def test_a_shared_targets_fields_come_from_the_oldest_living_product(stage: Stage) -> None:
    there = stage.orderchamp.add("There", {"1-A": 0, "2-A": 0})
    application = await installed(stage, product("1"))
    await stage.hear(application, product("2", title="Second"))
    await stage.settle()
    assert there.title == "Product 1"
    await deleted(stage, application, "1")
    assert there.title == "Second"


@pytest.mark.policy("deleted_on_orderchamp")
async def test_a_shared_target_that_was_deleted_on_orderchamp_is_created_again_by_none_of_its_products(
    stage: Stage,
) -> None:
    application, _ = await sharing(stage)
    stage.orderchamp.products.clear()
    for each in ("1", "2"):
        await stage.hear(application, product(each, variant(f"{each}-A", stock=1), at=1))
        await stage.settle()
    assert stage.orderchamp.products == {}
    problems = await stage.problems(application)
    assert {(each.kind, each.subject) for each in problems} == {("deleted_on_orderchamp", each) for each in ("1", "2")}
