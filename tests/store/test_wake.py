"""No wake is lost between those who add work and those who hold lanes, however their commits fall.

The rule: always raise ``wake``, read it before the work, write what was read into ``done`` at the release. Beside it stands
a rule that looks as good and saves a write. It loses wakes, and so shows that this test can tell.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from app.domain.ids import ApplicationId, SupplierId
from app.store.connection import Connection
from app.store.lanes import Lanes
from tests.fakes.stage import Stage

LANES, ROUNDS, COMMITTERS, HOLDERS = 4, 25, 3, 3
LEASE = timedelta(seconds=60)
WINDOW = 0.004
"""Longest time, in seconds, by which the moments between a statement and its commit are widened."""

Wake = Callable[[Connection, ApplicationId], Awaitable[object]]


async def always(connection: Connection, lane: ApplicationId) -> None:
    await Lanes(connection).wake(lane)


async def only_when_asleep(connection: Connection, lane: ApplicationId) -> None:
    statement = "UPDATE lane SET wake = wake + 1 WHERE application_id = :id AND wake = done"
    await connection.execute(statement, {"id": lane})


class Crowd:
    """Committers who add work to lanes, and holders who do it; the work is rows of a table of the test's own."""

    def __init__(self, stage: Stage, lanes: list[ApplicationId], wake: Wake, seed: int) -> None:
        self._pool = stage.store.pool
        self._lanes = lanes
        self._wake = wake
        self._chance = random.Random(seed)
        self._all_added = asyncio.Event()

    async def lost(self) -> int:
        """Let a round pass and return how much work nobody knows of, once no lane is runnable any more."""
        self._all_added.clear()
        async with asyncio.TaskGroup() as group:
            holders = [group.create_task(self._hold()) for _ in range(HOLDERS)]
            async with asyncio.TaskGroup() as committers:
                for lane in self._lanes * COMMITTERS:
                    committers.create_task(self._commit(lane))
            self._all_added.set()
        assert all(holder.done() for holder in holders)
        async with self._pool.transaction() as connection:
            found = await connection.execute("DELETE FROM work RETURNING 1")
            return len(found)

    @asynccontextmanager
    async def _widened(self) -> AsyncIterator[Connection]:
        """Give a transaction that dawdles before its first statement and before its commit."""
        async with self._pool.transaction() as connection:
            yield connection
            await self._dawdle(connection)

    async def _dawdle(self, connection: Connection) -> None:
        await connection.execute("SELECT pg_sleep(:s)", {"s": self._chance.uniform(0, WINDOW)})

    async def _commit(self, lane: ApplicationId) -> None:
        async with self._widened() as connection:
            await self._dawdle(connection)
            await connection.execute("INSERT INTO work VALUES (:lane)", {"lane": lane})
            await self._wake(connection, lane)

    async def _hold(self) -> None:
        while True:
            over = self._all_added.is_set()
            async with self._pool.transaction() as connection:
                claim = await Lanes(connection).claim(LEASE)
            if claim is None:
                if over:
                    return
                continue
            async with self._widened() as connection:
                await connection.execute("DELETE FROM work WHERE lane = :lane", {"lane": claim.application_id})
            async with self._pool.transaction() as connection:
                await Lanes(connection).release(claim)


async def crowd(stage: Stage, wake: Wake, *, seed: int) -> Crowd:
    lanes = []
    for n in range(LANES):
        installed = await stage.install(supplier_id=SupplierId("supplier"), shop=f"{n}.example")
        lanes.append(installed.id)
    async with stage.store.pool.transaction() as connection:
        await connection.execute("CREATE TABLE work (lane uuid NOT NULL)")
        await connection.execute("UPDATE lane SET done = wake, due_at = NULL")
        # So whatever else would find work that is left is not asked, only the wake.
        await connection.execute("UPDATE application SET state = 'paused'")
    return Crowd(stage, lanes, wake, seed)


async def test_raising_always_loses_no_wake(stage: Stage) -> None:
    many = await crowd(stage, always, seed=1)
    assert [await many.lost() for _ in range(ROUNDS)] == [0] * ROUNDS


async def test_raising_only_when_asleep_loses_wakes(stage: Stage) -> None:
    many = await crowd(stage, only_when_asleep, seed=1)
    for _ in range(20 * ROUNDS):
        if await many.lost():
            return
    pytest.fail("this test cannot tell a rule that loses wakes from one that does not")
