"""Waking other lanes than one's own, within the transaction that made work for them."""

from collections.abc import Collection

from app.domain.ids import ApplicationId
from app.store.connection import Connection
from app.store.lanes import DOORBELL


async def wake_others(
    connection: Connection, application_id: ApplicationId, concerned: Collection[ApplicationId]
) -> None:
    """Wake the lanes of those that are concerned beside this Application; come after the rows that make the work.

    Lanes after rows, as every run does, and in the order in which deliveries lock them.
    """
    others = set(concerned) - {application_id}
    if not others:
        return
    await connection.execute(
        "SELECT 1 FROM lane WHERE application_id = ANY(:ids) ORDER BY application_id FOR UPDATE",
        {"ids": [*others, application_id]},
    )
    await connection.execute("UPDATE lane SET wake = wake + 1 WHERE application_id = ANY(:ids)", {"ids": list(others)})
    await connection.execute(f"NOTIFY {DOORBELL}")
