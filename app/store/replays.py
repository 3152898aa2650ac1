"""Replays: what was asked for, each Application's share of it, and what became of each delivery."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import TypeAdapter

from app.domain.ids import ApplicationId, DeliveryId, SourceId, SupplierId
from app.domain.replay import Replay, ReplayState, Selection, Share
from app.ports import Settled
from app.ports.replays import Candidate, ReplayDue, Replayed, ReplayPage
from app.store.connection import Connection, Row
from app.store.documents import clean, rows
from app.store.inbox import meets, stored
from app.store.portions import portion

WINDOW = 2000
"""Deliveries that one page looks at, at most, so that a search for few among many stays short."""

CLOCK_SLACK = timedelta(minutes=1)
"""By how much the times of deliveries may be out of the order of their ids: they are stored at the same time."""

_SELECTION = TypeAdapter(Selection)

# A replay beside another has its turn with that, so that one rate holds for all replays of an Application.
_TURN = """greatest(now(), (
    SELECT max(s.due_at) FROM replay_share s WHERE s.application_id = a.id AND s.state = 'running'
))"""

# The ends of each Application's share are looked up in the index of its settled deliveries, however many there are between them.
_SPREAD = f"""
    INSERT INTO replay_share (replay_id, application_id, state, first_id, last_id, cursor, delivery_ids, counters, due_at)
    SELECT :replay_id, a.id, 'running', span.low - 1, span.high, span.low - 1, NULL, '{{}}', {_TURN}
    FROM application a CROSS JOIN LATERAL (
        SELECT min(d.id) AS low, max(d.id) AS high FROM delivery d
        WHERE d.application_id = a.id AND d.id > :behind AND d.id <= :last AND d.outcome IS NOT NULL
    ) AS span
    WHERE a.state NOT IN ('uninstalling', 'uninstalled') AND span.low IS NOT NULL
"""

_PICK = f"""
    INSERT INTO replay_share (replay_id, application_id, state, first_id, last_id, cursor, delivery_ids, counters, due_at)
    SELECT :replay_id, a.id, 'running', min(d.id) - 1, max(d.id), min(d.id) - 1, array_agg(d.id ORDER BY d.id), '{{}}', {_TURN}
    FROM delivery d JOIN application a ON a.id = d.application_id
    WHERE d.id = ANY(:delivery_ids) AND a.state NOT IN ('uninstalling', 'uninstalled')
"""

# Locked in the order in which deliveries lock them, too, so that neither waits for the other in a circle.
_WAKE = """
    WITH locked AS MATERIALIZED (
        SELECT application_id FROM lane
        WHERE application_id IN (SELECT application_id FROM replay_share WHERE replay_id = :replay_id)
        ORDER BY application_id FOR UPDATE
    )
    UPDATE lane SET wake = wake + 1 FROM locked WHERE lane.application_id = locked.application_id
"""

_SEARCHED = """
    SELECT * FROM delivery WHERE application_id = :application_id AND id > :cursor AND id <= :last AND outcome IS NOT NULL
    ORDER BY id LIMIT :window
"""
_PICKED = """
    SELECT * FROM delivery WHERE id = ANY(:delivery_ids) AND application_id = :application_id AND id > :cursor
    ORDER BY id LIMIT :window
