"""Rings: targets of which Orderchamp says that they changed.

Each is kept until it was looked at, in one row however often it rings.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.domain.ids import ApplicationId, SourceId, TargetId
from app.ports import Ring, Rung
from app.store.bindings import of_targets
from app.store.connection import Connection, given_ids
from app.store.documents import as_ids
from app.store.keys import digest
from app.store.sweeps import at_rest

CLOCKS_APART = timedelta(seconds=2)
"""How far Orderchamp's clock may be from ours, and how exactly it tells a time, at most."""

# $1 the digest of the secret in which the address ends, $2 whose account it is said to be, $3 the target, $4 when it changed,
# $5 whether it is signed, $6 after what time a lane looks, $7 how far clocks may be apart. No row: nothing rings there.
# What changed while we were writing to it is taken for our own change. Rows are locked in the order in which the
# lane that looks locks them, so that nobody waits in a circle. A lane whose appointment stands needs no other wake:
# whoever made it woke the lane, and every run that ends since then sees it.
RING = """
    WITH hook AS MATERIALIZED (
        SELECT account_id, signed FROM account_webhook WHERE digest = $1
            AND account_id = coalesce(CAST($2 AS text), account_id)
    ), learnt AS (
        UPDATE account_webhook SET signed = true FROM hook
        WHERE CAST($5 AS boolean) AND NOT hook.signed AND account_webhook.account_id = hook.account_id
    ), about AS MATERIALIZED (
        SELECT DISTINCT b.application_id FROM hook
        JOIN binding b ON b.account_id = hook.account_id AND b.target_id = $3
        JOIN application a ON a.id = b.application_id AND a.state NOT IN ('uninstalling', 'uninstalled')
        WHERE (CAST($5 AS boolean) OR NOT hook.signed) AND NOT EXISTS (
            SELECT FROM target t WHERE t.account_id = hook.account_id AND t.target_id = $3
                AND CAST($4 AS timestamptz) BETWEEN t.written_from - CAST($7 AS interval)
                    AND t.written_until + CAST($7 AS interval))
    ), rung AS (
        INSERT INTO ring (application_id, target_id, changed_from, changed_until)
        SELECT application_id, $3, coalesce(CAST($4 AS timestamptz), '-infinity'),
            coalesce(CAST($4 AS timestamptz), 'infinity')
        FROM about ORDER BY application_id
        ON CONFLICT (application_id, target_id) DO UPDATE SET rung_at = clock_timestamp(),
            changed_from = least(ring.changed_from, excluded.changed_from),
            changed_until = greatest(ring.changed_until, excluded.changed_until)
        RETURNING application_id
    ), waiting AS (
        INSERT INTO appointment (application_id, duty, due_at)
        SELECT application_id, 'rings', now() + CAST($6 AS interval) FROM rung ORDER BY application_id
        ON CONFLICT (application_id, duty) DO UPDATE SET due_at = appointment.due_at
        RETURNING application_id, xmax = 0 AS fresh
    ), locked AS MATERIALIZED (
        SELECT application_id FROM lane WHERE application_id IN (SELECT application_id FROM waiting WHERE fresh)
        ORDER BY application_id FOR UPDATE
    ), woken AS (
        UPDATE lane SET wake = wake + 1 FROM locked WHERE lane.application_id = locked.application_id
        RETURNING lane.application_id
    )
    SELECT hook.signed AND NOT CAST($5 AS boolean) AS forged,
        (SELECT pg_notify('lane', '')::text FROM woken LIMIT 1) AS bell
    FROM hook
"""


def by_our_hand(target: str) -> str:
    """Return the condition that a ``ring`` tells of nothing but our own last writes to its ``target``."""
    return (
        f"ring.target_id = {target}.target_id AND ring.changed_from >= {target}.written_from - CAST(:apart AS interval) "
        f"AND ring.changed_until <= {target}.written_until + CAST(:apart AS interval)"
    )


# OFFSET keeps the planner from joining the two, and so perhaps from going through all targets of the account.
_EXCUSE = f"""
    DELETE FROM ring WHERE application_id = :id AND EXISTS (
        SELECT FROM target t WHERE t.account_id = (SELECT account_id FROM application WHERE id = :id)
            AND {by_our_hand("t")} OFFSET 0)
"""

_AT_REST = at_rest("target_id = ANY(:ids)")

_UNKNOWN = f"""
    UPDATE target SET observed = NULL, generation = generation + 1
    WHERE account_id = (SELECT account_id FROM application WHERE id = :id) AND target_id = ANY({given_ids("ids")})
"""

_UNCLEAR_DUE = f"""
    UPDATE source_product SET due_at = now()
    WHERE application_id = :id AND due_at IS NULL AND desired IS NOT NULL AND source_id = ANY(ARRAY(
        SELECT b.source_id FROM {of_targets(":id")} CROSS JOIN LATERAL (
            SELECT publishing_since FROM target WHERE account_id = b.account_id AND target_id = b.target_id OFFSET 0
        ) t WHERE b.application_id = :id AND t.publishing_since IS NOT NULL))
"""


def as_asked(secret: str, ring: Ring, *, signed: bool, look_after: timedelta) -> tuple[object, ...]:
    """Return what RING is given for what rang at the address that ends in ``secret``."""
    return digest(secret), ring.account_id, ring.target_id, ring.changed_at, signed, look_after, CLOCKS_APART


class Rings:
    """What has rung, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def excuse(self, application_id: ApplicationId) -> None:
        """Forget what rang because of our own last writes."""
        await self._connection.execute(_EXCUSE, {"id": application_id, "apart": CLOCKS_APART})

    async def waiting(self, application_id: ApplicationId, *, limit: int) -> tuple[Rung, ...]:
        """Return targets that have rung and were not looked at since."""
        found = await self._connection.execute(
            "SELECT target_id, rung_at FROM ring WHERE application_id = :id ORDER BY target_id LIMIT :limit",
            {"id": application_id, "limit": limit},
        )
        return tuple(Rung(target_id=TargetId(row.target_id), at=row.rung_at) for row in found)

    async def at_rest(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> Mapping[TargetId, SourceId]:
        """Return those of these targets that can be compared now, each with a source product bound to it."""
        found = await self._connection.execute(_AT_REST, {"id": application_id, "ids": list(ids)})
        return {TargetId(row.target_id): SourceId(row.source_id) for row in found}

    async def leave_to_planning(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> None:
        """Have these targets, which are being worked on, looked at before anything else is planned for them."""
        given = {"id": application_id, "ids": as_ids(ids)}
        await self._connection.execute(_UNKNOWN, given)
        await self._connection.execute(_UNCLEAR_DUE, given)

    async def looked_at(self, application_id: ApplicationId, rung: Sequence[Rung]) -> None:
        """Forget what rang, unless it has rung again since."""
        await self._connection.execute(
            "DELETE FROM ring USING unnest(CAST(:ids AS text[]), CAST(:at AS timestamptz[])) AS looked(target_id, at) "
            "WHERE ring.application_id = :id AND ring.target_id = looked.target_id AND ring.rung_at = looked.at",
            {"id": application_id, "ids": [each.target_id for each in rung], "at": [each.at for each in rung]},
        )

    async def forget(self, application_id: ApplicationId) -> None:
        """Forget everything that rang."""
        await self._connection.execute("DELETE FROM ring WHERE application_id = :id", {"id": application_id})
