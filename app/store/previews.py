"""Previews: how far finding out what an import would do has come, and what was found."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from app.domain.ids import (
    ApplicationId,
    Sku,
    SourceId,
    SourceVariantId,
    TargetId,
    TargetVariantId,
)
from app.domain.previewing import FromTo, ItemKind, Preview, PreviewItem, PreviewState
from app.store.connection import Row
from app.store.documents import clean, from_fields, rows, to_fields
from app.store.jobs import Jobs
from app.store.previewed import WORKING, PreviewedWorld

_ADD = """
    INSERT INTO preview_item (preview_id, application_id, kind, operation, source_id, source_variant_id, sku, target_id,
        target_variant_id, fields, sentence)
    SELECT :preview_id, :application_id, r.* FROM jsonb_to_recordset(CAST(:items AS jsonb)) AS r(kind text, operation text,
        source_id text, source_variant_id text, sku text, target_id text, target_variant_id text, fields text, sentence text)
"""


class Previews(Jobs[Preview], PreviewedWorld):
    """The previews of Applications, in one transaction. What has expired is not there any more."""

    kind = Preview
    table = "preview"
    shown = "expires_at > now()"

    async def start(
        self, preview_id: UUID, application_id: ApplicationId, source_id: SourceId | None, *, lasts: timedelta
    ) -> Preview:
        """Start a preview, of one product or (None) of all, and return it; if one of the same is running, return that one."""
        given = {
            "id": preview_id,
            "application_id": application_id,
            "source_id": None if source_id is None else clean(source_id),
            "phase": "reading" if source_id is None else "missing",
            "lasts": lasts,
        }
        await self._connection.execute(
            "INSERT INTO preview (id, application_id, source_id, state, phase, reason, counters, expires_at) "
            "VALUES (:id, :application_id, :source_id, 'running', :phase, '', '{}', now() + CAST(:lasts AS interval)) "
            "ON CONFLICT DO NOTHING",
            given,
        )
        found = await self._connection.execute(
            "SELECT * FROM preview WHERE application_id = :application_id AND state = 'running' "
            "AND source_id IS NOT DISTINCT FROM CAST(:source_id AS text)",
            given,
        )
        return self._job(found.one())

    async def due(self, application_id: ApplicationId) -> Preview | None:
        """Return the preview to go on with, the oldest first; None when none can go on now."""
        found = await self._connection.execute(
            "SELECT * FROM preview WHERE application_id = :id AND state = 'running' AND due_at <= now() "
            "ORDER BY started_at, id LIMIT 1",
            {"id": application_id},
        )
        row = found.one_or_none()
        return None if row is None else self._job(row)

    async def hold(self, now: Preview) -> bool:
        """Tell whether a preview still runs; if so, nobody ends it until the commit."""
        found = await self._connection.execute(
            "SELECT 1 FROM preview WHERE id = :id AND state = 'running' FOR UPDATE", {"id": now.id}
        )
        return len(found) > 0

    async def advance(self, now: Preview, *, lasts: timedelta, wait: timedelta = timedelta(0)) -> None:
        """Write down how far a running preview has come, in the transaction that keeps what it learned.

        It goes on after ``wait``, and is kept for ``lasts`` from now.
        """
        await self._connection.execute(
            "UPDATE preview SET phase = :phase, cursor = :cursor, counters = :counters, total = :total, "
            "progress = :progress, reason = '', attempts = 0, due_at = now() + CAST(:wait AS interval), "
            "expires_at = now() + CAST(:lasts AS interval) WHERE id = :id AND state = 'running'",
            {
                "id": now.id,
                "phase": now.phase,
                "cursor": now.cursor,
                "counters": json.dumps(dict(now.counters)),
                "total": now.total,
                "progress": now.progress,
                "wait": wait,
                "lasts": lasts,
            },
        )

    async def end(
        self, application_id: ApplicationId, preview_id: UUID, state: PreviewState, *, reason: str, lasts: timedelta
    ) -> None:
        """End a running preview, with all that it had to know on its way; what it found is kept for ``lasts``."""
        done = await self._connection.execute(
            "UPDATE preview SET state = CAST(:state AS varchar), reason = :reason, finished_at = now(), "
            "expires_at = now() + CAST(:lasts AS interval), "
            "progress = CASE WHEN CAST(:state AS varchar) = 'done' THEN 1 ELSE progress END "
            "WHERE id = :id AND application_id = :application_id AND state = 'running' RETURNING 1",
            {
                "id": preview_id,
                "application_id": application_id,
                "state": state,
                "reason": clean(reason),
                "lasts": lasts,
            },
        )
        if not done:
            return
        for table in WORKING:
            await self._connection.execute(
                f"DELETE FROM {table} WHERE preview_id = :id",
                {"id": preview_id},
            )
        await self._connection.execute(
            "DELETE FROM sighting WHERE application_id = :application_id AND reading_id = :id",
            {"application_id": application_id, "id": preview_id},
        )

    async def end_all(self, application_id: ApplicationId, *, reason: str, lasts: timedelta) -> None:
        """Cancel every running preview of an Application."""
        found = await self._connection.execute(
            "SELECT id FROM preview WHERE application_id = :id AND state = 'running'", {"id": application_id}
        )
        for row in found:
            await self.end(application_id, row.id, "cancelled", reason=reason, lasts=lasts)

    # What it found

    async def add(self, preview: Preview, items: Sequence[PreviewItem]) -> None:
        """Keep items, in this order."""
        records = [
            {
                "kind": each.kind,
                "operation": each.operation,
                "source_id": each.source_id,
                "source_variant_id": each.source_variant_id,
                "sku": each.sku,
                "target_id": each.target_id,
                "target_variant_id": each.target_variant_id,
                "fields": from_fields(each.fields),
                "sentence": each.sentence,
            }
            for each in items
        ]
        if records:
            await self._connection.execute(
                _ADD,
                {"preview_id": preview.id, "application_id": preview.application_id, "items": rows(records)},
            )

    async def items(
        self, preview_id: UUID, *, kind: ItemKind | None, source_id: SourceId | None, after: int | None, limit: int
    ) -> tuple[tuple[int, PreviewItem], ...]:
        """Return what a preview found, in the order in which it did, from behind ``after``; None: of all kinds, or products."""
        conditions = {" AND kind = :kind": kind, " AND source_id = :source_id": source_id}
        chosen = "".join(each for each, value in conditions.items() if value is not None)
        found = await self._connection.execute(
            f"SELECT * FROM preview_item WHERE preview_id = :id AND id > :after{chosen} ORDER BY id LIMIT :limit",
            {"id": preview_id, "kind": kind, "source_id": source_id, "after": after or 0, "limit": limit},
        )
        return tuple((row.id, _item(row)) for row in found)


def _item(row: Row) -> PreviewItem:
    fields: Mapping[str, FromTo] = to_fields(row.fields)
    return PreviewItem(
        kind=row.kind,
        operation=row.operation,
        source_id=SourceId(row.source_id),
        source_variant_id=None if row.source_variant_id is None else SourceVariantId(row.source_variant_id),
        sku=None if row.sku is None else Sku(row.sku),
        target_id=None if row.target_id is None else TargetId(row.target_id),
        target_variant_id=None if row.target_variant_id is None else TargetVariantId(row.target_variant_id),
        fields=fields,
        sentence=row.sentence,
    )
