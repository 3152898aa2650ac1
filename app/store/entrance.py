"""The store's entrance: who a delivery is for, the one statement that keeps a batch of deliveries, and the one that keeps a ring.

Each of the three has one connection of its own that stays open, so that a question is one round trip and a flood of one
kind of question delays no other. Nobody waits long: the database gives up a statement by itself, so that none piles up.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

import asyncpg
import structlog
from sqlalchemy import URL

from app.domain.errors import Concern, InvalidSignature, NotStored, UnknownApplication
from app.domain.ids import ApplicationId
from app.ports import Addressee, Arrival, Ring
from app.store.connect import BROKEN, PLANNED_ONCE, connect
from app.store.connection import Driver, Row
from app.store.documents import lines, text_lines
from app.store.rings import RING, as_asked
from app.store.vault import Keyring, SecretUnreadable

logger = structlog.get_logger(__name__)

GIVE_UP_MILLISECONDS = 400
LOCK_MILLISECONDS = 150
"""How long the database works on one statement, and how long that may wait for a row that somebody else holds."""

SECONDS = 0.45
"""How long a question may take in all, with the wait for its turn and for a new connection."""

SETTINGS = {
    "statement_timeout": str(GIVE_UP_MILLISECONDS),
    "lock_timeout": str(LOCK_MILLISECONDS),
    **PLANNED_ONCE,
}
"""Of every connection here."""

ADDRESSEES = """
    SELECT a.id, a.platform, a.revision, s.field, s.key_id, s.nonce, s.ciphertext
    FROM unnest($1::uuid[]) AS asked(id)
    JOIN application a ON a.id = asked.id AND a.state <> 'uninstalled'
    LEFT JOIN secret s ON s.owner = a.id::text
"""

# One statement, in autocommit: one round trip and one flush for the whole batch. ``known`` are the addresses ($1 to $4) whose
# Applications nobody has changed since their deliveries were verified ($2); only theirs are kept, and the others are returned.
# They are locked, so that nobody erases one meanwhile and leaves its deliveries without it.
# Rows are inserted, and lanes raised, in one order, so that two batches never wait for each other in a circle. A lane is
# raised always: raising it only "if it is not awake yet" loses wakes, because the worker may be between reading ``wake`` and
# writing ``done``. ``IS TRUE`` has the rows looked up by hash: the planner knows nothing of their number, and would compare
# each with each. Columns of texts come as one text each (``text_lines``).
ACCEPT = """
    WITH known AS MATERIALIZED (
        SELECT verified.n, application.id, verified.method, verified.url
        FROM unnest($1::uuid[], $2::bigint[], string_to_array($3, E'\\n'), string_to_array($4, E'\\n'))
            WITH ORDINALITY AS verified(id, revision, method, url, n)
        JOIN application ON application.id = verified.id
            AND application.revision = coalesce(verified.revision, application.revision)
        FOR KEY SHARE OF application
    ), arrival AS MATERIALIZED (
        SELECT nextval('delivery_id_seq') AS id, known.id AS application_id, known.method, known.url, a.*
        FROM unnest($5::bigint[], string_to_array($6, E'\\n'), string_to_array($7, E'\\n'), string_to_array($8, E'\\n'),
            $9::bytea[]) AS a(n, event_id, topic, headers, body)
        JOIN known USING (n)
    ), fresh AS (
        INSERT INTO delivery (id, application_id, event_id, topic, method, url, headers)
        SELECT id, application_id, event_id, topic, method, url, headers FROM arrival ORDER BY application_id, event_id
        ON CONFLICT (application_id, event_id) DO NOTHING
        RETURNING id, application_id
    ), bodies AS (
        INSERT INTO delivery_body (delivery_id, body)
        SELECT id, body FROM arrival WHERE (id IN (SELECT fresh.id FROM fresh)) IS TRUE
    ), called AS MATERIALIZED (
        SELECT DISTINCT application_id FROM fresh ORDER BY application_id
    ), raised AS (
        UPDATE lane SET wake = wake + 1 FROM called WHERE lane.application_id = called.application_id
        RETURNING lane.application_id
    )
    SELECT n, NULL AS rung FROM generate_series(1, cardinality($1)) AS n WHERE n NOT IN (SELECT known.n FROM known)
    UNION ALL
    (SELECT NULL, pg_notify('lane', '')::text FROM raised LIMIT 1)