"""

_HAS = "EXISTS (SELECT FROM replay_share s WHERE s.replay_id = r.id AND s.state = '{}')"
_IS: Mapping[ReplayState, str] = {
    "running": _HAS.format("running"),
    "cancelled": f"NOT {_HAS.format('running')} AND {_HAS.format('cancelled')}",
    "done": f"NOT {_HAS.format('running')} AND NOT {_HAS.format('cancelled')}",
}
"""The state of a replay ``r``, which follows from those of its shares."""


_CANDIDATES = portion(
    "SELECT d.*, b.body, b.delivery_id IS NOT NULL AS kept "
    "FROM delivery d LEFT JOIN delivery_body b ON b.delivery_id = d.id WHERE d.id = ANY(:ids) ORDER BY d.id",
    by="id",
    of=("body",),
)


class Replays:
    """Replays, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def start(self, replay_id: UUID, selection: Selection, *, supplier_id: SupplierId | None, by: str) -> None:
        """Write a replay down, with a share for every installed Application that may have something to do for it.

        ``supplier_id`` None: Applications of every supplier.
        """
        await self._connection.execute(
            "INSERT INTO replay (id, supplier_id, requested_by, selection) VALUES (:id, :supplier_id, :by, :selection)",
            {
                "id": replay_id,
                "supplier_id": supplier_id,
                "by": clean(by),
                "selection": clean(_SELECTION.dump_json(selection).decode()),
            },
        )
        given: dict[str, object] = {"replay_id": replay_id}
        conditions = ""
        if supplier_id is not None:
            conditions += " AND a.supplier_id = :supplier_id"
            given["supplier_id"] = supplier_id
        if selection.application_id is not None:
            conditions += " AND a.id = :application_id"
            given["application_id"] = selection.application_id
        if selection.delivery_ids is not None:
            given["delivery_ids"] = list(selection.delivery_ids)
            await self._connection.execute(_PICK + conditions + " GROUP BY a.id", given)
        else:
            given["behind"] = await self._before(selection.received_from, slack=-CLOCK_SLACK)
            given["last"] = await self._before(selection.received_until, slack=CLOCK_SLACK, otherwise_last=True)
            await self._connection.execute(_SPREAD + conditions, given)
        await self._connection.execute(_WAKE, {"replay_id": replay_id})
        await self._connection.execute("NOTIFY lane")

    async def _before(self, when: datetime | None, *, slack: timedelta, otherwise_last: bool = False) -> int:
        """Return the id of the last delivery received before ``when``, give or take; found by halving, without an index."""
        last = (await self._connection.execute("SELECT coalesce(max(id), 0) FROM delivery")).scalar()
        if when is None:
            return int(last) if otherwise_last else 0
        low, high = 0, int(last)
        while low < high:
            middle = (low + high) // 2
            found = await self._connection.execute(
                "SELECT received_at < :when FROM delivery WHERE id > :middle ORDER BY id LIMIT 1",
                {"middle": middle, "when": when + slack},
            )
            if found.scalar():
                low = middle + 1
            else:
                high = middle
        return low

    async def one(self, replay_id: UUID) -> Replay | None:
        """Return a replay with all its shares; None when there is none (any more)."""
        found = await self._connection.execute("SELECT * FROM replay WHERE id = :id", {"id": replay_id})
        return next(iter(await self._with_shares(list(found))), None)

    async def list(
        self,
        *,
        supplier_id: SupplierId | None,
        application_id: ApplicationId | None,
        state: ReplayState | None,
        before: UUID | None,
        limit: int,
    ) -> tuple[Replay, ...]:
        """Return replays, the newest first, from behind the one ``before``.

        ``supplier_id``: those that this supplier's keys asked for; None: all. ``application_id``: those in which it has a
        share.
        """
        conditions = {
            " AND r.supplier_id = :supplier_id": supplier_id,
            " AND EXISTS (SELECT FROM replay_share s WHERE s.replay_id = r.id AND s.application_id = :application_id)": (
                application_id
            ),
            " AND (r.created_at, r.id) < (SELECT last.created_at, last.id FROM replay last WHERE last.id = :before)": before,
        }
        found = await self._connection.execute(
            "SELECT r.* FROM replay r WHERE true"
            + "".join(each for each, value in conditions.items() if value is not None)
            + ("" if state is None else f" AND {_IS[state]}")
            + " ORDER BY r.created_at DESC, r.id DESC LIMIT :limit",
            {
                "limit": limit,
                **({} if supplier_id is None else {"supplier_id": supplier_id}),
                **({} if application_id is None else {"application_id": application_id}),
                **({} if before is None else {"before": before}),
            },
        )
        return await self._with_shares(list(found))

    async def _with_shares(self, replays: Sequence[Row]) -> tuple[Replay, ...]:
        found = await self._connection.execute(
            "SELECT * FROM replay_share WHERE replay_id = ANY(:ids) ORDER BY application_id",
            {"ids": [row.id for row in replays]},
        )
        shares: dict[UUID, list[Share]] = {row.id: [] for row in replays}
        for row in found:
            shares[row.replay_id].append(_share(row))
        return tuple(
            Replay(
                id=row.id,
                supplier_id=row.supplier_id,
                by=row.requested_by,
                selection=_SELECTION.validate_json(row.selection),
                created_at=row.created_at,
                shares=tuple(shares[row.id]),
            )
            for row in replays
        )

    async def cancel(self, replay_id: UUID) -> None:
        """End what still runs of a replay; what was worked through stays."""
        await self._end("replay_id = :id", replay_id)

    async def cancel_of(self, application_id: ApplicationId) -> None:
        """End the shares that an Application still has in replays."""
        await self._end("application_id = :id", application_id)

    async def _end(self, condition: str, identity: UUID) -> None:
        await self._connection.execute(
            "UPDATE replay_share SET state = 'cancelled', finished_at = now(), delivery_ids = NULL "
            f"WHERE state = 'running' AND {condition}",
            {"id": identity},
        )

    async def due(self, application_id: ApplicationId) -> ReplayDue | None:
        """Return the share that the Application works on next: of those whose turn is at the same time, the oldest."""
        found = await self._connection.execute(
            "SELECT s.*, r.requested_by, r.selection FROM replay_share s JOIN replay r ON r.id = s.replay_id "
            "WHERE s.application_id = :id AND s.state = 'running' ORDER BY s.due_at, s.started_at, s.replay_id LIMIT 1",
            {"id": application_id},
        )
        row = found.one_or_none()
        if row is None:
            return None
        return ReplayDue(
            replay_id=row.replay_id,
            by=row.requested_by,
            selection=_SELECTION.validate_json(row.selection),
            share=_share(row),
        )

    async def page(self, due: ReplayDue, *, limit: int, size: int) -> ReplayPage | None:
        """Return the next deliveries of a share, at most ``limit``, until their bodies are ``size`` bytes long.

        None when the share has ended meanwhile.

        Nobody ends the share until the commit. Deliveries that nothing has become of yet are left out: they will be
        worked through without a replay.
        """
        found = await self._connection.execute(
            "SELECT cursor, delivery_ids FROM replay_share "
            "WHERE replay_id = :replay_id AND application_id = :application_id AND state = 'running' FOR UPDATE",
            {"replay_id": due.replay_id, "application_id": due.share.application_id},
        )
        share = found.one_or_none()
        if share is None:
            return None
        given: dict[str, object] = {
            "application_id": due.share.application_id,
            "cursor": share.cursor,
            "window": WINDOW,
        }
        if share.delivery_ids is None:
            given["last"] = due.share.last_id
        else:
            given["delivery_ids"] = share.delivery_ids
        window = _SEARCHED if share.delivery_ids is None else _PICKED
        conditions, wanted = meets(due.selection)
        seen = list(
            await self._connection.execute(
                f"SELECT d.id, {conditions} AS wanted FROM ({window}) AS d ORDER BY d.id", {**given, **wanted}
            )
        )
        ids = [row.id for row in seen if row.wanted][:limit]
        full = len(ids) == limit
        if full:
            cursor = None if ids[-1] == seen[-1].id and len(seen) < WINDOW else ids[-1]
        else:
            cursor = seen[-1].id if len(seen) == WINDOW else None
        candidates = await self._candidates(ids, size)
        if candidates and len(candidates) < len(ids):
            cursor = candidates[-1].stored.id
        return ReplayPage(candidates=candidates, cursor=cursor)

    async def _candidates(self, ids: Sequence[int], size: int) -> tuple[Candidate, ...]:
        found = await self._connection.execute(_CANDIDATES, {"ids": ids, "size": size})
        return tuple(
            Candidate(
                stored=stored(row), kept=row.kept, source_id=None if row.source_id is None else SourceId(row.source_id)
            )
            for row in found
        )

    async def advance(self, due: ReplayDue, worked: Sequence[Settled], *, cursor: int | None, wait: timedelta) -> None:
        """Write down, in the transaction of its effects, that a page was worked through; ``cursor`` None: it was the last.

        Whatever the Application has to replay goes on after ``wait``.
        """
        counters = Counter(due.share.counters)
        counters.update(each.outcome for each in worked)
        key = {"replay_id": due.replay_id, "application_id": due.share.application_id}
        await self._connection.execute(
            "INSERT INTO replayed (delivery_id, replay_id, application_id, outcome, reason) "
            "SELECT r.id, :replay_id, :application_id, r.outcome, r.reason "
            "FROM jsonb_to_recordset(CAST(:worked AS jsonb)) AS r(id bigint, outcome text, reason text)",
            {
                **key,
                "worked": rows(
                    [{"id": each.delivery_id, "outcome": each.outcome, "reason": clean(each.reason)} for each in worked]
                ),
            },
        )
        await self._connection.execute(
            "UPDATE replay_share SET cursor = coalesce(CAST(:cursor AS bigint), last_id), counters = :counters, "
            "state = CASE WHEN CAST(:cursor AS bigint) IS NULL THEN 'done' ELSE state END, "
            "finished_at = CASE WHEN CAST(:cursor AS bigint) IS NULL THEN now() END "
            "WHERE replay_id = :replay_id AND application_id = :application_id",
            {**key, "cursor": cursor, "counters": json.dumps(counters)},
        )
        await self._connection.execute(
            "UPDATE replay_share SET due_at = now() + :wait "
            "WHERE application_id = :application_id AND state = 'running'",
            {"application_id": due.share.application_id, "wait": wait},
        )

    async def of_delivery(self, delivery_id: DeliveryId) -> tuple[Replayed, ...]:
        """Return what became of a delivery in its replays, in order."""
        found = await self._connection.execute(
            "SELECT d.*, r.requested_by FROM replayed d JOIN replay r ON r.id = d.replay_id "
            "WHERE d.delivery_id = :id ORDER BY d.at, d.replay_id",
            {"id": delivery_id},
        )
        return tuple(
            Replayed(replay_id=row.replay_id, by=row.requested_by, outcome=row.outcome, reason=row.reason, at=row.at)
            for row in found
        )


def _share(row: Row) -> Share:
    return Share(
        application_id=ApplicationId(row.application_id),
        state=row.state,
        first_id=row.first_id,
        last_id=row.last_id,
        cursor=row.cursor,
        picked=None if row.delivery_ids is None else len(row.delivery_ids),
        counters=json.loads(row.counters),
        due_at=row.due_at,
        finished_at=row.finished_at,
    )
