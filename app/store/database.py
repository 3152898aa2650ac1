"""The store: connections, transactions, and the doorbell."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
from sqlalchemy import URL, make_url

from app.domain.ids import AccountId, ApplicationId
from app.ports import Addressee, Arrival, Claim, Overview, Ring
from app.store.accounts import AccountBudget, Accounts, Unmetered
from app.store.applications import Applications
from app.store.appointments import Appointments
from app.store.briefings import Briefings
from app.store.conflicts import Conflicts
from app.store.connect import LOST, Pool, connect
from app.store.connection import Connection, Driver
from app.store.doorbell import Doorbell
from app.store.entrance import Entrance
from app.store.erasures import Erasures
from app.store.images import Images
from app.store.imports import Imports
from app.store.inbox import Inbox
from app.store.installs import INSTALLS, Installs
from app.store.keys import ApiKeys
from app.store.lanes import DOORBELL, Lanes
from app.store.overlay import Overlaid
from app.store.overview import read_overview
from app.store.polls import Polls
from app.store.previews import Previews
from app.store.problems import Problems
from app.store.products import Products
from app.store.replays import Replays
from app.store.retention import Retention
from app.store.rings import Rings
from app.store.sweeps import Sweeps
from app.store.targets import Targets
from app.store.timeline import Timeline
from app.store.vault import Keyring, RandomBytes, Vault
from app.store.webhooks import Webhooks

DOORBELL_SECONDS = 2
"""How long opening the doorbell may take."""

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

    def __init__(self, connection: Connection, keyring: Keyring, random_bytes: RandomBytes) -> None:
        self.applications = Applications(connection)
        self.appointments = Appointments(connection)
        self.polls = Polls(connection)
        self.accounts = Accounts(connection)
        self.briefings = Briefings(connection, keyring)
        self.conflicts = Conflicts(connection)
        self.images = Images(connection)
        self.imports = Imports(connection)
        self.inbox = Inbox(connection)
        self.installs = Installs(connection)
        self.keys = ApiKeys(connection)
        self.lanes = Lanes(connection)
        self.previews = Previews(connection)
        self.problems = Problems(connection)
        self.products = Products(connection)
        self.replays = Replays(connection)
        self.retention = Retention(connection)
        self.erasures = Erasures(connection)
        self.rings = Rings(connection)
        self.sweeps = Sweeps(connection)
        self.targets = Targets(connection)
        self.timeline = Timeline(connection)
        self.vault = Vault(connection, keyring, random_bytes)
        self.webhooks = Webhooks(connection)


class PostgresStore:
    """The store on PostgreSQL. ``close`` it. ``unavailable`` are the errors of a database that is away or overloaded."""

    unavailable: tuple[type[Exception], ...] = LOST

    def __init__(self, database_url: str, *, keyring: Keyring, random_bytes: RandomBytes, pool: int) -> None:
        self._url = sqlalchemy_url(database_url)
        self._keyring = keyring
        self._random_bytes = random_bytes
        self.pool = Pool(self._url, size=pool)
        self._entrance = Entrance(self._url, keyring)

    @contextlib.asynccontextmanager
    async def transaction(
        self, claim: Claim | None = None, *, renewed_for: timedelta | None = None
    ) -> AsyncIterator[PostgresTransaction]:
        """Commit at the end of the block, roll back on an error.

        With a ``claim`` the commit is fenced: LeaseLost, and nothing is written, if somebody else holds the lane by now.
        ``renewed_for``: the lane is held for that long from the beginning of the transaction. StatementRefused when
        PostgreSQL is there, and does not accept what it was told.
        """
        try:
            async with self.pool.transaction() as connection:
                transaction = PostgresTransaction(connection, self._keyring, self._random_bytes)
                yield transaction
                if claim is not None and renewed_for is not None:
                    await transaction.lanes.renew(claim, renewed_for)
                elif claim is not None:
                    await transaction.lanes.confirm(claim)
        except asyncpg.PostgresError as error:
            if (error.sqlstate or "")[:2] in REFUSALS:
                raise StatementRefused(f"PostgreSQL refused a statement ({error.sqlstate})") from error
            raise

    @contextlib.asynccontextmanager
    async def reading(self) -> AsyncIterator[PostgresTransaction]:
        """Have each statement of the block stand for itself, for reads and single writes: no round trip to begin or commit."""
        async with self.pool.connection() as connection:
            yield PostgresTransaction(connection, self._keyring, self._random_bytes)

    @contextlib.asynccontextmanager
    async def previewing(self, preview_id: UUID, account_id: AccountId) -> AsyncIterator[PostgresTransaction]:
        """Give, to be read, what is known of an account as a preview has it by now. PostgreSQL refuses to write anything here."""
        async with self.pool.transaction() as connection:
            await connection.execute("SET TRANSACTION READ ONLY")
            # What was written a moment ago has no statistics, and is taken for next to nothing: hardly worth a hash.
            await connection.execute("SET LOCAL enable_nestloop = off")
            yield PostgresTransaction(Overlaid(connection, preview_id, account_id), self._keyring, self._random_bytes)

    def budget(self, account_id: AccountId | None) -> AccountBudget | Unmetered:
        """Return an account's budget; None: of one that is not known yet."""
        return Unmetered() if account_id is None else AccountBudget(self.pool, account_id)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        return await self._entrance.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        return await self._entrance.accept(arrivals)

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None:
        await self._entrance.ring(secret, ring, signed=signed, look_after=look_after)

    async def ping(self) -> None:
        """Ask the database for a sign of life; any of its errors if there is none."""
        async with self.pool.connection() as connection:
            await connection.execute("SELECT 1")

    async def revision(self) -> str | None:
        """Return the migration that the database is at; None when it has no tables yet."""
        async with self.pool.connection() as connection:
            known = (await connection.execute("SELECT to_regclass('alembic_version')::text")).scalar()
            if known is None:
                return None
            found: str | None = (await connection.execute("SELECT version_num FROM alembic_version")).scalar()
            return found

    async def overview(self) -> Overview:
        """Return what waits in the whole database; any of the database's errors if it does not tell in a second."""
        async with self.pool.transaction() as connection:
            return await read_overview(connection)

    def connections(self) -> frozenset[Driver]:
        """Return the connections of the pool, in use or not."""
        return self.pool.connections()

    async def listen(self, ring: Callable[[], None], ring_for_installs: Callable[[], None]) -> Doorbell:
        """Call ``ring`` whenever a commit adds work to a lane, ``ring_for_installs`` when an install may be finished.

        Until the returned doorbell is closed or the database goes away.
        """
        connection = await connect(self._url, {"application_name": "doorbell"}, timeout=DOORBELL_SECONDS)
        try:
            async with asyncio.timeout(DOORBELL_SECONDS):
                await connection.add_listener(DOORBELL, lambda *_: ring())
                await connection.add_listener(INSTALLS, lambda *_: ring_for_installs())
        except BaseException:
            connection.terminate()
            raise
        return Doorbell(connection)

    async def close(self) -> None:
        await self._entrance.close()
        await self.pool.close()
