"""Problems: raised and closed in the transaction of the decision that they follow from."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.domain.ids import ApplicationId, SourceId
from app.domain.problem import Problem, ProblemKind, ProblemState, Raised
from app.store.connection import Connection, Row, given_ids
from app.store.documents import as_ids, clean, rows

# Seen again: counted. Closed before: opened again. Dismissed: it stays so while its cause lasts.
_RAISE = """
    INSERT INTO problem AS p (application_id, kind, subject, sentence, details, state)
    SELECT :application_id, r.kind, r.subject, r.sentence, r.details, 'open'
    FROM jsonb_to_recordset(CAST(:raised AS jsonb)) AS r(kind text, subject text, sentence text, details text)
    ORDER BY r.kind, r.subject
    ON CONFLICT (application_id, kind, subject) DO UPDATE SET
        sentence = excluded.sentence, details = excluded.details, times_seen = p.times_seen + 1, last_seen_at = now(),
        state = CASE WHEN p.state = 'closed' THEN 'open' ELSE p.state END,
        since = CASE WHEN p.state = 'closed' THEN now() ELSE p.since END
"""

_LINK = """
    INSERT INTO problem_product (application_id, source_id, problem_id)
    SELECT p.application_id, r.source_id, p.id
    FROM jsonb_to_recordset(CAST(:links AS jsonb)) AS r(source_id text, kind text, subject text)
    JOIN problem p ON p.application_id = :application_id AND p.kind = r.kind AND p.subject = r.subject
    ON CONFLICT DO NOTHING
"""

_UNLINK = f"""
    WITH unlinked AS (
        DELETE FROM problem_product l USING problem p
        WHERE l.application_id = :application_id AND l.source_id = ANY({given_ids("source_ids")}) AND p.id = l.problem_id
            AND NOT EXISTS (
                SELECT FROM jsonb_to_recordset(CAST(:links AS jsonb)) AS r(source_id text, kind text, subject text)
                WHERE r.source_id = l.source_id AND r.kind = p.kind AND r.subject = p.subject)
        RETURNING l.problem_id, l.source_id
    )
    UPDATE problem SET state = 'closed', since = now()
    WHERE state <> 'closed' AND id IN (SELECT problem_id FROM unlinked) AND NOT EXISTS (
        SELECT FROM problem_product l WHERE l.problem_id = problem.id
            AND (l.problem_id, l.source_id) NOT IN (SELECT problem_id, source_id FROM unlinked))
"""

_PROBLEM = """
    SELECT p.*, ARRAY(SELECT l.source_id FROM problem_product l WHERE l.problem_id = p.id ORDER BY l.source_id) AS source_ids
    FROM problem p
