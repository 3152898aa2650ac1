"""The worker: goes on by itself whatever happens to the database, to a lane, or to itself."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from app.domain.application import Application
from app.domain.http import Reading
from app.domain.ids import AccountId, SourceId, SupplierId
from app.flows.services import Services
from app.local.processes import free_port
from app.platforms.adapter import Adapter
from app.settings import Settings
from app.store.database import PostgresStore
from app.worker import ANSWER, Worker, main
from tests.fakes.gated import Gated
from tests.fakes.listening import Listening
from tests.fakes.relay import Relay, relay
from tests.fakes.shop import product
from tests.fakes.stage import Stage, open_stage

SOON = timedelta(milliseconds=50)
NEVER = timedelta(hours=1)


@dataclass
class Watched:
    """Awaited before each call to Orderchamp; tells when one of a name was begun. Calls stop at a closed gate."""

    calls: list[str] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    async def step(self, call: str) -> None:
        async with self.changed:
            self.calls.append(call)
            self.changed.notify_all()
        await self.gate.wait()

    async def until(self, call: str, times: int = 1, *, within: float = 10) -> None:
        async with asyncio.timeout(within), self.changed:
            await self.changed.wait_for(lambda: self.calls.count(call) >= times)


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    opened = open_stage(database_url)
    yield opened
    await opened.store.close()


@pytest.fixture
def watched() -> Watched:
    return Watched()


@contextlib.asynccontextmanager
async def working(
    services: Services,
    watched: Watched,
    stage: Stage,
    *,
    look: timedelta = NEVER,
    shutdown: timedelta = timedelta(seconds=15),
    slots: int = 2,
) -> AsyncIterator[Worker]:
    """Have a worker work, whose calls are watched."""
    store = services.store
    assert isinstance(store, PostgresStore)
    services = replace(services, marketplaces=Gated(stage.orderchamp, watched.step), sleep=asyncio.sleep)
    worker = Worker(services, store, slots=slots, look=look, shutdown=shutdown)
    running = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        watched.gate.set()
        worker.stop()
        async with asyncio.timeout(20):
            await running


async def installed(stage: Stage, shop: str = "shop.example") -> Application:
    """An Application with a product on Orderchamp, and an account that may spend as much as it likes."""
    stage.orderchamp.account_id = AccountId(f"account of {shop}")
    stage.shop.put(product(f"{shop} 1"))
    application = await stage.install(supplier_id=SupplierId(f"supplier of {shop}"), shop=shop)
    await stage.settle()
    stage.shop.products.clear()
    await stage.enrich()
    return application


async def rename(stage: Stage, application: Application, *, at: int = 1) -> None:
    await stage.hear(application, product(f"{application.shop} 1", at=at, title=f"Title {at}"))


async def at_rest(stage: Stage) -> None:
    """Wait until no lane is held and none has work."""
    async with asyncio.timeout(10):
        while await stage.execute("SELECT bool_or(leased_until IS NOT NULL OR wake > done) FROM lane"):
            pass


# Finding work


async def test_work_that_is_rung_for_is_done_at_once(stage: Stage, watched: Watched) -> None:
    application = await installed(stage)
    async with working(stage.services, watched, stage):
        await rename(stage, application)
        await watched.until("UpdateProduct")


async def test_work_that_nobody_rang_for_is_found_by_a_look(stage: Stage, watched: Watched) -> None:
    application = await installed(stage)
    async with working(stage.services, watched, stage, look=SOON):
        await stage.execute("UPDATE source_product SET due_at = now()")
        await stage.execute("UPDATE target SET observed = NULL")
        await stage.execute("UPDATE lane SET wake = wake + 1 WHERE application_id = :id", id=application.id)
        await watched.until("read")


async def test_work_that_is_due_later_is_begun_at_its_time_without_a_look(stage: Stage, watched: Watched) -> None:
    await installed(stage)
    await stage.execute("UPDATE source_product SET due_at = now() + interval '300 ms'")
    await stage.execute("UPDATE target SET observed = NULL")
    await stage.execute("UPDATE lane SET due_at = now() + interval '300 ms'")
    async with working(stage.services, watched, stage):
        await watched.until("read")


async def test_as_many_lanes_are_worked_for_at_a_time_as_there_are_slots(stage: Stage, watched: Watched) -> None:
    applications = [await installed(stage, f"{n}.example") for n in range(3)]
    watched.gate.clear()
    async with working(stage.services, watched, stage, slots=2):
        for each in applications:
            await rename(stage, each)
        await watched.until("UpdateProduct", 2)
        async with stage.store.transaction() as tx:
            third = await tx.lanes.claim(timedelta(seconds=1))
        assert third is not None, "a worker with two slots holds three lanes"
        async with stage.store.transaction() as tx:
            await tx.lanes.release(third)
            await tx.lanes.ring()
        watched.gate.set()
        await watched.until("UpdateProduct", 3)


# The database goes and comes


@pytest.fixture
async def behind(stage: Stage, database_url: str) -> AsyncIterator[tuple[Relay, Services]]:
    """A way to the database that can be cut, and services that take it; the stage goes round it."""
    async with relay(database_url) as way:
        far = open_stage(way.url)
        yield way, replace(stage.services, store=far.store)
        await far.store.close()


async def test_a_lost_listener_is_replaced(stage: Stage, watched: Watched) -> None:
    application = await installed(stage)
    async with working(stage.services, watched, stage):
        await rename(stage, application)
        await watched.until("UpdateProduct")
        assert await stage.execute(
            "SELECT bool_and(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'doorbell'"
        ), "nobody listens"
        await rename(stage, application, at=2)
        await watched.until("UpdateProduct", 2)


async def test_work_goes_on_within_five_seconds_of_the_databases_return(
    stage: Stage, watched: Watched, behind: tuple[Relay, Services]
) -> None:
    way, services = behind
    application = await installed(stage)
    async with working(services, watched, stage):
        await rename(stage, application)
        await watched.until("UpdateProduct")
        await at_rest(stage)
        await way.cut()
        await rename(stage, application, at=2)
        await way.open()
        await watched.until("UpdateProduct", 2, within=5)


async def test_a_lane_whose_run_the_database_broke_off_is_given_back_before_its_lease_ends(
    stage: Stage, watched: Watched, behind: tuple[Relay, Services]
) -> None:
    way, services = behind
    told = Listening()
    application = await installed(stage)
    watched.gate.clear()
    async with working(replace(services, observer=told), watched, stage):
        await rename(stage, application)
        await watched.until("UpdateProduct")
        await way.cut()
        watched.gate.set()
        # The call was made, but what came of it cannot be written down.
        await rename(stage, application, at=2)
        await way.open()
        async with asyncio.timeout(5):
            while await stage.execute("SELECT leased_until IS NOT NULL FROM lane"):
                pass
    assert told.runs[0][0] == "broken off"


async def test_work_goes_on_when_connections_hang(
    stage: Stage, watched: Watched, behind: tuple[Relay, Services]
) -> None:
    way, services = behind
    application = await installed(stage)
    async with working(services, watched, stage):
        await rename(stage, application)
        await watched.until("UpdateProduct")
        await at_rest(stage)
        way.silence()
        await rename(stage, application, at=2)
        await watched.until("UpdateProduct", 2, within=ANSWER + 5)


# Stopping


async def test_a_stop_lets_running_calls_finish_and_hands_the_lane_over(stage: Stage, watched: Watched) -> None:
    application = await installed(stage)
    watched.gate.clear()
    # Heard before the worker begins, so that it has both in one batch.
    await rename(stage, application)
    await stage.hear(application, product("another"))
    async with working(stage.services, watched, stage, shutdown=timedelta(0)) as worker:
        await watched.until("find")
        worker.stop()
        async with asyncio.timeout(5):
            while not worker._stopping.over:  # noqa: ASYNC110
                await asyncio.sleep(0)
    assert watched.calls == ["find"], "a call was begun after the deadline"
    assert await stage.execute("SELECT leased_until FROM lane") is None
    other = Watched()
    async with working(stage.services, other, stage):
        await other.until("UpdateProduct")
        await other.until("CreateProduct")


async def test_until_the_deadline_a_stop_finishes_the_batch_that_has_begun(stage: Stage, watched: Watched) -> None:
    application = await installed(stage)
    watched.gate.clear()
    # Heard before the worker begins, so that it has both in one batch.
    await rename(stage, application)
    await stage.hear(application, product("another"))
    async with working(stage.services, watched, stage, shutdown=timedelta(seconds=60)) as worker:
        await watched.until("find")
        worker.stop()
    assert "UpdateProduct" in watched.calls
    assert await stage.execute("SELECT leased_until FROM lane") is None


async def test_a_worker_without_a_database_stops_all_the_same(
    stage: Stage, watched: Watched, behind: tuple[Relay, Services]
) -> None:
    way, services = behind
    application = await installed(stage)
    watched.gate.clear()
    async with working(services, watched, stage, shutdown=timedelta(0)):
        await rename(stage, application)
        await watched.until("UpdateProduct")
        await way.cut()


# Bugs


async def test_a_bug_in_one_lane_costs_the_others_nothing_and_is_logged_once_a_try(
    stage: Stage, watched: Watched
) -> None:
    broken, sound = await installed(stage, "broken.example"), await installed(stage, "sound.example")
    stage.services = replace(stage.services, adapters={"fake": _broken_for("broken.example", stage)})
    told, began = Listening(), stage.services.monotonic()
    slowly = replace(stage.services, pace=replace(stage.services.pace, retry_scale=1.0), observer=told)
    with capture_logs() as logs:
        async with working(slowly, watched, stage):
            await _ask_to_read(stage, broken)
            async with asyncio.timeout(10):
                while await stage.execute("SELECT max(failures) FROM lane") == 0:
                    pass
            await rename(stage, sound)
            await watched.until("UpdateProduct")
            await _ask_to_read(stage, broken)
            await rename(stage, sound, at=2)
            await watched.until("UpdateProduct", 2)
    failures = [each for each in logs if each["event"] == "lane_failed"]
    assert len(failures) == 1, "a lane that rests was run"
    ends = [ended for ended, _ in told.runs]
    assert (ends.count("failed"), set(ends)) == (1, {"failed", "done"})
    assert all(0 < seconds < stage.services.monotonic() - began for _, seconds in told.runs)
    assert (await stage.problem(broken, "lane_failed")).times_seen == 1
    assert await stage.problems(sound) == ()


async def test_data_that_the_database_refuses_is_a_bug_of_a_lane_and_no_absence_of_the_database(
    stage: Stage, watched: Watched
) -> None:
    application = await installed(stage)
    await stage.execute("ALTER TABLE timeline ADD CHECK (sentence NOT LIKE '%Poison%')")
    with capture_logs() as logs:
        async with working(stage.services, watched, stage):
            poisoned = product("poisoned", title="Poison")
            await stage.hear(application, poisoned)
            async with asyncio.timeout(10):
                while await stage.execute("SELECT max(failures) FROM lane") == 0:
                    pass
    assert {each["event"] for each in logs} >= {"lane_failed"}
    assert "database_unavailable" not in {each["event"] for each in logs}
    assert "StatementRefused" in (await stage.problem(application, "lane_failed")).sentence


# What it shows


@pytest.mark.usefixtures("logging_as_before")
async def test_a_worker_counts_what_it_logs_and_shows_it_at_a_port_of_its_own() -> None:
    port = free_port()
    away = f"postgresql://nobody@127.0.0.1:{free_port()}/nowhere"
    running = asyncio.create_task(main(Settings(environment="development", database_url=away, metrics_port=port)))
    series = 'oca_log_events_total{event="database_unavailable",level="warning"}'
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(20):
        shown = ""
        while series not in shown:
            with contextlib.suppress(httpx.ConnectError):
                shown = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        # Only now does the worker surely listen to this.
        os.kill(os.getpid(), signal.SIGTERM)
        await running


async def _ask_to_read(stage: Stage, application: Application) -> None:
    async with stage.store.transaction() as tx:
        await tx.products.request_read(application.id, SourceId(f"{application.shop} 1"), reason="a test asks")
        await tx.lanes.wake(application.id)


def _broken_for(shop: str, stage: Stage) -> Adapter:
    adapter = stage.shop.adapter()
    catalogue = adapter.catalogue
    assert catalogue is not None
    read, read_page = catalogue.product, catalogue.page

    class Catalogue:
        page = staticmethod(read_page)

        def product(self, connection: object, source_id: SourceId) -> Reading[object]:
            if shop in source_id:
                raise ZeroDivisionError
            return read(connection, source_id)  # type: ignore[arg-type]

    return replace(adapter, catalogue=Catalogue())  # type: ignore[arg-type]
