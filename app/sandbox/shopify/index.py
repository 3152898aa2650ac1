"""Finds what a shop has without looking at all of it, so that ten thousand products are read as fast as ten."""

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from app.sandbox.shopify.times import seconds

Thing = dict[str, Any]
Order = list[tuple[Any, int]]
"""Products as (sort value, id), in that order."""


class Index:
    """Where one shop's products, variants, stock items and SKUs are. It is not saved, but built from the products."""

    def __init__(self, products: Iterable[Thing] = ()) -> None:
        self.products: dict[int, Thing] = {}
        self.by_id: Order = []
        self.by_update: Order = []
        self.variants: dict[int, tuple[Thing, Thing]] = {}
        self.items: dict[int, tuple[Thing, Thing]] = {}
        self.skus: defaultdict[str, set[int]] = defaultdict(set)
        for each in products:
            self.add(each)

    def add(self, product: Thing) -> None:
        self.products[product["id"]] = product
        insort(self.by_id, (product["id"], product["id"]))
        insort(self.by_update, (seconds(product["updated_at"]), product["id"]))
        for variant in product["variants"]:
            self.variants[variant["id"]] = (product, variant)
            self.items[variant["inventory_item_id"]] = (product, variant)
            if variant["sku"]:
                self.skus[variant["sku"].lower()].add(variant["id"])

    def remove(self, product: Thing) -> None:
        """Forget a product. It has to be as it was when it was added, so it is called before a change."""
        del self.products[product["id"]]
        _discard(self.by_id, (product["id"], product["id"]))
        _discard(self.by_update, (seconds(product["updated_at"]), product["id"]))
        for variant in product["variants"]:
            del self.variants[variant["id"]]
            del self.items[variant["inventory_item_id"]]
            if variant["sku"]:
                self.skus[variant["sku"].lower()].discard(variant["id"])

    def order(self, sort: str | None) -> Order:
        """Return all products in an order of ``ProductSortKeys``; None is by id."""
        match sort:
            case "UPDATED_AT":
                return self.by_update
            case "CREATED_AT":
                return sorted((seconds(each["created_at"]), each["id"]) for each in self.products.values())
            case "TITLE":
                return sorted((each["title"], each["id"]) for each in self.products.values())
            case _:
                return self.by_id


def _discard(order: Order, entry: tuple[Any, int]) -> None:
    at = bisect_left(order, entry)
    if at < len(order) and order[at] == entry:
        del order[at]
