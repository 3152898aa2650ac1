"""The store: connections, transactions, and the doorbell."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any
from weakref import WeakSet

import asyncpg
from sqlalchemy import URL, event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from app.domain.ids import AccountId, ApplicationId
from app.ports import Addressee, Arrival, Claim
from app.store.accounts import AccountBudget, Accounts, Unmetered
from app.store.applications import Applications
from app.store.appointments import Appointments
from app.store.conflicts import Conflicts
from app.store.connect import BROKEN, Connection, connect
from app.store.doorbell import Doorbell
from app.store.entrance import Entrance
from app.store.erasures import Erasures
from app.store.imports import Imports
from app.store.inbox import Inbox
from app.store.installs import Installs
from app.store.keys import ApiKeys
from app.store.lanes import DOORBELL, Lanes
from app.store.problems import Problems
from app.store.products import Products
from app.store.replays import Replays
from app.store.retention import Retention
from app.store.sweeps import Sweeps
from app.store.targets import Targets
from app.store.timeline import Timeline
from app.store.vault import Keyring, RandomBytes, Vault

RESTED_SECONDS = 1.0
"""After how long in the pool a connection is tried before it is used."""

CONNECT_SECONDS, DOORBELL_SECONDS = 3, 2
"""How long opening a connection may take."""

LONGEST_STATEMENT_SECONDS = 60
"""After which no statement is waited for any more: nothing here takes as long, so the connection is dead."""

REFUSALS = frozenset({"0A", "21", "22", "23", "42"})
"""Classes of SQLSTATE that say that the statement or its data are at fault, and not the database.

https://www.postgresql.org/docs/current/errcodes-appendix.html
"""


class StatementRefused(Exception):
    """PostgreSQL refused a statement or its data, which repeating it does not mend: a mistake of ours."""


def sqlalchemy_url(database_url: str) -> URL:
    """Return the URL for SQLAlchemy's asyncpg dialect, whatever PostgreSQL scheme was given."""
    return make_url(database_url).set(drivername="postgresql+asyncpg")


class PostgresTransaction:
    """What can be asked and written in one transaction."""

    def __init__(self, connection: AsyncConnection, keyring: Keyring, random_bytes: RandomBytes) -> None:
        self.applications = Applications(connection)
        self.appointments = Appointments(connection)
        self.accounts = Accounts(connection)
        self.conflicts = Conflicts(connection)
        self.imports = Imports(connection)
        self.inbox = Inbox(connection)
        self.installs = Installs(connection)
        self.keys = ApiKeys(connection)
        self.lanes = Lanes(connection)
        self.problems = Problems(connection)
        self.products = Products(connection)
        self.replays = Replays(connection)
        self.retention = Retention(connection)
        self.erasures = Erasures(connection)
        self.sweeps = Sweeps(connection)
        self.targets = Targets(connection)
        self.timeline = Timeline(connection)
        self.vault = Vault(connection, keyring, random_bytes)


class PostgresStore:
    """The store on PostgreSQL. ``close`` it. ``unavailable`` are the errors of a database that is away or overloaded."""

    # The driver's own errors come from connections outside the pool, such as that of a database that is starting up.
    unavailable: tuple[type[Exception], ...] = (
        *(OSError, TimeoutError, OperationalError, InterfaceError, DBAPIError),
        *(asyncpg.PostgresError, *BROKEN),
    )

    def __init__(self, database_url: str, *, keyring: Keyring, random_bytes: RandomBytes, pool: int) -> None:
        self._url = sqlalchemy_url(database_url)
        self._keyring = keyring
        self._random_bytes = random_bytes
        self.engine: AsyncEngine = create_async_engine(
            self._url,
            pool_size=pool,
            max_overflow=0,
            pool_timeout=5,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_SECONDS, "command_timeout": LONGEST_STATEMENT_SECONDS},
        )
        event.listen(self.engine.sync_engine, "checkout", self._try_if_rested)
        event.listen(self.engine.sync_engine, "checkin", _note_rest)
        self._autocommitting = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._connections: WeakSet[Connection] = WeakSet()
        event.listen(self.engine.sync_engine, "connect", self._remember)
        self._entrance = Entrance(self._url, keyring)

    def _remember(self, connection: Any, _: object) -> None:
        self._connections.add(connection.driver_connection)

    @contextlib.asynccontextmanager
    async def transaction(self, claim: Claim | None = None) -> AsyncIterator[PostgresTransaction]:
        """Commit at the end of the block, roll back on an error.

        With a ``claim`` the commit is fenced: LeaseLost, and nothing is written, if somebody else holds the lane by now.
        StatementRefused when PostgreSQL is there, and does not accept what it was told.
        """
        try:
            async with self.engine.begin() as connection:
                transaction = PostgresTransaction(connection, self._keyring, self._random_bytes)
                yield transaction
                if claim is not None:
                    await transaction.lanes.confirm(claim)
        except DBAPIError as error:
            code = getattr(error.orig, "sqlstate", None)
            if code is not None and code[:2] in REFUSALS:
                raise StatementRefused(f"PostgreSQL refused a statement ({code})") from error
            raise

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """Have each statement of the block stand for itself, for reads and single writes: no round trip to begin or commit."""
        async with self._autocommitting.connect() as connection:
            yield PostgresTransaction(connection, self._keyring, self._random_bytes)

    def _try_if_rested(self, connection: DBAPIConnection, entry: ConnectionPoolEntry, _: PoolProxiedConnection) -> None:
        """Replace a connection that died in the pool. Trying each one at each use would cost a round trip every time."""
        if time.monotonic() - entry.info.get("resting_since", time.monotonic()) < RESTED_SECONDS:
            return
        dialect = self.engine.sync_engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error

    def budget(self, account_id: AccountId | None) -> AccountBudget | Unmetered:
        """Return an account's budget; None: of one that is not known yet."""
        return Unmetered() if account_id is None else AccountBudget(self.engine, account_id)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._entrance.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._entrance.accept(arrivals)

    async def ping(self) -> None:
        """Ask the database for a sign of life; any of its errors if there is none."""
        async with self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def revision(self) -> str | None:
        """Return the migration that the database is at; None when it has no tables yet."""
        async with self.engine.connect() as connection:
            known = (await connection.execute(text("SELECT to_regclass('alembic_version')"))).scalar_one()
            if known is None:
                return None
            found: str | None = (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar()
            return found

    def connections(self) -> frozenset[Connection]:
        """Return the connections of the pool, in use or not."""
        return frozenset(self._connections)

    async def listen(self, ring: Callable[[], None]) -> Doorbell:
        """Call ``ring`` whenever a commit adds work, until the returned doorbell is closed or the database goes away."""
        connection = await connect(self._url, {"application_name": "doorbell"}, timeout=DOORBELL_SECONDS)
        try:
            async with asyncio.timeout(DOORBELL_SECONDS):
                await connection.add_listener(DOORBELL, lambda *_: ring())
        except BaseException:
            connection.terminate()
            raise
        return Doorbell(connection)

    async def close(self) -> None:
        await self._entrance.close()
        await self.engine.dispose()


def _note_rest(_: DBAPIConnection | None, entry: ConnectionPoolEntry) -> None:
    entry.info["resting_since"] = time.monotonic()
