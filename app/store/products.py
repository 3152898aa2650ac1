"""Source products, their bindings and targets.

Projecting writes what the shop says and what should be; reconciling writes what was brought about. The columns of the two
do not overlap.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.ids import (
    AccountId,
    ApplicationId,
    DeliveryId,
    Sku,
    SourceId,
    SourceVariantId,
    StockItemId,
    StorefrontId,
    TargetId,
    TargetVariantId,
)
from app.domain.projection import ReadRequest, SourceProduct
from app.domain.state import Binding, Observed
from app.ports import BoundVariant, DueProduct, ProductView, Reconciled, Sibling, TargetRecord
from app.store.documents import (
    clean,
    from_desired,
    from_observed,
    from_snapshot,
    rows,
    to_desired,
    to_observed,
    to_snapshot,
)

_SAVE = text("""
    INSERT INTO source_product AS p (application_id, source_id, title, snapshot, gone, desired, wants_published, generation,
        due_at, cause, read_due_at, read_reason, read_attempts, gone_checks)
    SELECT :application_id, r.source_id, r.title, r.snapshot, r.gone, r.desired, r.wants_published, r.generation,
        CASE WHEN r.raised THEN now() END, r.cause, r.read_due_at, r.read_reason, r.read_attempts, r.gone_checks
    FROM jsonb_to_recordset(CAST(:products AS jsonb)) AS r(source_id text, title text, snapshot text, gone boolean,
        desired text, wants_published boolean, generation bigint, raised boolean, cause bigint, read_due_at timestamptz,
        read_reason text, read_attempts integer, gone_checks smallint)
    ON CONFLICT (application_id, source_id) DO UPDATE SET
        title = excluded.title, snapshot = excluded.snapshot, gone = excluded.gone, desired = excluded.desired,
        wants_published = excluded.wants_published, generation = excluded.generation, cause = excluded.cause,
        read_due_at = excluded.read_due_at, read_reason = excluded.read_reason, read_attempts = excluded.read_attempts,
        gone_checks = excluded.gone_checks, changed_at = now(),
        attempts = CASE WHEN excluded.due_at IS NULL THEN p.attempts ELSE 0 END,
        due_at = CASE WHEN excluded.due_at IS NULL THEN p.due_at ELSE greatest(now(), p.written_at + :coalesce) END
""")

_INDEX = text("""
    INSERT INTO source_variant (application_id, source_variant_id, source_id, sku, stock_item_id)
    SELECT :application_id, r.source_variant_id, r.source_id, r.sku, r.stock_item_id
    FROM jsonb_to_recordset(CAST(:variants AS jsonb))
        AS r(source_variant_id text, source_id text, sku text, stock_item_id text)
    ON CONFLICT (application_id, source_variant_id) DO UPDATE SET
        source_id = excluded.source_id, sku = excluded.sku, stock_item_id = excluded.stock_item_id
""")

_RECONCILED = text("""
    UPDATE source_product AS p SET
        observed_generation = CASE WHEN r.retry_at IS NULL THEN r.generation ELSE p.observed_generation END,
        due_at = CASE WHEN p.generation <> r.generation THEN coalesce(p.due_at, now()) ELSE r.retry_at END,
        attempts = CASE WHEN r.retry_at IS NULL THEN 0 ELSE r.attempts END,
        state = r.state, why = r.why,
        written_at = CASE WHEN r.written THEN now() ELSE p.written_at END
    FROM jsonb_to_recordset(CAST(:reconciled AS jsonb)) AS r(source_id text, generation bigint, retry_at timestamptz,
        attempts integer, state text, why text, written boolean)
    WHERE p.application_id = :application_id AND p.source_id = r.source_id
""")

# A target variant belongs to one source variant. An uninstalled Application keeps its bindings for the day it returns,
# but does not keep others from binding what they now own.
_RELEASE_FROM_UNINSTALLED = text("""
    DELETE FROM binding USING application
    WHERE binding.application_id = application.id AND application.state = 'uninstalled'
        AND binding.account_id = :account_id AND binding.target_variant_id = ANY(:ids)
        AND binding.application_id <> :application_id
