"""Reads of the catalogue.

https://developer.bigcommerce.com/docs/rest-catalog/products. One request tells a product with its variants and images; its stock
and its brand's name take one each where it has any. Pages are read in the order of ids, each from the last id of the one
before, so that no product is passed over.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.products import Node, from_node
from app.platforms.bigcommerce.rest import Answer, NotThere, ask
from app.platforms.bigcommerce.stock import Stock, stock_of

PRODUCTS = "/v3/catalog/products"

PAGE = 25
"""Products of a page: each may have 600 variants, and an answer is not read beyond its limit."""

WHOLE = "variants,images"
"""What is told with a product. To ask for its options, too, would make pages of ten."""

MOST_BRANDS = 250


class Catalogue:
    """A BigCommerce store's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with its variants, images, stock and brand; None when the shop has no such product."""
        if not (source_id.isascii() and source_id.isdigit()):
            return None
        path, query = f"{PRODUCTS}/{source_id}", {"include": WHOLE}
        try:
            answer = yield from ask(connection, "GET", path, operation="product", query=query)
        except NotThere:
            yield from _make_sure(connection, source_id)
            return None
        with understood():
            product: Node = answer.told["data"]
            if identity(product["id"]) != source_id:
                raise PlatformUnavailable(f"The shop answered with another product than {source_id}.")
        stock = yield from stock_of(connection, [product])
        brands = yield from _brands_of(connection, [product])
        with understood():
            return from_node(product, stock, brand=brands.get(_brand_id(product)), details=connection.details)

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``, the id of the last product before it.

        Products that cannot be read are named as incomplete, so that none stops the rest.
        """
        answer, found = yield from listed(connection, cursor, limit=PAGE, query={"include": WHOLE}, operation="page")
        stock = yield from stock_of(connection, found)
        brands = yield from _brands_of(connection, found)
        read = [(SourceId(identity(each["id"])), _whole(each, stock, brands, connection.details)) for each in found]
        with understood():
            return Page(
                snapshots=tuple(snapshot for _, snapshot in read if snapshot is not None),
                incomplete=tuple(source_id for source_id, snapshot in read if snapshot is None),
                next=following(found, PAGE),
                # Of later pages it counts only what is left.
                total=int(answer.told["meta"]["pagination"]["total"]) if cursor is None else None,
            )


def listed(
    connection: Connection, cursor: Cursor | None, *, limit: int, query: Mapping[str, str], operation: str
) -> Reading[tuple[Answer, Sequence[Node]]]:
    """Return the answer that lists the products after ``cursor``, in the order of their ids, and those products."""
    asked = {"id:greater": cursor or "0", "sort": "id", "direction": "asc", "limit": str(limit), **query}
    try:
        answer = yield from ask(connection, "GET", PRODUCTS, operation=operation, query=asked)
    except NotThere:
        raise PlatformUnavailable("The shop does not list its products (404).") from None
    with understood():
        found: list[Node] = list(answer.told["data"])
        if any(int(identity(each["id"])) <= int(cursor or 0) for each in found):
            raise PlatformRejected("The shop's catalogue cannot be read page by page: a page began before its start.")
    return answer, found


def following(found: Sequence[Node], limit: int) -> Cursor | None:
    """Return the cursor after a page; None after the last one."""
    return Cursor(str(max(int(each["id"]) for each in found))) if len(found) >= limit else None


def _make_sure(connection: Connection, source_id: SourceId) -> Reading[None]:
    """Raise PlatformUnavailable unless the shop lists no such product either: a 404 may be of something else than the product."""
    query = {"id:in": source_id, "limit": "1", "include_fields": "id"}
    try:
        answer = yield from ask(connection, "GET", PRODUCTS, operation="make sure", query=query)
    except NotThere:
        raise PlatformUnavailable("The shop does not list its products (404).") from None
    with understood():
        if answer.told["data"]:
            raise PlatformUnavailable(f"The shop lists product {source_id}, and says that it does not exist.")


def _brands_of(connection: Connection, products: Iterable[Node]) -> Reading[Mapping[str, str]]:
    """Return the names of the brands of some products, by id."""
    with understood():
        wanted = sorted({_brand_id(each) for each in products} - {""})
    if not wanted:
        return {}
    query = {"id:in": ",".join(wanted), "limit": str(MOST_BRANDS), "include_fields": "id,name"}
    try:
        answer = yield from ask(connection, "GET", "/v3/catalog/brands", operation="brands", query=query)
    except NotThere:
        return {}
    with understood():
        return {identity(each["id"]): str(each["name"]) for each in answer.told["data"]}


def _brand_id(product: Node) -> str:
    """Return the id of a product's brand; empty for 0 and null, of products that have none."""
    brand: Any = product.get("brand_id")
    return identity(brand) if brand else ""


def _whole(product: Node, stock: Stock, brands: Mapping[str, str], details: Mapping[str, str]) -> Snapshot | None:
    """Return a product as a page tells it; None for one that cannot be read."""
    try:
        with understood():
            return from_node(product, stock, brand=brands.get(_brand_id(product)), details=details)
    except PlatformRejected:
        return None
