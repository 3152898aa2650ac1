"""The worker process: takes lanes that have work, several at a time, until it is told to stop; and finishes installs.

A doorbell says when there may be work. What no doorbell announces, a look finds: at the time for which work is due, and
every few seconds, across a lost listener and a restarted database.
"""

import asyncio
import contextlib
import signal
from datetime import timedelta

import structlog
from structlog.contextvars import bound_contextvars

from app.composition import WrongSettings, open_services, open_store, periods
from app.domain.errors import LeaseLost
from app.flows.housekeeping import Periods, keep_house
from app.flows.installs.finish import finish_install
from app.flows.run_lane import HeldLane, claim_lane, let_go, next_due, rest_lane, run_lane
from app.flows.services import Services
from app.flows.tenure import Stopping
from app.logs import configure_logging
from app.metrics import Metrics
from app.ports import RunEnd
from app.serving import settle_in
from app.settings import Settings
from app.store.connect import drop
from app.store.connection import Driver
from app.store.database import PostgresStore
from app.store.doorbell import Doorbell

logger = structlog.get_logger(__name__)

SIGN_OF_LIFE, ANSWER = 1.0, 2.0
"""Seconds between two looks at whether the doorbell is heard, and within which it has to answer."""

TRY_AGAIN = 0.5
"""Seconds between two tries when the database is away."""

MARGIN = timedelta(seconds=1)
"""What is left of a shutdown for writing down what came of the last calls."""

SPARE_CONNECTIONS = 2
"""Beside one for each lane: for taking the next one, and for the rare moment between two uses."""


