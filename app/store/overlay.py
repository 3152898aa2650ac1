"""What is known, overlaid with what a preview has come to: its own rows stand in front of those that they would replace.

Every table that reconciling reads is given its name in front of the statement, so that the very same statements answer for a
world in which the preview's imports and changes were made. Nothing can be written here.
"""

from collections.abc import Mapping
from uuid import UUID

from app.domain.ids import AccountId
from app.store.connection import NOTHING, Connection, Result

_OVERLAY = """
    WITH source_product AS (
        SELECT application_id, source_id, title, gone, desired, wants_published, hiding FROM source_product p
        WHERE NOT EXISTS (SELECT FROM preview_product x WHERE x.preview_id = :preview_id
            AND x.application_id = p.application_id AND x.source_id = p.source_id)
        UNION ALL
        SELECT application_id, source_id, title, gone, desired, wants_published, hiding FROM preview_product
        WHERE preview_id = :preview_id
    ), source_variant AS (
        SELECT application_id, source_variant_id, source_id, sku, folded FROM source_variant v
        WHERE NOT EXISTS (SELECT FROM preview_product x WHERE x.preview_id = :preview_id
            AND x.application_id = v.application_id AND x.source_id = v.source_id AND x.moved)
        UNION ALL
        SELECT application_id, source_variant_id, source_id, sku, folded FROM preview_variant
        WHERE preview_id = :preview_id
    ), binding AS (
        SELECT application_id, source_variant_id, source_id, account_id, target_id, target_variant_id, bound_at
        FROM binding b WHERE NOT EXISTS (SELECT FROM preview_binding x WHERE x.preview_id = :preview_id
            AND x.application_id = b.application_id AND x.source_variant_id = b.source_variant_id)
        UNION ALL
        SELECT application_id, source_variant_id, source_id, account_id, target_id, target_variant_id, bound_at
        FROM preview_binding WHERE preview_id = :preview_id AND target_id IS NOT NULL
    ), target AS (
        SELECT account_id, target_id, observed, sent_images, last_storefront_id, refresh_listing, left_published, held,
            hidden_at, publishing_since, publishing_until, was_published, images_missing, arrived_images, failed_images,
            generation
        FROM target t WHERE account_id = :previewed_account AND NOT EXISTS (SELECT FROM preview_target x
            WHERE x.preview_id = :preview_id AND x.account_id = t.account_id AND x.target_id = t.target_id)
        UNION ALL
        SELECT account_id, target_id, observed, sent_images, last_storefront_id, refresh_listing, left_published, held,
            hidden_at, publishing_since, publishing_until, was_published, images_missing, arrived_images, failed_images,
            0
        FROM preview_target WHERE preview_id = :preview_id
    )
"""


class Overlaid(Connection):
    """A connection on which statements that read find what a preview has come to. It can write nothing."""

    __slots__ = ("_account_id", "_preview_id")

    def __init__(self, connection: Connection, preview_id: UUID, account_id: AccountId) -> None:
        super().__init__(connection.driver)
        self._preview_id = preview_id
        self._account_id = account_id

    async def execute(self, statement: str, given: Mapping[str, object] = NOTHING) -> Result:
        """As every connection does."""
        overlaid = {**given, "preview_id": self._preview_id, "previewed_account": self._account_id}
        return await super().execute(_OVERLAY + statement, overlaid)
