"""What a preview has to know on its way: products, bindings and targets as they would be. ``overlay`` shows them.

A preview holds only what differs from what is known, and all of it goes when the preview ends.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.conflict import folded
from app.domain.ids import ApplicationId, Sku, SourceId, TargetId
from app.domain.previewing import Preview
from app.ports import DueProduct, TargetRecord
from app.ports.previews import PreviewedProduct, Rehearsed, StandsNow
from app.store.connection import Connection, Row
from app.store.documents import clean, from_desired, from_observed, rows, to_desired
from app.store.portions import portion
from app.store.targets import from_addresses, sent_images, to_target, was_published

WORKING = ("preview_product", "preview_variant", "preview_binding", "preview_target")
"""The tables of what is known on the way."""

_PUT = """
    INSERT INTO preview_product (preview_id, application_id, source_id, title, gone, desired, wants_published, state, hiding,
        creating_since, due, to_read, flipped, moved)
    SELECT :preview_id, :application_id, r.* FROM jsonb_to_recordset(CAST(:products AS jsonb)) AS r(source_id text, title text,
        gone boolean, desired text, wants_published boolean, state text, hiding text, creating_since timestamptz, due boolean,
        to_read boolean, flipped boolean, moved boolean)
    ON CONFLICT (preview_id, source_id) DO UPDATE SET
        title = excluded.title, gone = excluded.gone, desired = excluded.desired, wants_published = excluded.wants_published,
        state = excluded.state, hiding = excluded.hiding, creating_since = excluded.creating_since, due = excluded.due,
        to_read = excluded.to_read, flipped = excluded.flipped, moved = excluded.moved
"""

_INDEX = """
    INSERT INTO preview_variant (preview_id, application_id, source_variant_id, source_id, sku, folded)
    SELECT :preview_id, :application_id, r.* FROM jsonb_to_recordset(CAST(:variants AS jsonb))
        AS r(source_variant_id text, source_id text, sku text, folded text)
    ON CONFLICT (preview_id, source_variant_id) DO UPDATE SET
        source_id = excluded.source_id, sku = excluded.sku, folded = excluded.folded
"""

# As a product is let go that somebody hid on Orderchamp, when the shop goes from inactive to active.
_RELEASE_HOLDS = """
    INSERT INTO preview_target (preview_id, application_id, target_id, account_id, observed, sent_images, last_storefront_id,
        refresh_listing, left_published, held, hidden_at, publishing_since, publishing_until, was_published, images_missing,
        arrived_images, failed_images)
    SELECT DISTINCT CAST(:preview_id AS uuid), CAST(:application_id AS uuid), t.target_id, t.account_id, t.observed,
        t.sent_images, t.last_storefront_id, t.refresh_listing, t.left_published, false, t.hidden_at, t.publishing_since,
        t.publishing_until, t.was_published, t.images_missing, t.arrived_images, t.failed_images
    FROM target t JOIN binding b ON b.account_id = t.account_id AND b.target_id = t.target_id
    WHERE b.application_id = :application_id AND b.source_id = ANY(:source_ids) AND t.held
    ON CONFLICT (preview_id, target_id) DO UPDATE SET held = false
"""

_MAKE_DUE = """
    WITH wanted AS MATERIALIZED ({wanted}), known AS (
        UPDATE preview_product x SET due = true FROM wanted w
        WHERE x.preview_id = :preview_id AND x.source_id = w.source_id AND NOT x.due AND x.desired IS NOT NULL RETURNING 1
    ), fresh AS (
        INSERT INTO preview_product (preview_id, application_id, source_id, title, gone, desired, wants_published, state, hiding,
            creating_since, due, to_read, flipped, moved)
        SELECT :preview_id, p.application_id, p.source_id, p.title, p.gone, p.desired, p.wants_published, p.state, p.hiding,
            p.creating_since, true, false, false, false
        FROM source_product p JOIN wanted w ON w.source_id = p.source_id
        WHERE p.application_id = :application_id AND p.desired IS NOT NULL ON CONFLICT DO NOTHING RETURNING 1
    )
    SELECT (SELECT count(*) FROM known) + (SELECT count(*) FROM fresh)