class Worker:
    """Runs lanes, ``slots`` at a time. ``look``: how often it looks for work without having been called."""

    def __init__(
        self,
        services: Services,
        store: PostgresStore,
        *,
        slots: int,
        look: timedelta,
        shutdown: timedelta = timedelta(seconds=15),
    ) -> None:
        self._services = services
        self._store = store
        self._slots = asyncio.Semaphore(slots)
        self._look = look
        self._shutdown = shutdown
        self._rung = asyncio.Event()
        self._rung_for_installs = asyncio.Event()
        self._installs: asyncio.Task[None] | None = None
        self._stopping = Stopping()

    async def run(self) -> None:
        """Work until ``stop``; then finish what has begun."""
        async with asyncio.TaskGroup() as group:
            bell = group.create_task(self._answer_the_door())
            self._installs = group.create_task(self._finish_installs())
            await self._work()
            bell.cancel()

    def stop(self) -> None:
        """Begin nothing new, and be done within the time that a shutdown may take.

        No call is broken off: none starts that could not be over by then, and what is left is handed over.
        """
        self._stopping.told = True
        self._ring()
        last_call = self._shutdown - self._services.pace.call - MARGIN
        asyncio.get_running_loop().call_later(max(last_call.total_seconds(), 0), self._start_no_call)

    def _ring(self) -> None:
        self._rung.set()
        self._rung_for_installs.set()

    def _start_no_call(self) -> None:
        self._stopping.over = True
        # An install that is cut short is begun anew; its call, if there is one, is let finish by the transport.
        if self._installs is not None:
            self._installs.cancel()

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as runs:
            while True:
                await self._slots.acquire()
                held = await self._next_lane()
                if held is None:
                    break
                runs.create_task(self._run(held))

    async def _next_lane(self) -> HeldLane | None:
        """Take the lane that waited longest, as soon as there is one; None when the worker is to stop."""
        while not self._stopping.told:
            # Cleared before the look, so that what is rung during it is not slept over.
            self._rung.clear()
            try:
                held = await claim_lane(self._services)
                if held is not None:
                    return held
                due = await next_due(self._services)
            except self._store.unavailable as error:
                logger.warning("database_unavailable", error=type(error).__name__)
                due = timedelta(seconds=TRY_AGAIN)
            await self._wait(self._rung, self._look if due is None else min(due, self._look))
        return None

    async def _wait(self, rung: asyncio.Event, longest: timedelta) -> None:
        """Wait until somebody rings, or ``longest`` is over."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(longest.total_seconds()):
                await rung.wait()

    async def _finish_installs(self) -> None:
        """Finish the installs on which both sides have agreed, one after the other."""
        while not self._stopping.told:
            self._rung_for_installs.clear()
            try:
                if await finish_install(self._services):
                    continue
            except self._store.unavailable as error:
                logger.warning("database_unavailable", error=type(error).__name__)
            except Exception:
                # It stays claimed for a while, so that even this cannot spin.
                logger.exception("install_failed")
            await self._wait(self._rung_for_installs, self._look)

    async def _run(self, held: HeldLane) -> None:
        began = self._services.monotonic()
        ended: RunEnd = "failed"
        with bound_contextvars(application_id=str(held.claim.application_id)):
            try:
                ended = await run_lane(self._services, held, self._stopping)
            except self._store.unavailable as error:
                ended = "broken off"
                logger.warning("lane_broken_off", error=type(error).__name__)
                await self._let_go(held)
            except Exception as error:
                logger.exception("lane_failed", times=held.claim.failures + 1)
                await self._rest(held, error)
            finally:
                self._services.observer.ran(ended, self._services.monotonic() - began)
                self._slots.release()
                # The lane may have work again that was rung for while it was held.
                self._rung.set()

    async def _let_go(self, held: HeldLane) -> None:
        """Give the lane back as soon as the database can be reached; nobody should have to wait for its lease to end."""
        ends = self._services.monotonic() + self._services.pace.lease.total_seconds()
        while self._services.monotonic() < ends and not self._stopping.over:
            try:
                await let_go(self._services, held)
            except self._store.unavailable:
                await self._services.sleep(TRY_AGAIN)
            else:
                return

    async def _rest(self, held: HeldLane, error: Exception) -> None:
        try:
            await rest_lane(self._services, held, error)
        except LeaseLost:
            pass
        except Exception:
            # The lane stays leased until its lease ends, so that even this cannot spin.
            logger.exception("lane_not_put_to_rest")

    async def _answer_the_door(self) -> None:
        """Keep listening, and notice when connections are silent: then they are broken, so that nobody waits on them."""
        bell: Doorbell | None = None
        silent: frozenset[Driver] = frozenset()
        try:
            while True:
                if bell is not None and not await bell.answers(within=ANSWER):
                    if not bell.broken:
                        silent |= self._store.connections()
                    bell.drop()
                    bell = None
                if bell is None:
                    bell = await self._listen()
                    if bell is not None:
                        # The database answers whoever asks anew, so what is older and silent stays silent.
                        drop(silent)
                        silent = frozenset()
                await asyncio.sleep(SIGN_OF_LIFE)
        finally:
            if bell is not None:
                await bell.close()

    async def _listen(self) -> Doorbell | None:
        try:
            bell = await self._store.listen(self._rung.set, self._rung_for_installs.set)
        except self._store.unavailable as error:
            logger.warning("doorbell_unavailable", error=type(error).__name__)
            return None
        self._ring()  # For whatever was rung while nobody listened.
        return bell


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
    metrics = Metrics()
    configure_logging(chosen.log_level, metrics.count_event)
    with contextlib.ExitStack() as shown:
        if chosen.metrics_port:
            try:
                shown.enter_context(metrics.served(chosen.metrics_host, chosen.metrics_port))
            except OSError as error:
                where = f"{chosen.metrics_host}:{chosen.metrics_port}"
                raise WrongSettings(f"METRICS_PORT: {where} cannot be used: {error.strerror}.") from error
        await _work_until_told(chosen, metrics)
    logger.info("worker_stopped")


async def _work_until_told(chosen: Settings, metrics: Metrics) -> None:
    pool = max(chosen.database_pool, chosen.lanes_per_worker + SPARE_CONNECTIONS)
    store = open_store(chosen.model_copy(update={"database_pool": pool}))
    async with open_services(chosen, store, metrics) as services:
        worker = Worker(
            services,
            store,
            slots=chosen.lanes_per_worker,
            look=timedelta(seconds=chosen.look_seconds),
            shutdown=timedelta(seconds=chosen.shutdown_seconds),
        )
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, worker.stop)
        settle_in()
        logger.info("worker_started", slots=chosen.lanes_per_worker)
        every = timedelta(seconds=chosen.housekeeping_seconds)
        house = asyncio.create_task(keep_house_again_and_again(services, store, periods(chosen), every=every))
        await worker.run()
        house.cancel()
        await asyncio.wait([house])
    await store.close()
