"""Appointments: when a lane has to look after a duty that comes again and again, whether or not somebody asks for it."""

from datetime import timedelta

from app.domain.ids import ApplicationId
from app.ports import Appointment, DutyName
from app.store.connection import Connection


class Appointments:
    """The appointments of lanes, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def make(
        self,
        application_id: ApplicationId,
        duty: DutyName,
        *,
        after: timedelta = timedelta(0),
        attempts: int = 0,
        kept: Appointment | None = None,
    ) -> None:
        """Have a duty looked after in ``after`` from now; its earlier appointment counts no more.

        ``attempts``: how often it has failed since it went well. ``kept``: the appointment that was just kept; another one
        that was made since stands, because whoever made it asked for more than was looked after. None: whatever stands.
        """
        await self._connection.execute(
            "INSERT INTO appointment AS a (application_id, duty, due_at, attempts) "
            "VALUES (:id, :duty, now() + :after, :attempts) ON CONFLICT (application_id, duty) DO UPDATE "
            "SET due_at = excluded.due_at, attempts = excluded.attempts "
            "WHERE a.due_at = coalesce(CAST(:kept AS timestamptz), a.due_at)",
            {
                "id": application_id,
                "duty": duty,
                "after": after,
                "attempts": attempts,
                "kept": None if kept is None else kept.due_at,
            },
        )

    async def of(self, application_id: ApplicationId, duty: DutyName) -> Appointment | None:
        """Return when the duty is due next; None: not by itself."""
        found = await self._connection.execute(
            "SELECT due_at, attempts FROM appointment WHERE application_id = :id AND duty = :duty",
            {"id": application_id, "duty": duty},
        )
        row = found.one_or_none()
        return None if row is None else Appointment(due_at=row.due_at, attempts=row.attempts)

    async def cancel(self, application_id: ApplicationId, duty: DutyName) -> None:
        await self._connection.execute(
            "DELETE FROM appointment WHERE application_id = :id AND duty = :duty",
            {"id": application_id, "duty": duty},
        )

    async def cancel_all(self, application_id: ApplicationId) -> None:
        await self._connection.execute("DELETE FROM appointment WHERE application_id = :id", {"id": application_id})
