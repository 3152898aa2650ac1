"""The statement that keeps a batch: what it keeps, what it refuses, and that no wake is lost to it."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from app.domain.application import Application
from app.domain.errors import NotStored
from app.domain.ids import ApplicationId, EventId, Topic
from app.domain.structs import replace
from app.ports import Arrival
from app.store.connect import connect
from app.store.connection import Driver
from app.store.database import sqlalchemy_url
from app.store.entrance import ACCEPT
from tests.fakes.shop import delivery, product
from tests.fakes.stage import Stage


@pytest.fixture
async def application(stage: Stage) -> Application:
    return await stage.install()


def arrival(application: Application, event: str = "e1", *, revision: int | None = None) -> Arrival:
    return Arrival(
        application_id=application.id,
        revision=application.revision if revision is None else revision,
        event_id=EventId(event),
        topic=Topic("snapshot"),
        delivery=delivery(product("1")),
    )


async def test_an_event_is_kept_once_within_a_batch_and_across_batches(stage: Stage, application: Application) -> None:
    for _ in range(2):
        assert (
            await stage.store.accept([arrival(application), arrival(application), arrival(application, "e2")]) == set()
        )
    assert await stage.count("delivery") == 2
    assert await stage.count("delivery_body") == 2


async def test_what_was_verified_against_an_older_revision_is_not_kept(stage: Stage, application: Application) -> None:
    old = application.revision - 1
    batch = [arrival(application, "now"), arrival(application, "then", revision=old)]
    assert await stage.store.accept(batch) == {(application.id, old)}
    assert list(await stage.outcomes(application)) == ["now"]


async def test_an_application_that_was_erased_takes_nothing(stage: Stage, application: Application) -> None:
    async with stage.store.transaction() as tx:
        await tx.erasures.finish(application.id)
    assert await stage.store.accept([arrival(application)]) == {(application.id, application.revision)}


async def test_erasing_an_application_leaves_nothing_of_its_deliveries(stage: Stage, application: Application) -> None:
    assert await stage.store.accept([arrival(application)]) == set()
    async with stage.store.transaction() as tx:
        await tx.erasures.finish(application.id)
    assert [await stage.count(table) for table in ("application", "delivery", "delivery_body")] == [0, 0, 0]


async def test_a_line_break_in_an_event_id_moves_nothing_to_another_delivery(
    stage: Stage, application: Application
) -> None:
    odd = [
        replace(arrival(application, "a\nb"), topic=Topic("t\nu")),
        arrival(application, ""),
        arrival(application, "c"),
    ]
    assert await stage.store.accept(odd) == set()
    assert sorted(await stage.outcomes(application)) == ["", "a b", "c"]
    assert await stage.count("delivery_body") == 3


async def test_text_that_postgresql_cannot_hold_is_cleaned(stage: Stage, application: Application) -> None:
    odd = replace(arrival(application, "a\x00b\ud800"), topic=Topic("t\x00"))
    odd = replace(odd, delivery=replace(odd.delivery, headers={"x": "\x00\xff"}))
    assert await stage.store.accept([odd]) == set()
    assert list(await stage.outcomes(application)) == ["ab?"]


async def test_only_installed_applications_are_found_with_what_they_keep(
    stage: Stage, application: Application
) -> None:
    stranger = ApplicationId(stage.services.new_id())
    found = await stage.store.addressees([application.id, stranger])
    assert set(found) == {application.id}
    assert found[application.id].secrets is not None
    assert "shop-token" not in repr(found)
    async with stage.store.transaction() as tx:
        await tx.applications.set_state(application.id, "uninstalled", "Gone.")
    assert await stage.store.addressees([application.id]) == {}


async def test_a_lane_that_somebody_holds_on_to_is_not_waited_for(stage: Stage, application: Application) -> None:
    async with stage.store.pool.transaction() as holder:
        await holder.execute("SELECT 1 FROM lane FOR UPDATE")
        with pytest.raises(NotStored) as refused:
            await stage.store.accept([arrival(application)])
    assert refused.value.concerns == "application"
    assert await stage.store.accept([arrival(application)]) == set()


def as_asked(application: Application, one: Arrival) -> tuple[object, ...]:
    """Return what the statement is given for one delivery."""
    address = [application.id], [None], "POST\n", "/\n"
    return *address, [1], f"{one.event_id}\n", f"{one.topic}\n", "{}", [one.delivery.body]


@pytest.mark.parametrize("turned", [False, True])
async def test_lanes_are_raised_in_one_order_whatever_came_first(stage: Stage, web: Driver, turned: bool) -> None:
    """So that two batches never wait for each other in a circle."""
    lanes = sorted([(await stage.install(shop=f"{n}.example")) for n in range(3)], key=lambda each: each.id)
    batch = [arrival(each) for each in (reversed(lanes) if turned else lanes)]
    async with stage.store.pool.transaction() as holder:
        await holder.execute("SELECT 1 FROM lane WHERE application_id = :id FOR UPDATE", {"id": lanes[1].id})
        accepting = asyncio.create_task(stage.store.accept(batch))
        while not await _somebody_waits_for_a_lock(web):
            pass
        free = await web.fetch("SELECT application_id FROM lane FOR UPDATE SKIP LOCKED")
    assert [row["application_id"] for row in free] == [lanes[2].id]
    await accepting


LOSING = ACCEPT.replace(
    "WHERE lane.application_id = called.application_id",
    "WHERE lane.application_id = called.application_id AND lane.wake = lane.done",
)
"""The variant that raises a lane only if it is not yet awake. It is wrong; here it proves that the test can tell."""


@pytest.fixture
async def web(database_url: str) -> AsyncIterator[Driver]:
    """A connection on which the statement can be held between its work and its commit."""
    connection = await connect(sqlalchemy_url(database_url))
    yield connection
    await connection.close()


UNLOCKED = ACCEPT.replace("FOR KEY SHARE OF application", "")
"""The variant that does not lock the Applications of what it keeps. It is wrong; here it proves that the test can tell."""


@pytest.mark.parametrize(("statement", "left"), [(ACCEPT, 0), (UNLOCKED, 1)])
async def test_what_is_kept_while_its_application_is_erased_is_erased_with_it(
    stage: Stage, application: Application, web: Driver, statement: str, left: int
) -> None:
    async def erase() -> None:
        async with stage.store.transaction() as tx:
            await tx.erasures.finish(application.id)

    async with web.transaction():
        await web.fetch(statement, *as_asked(application, arrival(application)))
        erasing = asyncio.create_task(erase())
        while not erasing.done() and not await _somebody_waits_for_a_lock(web):
            pass
    await erasing
    assert await stage.count("delivery") == await stage.count("delivery_body") == left


async def test_nothing_is_kept_for_an_application_that_is_being_erased(stage: Stage, application: Application) -> None:
    async with stage.store.transaction() as tx:
        await tx.erasures.finish(application.id)
        with pytest.raises(NotStored) as refused:
            await stage.store.accept([arrival(application)])
    assert refused.value.concerns == "application"
    assert await stage.count("delivery") == 0


@pytest.mark.parametrize(("statement", "woken"), [(ACCEPT, True), (LOSING, False)])
async def test_a_delivery_that_is_committed_while_its_lane_is_released_wakes_it(
    stage: Stage, application: Application, web: Driver, statement: str, woken: bool
) -> None:
    await stage.settle()
    async with stage.store.transaction() as tx:
        await tx.lanes.wake(application.id)
        held = await tx.lanes.claim(stage.services.pace.lease)
    assert held is not None

    async def release() -> None:
        async with stage.store.transaction() as tx:
            await tx.lanes.release(held)

    async with web.transaction():
        await web.fetch(statement, *as_asked(application, arrival(application)))
        # The worker has seen no delivery, since none is committed, and lets go of the lane.
        releasing = asyncio.create_task(release())
        while not releasing.done() and not await _somebody_waits_for_a_lock(web):
            pass
    await releasing
    async with stage.store.transaction() as tx:
        claimed = await tx.lanes.claim(stage.services.pace.lease)
    assert (claimed is not None) is woken


async def _somebody_waits_for_a_lock(connection: Driver) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    return bool(await connection.fetchval(waiting))