"""


class Problems:
    """The problems of Applications, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def settle(self, application_id: ApplicationId, found: Mapping[SourceId, Sequence[Raised]]) -> None:
        """Say of each of these products which problems it has now; those that it had before and has no more are gone."""
        if not found:
            return
        raised = {(each.kind, each.subject): each for problems in found.values() for each in problems}
        await self._raise(application_id, tuple(raised.values()))
        links = rows(
            [
                {"source_id": source_id, "kind": each.kind, "subject": clean(each.subject)}
                for source_id, problems in found.items()
                for each in problems
            ]
        )
        if raised:
            await self._connection.execute(_LINK, {"application_id": application_id, "links": links})
        await self._connection.execute(
            _UNLINK, {"application_id": application_id, "links": links, "source_ids": as_ids(found)}
        )

    async def raise_(self, application_id: ApplicationId, raised: Raised) -> None:
        """Raise a problem of the whole Application; it stays until ``close``."""
        await self._raise(application_id, (raised,))

    async def _raise(self, application_id: ApplicationId, raised: Sequence[Raised]) -> None:
        if not raised:
            return
        records = [
            {
                "kind": each.kind,
                "subject": clean(each.subject),
                "sentence": clean(each.sentence),
                "details": clean(json.dumps(dict(each.details), default=str, ensure_ascii=False)),
            }
            for each in raised
        ]
        await self._connection.execute(_RAISE, {"application_id": application_id, "raised": rows(records)})

    async def close(self, application_id: ApplicationId, kind: ProblemKind, subject: str | None = None) -> None:
        """Close what is open or dismissed of a kind, because its cause is gone. ``subject`` None: whatever it is about."""
        await self._connection.execute(
            "UPDATE problem SET state = 'closed', since = now() WHERE application_id = :id AND kind = :kind "
            "AND state <> 'closed' AND subject = coalesce(CAST(:subject AS text), subject)",
            {"id": application_id, "kind": kind, "subject": subject},
        )

    async def close_all(self, application_id: ApplicationId) -> None:
        """Close everything, because nothing is done for the Application any more."""
        await self._connection.execute("DELETE FROM problem_product WHERE application_id = :id", {"id": application_id})
        await self._connection.execute(
            "UPDATE problem SET state = 'closed', since = now() WHERE application_id = :id AND state <> 'closed'",
            {"id": application_id},
        )

    async def dismiss(self, problem_id: UUID) -> None:
        """Hide an open problem."""
        await self._connection.execute(
            "UPDATE problem SET state = 'dismissed', since = now() WHERE id = :id AND state = 'open'",
            {"id": problem_id},
        )

    async def one(self, problem_id: UUID) -> Problem | None:
        """Return one problem; None when there is none. Nobody else changes it until the commit."""
        found = await self._connection.execute(_PROBLEM + "WHERE p.id = :id FOR UPDATE OF p", {"id": problem_id})
        row = found.one_or_none()
        return None if row is None else _problem(row)

    async def list(
        self,
        application_id: ApplicationId,
        *,
        state: ProblemState | None,
        kind: ProblemKind | None,
        source_id: SourceId | None,
        after: UUID | None,
        limit: int,
    ) -> tuple[Problem, ...]:
        """Return problems in the order of their ids, from behind ``after``."""
        conditions = {
            " AND p.state = :state": state,
            " AND p.kind = :kind": kind,
            " AND p.id > :after": after,
            " AND EXISTS (SELECT FROM problem_product l WHERE l.problem_id = p.id AND l.source_id = :source_id)": source_id,
        }
        query = "WHERE p.application_id = :application_id" + "".join(
            each for each, value in conditions.items() if value is not None
        )
        given = {"state": state, "kind": kind, "after": after, "source_id": source_id}
        found = await self._connection.execute(
            _PROBLEM + query + " ORDER BY p.id LIMIT :limit",
            {
                "application_id": application_id,
                "limit": limit,
                **{name: value for name, value in given.items() if value is not None},
            },
        )
        return tuple(_problem(row) for row in found)

    async def opened_since(self, application_id: ApplicationId, kind: ProblemKind, *, since: datetime) -> int:
        """Return how many problems of a kind were opened since then and are not closed."""
        found = await self._connection.execute(
            "SELECT count(*) FROM problem WHERE application_id = :id AND kind = :kind AND state <> 'closed' "
            "AND since >= :since",
            {"id": application_id, "kind": kind, "since": since},
        )
        return int(found.scalar())

    async def open_level(self, application_id: ApplicationId) -> int | None:
        """Return the level at which many failures were announced last; None when they are not."""
        found = await self._connection.execute(
            "SELECT details FROM problem WHERE application_id = :id AND kind = 'many_failures' "
            "AND subject = '' AND state <> 'closed'",
            {"id": application_id},
        )
        details = found.scalar()
        return None if details is None else int(json.loads(details)["level"])

    async def open_counts(self, application_id: ApplicationId) -> Mapping[ProblemKind, int]:
        """Return how many problems of each kind are open."""
        found = await self._connection.execute(
            "SELECT kind, count(*) AS n FROM problem WHERE application_id = :id AND state = 'open' GROUP BY kind",
            {"id": application_id},
        )
        return {row.kind: row.n for row in found}


def _problem(row: Row) -> Problem:
    return Problem(
        id=row.id,
        application_id=ApplicationId(row.application_id),
        kind=row.kind,
        subject=row.subject,
        sentence=row.sentence,
        details=json.loads(row.details),
        state=row.state,
        since=row.since,
        times_seen=row.times_seen,
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        source_ids=tuple(SourceId(each) for each in row.source_ids),
    )
