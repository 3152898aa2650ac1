"""How far source products were brought: what reconciling reads and writes of them, and the calls that are on their way."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, TargetId
from app.domain.projection import SourceProduct
from app.domain.state import Desired
from app.ports import DueProduct, Reconciled, UnfinishedCreation
from app.store.connection import Row, given_ids
from app.store.documents import as_ids, clean, from_texts, rows, to_desired
from app.store.portions import portion
from app.store.product_views import ProductViews

# After a write the product rests, so that the changes of a burst become one. A write that follows close on the end of a
# rest shows that the burst goes on: then it rests longer.
_RESTS_UNTIL = """
    CASE WHEN NOT r.written THEN p.rests_until
        WHEN p.rests_until > now() - CAST(:coalesce AS interval) THEN now() + 3 * CAST(:coalesce AS interval)
        ELSE now() + CAST(:coalesce AS interval) END
"""

# Whoever has a product planned again while it is being reconciled raises no generation, but makes it due anew.
_RECONCILED = f"""
    UPDATE source_product AS p SET
        observed_generation = CASE WHEN r.retry_at IS NULL THEN r.generation ELSE p.observed_generation END,
        due_at = CASE WHEN p.generation = r.generation AND (p.due_at IS NULL OR p.due_at = r.was_due_at) THEN r.retry_at
            ELSE greatest(coalesce(p.due_at, now()), {_RESTS_UNTIL}) END,
        attempts = CASE WHEN r.retry_at IS NULL THEN 0 ELSE r.attempts END,
        state = r.state, why = r.why, import_id = CASE WHEN r.tried THEN NULL ELSE p.import_id END,
        written_at = CASE WHEN r.written THEN now() ELSE p.written_at END,
        rests_until = {_RESTS_UNTIL}
    FROM jsonb_to_recordset(CAST(:reconciled AS jsonb)) AS r(source_id text, generation bigint, retry_at timestamptz,
        attempts integer, state text, why text, written boolean,
        tried boolean, was_due_at timestamptz)
    WHERE p.application_id = :application_id AND p.source_id = ANY({given_ids("source_ids")}) AND p.source_id = r.source_id
