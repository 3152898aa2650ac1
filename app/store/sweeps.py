"""Sweeps: how far a comparison has come, what it found, and the targets that it looks at."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.drift import Drift, DriftKind
from app.domain.ids import ApplicationId, SourceId, TargetId
from app.domain.sweeping import Finding, Sweep
from app.store.connection import Row
from app.store.documents import clean, rows
from app.store.jobs import LoneJobs


def at_rest(which: str) -> str:
    """Return a statement for those targets of an Application that can be compared now, each with a source product bound to it.

    What is being brought about, or is on its way, is left alone: what Orderchamp shows of it is about to change. ``which``
    says of which targets. Everything is looked up by its key, and for no more targets than are asked for.
    """
    return f"""
        SELECT t.target_id, b.source_id FROM (
            SELECT account_id, target_id FROM target
            WHERE account_id = (SELECT account_id FROM application WHERE id = :id) AND {which}
                AND observed IS NOT NULL AND publishing_since IS NULL ORDER BY target_id OFFSET 0
        ) t CROSS JOIN LATERAL (
            SELECT min(o.source_id) FILTER (WHERE o.application_id = :id) AS source_id, bool_or(p.due_at IS NOT NULL) AS due
            FROM (
                SELECT application_id, source_id FROM binding
                WHERE account_id = t.account_id AND target_id = t.target_id OFFSET 0
            ) o LEFT JOIN LATERAL (
                SELECT due_at FROM source_product WHERE application_id = o.application_id AND source_id = o.source_id OFFSET 0
            ) p ON true
        ) b
        WHERE b.source_id IS NOT NULL AND NOT b.due ORDER BY t.target_id
    """


_TARGETS = at_rest("target_id > :after") + "LIMIT :limit"


class Sweeps(LoneJobs[Sweep]):
    """The sweeps of Applications, in one transaction."""

    kind = Sweep
    table = "sweep"

    async def start(self, sweep_id: UUID, application_id: ApplicationId) -> Sweep:
        """Start a sweep and return it; if one is running, return that one."""
        await self._connection.execute(
            "INSERT INTO sweep (id, application_id, state, phase, reason, counters) "
            "VALUES (:id, :application_id, 'running', 'listing', '', '{}') "
            "ON CONFLICT (application_id) WHERE state = 'running' DO NOTHING",
            {"id": sweep_id, "application_id": application_id},
        )
        running = await self.running(application_id)
        assert running is not None  # noqa: S101 - it was just started, in this transaction
        return running

    async def advance(self, now: Sweep, *, wait: timedelta) -> None:
        """Write down how far a running sweep has come, in the transaction that keeps what it found; it goes on after ``wait``."""
        await self._connection.execute(
            "UPDATE sweep SET phase = :phase, cursor = :cursor, counters = :counters, reason = '', attempts = 0, "
            "due_at = now() + :wait WHERE id = :id AND state = 'running'",
            {
                "id": now.id,
                "phase": now.phase,
                "cursor": now.cursor,
                "counters": json.dumps(dict(now.counters)),
                "wait": wait,
            },
        )

    async def end(self, ended: Sweep, state: str, *, reason: str) -> None:
        """End a running sweep."""
        await self._connection.execute(
            "UPDATE sweep SET state = :state, reason = :reason, finished_at = now() "
            "WHERE id = :id AND state = 'running'",
            {"id": ended.id, "state": state, "reason": clean(reason)},
        )
        await self._connection.execute(
            "DELETE FROM sighting WHERE application_id = :id AND reading_id = :sweep_id",
            {"id": ended.application_id, "sweep_id": ended.id},
        )

    async def schedule(self, application_id: ApplicationId, wait: timedelta | None) -> None:
        """Say when the Application is compared next; None: not by itself."""
        await self._connection.execute(
            "UPDATE application SET sweep_at = now() + CAST(:wait AS interval) WHERE id = :id",
            {"id": application_id, "wait": wait},
        )

    async def next_at(self, application_id: ApplicationId) -> datetime | None:
        found = await self._connection.execute(
            "SELECT sweep_at FROM application WHERE id = :id", {"id": application_id}
        )
        at: datetime | None = found.scalar()
        return at

    # What it found

    async def report(self, application_id: ApplicationId, found: Sequence[Finding], *, sweep_id: UUID | None) -> None:
        """Keep what a sweep found, of one product, side and kind the first; None: what a look found that was no sweep's."""
        records = [
            {
                "source_id": each.drift.source_id,
                "side": each.side,
                "kind": each.drift.kind,
                "sentence": clean(each.drift.sentence),
                "repaired": each.repaired,
                "generation": each.generation,
            }
            for each in found
        ]
        if records:
            await self._connection.execute(
                """
                    INSERT INTO finding (application_id, sweep_id, source_id, side, kind, sentence, repaired, generation)
                    SELECT :application_id, CAST(:sweep_id AS uuid), f.* FROM jsonb_to_recordset(CAST(:found AS jsonb)) AS f(
                        source_id text, side text, kind text, sentence text, repaired boolean, generation bigint)
                    ON CONFLICT DO NOTHING
                """,
                {"application_id": application_id, "sweep_id": sweep_id, "found": rows(records)},
            )

    async def findings(
        self, application_id: ApplicationId, sweep_id: UUID, *, after: int | None, limit: int
    ) -> tuple[tuple[int, Finding], ...]:
        """Return what a sweep found, in the order in which it did."""
        found = await self._connection.execute(
            "SELECT * FROM finding WHERE application_id = :id AND sweep_id = :sweep_id AND id > :after "
            "ORDER BY id LIMIT :limit",
            {"id": application_id, "sweep_id": sweep_id, "after": after or 0, "limit": limit},
        )
        return tuple((row.id, _finding(row)) for row in found)

    async def repaired_before(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], *, sweep_id: UUID | None
    ) -> frozenset[tuple[SourceId, DriftKind, int]]:
        """Return what was mended of these products before this sweep, each with the generation of its desired state then."""
        found = await self._connection.execute(
            "SELECT source_id, kind, generation FROM finding WHERE application_id = :id AND source_id = ANY(:source_ids) "
            "AND (CAST(:sweep_id AS uuid) IS NULL OR sweep_id IS DISTINCT FROM :sweep_id) AND side = 'orderchamp' AND repaired",
            {"id": application_id, "sweep_id": sweep_id, "source_ids": list(source_ids)},
        )
        return frozenset((SourceId(row.source_id), row.kind, row.generation) for row in found)

    async def targets(self, application_id: ApplicationId, *, after: str, limit: int) -> Mapping[TargetId, SourceId]:
        """Return targets at rest behind ``after``, each with a source product bound to it."""
        found = await self._connection.execute(_TARGETS, {"id": application_id, "after": after, "limit": limit})
        return {TargetId(row.target_id): SourceId(row.source_id) for row in found}


def _finding(row: Row) -> Finding:
    return Finding(
        drift=Drift(SourceId(row.source_id), row.kind, row.sentence),
        side=row.side,
        repaired=row.repaired,
        generation=row.generation,
        at=row.at,
    )
