"""Bulk operations: a large shop writes its whole catalogue into a file, which is read in parts.

https://shopify.dev/docs/api/usage/bulk-operations/queries: the file has one object a line. With ``groupObjects`` the
children of a product come directly below it, each naming its parent in ``__parentId``. Its address is valid for seven days
and is asked for anew with every part, so that nothing but the operation and a place in its file has to be remembered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable
from app.domain.http import Part, Reading, Request
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.bodies import read_json
from app.platforms.shopify import queries
from app.platforms.shopify.graphql import ask, refuse_user_errors
from app.platforms.shopify.ids import gid, number
from app.platforms.shopify.products import from_node

PART = 512 * 1024
"""Bytes that are read at a time: some hundred products."""

LARGEST = 8 * 1024 * 1024
"""A product that takes more bytes than this is read by itself instead."""

LOOK_AGAIN = timedelta(seconds=5)
"""How long the shop is left alone while it is writing."""

OPERATION = "bulk/"
WRITING = frozenset({"CREATED", "RUNNING", "CANCELING"})

CONTENTS = (
    f"{{ products {{ edges {{ node {{ {queries.FIELDS} "
    "media { edges { node { ... on MediaImage { id image { url } } } } } "
    "variants { edges { node { id sku price compareAtPrice barcode inventoryPolicy selectedOptions { name value } "
    f"inventoryItem {{ id tracked {queries.WEIGHT} "
    f"inventoryLevels {{ edges {{ node {{ id {queries.LEVEL} }} }} }} }} }} }} }} }} }} }} }}"
)
START = (
    "mutation bulkStart($query: String!) { bulkOperationRunQuery(query: $query, groupObjects: true) "
    "{ bulkOperation { id status } userErrors { field message } } }"
)
STATUS = "query bulkStatus($id: ID!) { node(id: $id) { ... on BulkOperation { id status errorCode url } } }"

Node = Mapping[str, Any]


def is_bulk(cursor: Cursor) -> bool:
    """Tell whether a cursor is a place in a bulk operation's file."""
    return cursor.startswith(OPERATION)


def start(connection: Connection, *, total: int) -> Reading[Page | None]:
    """Have the shop begin to write; None when it does not do that for us (now), so that pages have to do."""
    try:
        data = yield from ask(connection, "bulkStart", START, {"query": CONTENTS}, cost=10)
        with understood():
            refuse_user_errors(data["bulkOperationRunQuery"])
            begun = number(data["bulkOperationRunQuery"]["bulkOperation"]["id"])
    except (PlatformRejected, CredentialsRefused):
        # A dead token is refused again by the page that is asked for instead.
        return None
    return Page(snapshots=(), next=_place(begun, 0), wait=LOOK_AGAIN, total=total)


def read(connection: Connection, cursor: Cursor) -> Reading[Page | None]:
    """Read the part of the file at ``cursor``; None when there is no such file any more, or never will be."""
    with understood():
        operation, offset = cursor.removeprefix(OPERATION).split("/")
        place = int(offset)
    data = yield from ask(connection, "bulkStatus", STATUS, {"id": gid("BulkOperation", operation)}, cost=1)
    node = data.get("node")
    if node is None:
        return None
    if node["status"] in WRITING:
        return Page(snapshots=(), next=cursor, wait=LOOK_AGAIN)
    if node["status"] != "COMPLETED":
        return None
    if node["url"] is None:
        return Page(snapshots=(), next=None)
    return (yield from _part_of(node["url"], operation, place))


def _part_of(url: str, operation: str, place: int) -> Reading[Page]:
    found, ended = b"", False
    while not ended:
        more, ended = yield from _bytes(url, place + len(found))
        found += more
        part = _read_lines(found, ended=ended)
        if ended:
            return _page(part.products, None)
        if len(part.products) > 1:
            # Of the last one there may be more below.
            return _page(part.products[:-1], _place(operation, place + part.last))
        if not part.products and part.length:
            return Page(snapshots=(), next=_place(operation, place + part.length))
        if len(found) - part.last > LARGEST:
            # What is left of it comes before any product that the next part knows, and is passed over.
            large = tuple(each.source_id for each in part.products)
            return Page(snapshots=(), incomplete=large, next=_place(operation, place + part.length))
    raise AssertionError("a file that has ended was returned")


def _page(products: Sequence["_Product"], following: Cursor | None) -> Page:
    whole = [(each.source_id, each.snapshot()) for each in products]
    return Page(
        snapshots=tuple(snapshot for _, snapshot in whole if snapshot is not None),
        incomplete=tuple(source_id for source_id, snapshot in whole if snapshot is None),
        next=following,
    )


def _bytes(url: str, start: int) -> Reading[tuple[bytes, bool]]:
    """Read up to ``PART`` bytes of the file, and tell whether it ends with them."""
    request = Request(method="GET", url=url, operation="Shopify bulk file", part=Part(start=start, length=PART))
    response = yield request
    if response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        return b"", True
    if response.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
        raise PlatformUnavailable(f"The shop's file could not be read ({response.status}).")
    return response.body, len(response.body) < PART


def _place(operation: str, offset: int) -> Cursor:
    return Cursor(f"{OPERATION}{operation}/{offset}")


@dataclass(slots=True)
class _Product:
    """A product's line, and what is below it."""

    node: Node
    media: list[Node] = field(default_factory=list)
    variants: list[dict[str, Any]] = field(default_factory=list)
    levels: dict[str, list[Node]] = field(default_factory=dict)

    @property
    def source_id(self) -> SourceId:
        return SourceId(number(self.node["id"]))

    def add(self, child: Node) -> None:
        """Take in a line below the product. A level names the variant or its stock item as its parent."""
        kind = child["id"].split("/")[-2]
        if kind == "MediaImage":
            self.media.append(child)
        elif kind == "ProductVariant":
            self.variants.append(dict(child))
        elif kind == "InventoryLevel":
            self.levels.setdefault(child["__parentId"], []).append(child)

    def snapshot(self) -> Snapshot | None:
        """Return the product; None when it cannot be read like this."""
        try:
            with understood():
                for variant in self.variants:
                    item = variant["inventoryItem"]
                    levels = [*self.levels.pop(variant["id"], ()), *self.levels.pop(item["id"], ())]
                    variant["inventoryItem"] = {**item, "inventoryLevels": {"nodes": levels}}
                if self.levels or not self.variants:
                    return None
                return from_node(self.node, variants=self.variants, media=self.media)
        except PlatformRejected:
            return None


@dataclass(slots=True)
class _Lines:
    """Whole lines: their products, where the last of those begins, and where the lines end."""

    products: list[_Product] = field(default_factory=list)
    last: int = 0
    length: int = 0


def _read_lines(found: bytes, *, ended: bool) -> _Lines:
    read = _Lines()
    with understood():
        for at, line in _lines(found, ended=ended):
            node = read_json(line)
            if not isinstance(node, dict):
                raise TypeError("a line is no object")
            if "__parentId" not in node:
                read.products.append(_Product(node))
                read.last = at
            elif read.products:
                read.products[-1].add(node)
            read.length = at + len(line) + 1
    return read


def _lines(found: bytes, *, ended: bool) -> Iterator[tuple[int, bytes]]:
    """Return the whole lines, each with its place."""
    at = 0
    while (end := found.find(b"\n", at)) >= 0:
        if end > at:
            yield at, found[at:end]
        at = end + 1
    if ended and at < len(found):
        yield at, found[at:]