""")

_BIND = text("""
    INSERT INTO binding (application_id, source_variant_id, source_id, account_id, target_id, target_variant_id)
    SELECT :application_id, r.source_variant_id, r.source_id, :account_id, r.target_id, r.target_variant_id
    FROM jsonb_to_recordset(CAST(:bindings AS jsonb))
        AS r(source_variant_id text, source_id text, target_id text, target_variant_id text)
    ON CONFLICT DO NOTHING
    RETURNING source_variant_id
""")

_TARGETS = text("""
    INSERT INTO target (account_id, target_id, observed, sent_images, last_storefront_id, refresh_listing)
    SELECT :account_id, r.target_id, r.observed, r.sent_images, r.last_storefront_id, r.refresh_listing
    FROM jsonb_to_recordset(CAST(:targets AS jsonb))
        AS r(target_id text, observed text, sent_images text, last_storefront_id text, refresh_listing boolean)
    ON CONFLICT (account_id, target_id) DO UPDATE SET
        observed = excluded.observed, sent_images = coalesce(excluded.sent_images, target.sent_images),
        last_storefront_id = coalesce(excluded.last_storefront_id, target.last_storefront_id),
        refresh_listing = excluded.refresh_listing, observed_at = now()
""")

_SIBLINGS = text("""
    SELECT b.target_id, b.source_id, min(b.bound_at) AS bound_at,
        coalesce(bool_or(p.wants_published), false) AS wants_published, coalesce(bool_and(NOT p.gone), false) AS living
    FROM binding b LEFT JOIN source_product p ON p.application_id = b.application_id AND p.source_id = b.source_id
    WHERE b.application_id = :application_id AND b.target_id = ANY(:ids)
    GROUP BY b.target_id, b.source_id ORDER BY bound_at, b.source_id
""")

_LIST = """
    SELECT p.*, (
        SELECT coalesce(json_agg(json_build_object('source_variant_id', v.source_variant_id, 'sku', v.sku,
            'target_id', b.target_id, 'target_variant_id', b.target_variant_id) ORDER BY v.source_variant_id), '[]')
        FROM source_variant v LEFT JOIN binding b
            ON b.application_id = v.application_id AND b.source_variant_id = v.source_variant_id
        WHERE v.application_id = p.application_id AND v.source_id = p.source_id
    )::text AS variants
    FROM source_product p WHERE p.application_id = :application_id