"""

_DUE_ANYWAY = _MAKE_DUE.format(
    wanted="SELECT source_id FROM source_product WHERE application_id = :application_id AND due_at IS NOT NULL"
)

# Who shares a target is planned again when one of them appears, disappears, or is shown or hidden in the shop.
_SIBLINGS = _MAKE_DUE.format(
    wanted="""
        SELECT DISTINCT o.source_id FROM preview_product x
        JOIN binding b ON b.application_id = x.application_id AND b.source_id = x.source_id
        JOIN binding o ON o.account_id = b.account_id AND o.target_id = b.target_id
            AND o.application_id = b.application_id AND o.source_id <> b.source_id
        WHERE x.preview_id = :preview_id AND x.flipped
    """
)

# Who has an SKU is planned again when another one gets it or gives it up.
_HOLDERS = _MAKE_DUE.format(
    wanted="""
        SELECT DISTINCT v.source_id FROM source_variant v WHERE v.application_id = :application_id AND v.folded IN (
            SELECT folded FROM preview_variant WHERE preview_id = :preview_id AND folded IS NOT NULL
            UNION
            SELECT o.folded FROM preview_product x
            JOIN source_variant o ON o.application_id = x.application_id AND o.source_id = x.source_id
            WHERE x.preview_id = :preview_id AND x.moved AND o.folded IS NOT NULL)
    """
)

# Who else is bound to a target is planned again when somebody is matched to it, or finds it gone.
_SHARERS = _MAKE_DUE.format(
    wanted="""
        SELECT source_id FROM (
            SELECT b.source_id FROM binding b
            WHERE b.application_id = :application_id AND b.target_id = ANY(:target_ids)
                AND b.account_id = (SELECT account_id FROM application WHERE id = :application_id) AND NOT EXISTS (
                SELECT FROM preview_binding x WHERE x.preview_id = :preview_id
                    AND x.application_id = b.application_id AND x.source_variant_id = b.source_variant_id)
            UNION
            SELECT source_id FROM preview_binding
            WHERE preview_id = :preview_id AND application_id = :application_id AND target_id = ANY(:target_ids)
        ) AS bound WHERE NOT source_id = ANY(:planned)
    """
)

_DUE = portion(
    "SELECT source_id, desired, state, creating_since, hiding FROM preview_product "
    "WHERE preview_id = :id AND due AND desired IS NOT NULL ORDER BY source_id LIMIT :limit",
    by="source_id",
)

_PLANNED = """
    UPDATE preview_product x SET due = false, state = r.state, hiding = r.hiding, creating_since = NULL
    FROM jsonb_to_recordset(CAST(:products AS jsonb)) AS r(source_id text, state text, hiding text)
    WHERE x.preview_id = :preview_id AND x.source_id = r.source_id
"""

# Whoever was bound to what was taken over is bound to it no more.
_UNBIND_OTHERS = """
    WITH known AS (
        UPDATE preview_binding SET target_id = NULL, target_variant_id = NULL
        WHERE preview_id = :preview_id AND target_variant_id = ANY(:taken_over)
    )
    INSERT INTO preview_binding (preview_id, application_id, source_variant_id, source_id, account_id)
    SELECT :preview_id, application_id, source_variant_id, source_id, account_id FROM binding
    WHERE account_id = :account_id AND target_variant_id = ANY(:taken_over)
    ON CONFLICT DO NOTHING
"""

_BIND = """
    INSERT INTO preview_binding (preview_id, application_id, source_variant_id, source_id, account_id, target_id,
        target_variant_id)
    SELECT :preview_id, :application_id, r.source_variant_id, r.source_id, :account_id, r.target_id, r.target_variant_id
    FROM jsonb_to_recordset(CAST(:bindings AS jsonb))
        AS r(source_variant_id text, source_id text, target_id text, target_variant_id text)
    ON CONFLICT (preview_id, application_id, source_variant_id) DO UPDATE SET source_id = excluded.source_id,
        target_id = excluded.target_id, target_variant_id = excluded.target_variant_id, bound_at = now()
