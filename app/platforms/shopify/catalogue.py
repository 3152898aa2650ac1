"""Reads of the catalogue through the Admin API.

https://shopify.dev/docs/api/admin-graphql: connections are paged by cursor, at most 250 a page, and a product may have 2,048
variants.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.shopify import bulk, queries
from app.platforms.shopify.graphql import ask
from app.platforms.shopify.ids import gid, number
from app.platforms.shopify.products import from_node

MANY_PRODUCTS, MANY_VARIANTS = 250, 2_500
"""From how many on pages would take minutes of what a shop allows, and a file is written instead."""

FROM_THE_START = Cursor("pages")
"""The first page, without asking for a file (again)."""

READS = 3
"""How often a product is read from its start when it changes between two of its pages."""

Node = Mapping[str, Any]


class _Changed(Exception):
    """The product changed between two of its pages."""


class Catalogue:
    """Shopify's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with all its variants and stock levels; None when the shop has no such product.

        A product that changes between two pages is read again, so that a snapshot is of one version.
        """
        for _ in range(READS):
            try:
                with understood():
                    return (yield from self._once(connection, source_id))
            except _Changed:
                continue
        raise PlatformUnavailable("The product changes while it is being read.")

    def _once(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        given = {"id": gid("Product", source_id), "after": None}
        data = yield from ask(connection, "product", queries.ONE, given, cost=queries.ONE_COST)
        first = data["product"]
        if first is None:
            return None
        variants = yield from self._variants(connection, source_id, first)
        media = yield from self._media(connection, source_id, first)
        for n, variant in enumerate(variants):
            variants[n] = yield from self._all_levels(connection, variant)
        return from_node(first, variants=variants, media=media)

    def _variants(self, connection: Connection, source_id: SourceId, first: Node) -> Reading[list[Node]]:
        found, page = list(first["variants"]["nodes"]), first["variants"]["pageInfo"]
        while page["hasNextPage"]:
            given = {"id": gid("Product", source_id), "after": page["endCursor"]}
            data = yield from ask(connection, "product", queries.ONE, given, cost=queries.ONE_COST)
            variants = _same(first, data["product"])["variants"]
            found += variants["nodes"]
            page = variants["pageInfo"]
        return found

    def _media(self, connection: Connection, source_id: SourceId, first: Node) -> Reading[list[Node]]:
        if not first["media"]["pageInfo"]["hasNextPage"]:
            return list(first["media"]["nodes"])
        found: list[Node] = []
        after = None
        while True:
            given = {"id": gid("Product", source_id), "after": after}
            data = yield from ask(connection, "media", queries.MEDIA, given, cost=queries.MEDIA_COST)
            media = _same(first, data["product"])["media"]
            found += media["nodes"]
            if not media["pageInfo"]["hasNextPage"]:
                return found
            after = media["pageInfo"]["endCursor"]

    def _all_levels(self, connection: Connection, variant: Node) -> Reading[Node]:
        item = variant["inventoryItem"]
        if not item["inventoryLevels"]["pageInfo"]["hasNextPage"]:
            return variant
        levels: list[Node] = []
        after = None
        while True:
            given = {"id": item["id"], "after": after}
            data = yield from ask(connection, "levels", queries.LEVELS, given, cost=queries.LEVELS_COST)
            if data["inventoryItem"] is None:
                raise _Changed
            found = data["inventoryItem"]["inventoryLevels"]
            levels += found["nodes"]
            if not found["pageInfo"]["hasNextPage"]:
                return {**variant, "inventoryItem": {**item, "inventoryLevels": {"nodes": levels}}}
            after = found["pageInfo"]["endCursor"]

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``; of a large shop, a part of the file that it wrote.

        Products that are too large for a page, or cannot be read, are named as incomplete, so that none stops the rest.
        """
        if cursor is None:
            return (yield from self._begin(connection))
        if bulk.is_bulk(cursor):
            page = yield from bulk.read(connection, cursor)
            return Page(snapshots=(), next=FROM_THE_START) if page is None else page
        return (yield from self._page(connection, None if cursor == FROM_THE_START else cursor))

    def _begin(self, connection: Connection) -> Reading[Page]:
        """Count, then have a large shop write everything into a file, or read the first page."""
        data = yield from ask(connection, "count", queries.COUNT, {}, cost=queries.COUNT_COST)
        with understood():
            products, variants = (int(data[each]["count"]) for each in ("productsCount", "productVariantsCount"))
        if products > MANY_PRODUCTS or variants > MANY_VARIANTS:
            page = yield from bulk.start(connection, total=products)
            if page is not None:
                return page
        return replace((yield from self._page(connection, None)), total=products)

    def _page(self, connection: Connection, after: Cursor | None) -> Reading[Page]:
        data = yield from ask(connection, "page", queries.PAGE, {"after": after}, cost=queries.PAGE_COST)
        with understood():
            nodes, info = data["products"]["nodes"], data["products"]["pageInfo"]
            read = [(SourceId(number(node["id"])), _whole(node)) for node in nodes]
            return Page(
                snapshots=tuple(snapshot for _, snapshot in read if snapshot is not None),
                incomplete=tuple(source_id for source_id, snapshot in read if snapshot is None),
                next=Cursor(info["endCursor"]) if info["hasNextPage"] else None,
            )


def _same(first: Node, later: Node | None) -> Node:
    """Return the later page of a product; _Changed unless it is of the version that the first page was of."""
    if later is None or later["updatedAt"] != first["updatedAt"]:
        raise _Changed
    return later


def _whole(node: Node) -> Snapshot | None:
    """Return a product that a page holds in full; None for any other."""
    try:
        with understood():
            variants, media = node["variants"], node["media"]
            levels = (variant["inventoryItem"]["inventoryLevels"] for variant in variants["nodes"])
            if any(each["pageInfo"]["hasNextPage"] for each in (variants, media, *levels)):
                return None
            return from_node(node, variants=variants["nodes"], media=media["nodes"])
    except PlatformRejected:
        return None
