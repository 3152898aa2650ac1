"""Source products as people see them, and how many there are."""

import json
from collections.abc import Mapping
from datetime import datetime

from app.domain.ids import ApplicationId, SourceId, SourceVariantId
from app.domain.projection import ReadRequest, SourceProduct
from app.ports import ProductView
from app.store.connection import Connection, Row
from app.store.documents import to_desired, to_snapshot

KNOWN = "source_id, snapshot, gone, desired, generation, cause, read_due_at, read_reason, read_attempts, gone_checks"
"""The columns that say what is known of a product: those of ``to_product``."""

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


class ProductViews:
    """The products of Applications as people see them, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

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
            query + " ORDER BY p.source_id LIMIT :limit",
            {
                "application_id": application_id,
                "limit": limit,
                **{name: value for name, value in given.items() if value is not None},
            },
        )
        return tuple(_view(row) for row in found)

    async def one(self, application_id: ApplicationId, source_id: SourceId) -> ProductView | None:
        found = await self._connection.execute(
            _LIST + " AND p.source_id = :source_id", {"application_id": application_id, "source_id": source_id}
        )
        row = found.one_or_none()
        return None if row is None else _view(row)

    async def counts(self, application_id: ApplicationId) -> Mapping[str, int]:
        """Return how many products are in each state."""
        found = await self._connection.execute(
            "SELECT state, count(*) AS n FROM source_product WHERE application_id = :id AND state >= '' GROUP BY state",
            {"id": application_id},
        )
        return {row.state: row.n for row in found}

    async def backlog(self, application_id: ApplicationId) -> tuple[int, datetime | None]:
        """Return how many products and deliveries wait, and since when the one that waited longest is due."""
        found = await self._connection.execute(
            """
                SELECT count(*) AS n, min(at) AS oldest FROM (
                    SELECT due_at AS at FROM source_product WHERE application_id = :id AND due_at IS NOT NULL
                    UNION ALL SELECT read_due_at FROM source_product WHERE application_id = :id AND read_due_at IS NOT NULL
                    UNION ALL SELECT received_at FROM delivery WHERE application_id = :id AND outcome IS NULL
                ) AS waiting
            """,
            {"id": application_id},
        )
        row = found.one()
        return row.n, row.oldest


def to_product(row: Row) -> SourceProduct:
    read = None
    if row["read_due_at"] is not None:
        read = ReadRequest(
            due_at=row["read_due_at"],
            reason=row["read_reason"] or "",
            attempts=row["read_attempts"],
            gone_checks=row["gone_checks"],
        )
    return SourceProduct(
        source_id=row["source_id"],
        snapshot=None if row["snapshot"] is None else to_snapshot(row["snapshot"]),
        gone=row["gone"],
        desired=None if row["desired"] is None else to_desired(row["desired"]),
        generation=row["generation"],
        cause=row["cause"],
        read=read,
    )


def _view(row: Row) -> ProductView:
    variants = tuple(
        (SourceVariantId(each["source_variant_id"]), each["sku"], each["target_id"], each["target_variant_id"])
        for each in json.loads(row.variants)
    )
    return ProductView(
        product=to_product(row),
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