"""

_TARGETS = """
    INSERT INTO preview_target (preview_id, application_id, account_id, target_id, observed, sent_images, last_storefront_id,
        refresh_listing, left_published, held, hidden_at, publishing_since, publishing_until, was_published, images_missing,
        arrived_images, failed_images)
    SELECT :preview_id, :application_id, :account_id, r.* FROM jsonb_to_recordset(CAST(:targets AS jsonb))
        AS r(target_id text, observed text, sent_images text, last_storefront_id text, refresh_listing boolean,
            left_published boolean, held boolean, hidden_at timestamptz, publishing_since timestamptz,
            publishing_until timestamptz, was_published boolean, images_missing boolean, arrived_images text,
            failed_images text)
    ON CONFLICT (preview_id, target_id) DO UPDATE SET observed = excluded.observed, sent_images = excluded.sent_images,
        last_storefront_id = excluded.last_storefront_id, refresh_listing = excluded.refresh_listing,
        left_published = excluded.left_published, held = excluded.held, hidden_at = excluded.hidden_at,
        publishing_since = excluded.publishing_since, publishing_until = excluded.publishing_until,
        was_published = excluded.was_published, images_missing = excluded.images_missing,
        arrived_images = excluded.arrived_images, failed_images = excluded.failed_images
"""


class PreviewedWorld:
    """What previews know on their way, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def stands_now(
        self, application_id: ApplicationId, source_ids: Sequence[SourceId]
    ) -> Mapping[SourceId, StandsNow]:
        """Return how far these products were brought; unknown ones are absent."""
        found = await self._connection.execute(
            "SELECT source_id, state, hiding, creating_since, due_at IS NOT NULL AS due FROM source_product "
            "WHERE application_id = :id AND source_id = ANY(:source_ids)",
            {"id": application_id, "source_ids": list(source_ids)},
        )
        return {SourceId(row.source_id): _stands(row) for row in found}

    async def put(self, preview: Preview, products: Sequence[PreviewedProduct]) -> None:
        """Keep products as they would be."""
        if not products:
            return
        given = {"preview_id": preview.id, "application_id": preview.application_id}
        await self._connection.execute(_PUT, {**given, "products": rows([_product(each) for each in products])})
        await self._connection.execute(
            "DELETE FROM preview_variant WHERE preview_id = :preview_id AND source_id = ANY(:source_ids)",
            {**given, "source_ids": [each.source_id for each in products]},
        )
        variants = [
            {
                "source_variant_id": variant_id,
                "source_id": each.source_id,
                "sku": sku,
                "folded": None if sku is None else folded(Sku(clean(sku))),
            }
            for each in products
            for variant_id, sku in each.variants or ()
        ]
        await self._connection.execute(_INDEX, {**given, "variants": rows(variants)})
        shown_again = [each.source_id for each in products if each.shown_again]
        if shown_again:
            await self._connection.execute(_RELEASE_HOLDS, {**given, "source_ids": shown_again})

    async def forget(self, preview: Preview, source_ids: Sequence[SourceId]) -> None:
        """Forget products that turned out to be none."""
        await self._connection.execute(
            "DELETE FROM preview_product WHERE preview_id = :id AND source_id = ANY(:source_ids)",
            {"id": preview.id, "source_ids": list(source_ids)},
        )

    async def to_read(self, preview: Preview, *, limit: int) -> Mapping[SourceId, StandsNow]:
        """Return products that have to be read by themselves, and how far each was brought."""
        found = await self._connection.execute(
            "SELECT source_id, state, hiding, creating_since, due FROM preview_product "
            "WHERE preview_id = :id AND to_read ORDER BY source_id LIMIT :limit",
            {"id": preview.id, "limit": limit},
        )
        return {SourceId(row.source_id): _stands(row) for row in found}

    async def follow(self, preview: Preview) -> int:
        """Have planned whatever the changed products concern, once all are known; return how many are to be planned."""
        given = {"preview_id": preview.id, "application_id": preview.application_id}
        if preview.source_id is None:
            await self._connection.execute(_DUE_ANYWAY, given)
        await self._connection.execute(_SIBLINGS, given)
        await self._connection.execute(_HOLDERS, given)
        found = await self._connection.execute(
            "SELECT count(*) FROM preview_product WHERE preview_id = :preview_id AND due AND desired IS NOT NULL", given
        )
        return int(found.scalar())

    async def due_products(self, preview: Preview, *, limit: int, size: int) -> tuple[DueProduct, ...]:
        """Return products that are still to be planned, until their desired states are ``size`` bytes long."""
        found = await self._connection.execute(_DUE, {"id": preview.id, "limit": limit, "size": size})
        return tuple(
            DueProduct(
                source_id=SourceId(row.source_id),
                generation=0,
                desired=to_desired(row.desired),
                attempts=0,
                cause=None,
                state=row.state,
                detached=row.state == "detached",
                creating_since=row.creating_since,
                hiding=row.hiding,
            )
            for row in found
        )

    async def known_targets(self, preview: Preview, ids: Sequence[TargetId]) -> Mapping[TargetId, TargetRecord]:
        """Return these targets as the preview has left them; those that it did not come to are absent."""
        found = await self._connection.execute(
            "SELECT *, 0 AS generation FROM preview_target WHERE preview_id = :id AND target_id = ANY(:ids)",
            {"id": preview.id, "ids": list(ids)},
        )
        return {TargetId(row.target_id): to_target(row) for row in found}

    async def keep(self, preview: Preview, rehearsed: Rehearsed) -> Mapping[str, int]:
        """Keep what planning a batch came to, for the batches behind it, and its items.

        Return what that adds to the preview's counters; what was said before of a product that is planned again counts no
        more.
        """
        given = {"preview_id": preview.id, "application_id": preview.application_id}
        planned = [each.source_id for each in rehearsed.products]
        products: list[dict[str, Any]] = [
            {"source_id": each.source_id, "state": each.state, "hiding": each.hiding} for each in rehearsed.products
        ]
        await self._connection.execute(_PLANNED, {**given, "products": rows(products)})
        await self._keep_bindings(given, rehearsed)
        await self._connection.execute(
            _TARGETS,
            {
                **given,
                "account_id": rehearsed.account_id,
                "targets": rows([_target(each) for each in rehearsed.targets]),
            },
        )
        due_again = await self._connection.execute(
            _SHARERS, {**given, "target_ids": list(rehearsed.shared), "planned": planned}
        )
        replaced = await self._connection.execute(
            "DELETE FROM preview_item WHERE preview_id = :preview_id AND source_id = ANY(:planned) "
            "AND operation IS NULL AND kind <> 'matched' RETURNING kind",
            {**given, "planned": planned},
        )
        more: dict[str, int] = {"planned": len(planned), "wanted": int(due_again.scalar())}
        for row in replaced:
            more[row.kind] = more.get(row.kind, 0) - 1
        return more

    async def _keep_bindings(self, given: Mapping[str, object], rehearsed: Rehearsed) -> None:
        account = {"account_id": rehearsed.account_id}
        if rehearsed.taken_over:
            await self._connection.execute(
                _UNBIND_OTHERS, {**given, **account, "taken_over": list(rehearsed.taken_over)}
            )
        records: list[dict[str, Any]] = [
            {"source_id": source_id, "source_variant_id": variant_id, "target_id": None, "target_variant_id": None}
            for source_id, variant_id in rehearsed.unbound
        ]
        records += [
            {
                "source_id": each.source_id,
                "source_variant_id": each.binding.source_variant_id,
                "target_id": each.binding.target_id,
                "target_variant_id": each.binding.target_variant_id,
            }
            for each in rehearsed.bound
        ]
        await self._connection.execute(_BIND, {**given, **account, "bindings": rows(records)})


