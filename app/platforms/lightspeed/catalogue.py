"""Reads of the catalogue.

One product takes a call each for itself, its variants, its images and its brand. ``catalog.json`` tells many products with
all of these at once, which saves a day's 12,000 calls; it was seen in use, and is paged as every list is: at most 250 a page,
those with an id above ``since_id``, in the order of their ids. Where it leaves something out, the product is read by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.lightspeed.products import Node, from_nodes, identity, related
from app.platforms.lightspeed.rest import NotThere, ask

LIMIT = 250
PAGE = 100
"""Most items that a list tells at once, and how many products a page of the catalogue has."""

_EVERY_LANGUAGE = "products/count.json"
"""What every shop tells in every language that is active there."""


class Catalogue:
    """A Lightspeed shop's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with its variants, images and brand; None when the shop has no such product.

        A shop also says that there is nothing when the language is not active any more, so that is made sure of first.
        """
        if not (source_id.isascii() and source_id.isdigit()):
            return None
        try:
            told = yield from ask(connection, "GET", f"products/{source_id}.json", operation="product")
        except NotThere:
            yield from _make_sure_of_language(connection)
            return None
        with understood():
            product = told["product"]
            brand_id, has_images = related(product.get("brand")), bool(product.get("image"))
        variants = yield from _all(connection, "variants", {"product": source_id})
        images = (yield from _images(connection, source_id)) if has_images else ()
        brand = (yield from _brand(connection, brand_id)) if brand_id is not None else None
        with understood():
            return from_nodes(product, variants, images=images, brand=brand)

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``, the id of the last product before it.

        Products that are not told whole, or cannot be read, are named as incomplete, so that none stops the rest.
        """
        query = {"limit": str(PAGE), "since_id": cursor or "0"}
        try:
            told = yield from ask(connection, "GET", "catalog.json", operation="page", query=query)
        except NotThere:
            raise PlatformUnavailable("The shop does not answer in this language.") from None
        with understood():
            found = _many(told["products"]) or ()
            ids = [identity(each["id"]) for each in found]
            if any(int(each) <= int(cursor or 0) for each in ids):
                raise PlatformRejected(
                    "The shop's catalogue cannot be read page by page: a page began before its start."
                )
            read = [_whole(each) for each in found]
            return Page(
                snapshots=tuple(snapshot for snapshot in read if snapshot is not None),
                incomplete=tuple(SourceId(each) for each, snapshot in zip(ids, read, strict=True) if snapshot is None),
                next=Cursor(str(max(map(int, ids)))) if len(found) >= PAGE else None,
            )


def _make_sure_of_language(connection: Connection) -> Reading[None]:
    try:
        yield from ask(connection, "GET", _EVERY_LANGUAGE, operation="language")
    except NotThere:
        raise PlatformUnavailable("The shop does not answer in this language any more.") from None


def _all(connection: Connection, name: str, query: Mapping[str, str]) -> Reading[list[Node]]:
    """Return all items of a list, page after page."""
    found: list[Node] = []
    last = "0"
    while True:
        asked = {**query, "limit": str(LIMIT), "since_id": last}
        try:
            told = yield from ask(connection, "GET", f"{name}.json", operation=name, query=asked)
        except NotThere:
            raise PlatformUnavailable("The shop does not answer in this language any more.") from None
        with understood():
            page = _many(told[name]) or ()
            found += page
            if len(page) < LIMIT:
                return found
            highest = str(max(int(identity(each["id"])) for each in page))
            if int(highest) <= int(last):
                raise PlatformRejected(f"The shop's {name} cannot be read page by page.")
            last = highest


def _images(connection: Connection, source_id: SourceId) -> Reading[Sequence[Node]]:
    try:
        told = yield from ask(connection, "GET", f"products/{source_id}/images.json", operation="images")
    except NotThere:
        return ()
    with understood():
        # The list is the only thing in the answer; clients differ on its name.
        return _many(next(iter(told.values()), ())) or ()


def _brand(connection: Connection, brand_id: str) -> Reading[Node | None]:
    try:
        told = yield from ask(connection, "GET", f"brands/{brand_id}.json", operation="brand")
    except NotThere:
        return None
    with understood():
        brand: Node = told["brand"]
        return brand


def _whole(node: Node) -> Snapshot | None:
    """Return a product that the catalogue tells whole; None for any other."""
    try:
        with understood():
            variants, images = _many(node.get("variants")), _many(node.get("images"))
            if not variants or (images is None and node.get("image")):
                return None
            brand = node.get("brand")
            return from_nodes(node, variants, images=images or (), brand=brand if isinstance(brand, dict) else None)
    except PlatformRejected:
        return None


def _many(value: Any) -> Sequence[Node] | None:
    """Return the items of a list, which PHP may write as an object with ids for names; None for one that is only linked to."""
    if isinstance(value, dict):
        if "resource" in value:
            return _many(value["resource"].get("embedded"))
        value = list(value.values())
    return value if isinstance(value, list) and all(isinstance(each, dict) for each in value) else None
