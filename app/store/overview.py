"""The overview of everything that waits, read by operators while all others work.

Whoever reads it has little time, so each question is answered from an index or from tables with one row an Application,
and given up by the database itself after a second.
"""

from app.ports import Overview
from app.store.connection import Connection

LONGEST_MILLISECONDS = 1000

BUSY = 1000
"""Lanes in which the oldest work is looked for: of those that have work, the ones that waited longest."""

# What waits by the clock is found in the indexes by which lanes find it, too.
_LAG = f"""
    WITH busy AS MATERIALIZED (
        SELECT lane.application_id, a.state IN ('installing', 'active', 'uninstalling') AS at_work
        FROM lane JOIN application a ON a.id = lane.application_id
        WHERE lane.awake OR lane.due_at <= now() OR lane.leased_until >= now()
        ORDER BY lane.last_run_at LIMIT {BUSY}
    ), oldest AS (
        SELECT fresh.at AS delivery, least(fresh.at, product.at, read.at, import.at, share.at) AS due FROM busy
        LEFT JOIN LATERAL (
            SELECT d.received_at AS at FROM delivery d
            WHERE d.application_id = busy.application_id AND d.outcome IS NULL ORDER BY d.id LIMIT 1
        ) fresh ON true
        LEFT JOIN LATERAL (
            SELECT p.due_at AS at FROM source_product p
            WHERE busy.at_work AND p.application_id = busy.application_id AND p.due_at <= now() ORDER BY p.due_at LIMIT 1
        ) product ON true
        LEFT JOIN LATERAL (
            SELECT p.read_due_at AS at FROM source_product p
            WHERE busy.at_work AND p.application_id = busy.application_id AND p.read_due_at <= now()
            ORDER BY p.read_due_at LIMIT 1
        ) read ON true
        LEFT JOIN LATERAL (
            SELECT i.due_at AS at FROM import i
            WHERE busy.at_work AND i.application_id = busy.application_id AND i.state = 'running' AND i.due_at <= now()
        ) import ON true
        LEFT JOIN LATERAL (
            SELECT min(s.due_at) AS at FROM replay_share s
            WHERE busy.at_work AND s.application_id = busy.application_id AND s.state = 'running' AND s.due_at <= now()
        ) share ON true
    )
    SELECT now() - min(due) AS due, now() - min(delivery) AS delivery FROM oldest
"""

_LANES = """
    SELECT CASE
        WHEN leased_until >= now() THEN 'leased'
        WHEN rests_until > now() AND failures > 0 THEN 'resting'
        WHEN awake OR due_at <= now() THEN 'runnable'
        ELSE 'idle' END AS state, count(*) AS n
    FROM lane GROUP BY 1
"""
_APPLICATIONS = "SELECT platform, state, count(*) AS n FROM application GROUP BY platform, state"
_PROBLEMS = "SELECT kind, count(*) AS n FROM problem WHERE state = 'open' GROUP BY kind"

STATES = ("leased", "resting", "runnable", "idle")


async def read_overview(connection: Connection) -> Overview:
    """Return the overview as it is now, within a transaction of its own."""
    await connection.execute(f"SET LOCAL statement_timeout = {LONGEST_MILLISECONDS}")
    lag = (await connection.execute(_LAG)).one()
    lanes = {row.state: row.n for row in await connection.execute(_LANES)}
    return Overview(
        oldest_due=lag.due,
        oldest_delivery=lag.delivery,
        lanes={state: lanes.get(state, 0) for state in STATES},
        applications={(row.platform, row.state): row.n for row in await connection.execute(_APPLICATIONS)},
        problems={row.kind: row.n for row in await connection.execute(_PROBLEMS)},
    )
