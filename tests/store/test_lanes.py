"""When a lane is runnable after its release, which is decided by what is left and by the wakes since its claim."""

from datetime import timedelta

import pytest

from app.domain.application import Application
from app.ports import Claim
from app.store.lanes import FLOOD
from tests.fakes.shop import product
from tests.fakes.stage import Stage

LEASE = timedelta(seconds=60)

WITH_ENTRIES = """
    SELECT pg_stat_get_xact_tuples_updated(oid) - pg_stat_get_xact_tuples_hot_updated(oid) FROM pg_class WHERE relname = 'lane'
"""
"""How many updates of lanes a connection has made that wrote to the indexes, too."""


@pytest.fixture
async def application(stage: Stage) -> Application:
    stage.shop.put(product("1"))
    installed = await stage.install()
    await stage.settle()
    return installed


async def claim(stage: Stage) -> Claim | None:
    async with stage.store.transaction() as tx:
        return await tx.lanes.claim(LEASE)


async def woken(stage: Stage, application: Application) -> Claim:
    async with stage.store.transaction() as tx:
        await tx.lanes.wake(application.id)
    held = await claim(stage)
    assert held is not None
    return held


async def release(stage: Stage, held: Claim, *, wait: timedelta | None = None) -> None:
    async with stage.store.transaction() as tx:
        await tx.lanes.release(held, not_before=None if wait is None else held.now + wait)


async def test_a_lane_without_work_sleeps_until_somebody_wakes_it(stage: Stage, application: Application) -> None:
    assert await claim(stage) is None
    await release(stage, await woken(stage, application))
    assert await claim(stage) is None
    await woken(stage, application)


async def test_raising_a_lane_touches_its_indexes_only_where_it_was_asleep(
    stage: Stage, application: Application
) -> None:
    """Each batch of deliveries raises lanes, most of which are awake in a flood."""
    entries = []
    for _ in range(3):
        async with stage.store.pool.transaction() as connection:
            before = (await connection.execute(WITH_ENTRIES)).scalar()
            await connection.execute("UPDATE lane SET wake = wake + 1")
            entries.append((await connection.execute(WITH_ENTRIES)).scalar() - before)
    assert entries == [1, 0, 0]


async def test_a_lane_is_due_at_its_next_appointment(stage: Stage, application: Application) -> None:
    held = await woken(stage, application)
    async with stage.store.transaction() as tx:
        await tx.appointments.cancel_all(application.id)
        await tx.appointments.make(application.id, "webhook", after=timedelta(hours=1))
    await release(stage, held)
    due = await stage.execute("SELECT due_at - now() FROM lane")
    assert timedelta(minutes=59) < due <= timedelta(hours=1)


async def test_a_wake_between_claim_and_release_is_not_lost_even_when_the_application_rests(
    stage: Stage, application: Application
) -> None:
    held = await woken(stage, application)
    await stage.execute("UPDATE application SET state = 'paused'")
    async with stage.store.transaction() as tx:
        await tx.lanes.wake(application.id)
    assert await claim(stage) is None
    await release(stage, held)
    assert await claim(stage) is not None


async def test_the_lane_of_an_application_that_rests_has_no_work_but_deliveries(
    stage: Stage, application: Application
) -> None:
    held = await woken(stage, application)
    await stage.execute("UPDATE application SET state = 'paused'")
    for left in LEFT.values():
        await stage.execute(left.replace("40 s", "0 s"))
    await release(stage, held)
    assert await claim(stage) is None
    held = await woken(stage, application)
    await stage.hear(application, product("1"))
    await stage.execute("UPDATE lane SET done = wake")
    assert await claim(stage) is None
    await release(stage, held)
    assert await claim(stage) is not None, "a delivery that a broken-off run left behind waits for somebody to resume"


LEFT = {
    "a product": "UPDATE source_product SET due_at = now() + interval '40 s'",
    "a read": "UPDATE source_product SET read_due_at = now() + interval '40 s'",
    "a call on its way": "INSERT INTO in_flight SELECT application_id, source_id, 1, now() + interval '40 s', 'x' "
    "FROM source_product",
    "an appointment": "UPDATE appointment SET due_at = now() + interval '40 s'",
    "an import": "UPDATE import SET state = 'running', phase = 'reading', due_at = now() + interval '40 s'",
}


@pytest.mark.parametrize("what", LEFT)
async def test_what_is_left_makes_a_lane_due_at_its_time(stage: Stage, application: Application, what: str) -> None:
    held = await woken(stage, application)
    await stage.execute(LEFT[what])
    await release(stage, held)
    assert await claim(stage) is None
    async with stage.store.transaction() as tx:
        due = await tx.lanes.next_due()
    assert due is not None
    assert timedelta(seconds=20) < due <= timedelta(seconds=40)
    await stage.execute("UPDATE lane SET due_at = due_at - interval '40 s'")
    assert await claim(stage) is not None


NOW = {
    "a delivery": "UPDATE delivery SET outcome = NULL",
    "an appointment": "UPDATE appointment SET due_at = now()",
    "replanning": "UPDATE application SET replan_after = ''",
    "an uninstall": "UPDATE application SET state = 'uninstalling'",
}


@pytest.mark.parametrize("what", NOW)
async def test_what_is_left_for_no_time_is_due_at_once_or_when_a_wait_is_over(
    stage: Stage, application: Application, what: str
) -> None:
    await stage.hear(application, product("1", at=1))
    await stage.settle()
    held = await woken(stage, application)
    await stage.execute(NOW[what])
    await release(stage, held, wait=timedelta(seconds=30))
    assert await claim(stage) is None
    async with stage.store.transaction() as tx:
        due = await tx.lanes.next_due()
    assert due is not None
    assert due <= timedelta(seconds=30)
    await release(stage, await woken(stage, application))
    assert await claim(stage) is not None


@pytest.mark.parametrize(("deliveries", "rests"), [(FLOOD - 1, False), (FLOOD, True)])
async def test_a_lane_rests_for_a_moment_in_a_flood_so_that_changes_gather(
    stage: Stage, application: Application, deliveries: int, rests: bool
) -> None:
    held = await woken(stage, application)
    await stage.execute("UPDATE delivery SET received_at = now() - interval '1 hour'")
    await stage.hear(application, *(product("1", at=n) for n in range(deliveries)))
    await stage.execute("UPDATE delivery SET received_at = now() WHERE outcome IS NULL")
    async with stage.store.transaction() as tx:
        await tx.lanes.release(held, gather=timedelta(seconds=30))
        due = await tx.lanes.next_due()
    if rests:
        assert due is not None
        assert timedelta(seconds=20) < due <= timedelta(seconds=30)
        assert await claim(stage) is None, "each of the changes that follow would be a call"
        async with stage.store.transaction() as tx:
            await tx.lanes.wake_up(application.id)
    assert await claim(stage) is not None


async def test_a_product_with_a_call_on_its_way_does_not_make_its_lane_due_before_the_call_is_over(
    stage: Stage, application: Application
) -> None:
    held = await woken(stage, application)
    await stage.execute("UPDATE source_product SET due_at = now()")
    await stage.execute(LEFT["a call on its way"])
    await release(stage, held)
    assert await claim(stage) is None, "the lane runs in circles"
