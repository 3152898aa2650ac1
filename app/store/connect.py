"""Ways to the database: single connections, and the pool that everybody borrows from."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from weakref import WeakSet

import asyncpg
from sqlalchemy import URL

from app.store.connection import Connection, Driver, Row

CONNECT_SECONDS, WAIT_SECONDS, CLOSE_SECONDS = 3, 5, 2
"""How long opening a connection of the pool may take, waiting for one that is free, and closing one."""

RESTED_SECONDS = 1.0
"""After how long in the pool a connection is tried before it is used: trying it every time would cost a round trip."""

LONGEST_STATEMENT_SECONDS = 60
"""After which no statement is waited for any more: nothing here takes as long, so the connection is dead."""

STATEMENTS = 1000
"""How many statements a connection keeps prepared: more than there are."""

PLANNED_ONCE = {"plan_cache_mode": "force_generic_plan", "jit": "off", "enable_seqscan": "off"}
"""Settings that have each statement planned once a connection: planning takes longer than most statements run.

It may be planned while the tables are empty, and must not go through them from end to end when they are not any more.
"""

BROKEN = (asyncpg.InterfaceError, asyncpg.InternalClientError)
"""What asyncpg says of a connection that it cannot use; the second where the database broke off in the middle of an answer."""

LOST = (OSError, TimeoutError, asyncpg.PostgresError, *BROKEN)
"""What a connection raises that is no good."""


AWAY = frozenset({"08", "28", "3D", "53", "57"})
"""Classes of SQLSTATE that say that the database cannot be reached, does not let us in, is not there, is full, or stops."""

NO_SUCH_TABLES = frozenset({"42P01", "42703", "3F000"})
"""SQLSTATEs of tables, columns and schemas that are not there: https://www.postgresql.org/docs/current/errcodes-appendix.html."""


def why_unusable(error: Exception) -> str | None:
    """Say in a sentence why the database cannot be used; None when an error is not the database's own fault."""
    told = getattr(error, "orig", None) or error
    code = str(getattr(told, "sqlstate", None) or "")
    if code in NO_SUCH_TABLES:
        return "The database has not the tables that this code needs. Run `python -m app.cli migrate`."
    if code[:2] in AWAY or isinstance(told, OSError | TimeoutError | asyncpg.InterfaceError):
        said = str(told).rpartition(">: ")[2] or "it did not answer in time"
        return f"The database cannot be used: {said}. Look at DATABASE_URL, and whether it is up."
    return None


async def connect(
    url: URL,
    settings: Mapping[str, str] | None = None,
    *,
    timeout: float = 5,  # noqa: ASYNC109
    longest_statement: float | None = None,
) -> Driver:
    """Open one connection within ``timeout`` seconds, with these settings of PostgreSQL for its whole life."""
    query = {name: value if isinstance(value, str) else value[0] for name, value in url.query.items()}
    return await asyncpg.connect(
        host=query.get("host") or url.host,
        port=int(query.get("port") or url.port or 5432),
        user=url.username,
        password=url.password,
        database=url.database,
        timeout=timeout,
        command_timeout=longest_statement,
        server_settings=None if settings is None else dict(settings),
        statement_cache_size=STATEMENTS,
        max_cached_statement_lifetime=0,
        record_class=Row,
    )


def drop(connections: Iterable[Driver]) -> None:
    """Break connections without a word: who waits for an answer on one gets an error at once."""
    for each in connections:
        each.terminate()


class Pool:
    """Connections that are opened when they are needed, and kept for the next one. ``close`` it.

    asyncpg's own pool neither tries what has rested nor takes a connection back without asking the database.
    """

    def __init__(self, url: URL, *, size: int) -> None:
        self._url = url
        self._free = asyncio.Semaphore(size)
        self._resting: list[tuple[Driver, float]] = []
        self._all: WeakSet[Driver] = WeakSet()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection on which each statement stands for itself."""
        driver = await self._lend()
        try:
            yield Connection(driver)
        finally:
            self._take_back(driver)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection; commit at the end of the block, roll back on an error."""
        driver = await self._lend()
        try:
            async with driver.transaction():
                yield Connection(driver)
        finally:
            self._take_back(driver)

    def connections(self) -> frozenset[Driver]:
        """Return the connections there are, in use or not."""
        return frozenset(self._all)

    async def close(self) -> None:
        """Close the connections that nobody uses."""
        resting, self._resting = self._resting, []
        for driver, _ in resting:
            with contextlib.suppress(*LOST):
                await driver.close(timeout=CLOSE_SECONDS)

    async def _lend(self) -> Driver:
        async with asyncio.timeout(WAIT_SECONDS):
            await self._free.acquire()
        try:
            while self._resting:
                driver, since = self._resting.pop()
                if time.monotonic() - since < RESTED_SECONDS or await _lives(driver):
                    return driver
                driver.terminate()
            driver = await connect(
                self._url, PLANNED_ONCE, timeout=CONNECT_SECONDS, longest_statement=LONGEST_STATEMENT_SECONDS
            )
        except BaseException:
            self._free.release()
            raise
        self._all.add(driver)
        return driver

    def _take_back(self, driver: Driver) -> None:
        if not driver.is_closed() and driver.is_in_transaction():
            # Its end could not be said to the database, so nobody knows what that thinks of it.
            driver.terminate()
        if not driver.is_closed():
            self._resting.append((driver, time.monotonic()))
        self._free.release()


async def _lives(driver: Driver) -> bool:
    try:
        await driver.execute("SELECT 1")
    except LOST:
        return False
    return True
