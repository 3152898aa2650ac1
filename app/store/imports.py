"""Imports: how far a reading of a whole catalogue has come, and which products it still wants brought about."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from app.domain.ids import ApplicationId, SourceId
from app.domain.importing import Import
from app.store.documents import clean
from app.store.jobs import LoneJobs

_WANTS = "desired IS NOT NULL AND (generation > observed_generation OR state = 'new')"
"""Which of its products an import has brought about: those that changed, and those that never were."""


class Imports(LoneJobs[Import]):
    """Readings of whole catalogues, in one transaction."""

    kind = Import
    table = "import"

    async def rewind(self, application_id: ApplicationId) -> None:
        """Have a running import begin again, since what it has read may be older than what it is to find."""
        await self._connection.execute(
            "UPDATE import SET phase = 'reading', cursor = NULL, due_at = now() "
            "WHERE application_id = :id AND state = 'running'",
            {"id": application_id},
        )

    async def start(self, import_id: UUID, application_id: ApplicationId) -> Import:
        """Start an import and return it; if one is running, return that one."""
        await self._connection.execute(
            "INSERT INTO import (id, application_id, state, reason, counters) "
            "VALUES (:id, :application_id, 'running', '', '{}') "
            "ON CONFLICT (application_id) WHERE state = 'running' DO NOTHING",
            {"id": import_id, "application_id": application_id},
        )
        running = await self.running(application_id)
        assert running is not None  # noqa: S101 - it was just started, in this transaction
        return running

    async def goes_on(self, import_id: UUID) -> bool:
        """Tell whether an import is running; if so, nobody ends it until the commit."""
        found = await self._connection.execute(
            "SELECT 1 FROM import WHERE id = :id AND state = 'running' FOR UPDATE", {"id": import_id}
        )
        return found.one_or_none() is not None

    async def latest(self, application_id: ApplicationId) -> Import | None:
        found = await self._connection.execute(
            "SELECT * FROM import WHERE application_id = :id ORDER BY started_at DESC LIMIT 1",
            {"id": application_id},
        )
        row = found.one_or_none()
        return None if row is None else self._job(row)

    async def advance(self, now: Import, *, wait: timedelta = timedelta(0), lists: bool = False) -> None:
        """Write down how far a running import has come, in the transaction that keeps what it read.

        It goes on after ``wait``. ``lists``: it begins now to read the list that closes it.
        """
        await self._connection.execute(
            "UPDATE import SET phase = :phase, cursor = :cursor, counters = :counters, total = :total, "
            "progress = :progress, reason = :reason, attempts = 0, due_at = now() + :wait, "
            "listed_from = CASE WHEN :lists THEN now() ELSE listed_from END "
            "WHERE id = :id AND state = 'running'",
            {
                "id": now.id,
                "phase": now.phase,
                "cursor": now.cursor,
                "counters": json.dumps(dict(now.counters)),
                "total": now.total,
                "progress": now.progress,
                "lists": lists,
                "reason": clean(now.reason),
                "wait": wait,
            },
        )

    async def tally(self, now: Import) -> None:
        """Write down the counters of a running import, and leave alone when it goes on."""
        await self._connection.execute(
            "UPDATE import SET counters = :counters, progress = :progress WHERE id = :id AND state = 'running'",
            {"id": now.id, "counters": json.dumps(dict(now.counters)), "progress": now.progress},
        )

    async def end(self, import_id: UUID, state: str, *, reason: str) -> bool:
        """End a running import, and leave what it wanted to be brought about now; False when it had ended before."""
        done = await self._connection.execute(
            "UPDATE import SET state = CAST(:state AS varchar), reason = :reason, finished_at = now(), "
            "progress = CASE WHEN CAST(:state AS varchar) = 'done' THEN 1 ELSE progress END "
            "WHERE id = :id AND state = 'running' RETURNING application_id",
            {"id": import_id, "state": state, "reason": clean(reason)},
        )
        application_id = done.scalar()
        if application_id is None:
            return False
        await self.release(application_id, import_id)
        await self._connection.execute(
            "UPDATE source_product SET import_id = NULL WHERE application_id = :id AND import_id = :import_id",
            {"id": application_id, "import_id": import_id},
        )
        await self._connection.execute(
            "DELETE FROM sighting WHERE application_id = :id AND reading_id = :import_id",
            {"id": application_id, "import_id": import_id},
        )
        return True

    async def release(self, application_id: ApplicationId, import_id: UUID) -> int:
        """Have everything brought about that the import wants, and return how many products that are."""
        done = await self._connection.execute(
            "UPDATE source_product SET due_at = greatest(now(), rests_until) "
            f"WHERE application_id = :id AND import_id = :import_id AND {_WANTS} RETURNING 1",
            {"id": application_id, "import_id": import_id},
        )
        await self._connection.execute(
            "UPDATE source_product SET import_id = NULL "
            f"WHERE application_id = :id AND import_id = :import_id AND NOT ({_WANTS})",
            {"id": application_id, "import_id": import_id},
        )
        return len(done)

    async def next_read(self, application_id: ApplicationId, import_id: UUID) -> timedelta | None:
        """Return how long it is until a product that the import wants read by itself is read; negative: it is due.

        None: none is about to be read. One whose read is put off for longer is not waited for.
        """
        found = await self._connection.execute(
            "SELECT read_due_at - now() FROM source_product WHERE application_id = :id AND import_id = :import_id "
            "AND read_due_at <= now() + interval '5 seconds' ORDER BY read_due_at LIMIT 1",
            {"id": application_id, "import_id": import_id},
        )
        wait: timedelta | None = found.scalar()
        return wait

    async def is_sent(self, application_id: ApplicationId, import_id: UUID) -> bool:
        """Tell whether nothing is left that the import wants."""
        found = await self._connection.execute(
            "SELECT NOT EXISTS (SELECT FROM source_product WHERE application_id = :id AND import_id = :import_id)",
            {"id": application_id, "import_id": import_id},
        )
        return bool(found.scalar())

    # The list that closes a reading

    async def sight(self, application_id: ApplicationId, reading_id: UUID, source_ids: Sequence[SourceId]) -> None:
        """Write down that the shop's list has these products."""
        await self._connection.execute(
            "INSERT INTO sighting (application_id, reading_id, source_id) "
            "SELECT :id, :reading_id, s FROM unnest(CAST(:source_ids AS text[])) AS s ON CONFLICT DO NOTHING",
            {"id": application_id, "reading_id": reading_id, "source_ids": list(source_ids)},
        )

    async def unseen(
        self, application_id: ApplicationId, reading_id: UUID, *, listed_from: datetime, after: str, limit: int
    ) -> tuple[SourceId, ...]:
        """Return products behind ``after`` that we take for living and the whole list does not have.

        What changed since ``listed_from``, when the list was begun, is left out: the list may be older than that.
        """
        found = await self._connection.execute(
            "SELECT source_id FROM source_product p WHERE application_id = :id AND source_id > :after "
            "AND NOT gone AND snapshot IS NOT NULL AND changed_at <= :listed_from AND NOT EXISTS ("
            "SELECT FROM sighting s WHERE s.application_id = p.application_id AND s.reading_id = :reading_id "
            "AND s.source_id = p.source_id) ORDER BY source_id LIMIT :limit",
            {
                "id": application_id,
                "reading_id": reading_id,
                "listed_from": listed_from,
                "after": after,
                "limit": limit,
            },
        )
        return tuple(SourceId(row.source_id) for row in found)
