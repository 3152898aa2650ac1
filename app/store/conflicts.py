"""Who holds an SKU, in the shops and on Orderchamp, and what people said about it."""

from collections.abc import Collection, Mapping, Sequence

from app.domain.conflict import BoundTo, Choice, Holder
from app.domain.ids import AccountId, ApplicationId, Sku, SourceId, SourceVariantId, TargetVariantId
from app.store.connection import Connection, given_ids
from app.store.documents import as_ids
from app.store.waking import wake_others

# Products are looked up one by one, by their keys (OFFSET keeps the planner from joining them): what a preview overlays has
# no keys that a join could use.
_HOLDERS = f"""
    SELECT v.application_id, v.source_id, v.source_variant_id, v.sku, p.title
    FROM (
        SELECT v.application_id, v.source_id, v.source_variant_id, v.sku, count(*) OVER (PARTITION BY v.folded) AS holders
        FROM source_variant v JOIN application a ON a.id = v.application_id
        WHERE v.folded = ANY({given_ids("folded")}) AND a.account_id = :account_id AND a.state <> 'uninstalled'
    ) v
    JOIN LATERAL (
        SELECT title, gone FROM source_product WHERE application_id = v.application_id AND source_id = v.source_id OFFSET 0
    ) p ON NOT p.gone
    WHERE v.holders >= :at_least
"""

_BOUND_TO = """
    SELECT b.target_variant_id, b.application_id, b.source_id, b.source_variant_id,
        CASE WHEN p.gone THEN NULL ELSE v.sku END AS sku
    FROM binding b JOIN application a ON a.id = b.application_id
    LEFT JOIN LATERAL (
        SELECT sku, source_id FROM source_variant
        WHERE application_id = b.application_id AND source_variant_id = b.source_variant_id OFFSET 0
    ) v ON true
    LEFT JOIN LATERAL (
        SELECT gone FROM source_product WHERE application_id = b.application_id AND source_id = v.source_id OFFSET 0
    ) p ON true
    WHERE b.account_id = :account_id AND b.target_variant_id = ANY(:ids) AND a.state <> 'uninstalled'
"""

PLAN_AGAIN = """
    UPDATE source_product AS p SET attempts = 0, due_at = CASE WHEN i.id IS NULL THEN now() ELSE p.due_at END,
        import_id = coalesce(i.id, p.import_id),
        observed_generation = CASE WHEN i.id IS NULL THEN p.observed_generation
            ELSE least(p.observed_generation, p.generation - 1) END
"""
"""Has products planned again although they did not change: now, or when the import ``i`` has read everything."""

READING = """
    LEFT JOIN import i ON :patient AND i.application_id = :application_id AND i.state = 'running' AND i.phase <> 'sending'
"""
"""The import that ``PLAN_AGAIN`` waits for, if it is to wait."""

_OTHER_HOLDERS = """
    FROM source_variant v JOIN application a ON a.id = v.application_id
    WHERE v.folded = ANY(:folded) AND a.state <> 'uninstalled'
        AND a.account_id = (SELECT account_id FROM application WHERE id = :application_id)
        AND NOT (v.application_id = :application_id AND v.source_id = ANY(:without))
"""


