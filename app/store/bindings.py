"""Bindings: which source variant is which target variant, and who may create an SKU."""

from collections.abc import Mapping, Sequence

from app.domain.ids import AccountId, ApplicationId, Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.state import Binding
from app.ports import BoundVariant, Sibling
from app.store.connection import Connection, Row, given_ids
from app.store.documents import as_ids, rows
from app.store.waking import wake_others

# A target variant belongs to one source variant. An uninstalled Application keeps its bindings for the day it returns,
# but does not keep others from binding what they now own.
_RELEASE_FROM_UNINSTALLED = """
    DELETE FROM binding USING application
    WHERE binding.application_id = application.id AND application.state = 'uninstalled'
        AND binding.account_id = :account_id AND binding.target_variant_id = ANY(:ids)
        AND binding.application_id <> :application_id
"""

_BIND = """
    INSERT INTO binding (application_id, source_variant_id, source_id, account_id, target_id, target_variant_id)
    SELECT :application_id, r.source_variant_id, r.source_id, :account_id, r.target_id, r.target_variant_id
    FROM jsonb_to_recordset(CAST(:bindings AS jsonb))
        AS r(source_variant_id text, source_id text, target_id text, target_variant_id text)
    ON CONFLICT DO NOTHING
    RETURNING source_variant_id
"""


def of_targets(application_id: str) -> str:
    """Return the FROM item ``b``, of bindings to those targets ``:ids`` of this Application's account.

    Each target is found by its own key, whatever was known of the tables when the statement was planned: gone through in any
    other way, the 100,000 bindings of one Application take half a minute.
    """
    return f"""
        unnest({given_ids("ids")}) AS wanted(target_id) CROSS JOIN LATERAL (
            SELECT application_id, source_id, account_id, target_id, bound_at FROM binding
            WHERE account_id = (SELECT account_id FROM application WHERE id = {application_id})
                AND target_id = wanted.target_id OFFSET 0
        ) b
    """


_OF_TARGETS = of_targets(":application_id")

_SIBLINGS = f"""
    SELECT b.target_id, b.source_id, min(b.bound_at) AS bound_at,
        coalesce(bool_or(p.wants_published), false) AS wants_published, coalesce(bool_and(NOT p.gone), false) AS living
    FROM {_OF_TARGETS} LEFT JOIN LATERAL (
        SELECT wants_published, gone FROM source_product
        WHERE application_id = b.application_id AND source_id = b.source_id OFFSET 0
    ) p ON true
    WHERE b.application_id = :application_id
    GROUP BY b.target_id, b.source_id ORDER BY bound_at, b.source_id
"""

# Returns who is still bound. An uninstalled Application finds out nothing; its next import looks for everything anew.
_UNBIND = """
    WITH unbound AS (
        DELETE FROM binding b USING application a
        WHERE b.account_id = :account_id AND b.target_id = :target_id AND a.id = b.application_id
            AND (a.state = 'uninstalled' OR (a.id = :application_id AND b.source_id = ANY(:source_ids)))
        RETURNING b.application_id, b.source_variant_id
    )
    SELECT DISTINCT application_id, source_id FROM binding b
    WHERE account_id = :account_id AND target_id = :target_id AND NOT EXISTS (
        SELECT FROM unbound u WHERE u.application_id = b.application_id AND u.source_variant_id = b.source_variant_id)
"""

SHARERS_DUE = f"""
    UPDATE source_product SET due_at = now(), attempts = 0
    WHERE application_id = :application_id AND desired IS NOT NULL AND source_id = ANY(ARRAY(
        SELECT b.source_id FROM {_OF_TARGETS} WHERE b.application_id = :application_id AND NOT b.source_id = ANY(:source_ids)))
"""


