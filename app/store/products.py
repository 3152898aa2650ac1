"""Source products: what the shop says of them, and what should be.

Projecting writes that; reconciling writes, in ``reconciled``, what was brought about. The columns of the two do not overlap.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from app.domain.conflict import folded
from app.domain.ids import (
    ApplicationId,
    Sku,
    SourceId,
    SourceVariantId,
    StockItemId,
)
from app.domain.projection import SourceProduct
from app.store.conflicts import PLAN_AGAIN, READING, Conflicts
from app.store.connection import given_ids, given_rows
from app.store.documents import (
    as_ids,
    clean,
    lines,
    rows,
)
from app.store.portions import portion
from app.store.product_views import KNOWN, to_product
from app.store.reconciled import ReconciledProducts

_SAVED = given_rows(
    "r",
    documents=("snapshot", "desired"),
    source_id="text",
    title="text",
    gone="boolean",
    wants_published="boolean",
    generation="bigint",
    raised="boolean",
    cause="bigint",
    read_due_at="timestamptz",
    read_reason="text",
    read_attempts="integer",
    gone_checks="smallint",
)

_SAVE = f"""
    INSERT INTO source_product AS p (application_id, source_id, title, snapshot, gone, desired, wants_published, generation,
        due_at, import_id, cause, read_due_at, read_reason, read_attempts, gone_checks)
    SELECT :application_id, r.source_id, r.title, r.snapshot, r.gone, r.desired, r.wants_published, r.generation,
        CASE WHEN r.raised AND CAST(:import_id AS uuid) IS NULL THEN now() END,
        CASE WHEN r.raised OR r.read_due_at IS NOT NULL THEN CAST(:import_id AS uuid) END,
        r.cause, r.read_due_at, r.read_reason, coalesce(r.read_attempts, 0), r.gone_checks
    FROM {_SAVED}
    ON CONFLICT (application_id, source_id) DO UPDATE SET
        title = excluded.title, snapshot = excluded.snapshot, gone = excluded.gone, desired = excluded.desired,
        wants_published = excluded.wants_published, generation = excluded.generation, cause = excluded.cause,
        read_due_at = excluded.read_due_at, read_reason = excluded.read_reason, read_attempts = excluded.read_attempts,
        gone_checks = excluded.gone_checks, changed_at = now(),
        hiding = CASE WHEN excluded.wants_published THEN 'free' ELSE p.hiding END,
        import_id = coalesce(excluded.import_id, p.import_id),
        attempts = CASE WHEN excluded.due_at IS NULL AND excluded.import_id IS NULL THEN p.attempts ELSE 0 END,
        due_at = CASE WHEN excluded.due_at IS NULL THEN p.due_at
            WHEN :patient AND p.due_at IS NULL AND EXISTS (
                SELECT FROM import i WHERE i.id = p.import_id AND i.state = 'running' AND i.phase <> 'sending') THEN NULL
            ELSE greatest(now(), p.rests_until) END
"""

_INDEX = """
    INSERT INTO source_variant (application_id, source_variant_id, source_id, sku, folded, stock_item_id)
    SELECT :application_id, r.source_variant_id, r.source_id, r.sku, r.folded, r.stock_item_id
    FROM jsonb_to_recordset(CAST(:variants AS jsonb))
        AS r(source_variant_id text, source_id text, sku text, folded text, stock_item_id text)
    ON CONFLICT (application_id, source_variant_id) DO UPDATE SET
        source_id = excluded.source_id, sku = excluded.sku, folded = excluded.folded, stock_item_id = excluded.stock_item_id
"""

# Who shares a target has to be planned again when one of them appears, disappears, or is shown or hidden in the shop.
_SIBLINGS_DUE = f"""
    {PLAN_AGAIN}
    FROM (SELECT) AS once {READING}
    WHERE p.application_id = :application_id AND p.desired IS NOT NULL AND p.source_id = ANY(ARRAY(
        SELECT other.source_id FROM unnest(CAST(:source_ids AS text[])) AS flipped(source_id) CROSS JOIN LATERAL (
            SELECT account_id, target_id FROM binding
            WHERE application_id = :application_id AND source_id = flipped.source_id OFFSET 0
        ) b CROSS JOIN LATERAL (
            SELECT application_id, source_id FROM binding
            WHERE account_id = b.account_id AND target_id = b.target_id OFFSET 0
        ) other
        WHERE other.application_id = :application_id AND other.source_id <> flipped.source_id))
"""

_RELEASE_HOLDS = """
    UPDATE target SET held = false FROM binding b
    WHERE b.application_id = :application_id AND b.source_id = ANY(:source_ids) AND target.held
        AND target.account_id = b.account_id AND target.target_id = b.target_id
