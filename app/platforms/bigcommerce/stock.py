"""Stock, asked where BigCommerce keeps it.

https://developer.bigcommerce.com/docs/rest-management/inventory/items. The catalogue tells stock as well, but a moment late,
so that a read right after a notice finds the former number, and of variants only that of one location. Stock is counted for
a product or for each of its variants, and what may be sold is told for each location.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from app.domain.errors import PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import LocationId
from app.platforms.adapter import Connection
from app.platforms.asking import understood
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.rest import NotThere, ask

LIMIT = 1000
"""Items of one page; the most that is given."""

BY_PRODUCT, BY_VARIANT = "product", "variant"
"""Values of ``inventory_tracking``; in the third one stock is not counted."""

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept."""

Node = Mapping[str, Any]
Places = Mapping[LocationId, int]


class Stock:
    """What may be sold of some products, in pieces at each location where anything is sold."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Places]] = {}
        self.load = timedelta(0)
        """How long the shop takes to give back what asking cost."""

    def add(self, item: Node) -> None:
        """Take in one item: a product, or one variant of it."""
        named = item["identity"]
        of_product = self._items.setdefault(identity(named["product_id"]), {})
        of_product[str(named.get("variant_id") or "")] = _places(item["locations"])

    def of(self, variant: Node, product: Node) -> Places | None:
        """Return the stock of a variant: its own, or that of its product where this is counted as one; None: it is not told."""
        items = self._items.get(str(product["id"]), {})
        if product["inventory_tracking"] == BY_VARIANT:
            return items.get(str(variant["id"]))
        # A product is counted under its own name, or under that of its base variant.
        return items.get("", items.get(str(product.get("base_variant_id"))))

    def of_variants(self, product_id: str) -> Mapping[str, int]:
        """Return the stock of those variants of a product that are counted by themselves, over all locations, by their ids."""
        items = self._items.get(product_id, {})
        return {variant: sum(places.values()) for variant, places in items.items() if variant}


def stock_of(connection: Connection, products: Iterable[Node]) -> Reading[Stock]:
    """Read the stock of those products whose stock is counted, all pages of it.

    What is counted and not told here is as the catalogue tells it.
    """
    found = Stock()
    with understood():
        counted = [identity(each["id"]) for each in products if each["inventory_tracking"] in (BY_PRODUCT, BY_VARIANT)]
    page, pages = 1, 1 if counted else 0
    while page <= pages:
        query = {"product_id:in": ",".join(counted), "limit": str(LIMIT), "page": str(page)}
        try:
            answer = yield from ask(connection, "GET", "/v3/inventory/items", operation="stock", query=query)
        except NotThere:
            raise PlatformUnavailable("The shop does not tell its stock (404).") from None
        with understood():
            for item in answer.told["data"]:
                found.add(item)
            pages = number(answer.told["meta"]["pagination"]["total_pages"])
        found.load += answer.load or timedelta(0)
        page += 1
    return found


def number(value: object) -> int:
    """Return a number of pieces; ValueError if it is none."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise ValueError(f"{str(value)[:50]} is no number of pieces")
    return value


def _places(locations: Sequence[Node]) -> Places:
    """Return what may be sold at each location, but for those that are closed, or sell nothing whatever they have."""
    return {
        LocationId(identity(each["location_id"])): number(each["available_to_sell"])
        for each in locations
        if each.get("location_enabled") is not False and (each.get("settings") or {}).get("is_in_stock") is not False
    }
