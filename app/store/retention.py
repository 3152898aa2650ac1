"""Retention: dropping what is old, in small batches, oldest first.

Each batch is a statement of its own that walks along a primary key, so it costs the same however much is kept, and holds
its locks for a moment. Rows that somebody else holds are passed over; the next sweep finds them. Ids follow the time of
receipt closely, so the first row that is young enough ends a sweep.
"""

from datetime import timedelta

from app.domain.installing import START_AGAIN, TOOK_TOO_LONG
from app.ports.replays import Swept
from app.store.connection import Connection
from app.store.previewed import WORKING

# A delivery that nothing has become of yet keeps its key and its body, however old it is.
BODIES = """
    WITH page AS MATERIALIZED (
        SELECT b.delivery_id AS id, coalesce(d.young, false) AS young, coalesce(d.settled, true) AS settled
        FROM (SELECT delivery_id FROM delivery_body WHERE delivery_id > :after ORDER BY delivery_id LIMIT :limit) AS b
        LEFT JOIN LATERAL (
            -- Looked up one by one, by their key: LIMIT keeps the planner from reading the whole table instead.
            SELECT received_at >= now() - CAST(:older_than AS interval) AS young, outcome IS NOT NULL AS settled
            FROM delivery WHERE id = b.delivery_id LIMIT 1
        ) AS d ON true
    ), old AS MATERIALIZED (
        SELECT delivery_id FROM delivery_body
        WHERE delivery_id = ANY(ARRAY(SELECT id FROM page WHERE settled AND NOT young)) FOR UPDATE SKIP LOCKED
    ), dropped AS (
        DELETE FROM delivery_body WHERE delivery_id = ANY(ARRAY(SELECT delivery_id FROM old)) RETURNING 1
    )
    SELECT (SELECT count(*) FROM dropped) AS dropped,
        (SELECT CASE WHEN count(*) = :limit AND NOT bool_or(young) THEN max(id) END FROM page) AS after
"""

KEYS = """
    WITH page AS MATERIALIZED (
        SELECT id, received_at >= now() - CAST(:older_than AS interval) AS young, outcome IS NOT NULL AS settled
        FROM delivery WHERE id > :after ORDER BY id LIMIT :limit
    ), old AS MATERIALIZED (
        SELECT id FROM delivery WHERE id = ANY(ARRAY(SELECT id FROM page WHERE settled AND NOT young))
        FOR UPDATE SKIP LOCKED
    ), bodies AS (
        DELETE FROM delivery_body WHERE delivery_id = ANY(ARRAY(SELECT id FROM old))
    ), outcomes AS (
        DELETE FROM replayed WHERE delivery_id = ANY(ARRAY(SELECT id FROM old))
    ), dropped AS (
        DELETE FROM delivery WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING 1
    )
    SELECT (SELECT count(*) FROM dropped) AS dropped,
        (SELECT CASE WHEN count(*) = :limit AND NOT bool_or(young) THEN max(id) END FROM page) AS after
"""

TIMELINE = """
    WITH page AS MATERIALIZED (
        SELECT id, at >= now() - CAST(:older_than AS interval) AS young FROM timeline WHERE id > :after ORDER BY id LIMIT :limit
    ), old AS MATERIALIZED (
        SELECT id FROM timeline WHERE id = ANY(ARRAY(SELECT id FROM page WHERE NOT young)) FOR UPDATE SKIP LOCKED
    ), dropped AS (
        DELETE FROM timeline WHERE id = ANY(ARRAY(SELECT id FROM old)) RETURNING 1
    )
    SELECT (SELECT count(*) FROM dropped) AS dropped,
        (SELECT CASE WHEN count(*) = :limit AND NOT bool_or(young) THEN max(id) END FROM page) AS after
"""

# The last import of an Application stays: it says how far its catalogue was ever read.
IMPORTS = """
    DELETE FROM import WHERE id = ANY(ARRAY(
        SELECT i.id FROM import i WHERE i.finished_at < now() - CAST(:older_than AS interval) AND EXISTS (
            SELECT FROM import later WHERE later.application_id = i.application_id AND later.started_at > i.started_at
        ) LIMIT :limit FOR UPDATE OF i SKIP LOCKED
    )) RETURNING 1
"""

# With a sweep goes what it found; the last one of an Application stays.
SWEEPS = """
    DELETE FROM sweep WHERE id = ANY(ARRAY(
        SELECT s.id FROM sweep s WHERE s.finished_at < now() - CAST(:older_than AS interval) AND EXISTS (
            SELECT FROM sweep later WHERE later.application_id = s.application_id AND later.started_at > s.started_at
        ) LIMIT :limit FOR UPDATE OF s SKIP LOCKED
    )) RETURNING 1
"""

LONE_FINDINGS = """
    DELETE FROM finding WHERE id = ANY(ARRAY(
        SELECT id FROM finding WHERE sweep_id IS NULL AND at < now() - CAST(:older_than AS interval) LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )) RETURNING 1
"""

# What became of the deliveries goes first, since a replay may have worked through any number of them.
OUTCOMES = """
    DELETE FROM replayed WHERE ctid = ANY(ARRAY(
        SELECT o.ctid FROM replayed o WHERE o.replay_id = ANY(:replay_ids) LIMIT :limit
    )) RETURNING 1
"""
FINISHED_REPLAYS = """
    SELECT r.id FROM replay r WHERE r.created_at < now() - CAST(:older_than AS interval) AND NOT EXISTS (
        SELECT FROM replay_share s WHERE s.replay_id = r.id
            AND (s.state = 'running' OR s.finished_at >= now() - CAST(:older_than AS interval))
    ) ORDER BY r.created_at LIMIT 20 FOR UPDATE SKIP LOCKED
"""


