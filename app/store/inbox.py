"""The inbox: every event that was acknowledged, byte for byte, and what became of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.event import SUBSTITUTE
from app.domain.http import Delivery
from app.domain.ids import ApplicationId, DeliveryId, EventId, SupplierId, Topic
from app.domain.replay import DEAD_LETTER, Selection
from app.ports import InboxEntry, Settled, StoredDelivery
from app.store.connection import Connection, Row, given_ids
from app.store.documents import as_ids, clean, from_texts, rows, to_texts
from app.store.portions import portion

# An event id that only says which deliveries are alike is given free, so that the next one like this is kept.
_SETTLE = f"""
    UPDATE delivery SET outcome = s.outcome, reason = s.reason, source_id = s.source_id, settled_at = now(),
        event_id = CASE WHEN delivery.outcome IS NULL AND starts_with(delivery.event_id, :substitute)
            THEN delivery.event_id || '#' || delivery.id ELSE delivery.event_id END
    FROM jsonb_to_recordset(CAST(:settled AS jsonb)) AS s(delivery_id bigint, outcome text, reason text, source_id text)
    WHERE delivery.id = ANY(CAST({given_ids("ids")} AS bigint[])) AND delivery.id = s.delivery_id
"""


_FRESH = portion(
    "SELECT d.id, d.topic, d.method, d.url, d.headers, d.received_at, b.body "
    "FROM delivery d LEFT JOIN delivery_body b ON b.delivery_id = d.id "
    "WHERE d.application_id = :id AND d.outcome IS NULL ORDER BY d.id LIMIT :limit",
    by="id",
    of=("body",),
)


IS_DEAD_LETTER = """(
    d.outcome IN ('unreadable', 'dead') AND NOT EXISTS (
        SELECT FROM replayed r WHERE r.delivery_id = d.id AND r.outcome NOT IN ('unreadable', 'dead'))
)"""
"""Of a delivery ``d``: it could not be worked through, and no replay has mended that since."""


_DROP = """
    UPDATE delivery d SET outcome = 'dropped', settled_at = now(),
    reason = 'Dropped by ' || :by || '. It was ' || d.outcome || ': ' || coalesce(d.reason, '')
