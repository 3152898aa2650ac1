"""Polls: which receipt a shop has yet to get back, of those that are asked what changed."""

from app.domain.ids import ApplicationId, Cursor
from app.ports import Polling
from app.store.connection import Connection


class Polls:
    """What shops told that are asked what changed, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def of(self, application_id: ApplicationId) -> Polling:
        """Return how far the shop has been heard."""
        found = await self._connection.execute(
            "SELECT cursor, receipt FROM poll WHERE application_id = :id", {"id": application_id}
        )
        row = found.one_or_none()
        return (
            Polling()
            if row is None
            else Polling(cursor=None if row.cursor is None else Cursor(row.cursor), receipt=row.receipt)
        )

    async def heard(self, application_id: ApplicationId, receipt: str) -> None:
        """Keep a receipt that is to be handed back, in the transaction that stores what it is for."""
        await self._connection.execute(
            "INSERT INTO poll (application_id, receipt) VALUES (:id, :receipt) "
            "ON CONFLICT (application_id) DO UPDATE SET receipt = excluded.receipt",
            {"id": application_id, "receipt": receipt},
        )

    async def handed_back(self, application_id: ApplicationId) -> None:
        """Write down that the shop has its receipt."""
        await self._connection.execute(
            "UPDATE poll SET cursor = receipt, receipt = NULL WHERE application_id = :id AND receipt IS NOT NULL",
            {"id": application_id},
        )