"""


_DUE = portion(
    "SELECT source_id, generation, desired, attempts, cause, state, creating_since, hiding, import_id, due_at "
    "FROM source_product "
    "WHERE application_id = :id AND due_at <= now() AND desired IS NOT NULL AND NOT EXISTS (SELECT FROM in_flight f "
    "WHERE f.application_id = :id AND f.source_id = source_product.source_id) ORDER BY due_at LIMIT :limit",
    by="due_at",
)


class ReconciledProducts(ProductViews):
    """The half of the products' columns that reconciling writes, in one transaction."""

    async def due(
        self, application_id: ApplicationId, *, limit: int, size: int, wanted: Mapping[SourceId, SourceProduct]
    ) -> tuple[DueProduct, ...]:
        """Return the products that are due, longest due first, until their desired states are ``size`` bytes long.

        ``wanted`` are products as they were stored by whoever asks: where nobody has raised the generation since, their
        desired states need not be read again.
        """
        found = await self._connection.execute(_DUE, {"id": application_id, "limit": limit, "size": size})
        return tuple(
            DueProduct(
                source_id=row["source_id"],
                generation=row["generation"],
                desired=_desired(row, wanted.get(row["source_id"])),
                attempts=row["attempts"],
                cause=row["cause"],
                state=row["state"],
                detached=row["state"] == "detached",
                creating_since=row["creating_since"],
                hiding=row["hiding"],
                import_id=row["import_id"],
                due_at=row["due_at"],
            )
            for row in found
        )

    async def anything_due(self, application_id: ApplicationId) -> bool:
        """Tell whether any product still has to be brought about, now or later."""
        found = await self._connection.execute(
            "SELECT EXISTS (SELECT FROM source_product WHERE application_id = :id AND due_at IS NOT NULL) "
            "OR EXISTS (SELECT FROM in_flight WHERE application_id = :id)",
            {"id": application_id},
        )
        return bool(found.scalar())

    async def forget_observed(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Say that what Orderchamp shows for these products is not known, and have them looked at again."""
        await self._connection.execute(
            "UPDATE target SET observed = NULL, generation = generation + 1 FROM binding b "
            "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) "
            "AND target.account_id = b.account_id AND target.target_id = b.target_id",
            {"id": application_id, "source_ids": list(source_ids)},
        )
        await self.make_due(application_id, source_ids)

    async def record(
        self, application_id: ApplicationId, reconciled: Sequence[Reconciled], *, coalesce: timedelta
    ) -> None:
        """Write down how far products were brought. What was written rests for ``coalesce``, longer while a burst goes on."""
        if not reconciled:
            return
        await self._connection.execute(
            _RECONCILED,
            {
                "application_id": application_id,
                "source_ids": as_ids([each.source_id for each in reconciled]),
                "reconciled": rows(reconciled),
                "coalesce": coalesce,
            },
        )

    async def begin_creating(
        self, application_id: ApplicationId, sent: Mapping[SourceId, Mapping[Sku, SourceVariantId]]
    ) -> None:
        """Write down, before the calls start, what is being created for these products: SKUs and their source variants."""
        records = [
            {"source_id": source_id, "creating": clean(json.dumps(dict(skus), ensure_ascii=False))}
            for source_id, skus in sent.items()
        ]
        await self._connection.execute(
            "UPDATE source_product p SET creating_since = coalesce(p.creating_since, now()), creating = c.creating "
            "FROM jsonb_to_recordset(CAST(:sent AS jsonb)) AS c(source_id text, creating text) "
            "WHERE p.application_id = :id AND p.source_id = ANY(:source_ids) AND p.source_id = c.source_id",
            {"id": application_id, "source_ids": list(sent), "sent": rows(records)},
        )

    async def unfinished_creations(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> tuple[UnfinishedCreation, ...]:
        """Return what was being created for these products when it was last heard of."""
        found = await self._connection.execute(
            "SELECT p.source_id, p.creating_since, p.creating, ARRAY(SELECT DISTINCT b.target_id FROM binding b "
            "WHERE b.application_id = p.application_id AND b.source_id = p.source_id) AS bound FROM source_product p "
            "WHERE p.application_id = :id AND p.source_id = ANY(:source_ids) "
            "AND p.creating_since IS NOT NULL AND p.creating IS NOT NULL",
            {"id": application_id, "source_ids": list(source_ids)},
        )
        return tuple(
            UnfinishedCreation(
                source_id=SourceId(row.source_id),
                since=row.creating_since,
                sent={Sku(sku): SourceVariantId(each) for sku, each in json.loads(row.creating).items()},
                bound=frozenset(TargetId(each) for each in row.bound),
            )
            for row in found
        )

    async def end_creating(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Write down that it is known what was created for these products."""
        await self._connection.execute(
            "UPDATE source_product SET creating_since = NULL, creating = NULL "
            "WHERE application_id = :id AND source_id = ANY(:source_ids)",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def hold_hiding(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Keep these products published until a person approves."""
        await self._connection.execute(
            "UPDATE source_product SET hiding = 'held' WHERE application_id = :id AND source_id = ANY(:source_ids) "
            "AND hiding = 'free'",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def approve_hiding(self, application_id: ApplicationId, source_ids: Sequence[SourceId] | None) -> None:
        """Let products be unpublished that are held; None: all of them."""
        chosen = "" if source_ids is None else " AND source_id = ANY(:source_ids)"
        given = {} if source_ids is None else {"source_ids": list(source_ids)}
        await self._connection.execute(
            "UPDATE source_product SET hiding = 'approved', due_at = now() "
            f"WHERE application_id = :id AND hiding = 'held'{chosen}",
            {"id": application_id, **given},
        )

    # Calls on their way

    async def start_calls(
        self, application_id: ApplicationId, *, token: int, until: datetime, calls: Mapping[SourceId, str]
    ) -> None:
        """Write down, before they start, that calls for these products are on their way until ``until`` at most."""
        await self._connection.execute(
            "INSERT INTO in_flight (application_id, source_id, lease_token, until, what) "
            "SELECT :id, c.source_id, :token, :until, c.what FROM jsonb_each_text(CAST(:calls AS jsonb)) AS c(source_id, what) "
            "ON CONFLICT (application_id, source_id) DO UPDATE SET lease_token = excluded.lease_token, "
            "until = excluded.until, what = excluded.what",
            {"id": application_id, "token": token, "until": until, "calls": from_texts(calls)},
        )

    async def end_calls(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        await self._connection.execute(
            f"DELETE FROM in_flight WHERE application_id = :id AND source_id = ANY({given_ids('source_ids')})",
            {"id": application_id, "source_ids": as_ids(source_ids)},
        )

    async def calls_left_behind(self, application_id: ApplicationId, *, token: int) -> Mapping[SourceId, datetime]:
        """Return the calls that another holder of the lane left on their way, each with its latest end."""
        found = await self._connection.execute(
            "SELECT source_id, until FROM in_flight WHERE application_id = :id AND lease_token <> :token",
            {"id": application_id, "token": token},
        )
        return {SourceId(row.source_id): row.until for row in found}

    async def make_due(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Have these products reconciled now, whatever was known of them."""
        await self._connection.execute(
            "UPDATE source_product SET due_at = now(), attempts = 0 "
            "WHERE application_id = :id AND source_id = ANY(:source_ids) AND desired IS NOT NULL",
            {"id": application_id, "source_ids": list(source_ids)},
        )


def _desired(row: Row, wanted: SourceProduct | None) -> Desired:
    if wanted is not None and wanted.desired is not None and wanted.generation == row["generation"]:
        return wanted.desired
    return to_desired(row["desired"])