class Conflicts:
    """The holders of SKUs in an account, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def holders(self, account_id: AccountId, folded: Collection[str], *, at_least: int = 1) -> tuple[Holder, ...]:
        """Return every variant that the account's shops have with one of these SKUs, folded.

        ``at_least``: an SKU is left out that fewer variants have, deleted ones among them.
        """
        found = await self._connection.execute(
            _HOLDERS, {"account_id": account_id, "folded": as_ids(folded), "at_least": at_least}
        )
        return tuple(
            Holder(
                application_id=ApplicationId(row["application_id"]),
                source_id=SourceId(row["source_id"]),
                source_variant_id=SourceVariantId(row["source_variant_id"]),
                sku=Sku(row["sku"]),
                title=row["title"],
            )
            for row in found
        )

    async def bound_to(
        self, account_id: AccountId, ids: Collection[TargetVariantId]
    ) -> Mapping[TargetVariantId, BoundTo]:
        """Return what these target variants are bound to; those bound to nothing, or to what is uninstalled, are absent."""
        found = await self._connection.execute(_BOUND_TO, {"account_id": account_id, "ids": list(ids)})
        return {
            TargetVariantId(row.target_variant_id): BoundTo(
                application_id=ApplicationId(row.application_id),
                source_id=SourceId(row.source_id),
                source_variant_id=SourceVariantId(row.source_variant_id),
                sku=None if row.sku is None else Sku(row.sku),
            )
            for row in found
        }

    async def choices(self, account_id: AccountId, folded: Collection[str]) -> Mapping[str, Choice]:
        """Return what people said about these SKUs, by folded SKU."""
        found = await self._connection.execute(
            "SELECT * FROM sku_choice WHERE account_id = :account_id AND folded = ANY(:folded)",
            {"account_id": account_id, "folded": list(folded)},
        )
        return {
            row.folded: Choice(
                application_id=ApplicationId(row.application_id),
                source_variant_id=SourceVariantId(row.source_variant_id),
                target_variant_id=None if row.target_variant_id is None else TargetVariantId(row.target_variant_id),
            )
            for row in found
        }

    async def choose(self, account_id: AccountId, folded: str, choice: Choice) -> None:
        """Keep a person's word on an SKU, which is the chosen variant's to create from now on.

        A binding of it to another target variant than named is dropped.
        """
        await self._connection.execute(
            """
                INSERT INTO sku_choice (account_id, folded, application_id, source_variant_id, target_variant_id)
                VALUES (:account_id, :folded, :application_id, :source_variant_id, :target_variant_id)
                ON CONFLICT (account_id, folded) DO UPDATE SET application_id = excluded.application_id,
                    source_variant_id = excluded.source_variant_id, target_variant_id = excluded.target_variant_id,
                    chosen_at = now()
            """,
            {
                "account_id": account_id,
                "folded": folded,
                "application_id": choice.application_id,
                "source_variant_id": choice.source_variant_id,
                "target_variant_id": choice.target_variant_id,
            },
        )
        # Who had claimed it in order to create it leaves that to the chosen one, unless a creation may be on its way.
        await self._connection.execute(
            "DELETE FROM sku_claim c USING source_variant v WHERE c.account_id = :account_id AND v.folded = :folded "
            "AND v.application_id = c.application_id AND v.source_variant_id = c.source_variant_id AND v.sku = c.sku "
            "AND (c.application_id, c.source_variant_id) <> (:application_id, :source_variant_id) "
            "AND NOT EXISTS (SELECT FROM source_product p WHERE p.application_id = v.application_id "
            "AND p.source_id = v.source_id AND p.creating_since IS NOT NULL)",
            {
                "account_id": account_id,
                "folded": folded,
                "application_id": choice.application_id,
                "source_variant_id": choice.source_variant_id,
            },
        )
        if choice.target_variant_id is not None:
            await self._connection.execute(
                "DELETE FROM binding WHERE application_id = :application_id "
                "AND source_variant_id = :source_variant_id AND target_variant_id <> :target_variant_id",
                {
                    "application_id": choice.application_id,
                    "source_variant_id": choice.source_variant_id,
                    "target_variant_id": choice.target_variant_id,
                },
            )

    async def plan_holders_again(
        self,
        application_id: ApplicationId,
        folded: Collection[str],
        *,
        without: Sequence[SourceId] = (),
        patient: bool = False,
    ) -> None:
        """Have every product of the account planned again that has one of these SKUs, except ``without`` of this one.

        ``patient``: those of this Application wait for an import that is still reading, as what it changes does.
        """
        given = {"application_id": application_id, "folded": list(folded), "without": list(without)}
        found = await self._connection.execute("SELECT DISTINCT v.application_id, v.source_id" + _OTHER_HOLDERS, given)
        holders = [(row.application_id, row.source_id) for row in found]
        if not holders:
            return
        await self._connection.execute(
            PLAN_AGAIN
            + "FROM unnest(CAST(:applications AS uuid[]), CAST(:source_ids AS text[])) AS h(application_id, source_id) "
            + READING
            + " AND i.application_id = h.application_id "
            "WHERE p.application_id = h.application_id AND p.source_id = h.source_id AND p.desired IS NOT NULL",
            {
                "application_id": application_id,
                "patient": patient,
                "applications": [each for each, _ in holders],
                "source_ids": [each for _, each in holders],
            },
        )
        await wake_others(self._connection, application_id, {each for each, _ in holders})

    async def enter(self, application_id: ApplicationId, folded: Collection[str]) -> None:
        """Take turns, before anything is written, with other Applications that have some of these SKUs.

        Two that plan each other's products again would otherwise wait for each other.
        """
        if folded:
            await self._connection.execute(
                "SELECT pg_advisory_xact_lock(hashtextextended(account_id, 1)) FROM application "
                "WHERE id = :application_id AND EXISTS (SELECT"
                + _OTHER_HOLDERS
                + " AND v.application_id <> :application_id)",
                {"application_id": application_id, "folded": list(folded), "without": []},
            )

    async def plan_all_holders_again(self, application_id: ApplicationId) -> None:
        """Have everybody else planned again who has an SKU of this Application, since it came or left as a whole."""
        found = await self._connection.execute(
            """
                SELECT DISTINCT v.folded FROM source_variant v JOIN application a ON a.id = :application_id
                JOIN application o ON o.account_id = a.account_id AND o.id <> a.id
                JOIN source_variant w ON w.folded = v.folded AND w.application_id = o.id
                WHERE v.application_id = :application_id AND v.folded IS NOT NULL
            """,
            {"application_id": application_id},
        )
        await self.plan_holders_again(application_id, [row.folded for row in found])
