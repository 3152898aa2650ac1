"""Shops and their products as JSON data, by their ids."""

from collections.abc import Callable
from typing import Any

from app.sandbox.shop.sandbox import Unknown

Thing = dict[str, Any]


class Shops:
    """The shops. ``changed`` is called with any change."""

    def __init__(self) -> None:
        self.shops: dict[str, Thing] = {}
        self.changed: Callable[[], None] = lambda: None

    def shop(self, name: str) -> Thing:
        try:
            return self.shops[name]
        except KeyError:
            raise Unknown(f"There is no shop {name}") from None

    def product(self, shop: Thing, product_id: str) -> Thing:
        try:
            found: Thing = shop["products"][product_id]
        except KeyError:
            raise Unknown("There is no such product") from None
        return found


class Records(Shops):
    """Shops in which products and variants lie side by side."""

    def variant(self, shop: Thing, product_id: str, variant_id: str) -> Thing:
        found = shop["variants"].get(variant_id)
        if found is None or str(found["product"]) != product_id:
            raise Unknown("There is no such variant")
        variant: Thing = found
        return variant
