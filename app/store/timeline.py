"""The timeline: the ordered story of each product, one sentence a row."""

from collections.abc import Sequence

from app.domain.ids import ApplicationId, SourceId
from app.ports import Told
from app.store.connection import Connection
from app.store.documents import rows

_ADD = """
    INSERT INTO timeline (application_id, source_id, kind, sentence, delivery_id)
    SELECT :application_id, told.source_id, told.kind, told.sentence, told.delivery_id
    FROM ROWS FROM (
        jsonb_to_recordset(CAST(:told AS jsonb)) AS (source_id text, kind text, sentence text, delivery_id bigint)
    ) WITH ORDINALITY AS told(source_id, kind, sentence, delivery_id, n)
    ORDER BY told.n
"""


class Timeline:
    """The stories of products, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, application_id: ApplicationId, told: Sequence[Told]) -> None:
        """Add sentences, in this order."""
        if told:
            await self._connection.execute(_ADD, {"application_id": application_id, "told": rows(told)})

    async def of(
        self, application_id: ApplicationId, source_id: SourceId, *, after: int | None, limit: int
    ) -> tuple[tuple[int, Told], ...]:
        """Return a product's story in order, from behind the row ``after``, with each row's id."""
        found = await self._connection.execute(
            "SELECT id, source_id, at, kind, sentence, delivery_id FROM timeline "
            "WHERE application_id = :application_id AND source_id = :source_id AND id > :after ORDER BY id LIMIT :limit",
            {"application_id": application_id, "source_id": source_id, "after": after or 0, "limit": limit},
        )
        return tuple(
            (
                row.id,
                Told(
                    source_id=row.source_id,
                    kind=row.kind,
                    sentence=row.sentence,
                    delivery_id=row.delivery_id,
                    at=row.at,
                ),
            )
            for row in found
        )
