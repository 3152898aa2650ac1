"""The worker process: takes lanes that have work, several at a time, until it is told to stop.

A doorbell says when there may be work; a look every few seconds finds what no doorbell announced, across a lost listener
and a restarted database.
"""

import asyncio
import contextlib
import signal
from datetime import timedelta

import structlog

from app.composition import configure_logging, open_services, open_store, periods
from app.flows.housekeeping import Periods, keep_house
from app.flows.run_lane import claim_lane, run_lane
from app.flows.services import Services
from app.settings import Settings
from app.store.database import Doorbell, PostgresStore

logger = structlog.get_logger(__name__)


class Worker:
    """Runs lanes in several slots."""

    def __init__(self, services: Services, store: PostgresStore, *, slots: int, look: timedelta) -> None:
        self._services = services
        self._store = store
        self._slots = slots
        self._look = look
        self._rung = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Work until ``stop``; then finish the runs that have begun."""
        async with asyncio.TaskGroup() as group:
            bell = group.create_task(self._answer_the_door())
            slots = [group.create_task(self._slot()) for _ in range(self._slots)]
            await asyncio.wait(slots)
            bell.cancel()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()
        self._rung.set()

    async def _slot(self) -> None:
        while not self._stopping.is_set():
            # Cleared before the look, so that what is rung during it is not slept over.
            self._rung.clear()
            if not await self._run_one():
                await self._wait()

    async def _run_one(self) -> bool:
        try:
            held = await claim_lane(self._services)
            if held is None:
                return False
            # Several lanes may have been rung for at once: whoever finds one has the next slot look, too.
            self._rung.set()
            await run_lane(self._services, held)
        except self._store.unavailable as error:
            logger.warning("database_unavailable", error=type(error).__name__)
            return False
        except Exception:
            # The lane stays leased until its lease ends, so a bug that comes back every time cannot spin.
            logger.exception("lane_failed")
        return True

    async def _wait(self) -> None:
        """Wait until somebody rings, or it is time to look without having been called."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._look.total_seconds()):
                await self._rung.wait()

    async def _answer_the_door(self) -> None:
        bell: Doorbell | None = None
        try:
            while True:
                if bell is None or bell.broken:
                    bell = await self._listen()
                    self._rung.set()  # Whatever was rung while nobody listened.
                await asyncio.sleep(self._look.total_seconds())
        finally:
            if bell is not None:
                await bell.close()

    async def _listen(self) -> Doorbell | None:
        try:
            return await self._store.listen(self._rung.set)
        except self._store.unavailable as error:
            logger.warning("doorbell_unavailable", error=type(error).__name__)
            return None


async def keep_house_again_and_again(
    services: Services, store: PostgresStore, keep: Periods, *, every: timedelta
) -> None:
    """Drop what is old, now and then. Of several workers one does it at a time; a batch that is cut short stays."""
    while True:
        try:
            await keep_house(services, keep)
        except store.unavailable as error:
            logger.warning("database_unavailable", error=type(error).__name__)
        except Exception:
            logger.exception("housekeeping_failed")
        await asyncio.sleep(every.total_seconds())


async def main(settings: Settings | None = None) -> None:
    """Run a worker until SIGTERM or SIGINT; what has begun is finished, within the time that settings allow."""
    chosen = settings or Settings()
    configure_logging(chosen.log_level)
    store = open_store(chosen)
    async with open_services(chosen, store) as services:
        worker = Worker(services, store, slots=chosen.lanes_per_worker, look=timedelta(seconds=chosen.look_seconds))
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, worker.stop)
        logger.info("worker_started", slots=chosen.lanes_per_worker)
        every = timedelta(seconds=chosen.housekeeping_seconds)
        house = asyncio.create_task(keep_house_again_and_again(services, store, periods(chosen), every=every))
        await worker.run()
        house.cancel()
        await asyncio.wait([house])
    await store.close()
    logger.info("worker_stopped")
