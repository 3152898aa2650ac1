"""Stores, products and variants as JSON data.

A product keeps its variants. Stock is kept by variant and location; that of a product without options is its only variant's.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from app.sandbox.shop import records
from app.sandbox.shop.sandbox import Impossible, Unknown

Thing = dict[str, Any]

DEFAULT_LOCATION = "1"
NAME = re.compile(r"[a-z0-9]{3,40}")


def told() -> str:
    """Return the time as the API tells it: whole seconds, in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def new_shop(name: str, given: Thing) -> Thing:
    """Return an empty store. It is called by its hash, such as abc123."""
    if NAME.fullmatch(name) is None:
        raise Unknown(f"A store is called by its hash, such as abc123, not {name}")
    return {
        "name": name,
        "number": str(1_000_000 + sum(name.encode()) * 97),
        "title": given.get("name") or name,
        "currency": given.get("currency", "EUR"),
        "accounts": {},
        "codes": {},
        "next": 100,
        "products": {},
        "brands": {},
        "subscriptions": {},
    }


def next_id(shop: Thing) -> int:
    number: int = shop["next"]
    shop["next"] += 1
    return number


def has_options(product: Thing) -> bool:
    """Tell whether a product's variants differ in options; else it has the base variant alone."""
    return any(each["options"] for each in product["variants"].values())


class Records(records.Shops):
    """The stores. ``happened`` is called with what happens in one, ``changed`` with any change."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: Callable[[Thing, str, Thing], None] = lambda _shop, _scope, _data: None

    def variant(self, product: Thing, variant_id: str) -> Thing:
        try:
            found: Thing = product["variants"][variant_id]
        except KeyError:
            raise Unknown("There is no such variant") from None
        return found

    def refuse_taken(self, shop: Thing, sku: str, *, but: int | None = None) -> None:
        """Raise Impossible if another variant has an SKU: they are unique in a store, whatever the case of their letters."""
        if sku and any(each["sku"].lower() == sku.lower() and each["id"] != but for each in self._variants(shop)):
            raise Impossible(f"The SKU {sku} is in use.")

    def _variants(self, shop: Thing) -> Iterator[Thing]:
        for product in shop["products"].values():
            yield from product["variants"].values()

    # What is told

    def product_happened(self, shop: Thing, product: Thing, what: str) -> None:
        self.happened(shop, f"store/product/{what}", {"type": "product", "id": product["id"]})
        self.changed()

    def variant_happened(self, shop: Thing, product: Thing, variant: Thing, what: str) -> None:
        """Tell of a variant; of one without an SKU there is nothing to tell."""
        if variant["sku"]:
            named = {"product_id": product["id"], "variant_id": variant["id"]}
            self.happened(shop, f"store/sku/{what}", {"type": "sku", "id": variant["sku_id"], "sku": named})
        self.changed()

    def stock_happened(
        self, shop: Thing, product: Thing, variant: Thing, location: str, *, by: int, ordered: bool
    ) -> None:
        """Tell of stock, where it is counted: of the product or of the variant. A product's level is one of its own fields.

        At the default location alone: whether it is so at others nobody tells. What no order took is told of any location.
        """
        if product["tracking"] != "none" and not ordered:
            named = {"variant_id": variant["id"], "product_id": product["id"], "location_id": int(location)}
            self.happened(shop, "store/channel/*/inventory/product/stock_changed", named)
        if location != DEFAULT_LOCATION:
            self.changed()
            return
        about = {"product_id": product["id"], "method": "relative" if ordered else "absolute", "value": by}
        what = "inventory/order/updated" if ordered else "inventory/updated"
        if product["tracking"] == "product":
            self.happened(shop, f"store/product/{what}", {"type": "product", "id": product["id"], "inventory": about})
            self.product_happened(shop, product, "updated")
        elif product["tracking"] == "variant":
            about["variant_id"] = variant["id"]
            self.happened(shop, f"store/sku/{what}", {"type": "sku", "id": variant["sku_id"], "inventory": about})
        self.changed()