"""


class Products:
    """The products of Applications, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    # Projecting

    async def known(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, SourceProduct]:
        """Return what is known of these products; unknown ones are absent."""
        found = await self._connection.execute(
            text("SELECT * FROM source_product WHERE application_id = :id AND source_id = ANY(:source_ids)"),
            {"id": application_id, "source_ids": list(source_ids)},
        )
        return {SourceId(row.source_id): _product(row) for row in found}

    async def of_stock_items(
        self, application_id: ApplicationId, items: Sequence[StockItemId]
    ) -> Mapping[StockItemId, SourceId]:
        """Name the products of these stock items; unknown ones are absent."""
        found = await self._connection.execute(
            text(
                "SELECT stock_item_id, source_id FROM source_variant "
                "WHERE application_id = :id AND stock_item_id = ANY(:items)"
            ),
            {"id": application_id, "items": list(items)},
        )
        return {StockItemId(row.stock_item_id): SourceId(row.source_id) for row in found}

    async def save(
        self,
        application_id: ApplicationId,
        changes: Sequence[tuple[SourceProduct | None, SourceProduct]],
        *,
        coalesce: timedelta,
    ) -> None:
        """Write products as (before, after).

        A raised generation makes a product due: now, or ``coalesce`` after its last write, so that the changes of a
        burst become one.
        """
        if not changes:
            return
        records = [_record(before, after) for before, after in changes]
        await self._connection.execute(
            _SAVE, {"application_id": application_id, "products": rows(records), "coalesce": coalesce}
        )
        moved = [after for before, after in changes if _variant_index(before) != _variant_index(after)]
        if moved:
            await self._reindex(application_id, moved)

    async def _reindex(self, application_id: ApplicationId, products: Sequence[SourceProduct]) -> None:
        await self._connection.execute(
            text("DELETE FROM source_variant WHERE application_id = :id AND source_id = ANY(:source_ids)"),
            {"id": application_id, "source_ids": [each.source_id for each in products]},
        )
        variants = [
            {"source_variant_id": variant, "source_id": each.source_id, "sku": sku, "stock_item_id": item}
            for each in products
            for variant, sku, item in _variant_index(each)
        ]
        await self._connection.execute(_INDEX, {"application_id": application_id, "variants": rows(variants)})

    async def to_read(self, application_id: ApplicationId, *, limit: int) -> tuple[SourceProduct, ...]:
        """Return the products whose read in the shop is due, longest due first."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM source_product WHERE application_id = :id AND read_due_at <= now() "
                "ORDER BY read_due_at LIMIT :limit"
            ),
            {"id": application_id, "limit": limit},
        )
        return tuple(_product(row) for row in found)

    async def postpone_reads(self, application_id: ApplicationId, *, until: datetime) -> None:
        """Let no product of this shop be read before ``until``."""
        await self._connection.execute(
            text("UPDATE source_product SET read_due_at = :until WHERE application_id = :id AND read_due_at < :until"),
            {"id": application_id, "until": until},
        )

    async def after(self, application_id: ApplicationId, source_id: str, *, limit: int) -> tuple[SourceProduct, ...]:
        """Return products in the order of their ids, from behind ``source_id``."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM source_product WHERE application_id = :id AND source_id > :after "
                "ORDER BY source_id LIMIT :limit"
            ),
            {"id": application_id, "after": source_id, "limit": limit},
        )
        return tuple(_product(row) for row in found)

    async def make_due(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Have these products reconciled now, whatever was known of them."""
        await self._connection.execute(
            text(
                "UPDATE source_product SET due_at = now(), attempts = 0 "
                "WHERE application_id = :id AND source_id = ANY(:source_ids) AND desired IS NOT NULL"
            ),
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def reattach(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Let products be created again that had been deleted on Orderchamp by hand."""
        await self._connection.execute(
            text(
                "UPDATE source_product SET state = 'new', due_at = now() "
                "WHERE application_id = :id AND source_id = ANY(:source_ids) AND state = 'detached'"
            ),
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def stop(self, application_id: ApplicationId) -> None:
        """Forget everything that was still to be done for the Application's products."""
        await self._connection.execute(
            text("UPDATE source_product SET due_at = NULL, read_due_at = NULL WHERE application_id = :id"),
            {"id": application_id},
        )
        await self._connection.execute(text("DELETE FROM in_flight WHERE application_id = :id"), {"id": application_id})

    async def request_read(self, application_id: ApplicationId, source_id: SourceId, *, reason: str) -> bool:
        """Have one product read from the shop and reconciled now; False when there is no such product."""
        done = await self._connection.execute(
            text(
                "UPDATE source_product SET read_due_at = now(), read_reason = :reason, read_attempts = 0, "
                "due_at = CASE WHEN desired IS NULL THEN due_at ELSE now() END "
                "WHERE application_id = :id AND source_id = :source_id"
            ),
            {"id": application_id, "source_id": source_id, "reason": reason},
        )
        return done.rowcount > 0

    # Reconciling

    async def due(self, application_id: ApplicationId, *, limit: int) -> tuple[DueProduct, ...]:
        """Return the products that are due, longest due first."""
        found = await self._connection.execute(
            text(
                "SELECT source_id, generation, observed_generation, desired, attempts, cause, state FROM source_product "
                "WHERE application_id = :id AND due_at <= now() AND desired IS NOT NULL AND NOT EXISTS (SELECT FROM in_flight f "
                "WHERE f.application_id = :id AND f.source_id = source_product.source_id) ORDER BY due_at LIMIT :limit"
            ),
            {"id": application_id, "limit": limit},
        )
        return tuple(
            DueProduct(
                source_id=SourceId(row.source_id),
                generation=row.generation,
                desired=to_desired(row.desired),
                attempts=row.attempts,
                cause=None if row.cause is None else DeliveryId(row.cause),
                detached=row.state == "detached",
            )
            for row in found
        )

    async def anything_due(self, application_id: ApplicationId) -> bool:
        """Tell whether any product still has to be brought about, now or later."""
        found = await self._connection.execute(
            text(
                "SELECT EXISTS (SELECT FROM source_product WHERE application_id = :id AND due_at IS NOT NULL) "
                "OR EXISTS (SELECT FROM in_flight WHERE application_id = :id)"
            ),
            {"id": application_id},
        )
        return bool(found.scalar_one())

    async def bindings(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, tuple[Binding, ...]]:
        """Return the bindings of these products; products without any are absent."""
        found = await self._connection.execute(
            text(
                "SELECT * FROM binding WHERE application_id = :id AND source_id = ANY(:source_ids) "
                "ORDER BY bound_at, source_variant_id"
            ),
            {"id": application_id, "source_ids": list(source_ids)},
        )
        grouped: dict[SourceId, tuple[Binding, ...]] = {}
        for row in found:
            grouped[row.source_id] = (*grouped.get(row.source_id, ()), _binding(row))
        return grouped

    async def targets(self, account_id: AccountId, ids: Sequence[TargetId]) -> Mapping[TargetId, TargetRecord]:
        """Return what is stored of these targets; unknown ones are absent."""
        found = await self._connection.execute(
            text("SELECT * FROM target WHERE account_id = :id AND target_id = ANY(:ids) ORDER BY target_id FOR UPDATE"),
            {"id": account_id, "ids": list(ids)},
        )
        return {TargetId(row.target_id): _target(row) for row in found}

    async def siblings(self, application_id: ApplicationId, ids: Sequence[TargetId]) -> tuple[Sibling, ...]:
        """Return every source product of the Application that is bound to one of these targets, oldest binding first."""
        found = await self._connection.execute(_SIBLINGS, {"application_id": application_id, "ids": list(ids)})
        return tuple(
            Sibling(
                target_id=TargetId(row.target_id),
                source_id=SourceId(row.source_id),
                wants_published=row.wants_published,
                living=row.living,
            )
            for row in found
        )

    async def bind(
        self, application_id: ApplicationId, account_id: AccountId, bound: Sequence[BoundVariant]
    ) -> frozenset[SourceVariantId]:
        """Keep these bindings and return the source variants that got theirs.

        The others lost: their target variant belongs to another source variant.
        """
        if not bound:
            return frozenset()
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
        return frozenset(SourceVariantId(row.source_variant_id) for row in found)

    async def unbind(self, account_id: AccountId, target_id: TargetId) -> None:
        """Forget a target that does not exist any more, with its bindings."""
        for table in ("binding", "target"):
            await self._connection.execute(
                text(f"DELETE FROM {table} WHERE account_id = :account_id AND target_id = :target_id"),
                {"account_id": account_id, "target_id": target_id},
            )

    async def record_targets(self, account_id: AccountId, targets: Sequence[TargetRecord]) -> None:
        """Write down what Orderchamp shows (None: not known any more). A storefront once remembered is never forgotten."""
        if not targets:
            return
        records = [
            {
                "target_id": each.target_id,
                "observed": None if each.observed is None else from_observed(each.observed),
                "sent_images": _sent_images(each.observed),
                "last_storefront_id": each.last_storefront_id,
                "refresh_listing": each.refresh_listing,
            }
            for each in targets
        ]
        await self._connection.execute(_TARGETS, {"account_id": account_id, "targets": rows(records)})

    async def forget_observed(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        """Say that what Orderchamp shows for these products is not known, and have them looked at again."""
        await self._connection.execute(
            text(
                "UPDATE target SET observed = NULL FROM binding b "
                "WHERE b.application_id = :id AND b.source_id = ANY(:source_ids) "
                "AND target.account_id = b.account_id AND target.target_id = b.target_id"
            ),
            {"id": application_id, "source_ids": list(source_ids)},
        )
        await self.make_due(application_id, source_ids)

    async def claim_skus(
        self, application_id: ApplicationId, account_id: AccountId, wanted: Mapping[Sku, SourceVariantId]
    ) -> frozenset[Sku]:
        """Claim SKUs before they are created; return those that are ours now. The others are somebody else's."""
        found = await self._connection.execute(
            text("""
                INSERT INTO sku_claim AS c (account_id, sku, application_id, source_variant_id)
                SELECT :account_id, w.sku, :application_id, w.variant
                FROM unnest(CAST(:skus AS text[]), CAST(:variants AS text[])) AS w(sku, variant) ORDER BY w.sku
                ON CONFLICT (account_id, sku) DO UPDATE
                    SET application_id = excluded.application_id, source_variant_id = excluded.source_variant_id,
                        claimed_at = now()
                    WHERE (c.application_id = excluded.application_id AND c.source_variant_id = excluded.source_variant_id)
                        OR NOT EXISTS (
                            SELECT FROM source_variant v JOIN application a ON a.id = v.application_id
                            WHERE v.application_id = c.application_id AND v.source_variant_id = c.source_variant_id
                                AND v.sku = c.sku AND a.state <> 'uninstalled')
                RETURNING c.sku
            """),
            {
                "account_id": account_id,
                "application_id": application_id,
                "skus": list(wanted),
                "variants": list(wanted.values()),
            },
        )
        return frozenset(Sku(row.sku) for row in found)

    async def record(self, application_id: ApplicationId, reconciled: Sequence[Reconciled]) -> None:
        """Write down how far products were brought."""
        if not reconciled:
            return
        records = [
            {
                "source_id": each.source_id,
                "generation": each.generation,
                "retry_at": each.retry_at,
                "attempts": each.attempts,
                "state": each.state,
                "why": clean(each.why),
                "written": each.written,
            }
            for each in reconciled
        ]
        await self._connection.execute(_RECONCILED, {"application_id": application_id, "reconciled": rows(records)})

    # Calls on their way

    async def start_calls(
        self, application_id: ApplicationId, *, token: int, until: datetime, calls: Mapping[SourceId, str]
    ) -> None:
        """Write down, before they start, that calls for these products are on their way until ``until`` at most."""
        await self._connection.execute(
            text(
                "INSERT INTO in_flight (application_id, source_id, lease_token, until, what) "
                "SELECT :id, c.source_id, :token, :until, c.what "
                "FROM unnest(CAST(:source_ids AS text[]), CAST(:whats AS text[])) AS c(source_id, what) "
                "ON CONFLICT (application_id, source_id) DO UPDATE SET lease_token = excluded.lease_token, "
                "until = excluded.until, what = excluded.what"
            ),
            {
                "id": application_id,
                "token": token,
                "until": until,
                "source_ids": list(calls),
                "whats": list(calls.values()),
            },
        )

    async def end_calls(self, application_id: ApplicationId, source_ids: Sequence[SourceId]) -> None:
        await self._connection.execute(
            text("DELETE FROM in_flight WHERE application_id = :id AND source_id = ANY(:source_ids)"),
            {"id": application_id, "source_ids": list(source_ids)},
        )

    async def calls_left_behind(self, application_id: ApplicationId, *, token: int) -> Mapping[SourceId, datetime]:
        """Return the calls that another holder of the lane left on their way, each with its latest end."""
        found = await self._connection.execute(
            text("SELECT source_id, until FROM in_flight WHERE application_id = :id AND lease_token <> :token"),
            {"id": application_id, "token": token},
        )
        return {SourceId(row.source_id): row.until for row in found}

    # Reading

    async def list(
        self,
        application_id: ApplicationId,
        *,
        state: str | None,
        sku: str | None,
        q: str | None,
        after: str | None,
        limit: int,
    ) -> tuple[ProductView, ...]:
        """Return products in the order of their ids. ``q`` searches titles; ``sku`` is compared exactly."""
        conditions = {
            " AND p.state = :state": state,
            " AND p.title ILIKE :q ESCAPE '\\'": q,
            " AND p.source_id > :after": after,
            " AND EXISTS (SELECT FROM source_variant v WHERE v.application_id = p.application_id"
            " AND v.source_id = p.source_id AND v.sku = :sku)": sku,
        }
        query = _LIST + "".join(each for each, value in conditions.items() if value is not None)
        escaped = None if q is None else "%" + q.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        given = {"state": state, "sku": sku, "q": escaped, "after": after}
        found = await self._connection.execute(
            text(query + " ORDER BY p.source_id LIMIT :limit"),
            {
                "application_id": application_id,
                "limit": limit,
                **{name: value for name, value in given.items() if value is not None},
            },
        )
        return tuple(_view(row) for row in found)

    async def one(self, application_id: ApplicationId, source_id: SourceId) -> ProductView | None:
        found = await self._connection.execute(
            text(_LIST + " AND p.source_id = :source_id"), {"application_id": application_id, "source_id": source_id}
        )
        row = found.one_or_none()
        return None if row is None else _view(row)

    async def counts(self, application_id: ApplicationId) -> Mapping[str, int]:
        """Return how many products are in each state."""
        found = await self._connection.execute(
            text("SELECT state, count(*) AS n FROM source_product WHERE application_id = :id GROUP BY state"),
            {"id": application_id},
        )
        return {row.state: row.n for row in found}

    async def backlog(self, application_id: ApplicationId) -> tuple[int, datetime | None]:
        """Return how many products and deliveries wait, and since when the one that waited longest is due."""
        found = await self._connection.execute(
            text("""
                SELECT count(*) AS n, min(at) AS oldest FROM (
                    SELECT due_at AS at FROM source_product WHERE application_id = :id AND due_at IS NOT NULL
                    UNION ALL SELECT read_due_at FROM source_product WHERE application_id = :id AND read_due_at IS NOT NULL
                    UNION ALL SELECT received_at FROM delivery WHERE application_id = :id AND outcome IS NULL
                ) AS waiting
            """),
            {"id": application_id},
        )
        row = found.one()
        return row.n, row.oldest


def _product(row: Row[tuple[object, ...]]) -> SourceProduct:
    read = None
    if row.read_due_at is not None:
        read = ReadRequest(
            due_at=row.read_due_at,
            reason=row.read_reason or "",
            attempts=row.read_attempts,
            gone_checks=row.gone_checks,
        )
    return SourceProduct(
        source_id=SourceId(row.source_id),
        snapshot=None if row.snapshot is None else to_snapshot(row.snapshot),
        gone=row.gone,
        desired=None if row.desired is None else to_desired(row.desired),
        generation=row.generation,
        cause=None if row.cause is None else DeliveryId(row.cause),
        read=read,
    )


def _record(before: SourceProduct | None, after: SourceProduct) -> dict[str, object]:
    return {
        "source_id": after.source_id,
        "title": "" if after.snapshot is None else clean(after.snapshot.title),
        "snapshot": None if after.snapshot is None else from_snapshot(after.snapshot),
        "gone": after.gone,
        "desired": None if after.desired is None else from_desired(after.desired),
        "wants_published": after.desired is not None and after.desired.published,
        "generation": after.generation,
        "raised": after.generation > (0 if before is None else before.generation),
        "cause": after.cause,
        "read_due_at": None if after.read is None else after.read.due_at,
        "read_reason": None if after.read is None else clean(after.read.reason),
        "read_attempts": 0 if after.read is None else after.read.attempts,
        "gone_checks": None if after.read is None else after.read.gone_checks,
    }


def _variant_index(product: SourceProduct | None) -> frozenset[tuple[SourceVariantId, Sku | None, StockItemId]]:
    if product is None or product.snapshot is None:
        return frozenset()
    return frozenset((each.id, each.sku, each.stock_item_id) for each in product.snapshot.variants)


def _binding(row: Row[tuple[object, ...]]) -> Binding:
    return Binding(
        source_variant_id=SourceVariantId(row.source_variant_id),
        target_id=TargetId(row.target_id),
        target_variant_id=TargetVariantId(row.target_variant_id),
    )


def _sent_images(observed: Observed | None) -> str | None:
    return None if observed is None or observed.images is None else json.dumps(observed.images)


def _target(row: Row[tuple[object, ...]]) -> TargetRecord:
    return TargetRecord(
        target_id=TargetId(row.target_id),
        observed=None if row.observed is None else to_observed(row.observed),
        sent_images=None if row.sent_images is None else tuple(json.loads(row.sent_images)),
        last_storefront_id=None if row.last_storefront_id is None else StorefrontId(row.last_storefront_id),
        refresh_listing=row.refresh_listing,
    )


def _view(row: Row[tuple[object, ...]]) -> ProductView:
    variants = tuple(
        (SourceVariantId(each["source_variant_id"]), each["sku"], each["target_id"], each["target_variant_id"])
        for each in json.loads(row.variants)
    )
    return ProductView(
        product=_product(row),
        title=row.title,
        state=row.state,
        why=row.why,
        observed_generation=row.observed_generation,
        due_at=row.due_at,
        attempts=row.attempts,
        changed_at=row.changed_at,
        written_at=row.written_at,
        variants=variants,
    )
