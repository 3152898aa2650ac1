"""What imports, sweeps and previews have in common in the store: they are found, listed and postponed in the same way."""

import json
from datetime import datetime, timedelta
from typing import ClassVar, Generic, TypeVar
from uuid import UUID

from msgspec import convert

from app.domain.ids import ApplicationId
from app.store.connection import Connection, Row
from app.store.documents import clean

Job = TypeVar("Job")


class Jobs(Generic[Job]):
    """Long jobs of one kind, which lanes do a step at a time; in one transaction."""

    kind: type[Job]
    table: ClassVar[str]
    shown: ClassVar[str] = "true"
    """Which of them are still there."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def _job(self, row: Row) -> Job:
        """Return what a row of the table says. Its columns are called as the fields are."""
        return convert({**row, "counters": json.loads(row["counters"])}, self.kind)

    async def one(self, application_id: ApplicationId, job_id: UUID) -> Job | None:
        found = await self._connection.execute(
            f"SELECT * FROM {self.table} WHERE application_id = :application_id AND id = :id AND {self.shown}",
            {"application_id": application_id, "id": job_id},
        )
        row = found.one_or_none()
        return None if row is None else self._job(row)

    async def list(self, application_id: ApplicationId, *, before: datetime | None, limit: int) -> tuple[Job, ...]:
        """Return jobs, latest first; from before that start."""
        found = await self._connection.execute(
            f"SELECT * FROM {self.table} WHERE application_id = :id AND {self.shown} "
            "AND (CAST(:before AS timestamptz) IS NULL OR started_at < :before) ORDER BY started_at DESC LIMIT :limit",
            {"id": application_id, "before": before, "limit": limit},
        )
        return tuple(self._job(row) for row in found)

    async def retry(self, job_id: UUID, *, attempts: int, wait: timedelta, reason: str) -> None:
        """Have a running job go on only after ``wait``."""
        await self._connection.execute(
            f"UPDATE {self.table} SET attempts = :attempts, due_at = now() + :wait, reason = :reason "
            "WHERE id = :id AND state = 'running'",
            {"id": job_id, "attempts": attempts, "wait": wait, "reason": clean(reason)},
        )


class LoneJobs(Jobs[Job]):
    """Jobs of which an Application has one at a time."""

    async def running(self, application_id: ApplicationId) -> Job | None:
        found = await self._connection.execute(
            f"SELECT * FROM {self.table} WHERE application_id = :id AND state = 'running'", {"id": application_id}
        )
        row = found.one_or_none()
        return None if row is None else self._job(row)