"""

_SOME = portion(
    f"SELECT {KNOWN} FROM source_product WHERE application_id = :id AND source_id = ANY(:source_ids) ORDER BY source_id",
    by="source_id",
    of=("snapshot", "desired"),
)

_AFTER = portion(
    f"SELECT {KNOWN} FROM source_product WHERE application_id = :id AND source_id > :after ORDER BY source_id LIMIT :limit",
    by="source_id",
    of=("snapshot", "desired"),
)


class Products(ReconciledProducts):
    """The products of Applications, in one transaction."""

    async def known(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, SourceProduct]:
        """Return what is known of these products; unknown ones are absent."""
        found = await self._connection.execute(
            f"SELECT {KNOWN} FROM source_product WHERE application_id = :id AND source_id = ANY({given_ids('source_ids')})",
            {"id": application_id, "source_ids": as_ids(source_ids)},
        )
        products = (to_product(row) for row in found)
        return {each.source_id: each for each in products}

    async def in_portions(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId], *, size: int
    ) -> AsyncIterator[Mapping[SourceId, SourceProduct | None]]:
        """Give what is known of each of these products, some at a time, until their documents are ``size`` bytes long.

        Unknown ones are None, and come last. Whoever is through with some may write them before asking for the next.
        """
        left = dict.fromkeys(source_ids)
        while left:
            found = await self._connection.execute(
                _SOME, {"id": application_id, "source_ids": list(left), "size": size}
            )
            products = [to_product(row) for row in found]
            some = {each.source_id: each for each in products} or left
            left = {each: None for each in left if each not in some}
            yield some

    async def of_stock_items(
        self, application_id: ApplicationId, items: Sequence[StockItemId]
    ) -> Mapping[StockItemId, SourceId]:
        """Name the products of these stock items; unknown ones are absent."""
        found = await self._connection.execute(
            "SELECT stock_item_id, source_id FROM source_variant "
            "WHERE application_id = :id AND stock_item_id = ANY(:items)",
            {"id": application_id, "items": list(items)},
        )
        return {StockItemId(row.stock_item_id): SourceId(row.source_id) for row in found}

    async def save(
        self,
        application_id: ApplicationId,
        changes: Sequence[tuple[SourceProduct | None, SourceProduct]],
        *,
        import_id: UUID | None = None,
        patient: bool = False,
    ) -> None:
        """Write products as (before, after). A raised generation makes a product due: now, or when it has rested.

        On account of an import, or if it is ``patient`` and an import wants the product, it is due when that is released, and
        so are the products that it concerns.
        """
        if not changes:
            return
        moved = [(before, after) for before, after in changes if _found_by(before) != _found_by(after)]
        skus = {_folded(sku) for pair in moved for each in pair for _, sku, _ in _found_by(each)[1] if sku is not None}
        conflicts = Conflicts(self._connection)
        await conflicts.enter(application_id, skus)
        await self._connection.execute(
            _SAVE,
            {
                "application_id": application_id,
                "import_id": import_id,
                "patient": patient,
                "r": rows([_row(before, after) for before, after in changes]),
                "snapshot": lines([after.snapshot for _, after in changes]),
                "desired": lines([after.desired for _, after in changes]),
            },
        )
        if moved:
            await self._reindex(application_id, [after for _, after in moved])
            await conflicts.plan_holders_again(
                application_id,
                skus,
                without=[after.source_id for _, after in moved],
                patient=patient or import_id is not None,
            )
        flipped = [
            after.source_id for before, after in changes if before is not None and _shown(before) != _shown(after)
        ]
        if flipped:
            await self._connection.execute(
                _SIBLINGS_DUE,
                {
                    "application_id": application_id,
                    "source_ids": flipped,
                    "patient": patient or import_id is not None,
                },
            )
        await self.release_holds(application_id, [after.source_id for _, after in changes if after.shown_again])

    async def _reindex(self, application_id: ApplicationId, products: Sequence[SourceProduct]) -> None:
        await self._connection.execute(
            "DELETE FROM source_variant WHERE application_id = :id AND source_id = ANY(:source_ids)",
            {"id": application_id, "source_ids": [each.source_id for each in products]},
        )
        variants = [
            {
                "source_variant_id": variant,
                "source_id": each.source_id,
                "sku": sku,
                "folded": None if sku is None else _folded(sku),
                "stock_item_id": item,
            }
            for each in products
            for variant, sku, item in _found_by(each)[1]
        ]
        await self._connection.execute(_INDEX, {"application_id": application_id, "variants": rows(variants)})

    async def release_holds(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Let the targets of these products be published again that somebody unpublished on Orderchamp."""
        if source_ids:
            await self._connection.execute(
                _RELEASE_HOLDS, {"application_id": application_id, "source_ids": list(source_ids)}
            )

    async def to_read(self, application_id: ApplicationId, *, limit: int) -> tuple[SourceProduct, ...]:
        """Return the products whose read in the shop is due, longest due first."""
        found = await self._connection.execute(
            f"SELECT {KNOWN} FROM source_product WHERE application_id = :id AND read_due_at <= now() "
            "ORDER BY read_due_at LIMIT :limit",
            {"id": application_id, "limit": limit},
        )
        return tuple(to_product(row) for row in found)

    async def forget_unread(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Forget those of these products of which nothing was ever read, since they turned out to be variants."""
        await self._connection.execute(
            "DELETE FROM source_product "
            "WHERE application_id = :id AND source_id = ANY(:source_ids) AND snapshot IS NULL AND desired IS NULL",
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def postpone_reads(self, application_id: ApplicationId, *, until: datetime) -> None:
        """Let no product of this shop be read before ``until``."""
        await self._connection.execute(
            "UPDATE source_product SET read_due_at = :until WHERE application_id = :id AND read_due_at < :until",
            {"id": application_id, "until": until},
        )

    async def after(
        self, application_id: ApplicationId, source_id: str, *, limit: int, size: int
    ) -> tuple[SourceProduct, ...]:
        """Return products in the order of their ids, from behind ``source_id``, until their documents are ``size`` bytes long."""
        found = await self._connection.execute(
            _AFTER, {"id": application_id, "after": source_id, "limit": limit, "size": size}
        )
        return tuple(to_product(row) for row in found)

    async def reattach(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId] | None, *, import_id: UUID | None = None
    ) -> int:
        """Let products be created again that had been deleted on Orderchamp by hand: now, or when the import is released.

        ``source_ids`` None: all of the Application's. Return how many there are.
        """
        chosen = "" if source_ids is None else " AND source_id = ANY(:source_ids)"
        done = await self._connection.execute(
            "UPDATE source_product SET state = 'new', import_id = coalesce(CAST(:import_id AS uuid), import_id), "
            "due_at = CASE WHEN CAST(:import_id AS uuid) IS NULL THEN now() ELSE due_at END "
            f"WHERE application_id = :id AND state = 'detached'{chosen} RETURNING 1",
            {"id": application_id, "source_ids": source_ids and list(source_ids), "import_id": import_id},
        )
        return len(done)

    async def stop(self, application_id: ApplicationId) -> None:
        """Forget everything that was still to be done for the Application's products."""
        await self._connection.execute(
            "UPDATE source_product SET due_at = NULL, read_due_at = NULL WHERE application_id = :id",
            {"id": application_id},
        )
        await self._connection.execute("DELETE FROM in_flight WHERE application_id = :id", {"id": application_id})

    async def request_read(self, application_id: ApplicationId, source_id: SourceId, *, reason: str) -> bool:
        """Have one product read from the shop and reconciled now; False when there is no such product."""
        done = await self._connection.execute(
            "UPDATE source_product SET read_due_at = now(), read_reason = :reason, read_attempts = 0, "
            "due_at = CASE WHEN desired IS NULL THEN due_at ELSE now() END "
            "WHERE application_id = :id AND source_id = :source_id RETURNING 1",
            {"id": application_id, "source_id": source_id, "reason": reason},
        )
        return len(done) > 0


def _row(before: SourceProduct | None, after: SourceProduct) -> Mapping[str, object]:
    """Return what is written of a product, but for its documents."""
    row: dict[str, object] = {
        "source_id": after.source_id,
        "title": "" if after.snapshot is None else after.snapshot.title,
        "gone": after.gone,
        "wants_published": after.desired is not None and after.desired.published,
        "generation": after.generation,
        "raised": after.generation > (0 if before is None else before.generation),
        "cause": after.cause,
    }
    if after.read is not None:
        row["read_due_at"] = after.read.due_at
        row["read_reason"] = after.read.reason
        row["read_attempts"] = after.read.attempts
        row["gone_checks"] = after.read.gone_checks
    return row


def _found_by(product: SourceProduct | None) -> tuple[bool, set[tuple[SourceVariantId, Sku | None, StockItemId]]]:
    """Return whether the shop has the product, and what its variants are found by."""
    if product is None or product.snapshot is None:
        return False, set()
    return not product.gone, {(each.id, each.sku, each.stock_item_id) for each in product.snapshot.variants}


def _folded(sku: Sku) -> str:
    return folded(Sku(clean(sku)))


def _shown(product: SourceProduct) -> tuple[bool, bool]:
    return product.gone, product.desired is not None and product.desired.published