def _stands(row: Row) -> StandsNow:
    return StandsNow(state=row.state, hiding=row.hiding, creating_since=row.creating_since, due=row.due)


def _product(product: PreviewedProduct) -> dict[str, Any]:
    return {
        "source_id": product.source_id,
        "title": product.title,
        "gone": product.gone,
        "desired": None if product.desired is None else from_desired(product.desired),
        "wants_published": product.desired is not None and product.desired.published,
        "state": product.state,
        "hiding": product.hiding,
        "creating_since": product.creating_since,
        "due": product.due,
        "to_read": product.to_read,
        "flipped": product.flipped,
        "moved": product.variants is not None,
    }


def _target(record: TargetRecord) -> dict[str, Any]:
    return {
        "target_id": record.target_id,
        "observed": None if record.observed is None else from_observed(record.observed),
        "sent_images": sent_images(record.observed),
        "last_storefront_id": record.last_storefront_id,
        "refresh_listing": record.refresh_listing,
        "left_published": record.left_published,
        "held": record.held,
        "hidden_at": record.hidden_at,
        "publishing_since": record.publishing_since,
        "publishing_until": record.publishing_until,
        "was_published": was_published(record),
        "images_missing": record.images_missing,
        "arrived_images": from_addresses(record.arrived_images),
        "failed_images": from_addresses(record.failed_images),
    }
