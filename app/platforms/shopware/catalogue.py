"""Reads of the catalogue through the Admin API's search.

https://developer.shopware.com/docs/guides/integrations-api/general-concepts/search-criteria.html: at most 500 entities in an
answer. Ids are random, so that pages by number shift when products come and go meanwhile; ``autoIncrement`` is the order in
which products were made, and a page begins after the last one of the page before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.errors import PlatformRejected
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.shopware.ids import identity, is_id
from app.platforms.shopware.products import ASSOCIATIONS, INCLUDES, Node, from_nodes
from app.platforms.shopware.talk import Talk

LIMIT = 500
"""Most entities that a shop gives in one answer, unless it is set up otherwise."""

PAGE_PRODUCTS = 100
PAGE_VARIANTS = 1000
"""How many products a page of the catalogue has, and how many variants they may have together."""

SALES_CHANNEL = "sales_channel"
"""The credential that says which sales channel's products are meant."""


class Catalogue:
    """A Shopware shop's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with all its variants; None when the shop has no such product. A variant's id gives its product.

        What changes while a product with more than ``LIMIT`` variants is read, the notice of that change asks for again.
        """
        if not is_id(source_id):
            return None
        talk = Talk(connection)
        family = yield from _all(talk, _family([source_id]), operation="product")
        with understood():
            found = _named(family, source_id)
            parent_id = None if found is None or found["parentId"] is None else identity(found["parentId"])
        if parent_id is not None:
            family = yield from _all(talk, _family([parent_id]), operation="product")
        with understood():
            parent = found if parent_id is None else _named(family, parent_id)
            if parent is None:
                return None
            children = [each for each in family if each["parentId"] is not None]
            return from_nodes(parent, children, sales_channel=connection.credentials.get(SALES_CHANNEL))

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``.

        Products with so many variants that they would not fit, or that cannot be read, are named as incomplete, so that none
        stops the rest.
        """
        talk = Talk(connection)
        alone = {"type": "equals", "field": "parentId", "value": None}
        found = yield from _after(talk, alone, cursor or "0", limit=PAGE_PRODUCTS, operation="page")
        with understood():
            fitting = _fitting(found)
            parents = {identity(each["id"]): each for each in fitting if _count(each) <= PAGE_VARIANTS}
        children = (yield from _all(talk, _children(list(parents)), operation="variants")) if parents else []
        with understood():
            families: dict[str, list[Node]] = {parent_id: [] for parent_id in parents}
            for child in children:
                families[identity(child["parentId"])].append(child)
            channel = connection.credentials.get(SALES_CHANNEL)
            read = {each: _whole(parents[each], families[each], channel) for each in parents}
            whole = len(fitting) == len(found) < PAGE_PRODUCTS
            return Page(
                snapshots=tuple(snapshot for snapshot in read.values() if snapshot is not None),
                incomplete=tuple(
                    SourceId(identity(each["id"])) for each in fitting if read.get(identity(each["id"])) is None
                ),
                next=None if whole else Cursor(str(int(fitting[-1]["autoIncrement"]))),
            )


def _family(ids: Sequence[str]) -> Mapping[str, Any]:
    own = {"type": "equalsAny", "field": "id", "value": list(ids)}
    return {"type": "multi", "operator": "OR", "queries": [own, _children(ids)]}


def _children(ids: Sequence[str]) -> Mapping[str, Any]:
    return {"type": "equalsAny", "field": "parentId", "value": list(ids)}


def _all(talk: Talk, filtered: Mapping[str, Any], *, operation: str) -> Reading[list[Node]]:
    """Return every product that a filter lets through."""
    found: list[Node] = []
    last = "0"
    while True:
        page = yield from _after(talk, filtered, last, limit=LIMIT, operation=operation)
        found += page
        if len(page) < LIMIT:
            return found
        with understood():
            last = str(int(page[-1]["autoIncrement"]))


def _after(talk: Talk, filtered: Mapping[str, Any], last: str, *, limit: int, operation: str) -> Reading[list[Node]]:
    criteria = {
        "limit": limit,
        "total-count-mode": 0,
        "filter": [filtered, {"type": "range", "field": "autoIncrement", "parameters": {"gt": int(last)}}],
        "sort": [{"field": "autoIncrement", "order": "ASC"}],
        "associations": ASSOCIATIONS,
        "includes": INCLUDES,
    }
    answer = yield from talk.search("product", criteria, operation=operation)
    found: list[Node] = answer["data"]
    return found


def _named(nodes: Sequence[Node], wanted: str) -> Node | None:
    return next((each for each in nodes if identity(each["id"]) == wanted), None)


def _count(node: Node) -> int:
    return int(node["childCount"] or 0)


def _fitting(nodes: Sequence[Node]) -> Sequence[Node]:
    """Return the first products, up to the one with which a page has enough variants; one that fits no page adds none."""
    variants = 0
    for n, node in enumerate(nodes):
        variants += _count(node) if _count(node) <= PAGE_VARIANTS else 0
        if variants > PAGE_VARIANTS:
            return nodes[:n]
    return nodes


def _whole(parent: Node, children: Sequence[Node], sales_channel: str | None) -> Snapshot | None:
    """Return a product as a page has it; None for one that cannot be read."""
    try:
        with understood():
            return from_nodes(parent, children, sales_channel=sales_channel)
    except PlatformRejected:
        return None
