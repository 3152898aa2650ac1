"""Reads of the catalogue through the Admin API.

https://shopify.dev/docs/api/admin-graphql: connections are paged by cursor, at most 250 a page, and a product may have 2,048
variants.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.shopify import queries
from app.platforms.shopify.graphql import ask
from app.platforms.shopify.ids import gid, number
from app.platforms.shopify.products import from_node

READS = 3
"""How often a product is read from its start when it changes between two of its pages."""

Node = Mapping[str, Any]


class Catalogue:
    """Shopify's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with all its variants and stock levels; None when the shop has no such product.

        A product that changes between two pages is read again, so that a snapshot is of one version.
        """
        for _ in range(READS):
            nodes = yield from self._pages(connection, source_id)
            if not nodes:
                return None
            if len({node["updatedAt"] for node in nodes}) == 1:
                variants = [variant for node in nodes for variant in node["variants"]["nodes"]]
                for n, variant in enumerate(variants):
                    variants[n] = yield from self._all_levels(connection, variant)
                return _snapshot(nodes[0], variants)
        raise PlatformUnavailable("The product changes while it is being read.")

    def _pages(self, connection: Connection, source_id: SourceId) -> Reading[list[Node]]:
        nodes: list[Node] = []
        after = None
        while True:
            given = {"id": gid("Product", source_id), "after": after}
            data = yield from ask(connection, "product", queries.ONE, given, cost=queries.ONE_COST)
            if data["product"] is None:
                return []
            nodes.append(data["product"])
            page = data["product"]["variants"]["pageInfo"]
            if not page["hasNextPage"]:
                return nodes
            after = page["endCursor"]

    def _all_levels(self, connection: Connection, variant: Node) -> Reading[Node]:
        item = variant["inventoryItem"]
        if not item["inventoryLevels"]["pageInfo"]["hasNextPage"]:
            return variant
        levels: list[Node] = []
        after = None
        while True:
            given = {"id": item["id"], "after": after}
            data = yield from ask(connection, "levels", queries.LEVELS, given, cost=queries.LEVELS_COST)
            found = (data["inventoryItem"] or {}).get("inventoryLevels")
            if found is None:
                raise PlatformUnavailable("A variant disappeared while its product was being read.")
            levels += found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return {**variant, "inventoryItem": {**item, "inventoryLevels": {"nodes": levels}}}
            after = found["pageInfo"]["endCursor"]

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``. Products that are too large for a page are named as incomplete."""
        data = yield from ask(connection, "page", queries.PAGE, {"after": cursor}, cost=queries.PAGE_COST)
        products = data["products"]
        whole = [node for node in products["nodes"] if _is_whole(node)]
        more = products["pageInfo"]["hasNextPage"]
        return Page(
            snapshots=tuple(_snapshot(node, node["variants"]["nodes"]) for node in whole),
            incomplete=tuple(SourceId(number(node["id"])) for node in products["nodes"] if not _is_whole(node)),
            next=Cursor(products["pageInfo"]["endCursor"]) if more else None,
        )


def _is_whole(node: Node) -> bool:
    variants = node["variants"]
    return not variants["pageInfo"]["hasNextPage"] and not any(
        variant["inventoryItem"]["inventoryLevels"]["pageInfo"]["hasNextPage"] for variant in variants["nodes"]
    )


def _snapshot(node: Node, variants: list[Node]) -> Snapshot:
    try:
        return from_node(node, variants)
    except (KeyError, TypeError, ValueError) as error:
        raise PlatformRejected(f"The shop's answer about a product cannot be read: {error!r}.") from error