class Bindings:
    """The bindings of an account, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def bindings(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, tuple[Binding, ...]]:
        """Return the bindings of these products; products without any are absent."""
        found = await self._connection.execute(
            "SELECT source_id, source_variant_id, target_id, target_variant_id FROM binding "
            f"WHERE application_id = :id AND source_id = ANY({given_ids('source_ids')}) ORDER BY bound_at, source_variant_id",
            {"id": application_id, "source_ids": as_ids(source_ids)},
        )
        grouped: dict[SourceId, tuple[Binding, ...]] = {}
        for row in found:
            grouped[row["source_id"]] = (*grouped.get(row["source_id"], ()), _binding(row))
        return grouped

    async def siblings(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> tuple[Sibling, ...]:
        """Return every source product of the Application that is bound to one of these targets, oldest binding first."""
        found = await self._connection.execute(_SIBLINGS, {"application_id": application_id, "ids": as_ids(ids)})
        return tuple(
            Sibling(
                target_id=row["target_id"],
                source_id=row["source_id"],
                wants_published=row["wants_published"],
                living=row["living"],
            )
            for row in found
        )

    async def bind(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        bound: Sequence[BoundVariant],
        *,
        take_over: Sequence[TargetVariantId] = (),
    ) -> frozenset[SourceVariantId]:
        """Keep these bindings and return the source variants that got theirs.

        The others lost: their target variant belongs to another source variant. Those of ``take_over`` are taken from it.
        Who else is bound to the same targets is planned again.
        """
        if not bound:
            return frozenset()
        if take_over:
            await self._connection.execute(
                "DELETE FROM binding WHERE account_id = :account_id AND target_variant_id = ANY(:ids)",
                {"account_id": account_id, "ids": list(take_over)},
            )
        await self._connection.execute(
            _RELEASE_FROM_UNINSTALLED,
            {
                "application_id": application_id,
                "account_id": account_id,
                "ids": [each.binding.target_variant_id for each in bound],
            },
        )
        records = [
            {
                "source_variant_id": each.binding.source_variant_id,
                "source_id": each.source_id,
                "target_id": each.binding.target_id,
                "target_variant_id": each.binding.target_variant_id,
            }
            for each in bound
        ]
        found = await self._connection.execute(
            _BIND, {"application_id": application_id, "account_id": account_id, "bindings": rows(records)}
        )
        await self._connection.execute(
            SHARERS_DUE,
            {
                "application_id": application_id,
                "ids": as_ids({each.binding.target_id for each in bound}),
                "source_ids": list({each.source_id for each in bound}),
            },
        )
        return frozenset(SourceVariantId(row.source_variant_id) for row in found)

    async def unbind(
        self,
        application_id: ApplicationId,
        account_id: AccountId,
        target_id: TargetId,
        source_ids: Sequence[SourceId],
    ) -> None:
        """Forget that these products are bound to a target that does not exist any more; come before any other write.

        Whatever else is bound to it is planned again, and finds out by itself that it was deleted: without a binding it
        would look like a product that was never on Orderchamp, and be created there again. Two Applications that find out
        at once take turns.
        """
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(:account_id, 1))", {"account_id": account_id}
        )
        given = {"account_id": account_id, "target_id": target_id}
        left = await self._connection.execute(
            _UNBIND, {**given, "application_id": application_id, "source_ids": list(source_ids)}
        )
        sharers = [(row["application_id"], row["source_id"]) for row in left]
        if not sharers:
            await self._connection.execute(
                "DELETE FROM target WHERE account_id = :account_id AND target_id = :target_id", given
            )
            return
        await self._connection.execute(
            "UPDATE target SET observed = NULL, generation = generation + 1 "
            "WHERE account_id = :account_id AND target_id = :target_id",
            given,
        )
        await self._connection.execute(
            "UPDATE source_product AS p SET due_at = now(), attempts = 0 "
            "FROM unnest(CAST(:applications AS uuid[]), CAST(:source_ids AS text[])) AS s(application_id, source_id) "
            "WHERE p.application_id = s.application_id AND p.source_id = s.source_id AND p.desired IS NOT NULL",
            {"applications": [each for each, _ in sharers], "source_ids": [each for _, each in sharers]},
        )
        await wake_others(self._connection, application_id, {each for each, _ in sharers})

    async def claim_skus(
        self, application_id: ApplicationId, account_id: AccountId, wanted: Mapping[Sku, SourceVariantId]
    ) -> frozenset[Sku]:
        """Claim SKUs before they are created; return those that are ours now. The others are somebody else's."""
        if not wanted:
            return frozenset()
        found = await self._connection.execute(
            """
                INSERT INTO sku_claim AS c (account_id, sku, application_id, source_variant_id)
                SELECT :account_id, w.sku, :application_id, w.variant
                FROM unnest(CAST(:skus AS text[]), CAST(:variants AS text[])) AS w(sku, variant) ORDER BY w.sku
                ON CONFLICT (account_id, sku) DO UPDATE
                    SET application_id = excluded.application_id, source_variant_id = excluded.source_variant_id,
                        claimed_at = now()
                    WHERE (c.application_id = excluded.application_id AND c.source_variant_id = excluded.source_variant_id)
                        OR NOT EXISTS (
                            SELECT FROM source_variant v JOIN application a ON a.id = v.application_id
                            JOIN source_product p ON p.application_id = v.application_id AND p.source_id = v.source_id
                            WHERE NOT p.gone AND v.application_id = c.application_id AND v.source_variant_id = c.source_variant_id
                                AND v.sku = c.sku AND a.state <> 'uninstalled')
                RETURNING c.sku
            """,
            {
                "account_id": account_id,
                "application_id": application_id,
                "skus": list(wanted),
                "variants": list(wanted.values()),
            },
        )
        return frozenset(Sku(row.sku) for row in found)


def _binding(row: Row) -> Binding:
    return Binding(
        source_variant_id=row["source_variant_id"],
        target_id=row["target_id"],
        target_variant_id=row["target_variant_id"],
    )