"""


def newest(
    columns: str, *, of: str, limit: str, only: Sequence[str] = ("outcome IS NULL", "outcome IS NOT NULL")
) -> str:
    """Return what reads the newest ``limit`` deliveries that fulfil ``of`` and one of ``only``, the newest first.

    By default both those that wait and the others, each by its own index of an Application's deliveries.
    """
    each = (f"(SELECT {columns} FROM delivery d WHERE {of} AND {one} ORDER BY id DESC LIMIT {limit})" for one in only)
    return f"SELECT * FROM ({' UNION ALL '.join(each)}) AS found ORDER BY id DESC LIMIT {limit}"


class Inbox:
    """The inbox, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def keep_unowned(self, event_id: EventId, topic: Topic, delivery: Delivery, *, reason: str) -> None:
        """Keep that a delivery about no Application of ours came, settled at once.

        Not what it says: nobody will read that any more, and it may name people whom nothing ties to us.
        """
        await self._connection.execute(
            "INSERT INTO delivery (event_id, topic, method, url, headers, outcome, reason, settled_at) "
            "VALUES (:event_id, :topic, :method, :url, :headers, 'ignored', :reason, now())",
            {
                "event_id": clean(event_id),
                "topic": clean(topic),
                "method": delivery.method,
                "url": clean(delivery.url),
                "headers": from_texts(delivery.headers),
                "reason": reason,
            },
        )

    async def fresh(self, application_id: ApplicationId, *, limit: int, size: int) -> tuple[StoredDelivery, ...]:
        """Return the oldest deliveries that nothing has become of yet, until their bodies are ``size`` bytes long."""
        found = await self._connection.execute(_FRESH, {"id": application_id, "limit": limit, "size": size})
        return tuple(stored(row) for row in found)

    async def settle(self, settled: Sequence[Settled]) -> None:
        """Write down what became of deliveries."""
        if settled:
            names = [str(each.delivery_id) for each in settled]
            given = {"ids": as_ids(names), "settled": rows(settled), "substitute": SUBSTITUTE}
            await self._connection.execute(_SETTLE, given)

    async def of(
        self, application_id: ApplicationId, *, before: int | None, limit: int, topic: str | None, outcome: str | None
    ) -> tuple[InboxEntry, ...]:
        """Return an Application's deliveries, newest first, from behind the id ``before``.

        ``outcome`` "waiting": none yet; DEAD_LETTER: those that a person may want to replay or to drop.
        """
        found = await self._connection.execute(
            newest(
                "*",
                of="d.application_id = :id AND (CAST(:before AS bigint) IS NULL OR d.id < :before) "
                "AND (CAST(:topic AS text) IS NULL OR d.topic = :topic)",
                limit=":limit",
                **({} if outcome is None else {"only": [_has(outcome)]}),
            ),
            {"id": application_id, "before": before, "limit": limit, "topic": topic}
            | ({"outcome": outcome} if _is_named(outcome) else {}),
        )
        return tuple(_entry(row) for row in found)

    async def one(self, delivery_id: DeliveryId) -> tuple[InboxEntry, Delivery] | None:
        """Return a delivery and what it holds; None when there is none. Its body is empty after retention."""
        found = await self._connection.execute(
            "SELECT d.*, b.body FROM delivery d LEFT JOIN delivery_body b ON b.delivery_id = d.id WHERE d.id = :id",
            {"id": delivery_id},
        )
        row = found.one_or_none()
        return None if row is None else (_entry(row), stored(row).delivery)

    async def last_received(self, application_id: ApplicationId) -> datetime | None:
        found = await self._connection.execute(
            newest("id, received_at", of="application_id = :id", limit="1"), {"id": application_id}
        )
        row = found.one_or_none()
        return None if row is None else row.received_at

    async def owners(self, delivery_ids: Sequence[DeliveryId]) -> Mapping[DeliveryId, ApplicationId]:
        """Name the Applications of these deliveries; those that are unknown, or of no Application, are absent."""
        found = await self._connection.execute(
            "SELECT id, application_id FROM delivery WHERE id = ANY(:ids) AND application_id IS NOT NULL",
            {"ids": list(delivery_ids)},
        )
        return {DeliveryId(row.id): ApplicationId(row.application_id) for row in found}

    async def forget_body(self, delivery_id: DeliveryId) -> None:
        """Drop what a delivery says before its time, because it must not be kept."""
        await self._connection.execute("DELETE FROM delivery_body WHERE delivery_id = :id", {"id": delivery_id})

    async def drop(self, delivery_id: DeliveryId, *, by: str) -> bool:
        """Close a dead letter without replaying it, for the reason that somebody said so; False: it is none."""
        done = await self._connection.execute(
            f"{_DROP} WHERE d.id = :id AND {IS_DEAD_LETTER} RETURNING 1", {"id": delivery_id, "by": clean(by)}
        )
        return len(done) > 0

    async def drop_all(self, selection: Selection, *, supplier_id: SupplierId | None, by: str, limit: int) -> int:
        """Close the dead letters among the deliveries that are meant, the oldest ``limit`` first; return how many.

        ``supplier_id``: only of this supplier's Applications; None: of every one.
        """
        meant, given = meets(selection)
        conditions = ["d.application_id IS NOT NULL", meant, IS_DEAD_LETTER]
        if selection.delivery_ids is not None:
            conditions.append("d.id = ANY(:delivery_ids)")
            given["delivery_ids"] = list(selection.delivery_ids)
        if selection.application_id is not None:
            conditions.append("d.application_id = :application_id")
            given["application_id"] = selection.application_id
        if supplier_id is not None:
            conditions.append("d.application_id IN (SELECT a.id FROM application a WHERE a.supplier_id = :supplier_id)")
            given["supplier_id"] = supplier_id
        which = f"SELECT d.id FROM delivery d WHERE {' AND '.join(conditions)} ORDER BY d.id LIMIT :limit FOR UPDATE"
        done = await self._connection.execute(
            f"{_DROP} WHERE d.id IN ({which}) RETURNING 1", {**given, "by": clean(by), "limit": limit}
        )
        return len(done)


def _is_named(outcome: str | None) -> bool:
    return outcome not in (None, "waiting", DEAD_LETTER)


def _has(outcome: str) -> str:
    """Return the condition on a delivery ``d`` in words for which there is an index, where outcomes are rare."""
    if outcome == "waiting":
        return "d.outcome IS NULL"
    if outcome == DEAD_LETTER:
        return IS_DEAD_LETTER
    rare = (
        " AND d.outcome IN ('unreadable', 'dead')"
        if outcome in ("unreadable", "dead")
        else " AND d.outcome IS NOT NULL"
    )
    return f"d.outcome = :outcome{rare}"


def meets(selection: Selection) -> tuple[str, dict[str, object]]:
    """Return what a delivery ``d`` has to fulfil as SQL, and the values in it."""
    conditions = ["d.outcome IS NOT NULL"]
    given: dict[str, object] = {}
    for condition, name, value in (
        ("d.topic = :topic", "topic", selection.topic),
        ("d.source_id = :source_id", "source_id", selection.source_id),
        ("d.received_at >= :received_from", "received_from", selection.received_from),
        ("d.received_at < :received_until", "received_until", selection.received_until),
    ):
        if value is not None:
            conditions.append(condition)
            given[name] = value
    if selection.outcome == DEAD_LETTER:
        conditions.append(IS_DEAD_LETTER)
    elif selection.outcome is not None:
        conditions.append("d.outcome = :outcome")
        given["outcome"] = selection.outcome
    return "(" + " AND ".join(conditions) + ") IS TRUE", given


def stored(row: Row) -> StoredDelivery:
    """Return a row of deliveries with its body, which is empty when it is gone."""
    delivery = Delivery(
        method=row["method"],
        url=row["url"],
        headers=to_texts(row["headers"]),
        body=row["body"] or b"",
        received_at=row["received_at"],
    )
    return StoredDelivery(id=row["id"], topic=row["topic"], delivery=delivery)


def _entry(row: Row) -> InboxEntry:
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
