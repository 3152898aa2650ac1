"""The inbox: every event that was acknowledged, byte for byte, and what became of it."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.http import Delivery
from app.domain.ids import ApplicationId, DeliveryId, EventId, Topic
from app.ports import InboxEntry, Settled, StoredDelivery
from app.store.documents import clean, rows

_SETTLE = text("""
    UPDATE delivery SET outcome = s.outcome, reason = s.reason, source_id = s.source_id, settled_at = now()
    FROM jsonb_to_recordset(CAST(:settled AS jsonb)) AS s(id bigint, outcome text, reason text, source_id text)
    WHERE delivery.id = s.id
""")


def _headers(delivery: Delivery) -> str:
    return clean(json.dumps(dict(delivery.headers), ensure_ascii=False))


class Inbox:
    """The inbox, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def keep_unowned(self, event_id: EventId, topic: Topic, delivery: Delivery, *, reason: str) -> None:
        """Keep a delivery that is about no Application of ours, settled at once."""
        row = await self._connection.execute(
            text(
                "INSERT INTO delivery (event_id, topic, method, url, headers, outcome, reason, settled_at) "
                "VALUES (:event_id, :topic, :method, :url, :headers, 'ignored', :reason, now()) RETURNING id"
            ),
            {
                "event_id": clean(event_id),
                "topic": clean(topic),
                "method": delivery.method,
                "url": clean(delivery.url),
                "headers": _headers(delivery),
                "reason": reason,
            },
        )
        await self._connection.execute(
            text("INSERT INTO delivery_body (delivery_id, body) VALUES (:id, :body)"),
            {"id": row.scalar_one(), "body": delivery.body},
        )

    async def fresh(self, application_id: ApplicationId, *, limit: int) -> tuple[StoredDelivery, ...]:
        """Return the oldest deliveries that nothing has become of yet."""
        found = await self._connection.execute(
            text(
                "SELECT d.*, b.body FROM delivery d LEFT JOIN delivery_body b ON b.delivery_id = d.id "
                "WHERE d.application_id = :id AND d.outcome IS NULL ORDER BY d.id LIMIT :limit"
            ),
            {"id": application_id, "limit": limit},
        )
        return tuple(_stored(row) for row in found)

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write down what became of deliveries."""
        if not settled:
            return
        records = [
            {"id": each.delivery_id, "outcome": each.outcome, "reason": clean(each.reason), "source_id": each.source_id}
            for each in settled
        ]
        await self._connection.execute(_SETTLE, {"settled": rows(records)})

    async def of(
        self, application_id: ApplicationId, *, before: int | None, limit: int, topic: str | None, outcome: str | None
    ) -> tuple[InboxEntry, ...]:
        """Return an Application's deliveries, newest first, from behind the id ``before``; ``outcome`` "waiting": none yet."""
        found = await self._connection.execute(
            text(
                "SELECT d.* FROM delivery d WHERE d.application_id = :id "
                "AND (CAST(:before AS bigint) IS NULL OR d.id < :before) "
                "AND (CAST(:topic AS text) IS NULL OR d.topic = :topic) "
                "AND (CAST(:outcome AS text) IS NULL OR coalesce(d.outcome, 'waiting') = :outcome) "
                "ORDER BY d.id DESC LIMIT :limit"
            ),
            {"id": application_id, "before": before, "limit": limit, "topic": topic, "outcome": outcome},
        )
        return tuple(_entry(row) for row in found)

    async def one(self, delivery_id: DeliveryId) -> tuple[InboxEntry, Delivery] | None:
        """Return a delivery and what it holds; None when there is none. Its body is empty after retention."""
        found = await self._connection.execute(
            text(
                "SELECT d.*, b.body FROM delivery d LEFT JOIN delivery_body b ON b.delivery_id = d.id WHERE d.id = :id"
            ),
            {"id": delivery_id},
        )
        row = found.one_or_none()
        return None if row is None else (_entry(row), _stored(row).delivery)

    async def last_received(self, application_id: ApplicationId) -> datetime | None:
        found = await self._connection.execute(
            text("SELECT received_at FROM delivery WHERE application_id = :id ORDER BY id DESC LIMIT 1"),
            {"id": application_id},
        )
        when: datetime | None = found.scalar_one_or_none()
        return when


def _stored(row: Row[tuple[object, ...]]) -> StoredDelivery:
    delivery = Delivery(
        method=row.method,
        url=row.url,
        headers=json.loads(row.headers),
        body=row.body or b"",
        received_at=row.received_at,
    )
    return StoredDelivery(id=DeliveryId(row.id), topic=Topic(row.topic), delivery=delivery)


def _entry(row: Row[tuple[object, ...]]) -> InboxEntry:
    return InboxEntry(
        id=DeliveryId(row.id),
        application_id=None if row.application_id is None else ApplicationId(row.application_id),
        event_id=EventId(row.event_id),
        topic=Topic(row.topic),
        received_at=row.received_at,
        outcome=row.outcome,
        reason=row.reason,
        source_id=row.source_id,
        settled_at=row.settled_at,
    )
