"""Images on their way to Orderchamp: when to look whether they have arrived, and what was found."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from app.domain.ids import AccountId, ApplicationId, SourceId, TargetId
from app.domain.images import Sent, Verdict
from app.store.connection import Connection


def _on_their_way(by: str, *, limit: str) -> str:
    """Return the FROM item ``t`` of targets whose images are to be looked for ``by`` then, the next first, with ``source_ids``.

    Bindings are looked up one by one, and no sooner than they are wanted: OFFSET keeps the planner from going through all.
    """
    return f"""
        FROM (
            SELECT * FROM target
            WHERE account_id = (SELECT account_id FROM application WHERE id = :id) AND images_check_at <= {by}
            ORDER BY images_check_at OFFSET 0
        ) t CROSS JOIN LATERAL (
            SELECT array_agg(DISTINCT b.source_id) FILTER (WHERE b.application_id = :id) AS source_ids FROM (
                SELECT application_id, source_id FROM binding
                WHERE account_id = t.account_id AND target_id = t.target_id OFFSET 0
            ) b
        ) b
        WHERE b.source_ids IS NOT NULL ORDER BY t.images_check_at LIMIT {limit}
    """


_AFTERWARDS: Mapping[Verdict, str] = {
    "arrived": "images_tries = 0, images_missing = false, arrived_images = coalesce(sent_images, arrived_images)",
    "replaced": "images_tries = 0, images_missing = false, failed_images = sent_images",
    "again": "images_tries = images_tries + 1, sent_images = NULL, observed = NULL, arrived_images = NULL, "
    "failed_images = NULL",
    "missing": "images_tries = 0, images_missing = true",
}
"""A set that is to be sent again is forgotten, and Orderchamp read, so that planning finds it missing. If it had arrived
before, it is not known any more to be one that does."""


class Images:
    """The images of targets, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def sent(self, account_id: AccountId, ids: Sequence[TargetId], *, wait: timedelta) -> None:
        """Have it looked after ``wait`` whether the images that were just sent have arrived.

        Those of a new set have: which one failed before it is of no interest any more.
        """
        await self._connection.execute(
            "UPDATE target SET images_check_at = now() + :wait, "
            "failed_images = CASE WHEN sent_images = arrived_images THEN failed_images END "
            "WHERE account_id = :account_id AND target_id = ANY(:ids)",
            {"account_id": account_id, "ids": list(ids), "wait": wait},
        )

    async def to_check(self, application_id: ApplicationId, *, limit: int) -> tuple[Sent, ...]:
        """Return the targets of the Application whose images should have arrived by now."""
        found = await self._connection.execute(
            "SELECT t.target_id, t.images_tries, t.images_missing, b.source_ids, "
            "t.arrived_images IS NOT NULL AND t.arrived_images IS DISTINCT FROM t.sent_images AS replaceable, "
            f"coalesce(json_array_length(CAST(t.sent_images AS json)), 0) AS count {_on_their_way('now()', limit=':limit')}",
            {"id": application_id, "limit": limit},
        )
        return tuple(
            Sent(
                target_id=TargetId(row.target_id),
                count=row.count,
                tries=row.images_tries,
                replaceable=row.replaceable,
                missing=row.images_missing,
                source_ids=tuple(SourceId(each) for each in row.source_ids),
            )
            for row in found
        )

    async def settle(self, account_id: AccountId, verdicts: Mapping[TargetId, Verdict]) -> frozenset[TargetId]:
        """Write down what was found of these targets' images, and return of which.

        Another Application of the account may have sent a target other images meanwhile: of those nothing is known yet.
        """
        settled: set[TargetId] = set()
        for verdict, change in _AFTERWARDS.items():
            ids = [each for each, found in verdicts.items() if found == verdict]
            if ids:
                found = await self._connection.execute(
                    f"UPDATE target SET images_check_at = NULL, {change} WHERE account_id = :account_id "
                    "AND target_id = ANY(:ids) AND images_check_at <= now() RETURNING target_id",
                    {"account_id": account_id, "ids": ids},
                )
                settled.update(TargetId(row.target_id) for row in found)
        return frozenset(settled)

    async def forget(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Have the images of these products sent again."""
        await self._connection.execute(
            "UPDATE target SET images_check_at = NULL, images_tries = 0, sent_images = NULL, failed_images = NULL, "
            "observed = NULL, generation = generation + 1 FROM binding b "
            "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) "
            "AND target.account_id = b.account_id AND target.target_id = b.target_id",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def forget_failed(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Have the images of these products tried again where earlier ones stand in for them."""
        await self._connection.execute(
            "UPDATE target SET failed_images = NULL FROM binding b "
            "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) AND target.account_id = b.account_id "
            "AND target.target_id = b.target_id AND target.failed_images IS NOT NULL",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def next_check(self, application_id: ApplicationId) -> timedelta | None:
        """Return how long it is until images are to be looked for; None when none are on their way."""
        found = await self._connection.execute(
            "SELECT t.images_check_at - now()" + _on_their_way("'infinity'", limit="1"),
            {"id": application_id},
        )
        wait: timedelta | None = found.scalar()
        return wait
