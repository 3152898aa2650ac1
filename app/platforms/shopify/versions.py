"""What the shop has, in short: every variant with its stock and whether it is counted, and the version of its product.

A product's ``updatedAt`` moves when the product, a variant or (as was seen) its stock changes. Stock is told all the same,
since nobody promises that.
"""

from app.domain.drift import SeenProduct
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId, SourceVariantId
from app.platforms.adapter import Connection, VersionPage
from app.platforms.asking import understood
from app.platforms.shopify import queries
from app.platforms.shopify.graphql import ask_at_a_price
from app.platforms.shopify.ids import number
from app.platforms.shopify.times import moment


class Versions:
    """Shopify's list of variants; a product is on as many pages as its variants are."""

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[VersionPage]:
        """Read the page after ``cursor``."""
        data, load = yield from ask_at_a_price(
            connection, "versions", queries.VERSIONS, {"after": cursor}, cost=queries.VERSIONS_COST
        )
        with understood():
            found, info = data["productVariants"], data["productVariants"]["pageInfo"]
            stock: dict[str, dict[SourceVariantId, int]] = {}
            counted: dict[str, dict[SourceVariantId, bool]] = {}
            changed: dict[str, str] = {}
            for node in found["nodes"]:
                product = number(node["product"]["id"])
                changed[product] = node["product"]["updatedAt"]
                variant_id = SourceVariantId(number(node["id"]))
                counted.setdefault(product, {})[variant_id] = bool(node["inventoryItem"]["tracked"])
                quantities = stock.setdefault(product, {})
                if node["inventoryQuantity"] is not None:
                    quantities[variant_id] = int(node["inventoryQuantity"])
            return VersionPage(
                seen=tuple(
                    SeenProduct(
                        source_id=SourceId(each),
                        version=moment(changed[each]),
                        stock=stock[each],
                        counted=counted[each],
                    )
                    for each in stock
                ),
                next=Cursor(info["endCursor"]) if info["hasNextPage"] else None,
                load=load,
            )