"""


Address = tuple[ApplicationId, int | None, str, str]
"""What the deliveries of one shop have in common: the Application, as of which revision, the method and the address."""


def _address(arrival: Arrival) -> Address:
    delivery = arrival.delivery
    return arrival.application_id, arrival.revision, delivery.method, delivery.url


class Entrance:
    """Takes deliveries in. ``close`` it."""

    def __init__(self, url: URL, keyring: Keyring) -> None:
        self._keyring = keyring
        self._looking = KeptConnection(url)
        self._accepting = KeptConnection(url)
        self._ringing = KeptConnection(url)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        """Return those of these Applications that are installed; NotStored when the database does not tell."""
        found: dict[ApplicationId, tuple[str, int, dict[str, str] | None]] = {}
        for row in await self._looking.fetch(ADDRESSEES, application_ids):
            application_id = ApplicationId(row["id"])
            _, _, secrets = found.setdefault(application_id, (row["platform"], row["revision"], {}))
            if row["field"] is None or secrets is None:
                continue
            try:
                secrets[row["field"]] = self._keyring.open(
                    str(application_id), row["field"], row["key_id"], row["nonce"], row["ciphertext"]
                )
            except SecretUnreadable:
                logger.exception("secret_unreadable", application_id=str(application_id), secret=row["field"])
                found[application_id] = (row["platform"], row["revision"], None)
        return {
            application_id: Addressee(id=application_id, platform=platform, revision=revision, secrets=secrets)
            for application_id, (platform, revision, secrets) in found.items()
        }

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        """Keep a batch of deliveries, and wake their lanes; returns only when that is committed.

        Redeliveries change nothing. Returned are the Applications, each with the revision that was given, that are not as
        they were when their deliveries were verified: those deliveries are not kept. NotStored when the database does not
        take the batch: then none of it was kept, or it will be found to be a redelivery.
        """
        addresses: dict[Address, int] = {}
        numbers = [addresses.setdefault(_address(each), len(addresses) + 1) for each in arrivals]
        applications, revisions, methods, urls = zip(*addresses, strict=True)
        rows = await self._accepting.fetch(
            ACCEPT,
            applications,
            revisions,
            text_lines(methods),
            text_lines(urls),
            numbers,
            text_lines([each.event_id for each in arrivals]),
            text_lines([each.topic for each in arrivals]),
            lines([each.delivery.headers for each in arrivals]),
            [each.delivery.body for each in arrivals],
        )
        changed = (row["n"] - 1 for row in rows if row["n"] is not None)
        return frozenset((applications[n], revisions[n]) for n in changed)

    async def ring(self, secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> None:
        """Keep what rang at the address that ends in ``secret``, and have the lanes that it is about look in ``look_after``.

        What is about no product of ours, or follows from our own write, changes nothing. UnknownApplication: nothing rings
        there. InvalidSignature: what rings there is signed, as it once was, and this is not. NotStored as for a delivery.
        """
        asked = as_asked(secret, ring, signed=signed, look_after=look_after)
        found = await self._ringing.fetch(RING, *asked)
        if not found:
            raise UnknownApplication
        if found[0]["forged"]:
            raise InvalidSignature("The delivery is not signed with the secret of our app at Orderchamp.")

    async def close(self) -> None:
        await self._looking.drop()
        await self._accepting.drop()
        await self._ringing.drop()


class KeptConnection:
    """A connection that stays open from question to question, one at a time, and is opened afresh after a failure."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._connection: Driver | None = None
        self._turn = asyncio.Lock()

    async def fetch(self, statement: str, *arguments: object) -> list[Row]:
        """Run one statement, committed when this returns. NotStored says whom a refusal concerns."""
        try:
            async with asyncio.timeout(SECONDS), self._turn:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await connect(self._url, SETTINGS)
                return await self._connection.fetch(statement, *arguments)
        except (OSError, TimeoutError, asyncpg.PostgresConnectionError, *BROKEN) as error:
            await self.drop()
            raise NotStored("The delivery could not be stored, because the database is not available.") from error
        except asyncpg.PostgresError as error:
            concerns = _concerns(error)
            if concerns == "everybody":
                await (
                    self.drop()
                )  # This may be the connection's last word, and what it does next is not to be relied on.
            reason = f"The database did not take the delivery ({type(error).__name__})."
            raise NotStored(reason, concerns=concerns) from error

    async def drop(self) -> None:
        """Close the connection without a word; the next question opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _concerns(error: asyncpg.PostgresError) -> Concern:
    if isinstance(error, asyncpg.OperatorInterventionError | asyncpg.InsufficientResourcesError):
        return "everybody"
    # Somebody holds on to a lane, or keeps the same events at this moment.
    waited = isinstance(error, asyncpg.LockNotAvailableError | asyncpg.TransactionRollbackError)
    return "application" if waited else "delivery"