EXPIRED_PREVIEWS = (
    "SELECT id FROM preview WHERE expires_at <= now() ORDER BY expires_at LIMIT 20 FOR UPDATE SKIP LOCKED"
)
# Of one that came no further, what it had to know goes, too; there may be any number of rows of each.
DROP_PREVIEWS = (
    *(
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("
        f"SELECT ctid FROM {table} WHERE preview_id = ANY(:ids) LIMIT :limit)) RETURNING 1"
        for table in ("preview_item", *WORKING)
    ),
    """
        DELETE FROM sighting WHERE ctid = ANY(ARRAY(SELECT s.ctid FROM sighting s JOIN preview p
            ON p.application_id = s.application_id AND p.id = s.reading_id WHERE p.id = ANY(:ids) LIMIT :limit)) RETURNING 1
    """,
    "DELETE FROM preview WHERE id = ANY(:ids) RETURNING 1",
)


EXPIRED = """
    UPDATE pending_install SET state = 'expired', why = :why, way_on = :way_on, ended_at = expires_at WHERE id = ANY(ARRAY(
        SELECT id FROM pending_install WHERE state = 'waiting' AND expires_at <= now() LIMIT :limit FOR UPDATE SKIP LOCKED
    ))
    RETURNING id
"""
ENDED_INSTALLS = """
    DELETE FROM pending_install WHERE id = ANY(ARRAY(
        SELECT id FROM pending_install WHERE ended_at < now() - CAST(:older_than AS interval) LIMIT :limit
        FOR UPDATE SKIP LOCKED
    )) RETURNING 1
"""


class Retention:
    """Dropping what is old, a batch in each transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def alone(self) -> bool:
        """Tell whether nobody else is dropping a batch now; if so, nobody else will until the commit."""
        found = await self._connection.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('retention', 0))")
        return bool(found.scalar())

    async def bodies(self, *, older_than: timedelta, after: int, limit: int) -> Swept:
        """Drop the bodies of settled deliveries that were received before ``older_than``, from behind the id ``after``."""
        return await self._sweep(BODIES, older_than, after, limit)

    async def keys(self, *, older_than: timedelta, after: int, limit: int) -> Swept:
        """Drop settled deliveries wholly. A redelivery that comes later still is taken for a new one; versions decide."""
        return await self._sweep(KEYS, older_than, after, limit)

    async def timeline(self, *, older_than: timedelta, after: int, limit: int) -> Swept:
        """Drop sentences of timelines."""
        return await self._sweep(TIMELINE, older_than, after, limit)

    async def finished(self, *, older_than: timedelta, after: int, limit: int) -> Swept:
        """Drop imports, sweeps and replays that ended before ``older_than``, and what was found without a sweep.

        ``after`` is of no use here; give it back.
        """
        given = {"older_than": older_than, "limit": limit}
        imports = await self._connection.execute(IMPORTS, given)
        sweeps = await self._connection.execute(SWEEPS, given)
        findings = await self._connection.execute(LONE_FINDINGS, given)
        found = await self._connection.execute(FINISHED_REPLAYS, {"older_than": older_than})
        ids = [row.id for row in found]
        outcomes = await self._connection.execute(OUTCOMES, {"replay_ids": ids, "limit": limit})
        dropped = len(imports) + len(sweeps) + len(findings) + len(outcomes)
        if len(outcomes) < limit:
            replays = await self._connection.execute(
                "DELETE FROM replay WHERE id = ANY(:ids) RETURNING 1", {"ids": ids}
            )
            dropped += len(replays)
        return Swept(dropped=dropped, after=after if dropped else None)

    async def previews(self, *, after: int, limit: int) -> Swept:
        """Drop previews that have expired, with what they found. ``after`` is of no use here; give it back."""
        found = await self._connection.execute(EXPIRED_PREVIEWS)
        given = {"ids": [row.id for row in found], "limit": limit}
        for statement in DROP_PREVIEWS:
            dropped = len(await self._connection.execute(statement, given))
            if dropped:
                return Swept(dropped=dropped, after=after)
        return Swept(dropped=0, after=None)

    async def installs(self, *, older_than: timedelta, after: int, limit: int) -> Swept:
        """End installs that waited for too long, with their secrets, and drop those that ended before ``older_than``."""
        expired = await self._connection.execute(EXPIRED, {"why": TOOK_TOO_LONG, "way_on": START_AGAIN, "limit": limit})
        owners = [f"install/{row.id}" for row in expired]
        await self._connection.execute("DELETE FROM secret WHERE owner = ANY(:owners)", {"owners": owners})
        ended = await self._connection.execute(ENDED_INSTALLS, {"older_than": older_than, "limit": limit})
        dropped = len(ended)
        return Swept(dropped=dropped, after=after if dropped or owners else None)

    async def _sweep(self, statement: str, older_than: timedelta, after: int, limit: int) -> Swept:
        found = await self._connection.execute(statement, {"older_than": older_than, "after": after, "limit": limit})
        row = found.one()
        return Swept(dropped=row.dropped, after=row.after)
