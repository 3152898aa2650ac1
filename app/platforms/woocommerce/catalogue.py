"""Reads of the catalogue.

https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-products. Pages are counted by place, so that they shift when
products come and go meanwhile. They are read in the order of ids, where new ones come last, and each begins a little before
its place: as long as its first product was seen before, none was passed over.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from app.domain.errors import PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from app.platforms.asking import understood
from app.platforms.woocommerce.products import (
    FIELDS,
    TRASH,
    VARIATION,
    VARIATION_FIELDS,
    NamedBody,
    ProductBody,
    VariationBody,
    snapshot,
)
from app.platforms.woocommerce.rest import NotThere, ask

PAGE = 25
"""Products of one page: slow shops take long for more."""

OVERLAP = 5
"""Products by which a page begins before its place."""

VARIATIONS = 100
"""Variations of one page; the most that WooCommerce gives."""

READS = 3
"""How often a product is read whose variations are not those that it names."""

IN_ORDER = {"orderby": "id", "order": "asc"}


class Catalogue:
    """WooCommerce's catalogue."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        """Read one product with its variations; a variation's id gives its product. What is in the trash does not exist."""
        product = yield from _one(connection, source_id)
        if product is not None and product.type == VARIATION:
            product = yield from _one(connection, SourceId(product.parent_id))
        for _ in range(READS):
            if product is None or product.type == VARIATION or product.status == TRASH:
                return None
            variations = (yield from _variations(connection, product)) if product.has_variations else []
            if {each.id for each in variations}.issuperset(product.variations):
                return snapshot(product, variations, details=connection.details)
            product = yield from _one(connection, product.source_id)
        raise PlatformUnavailable("The product changes while it is being read.")

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        """Read the page after ``cursor``.

        Products with variations need a request each, so they are named as incomplete, as are those that cannot be read, so
        that none stops the rest.
        """
        found, following = yield from fresh(connection, cursor, size=PAGE, fields=FIELDS, operation="page")
        read = [(SourceId(named.id), _sold_alone(product, connection.details)) for named, product in found]
        return Page(
            snapshots=tuple(each for _, each in read if each is not None),
            incomplete=tuple(source_id for source_id, each in read if each is None),
            next=following,
        )


def fresh(
    connection: Connection, cursor: Cursor | None, *, size: int, fields: Sequence[str], operation: str
) -> Reading[tuple[Sequence[tuple[NamedBody, Any]], Cursor | None]]:
    """Read the products after ``cursor``, each as what tells its id and all that is told of it, and the next cursor."""
    place, last = _place(cursor)
    while True:
        start = max(place - OVERLAP, 0)
        found = yield from _listed(connection, start, size=size, fields=fields, operation=operation)
        if start == 0 or (found and int(found[0][0].id) <= last):
            break
        # More products before this place are gone than it begins before it; some have moved to where they are passed over.
        place = start - size
    unseen = [each for each in found if int(each[0].id) > last]
    last = int(unseen[-1][0].id) if unseen else last
    return unseen, Cursor(f"{start + len(found)}/{last}") if len(found) >= size else None


def _place(cursor: Cursor | None) -> tuple[int, int]:
    """Return the place behind the last page, and the id of the last product that was seen."""
    place, _, last = (cursor or "0/0").partition("/")
    return int(place), int(last)


def _one(connection: Connection, source_id: SourceId) -> Reading[ProductBody | None]:
    """Read a product without its variations, or a variation; None when the shop says that there is none."""
    asked = {"_fields": ",".join(FIELDS)}
    try:
        answer = yield from ask(connection, "GET", f"/products/{source_id}", operation="product", query=asked)
    except NotThere:
        return None
    with understood():
        product = ProductBody.model_validate(answer.body)
    if product.id != source_id:
        raise PlatformUnavailable(f"The shop answered with product {product.id} when it was asked for {source_id}.")
    return product


def _variations(connection: Connection, product: ProductBody) -> Reading[list[VariationBody]]:
    found: list[VariationBody] = []
    page = 1
    while True:
        asked = {**IN_ORDER, "per_page": str(VARIATIONS), "page": str(page), "_fields": ",".join(VARIATION_FIELDS)}
        path = f"/products/{product.id}/variations"
        try:
            answer = yield from ask(connection, "GET", path, operation="variations", query=asked)
        except NotThere:
            return []
        with understood():
            found += [VariationBody.model_validate(each) for each in _list(answer.body)]
        if page >= answer.pages:
            return found
        page += 1


def _listed(
    connection: Connection, start: int, *, size: int, fields: Sequence[str], operation: str
) -> Reading[Sequence[tuple[NamedBody, Any]]]:
    asked = {**IN_ORDER, "per_page": str(size), "offset": str(start), "status": "any", "_fields": ",".join(fields)}
    answer = yield from ask(connection, "GET", "/products", operation=operation, query=asked)
    with understood():
        return [(NamedBody.model_validate(each), each) for each in _list(answer.body)]


def _list(body: Any) -> list[Any]:
    if not isinstance(body, list):
        raise ValueError("a list was expected")  # noqa: TRY004
    return body


def _sold_alone(found: Any, details: Mapping[str, str]) -> Snapshot | None:
    """Return a product that a page tells in full; None for one with variations, and for one that cannot be read."""
    try:
        product = ProductBody.model_validate(found)
    except ValidationError:
        return None
    return None if product.has_variations else snapshot(product, details=details)
