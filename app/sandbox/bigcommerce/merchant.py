"""What merchants do in their stores, by the names that all stand-ins share."""

import time
from typing import Any

from app.sandbox.bigcommerce.records import DEFAULT_LOCATION, Records, has_options, new_shop, next_id, told
from app.sandbox.shop.sandbox import Impossible

Thing = dict[str, Any]

PRODUCT_FIELDS = {"title": "title", "description": "description", "options": "options"}
VARIANT_FIELDS = {"sku": "sku", "price": "price", "barcode": "upc", "weight": "weight"}
"""How the fields of the controls are called here."""


class Merchant:
    """The controls over stores."""

    records: Records

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a store, fill it if it is new, and give it an API account."""
        is_new = shop not in self.records.shops
        found = self.records.shops.setdefault(shop, new_shop(shop, given))
        credentials = given.get("credentials", {})
        if "access_token" in credentials:
            secret = credentials.get("client_secret", "")
            found["accounts"][credentials["access_token"]] = {"client": "store", "secret": secret}
        for each in given.get("catalogue", []) if is_new else []:
            self.create(shop, each)
        self.records.changed()
        return self.look(shop)

    def look(self, shop: str) -> Thing:
        """Return a store without what would let somebody in."""
        hidden = ("accounts", "codes", "subscriptions")
        return {name: value for name, value in self.records.shop(shop).items() if name not in hidden}

    def products(self, shop: str) -> list[Thing]:
        return [_shown(each) for each in self.records.shop(shop)["products"].values()]

    def product(self, shop: str, product_id: str) -> Thing:
        return _shown(self.records.product(self.records.shop(shop), product_id))

    def create(self, shop: str, given: Thing) -> Thing:
        """Put a product into the store, with one variant if none is given."""
        found = self.records.shop(shop)
        variants = [self._variant(found, each) for each in given.get("variants") or [{}]]
        product: Thing = {
            "id": given.get("id") or next_id(found),
            "title": given["title"],
            "description": given.get("description", ""),
            "sku": "",
            "price": variants[0]["price"],
            "brand_id": self._brand(found, given.get("brand", "")),
            "is_visible": given.get("published", True),
            "availability": "available",
            "tracking": "none",
            "options": given.get("options", []),
            "images": given.get("images", []),
            "sold": 0,
            "date_created": told(),
            "date_modified": told(),
            "variants": {str(each["id"]): each for each in variants},
        }
        _refuse_mixed(product)
        if all(each.get("tracked", True) for each in given.get("variants") or [{}]):
            product["tracking"] = "variant" if has_options(product) else "product"
        found["products"][str(product["id"])] = product
        self.records.product_happened(found, product, "created")
        for each in variants if has_options(product) else ():
            self.records.variant_happened(found, product, each, "created")
        return _shown(product)

    def update(self, shop: str, product_id: str, given: Thing) -> Thing:
        """Change a product. Nobody is told of images, but of the first."""
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        fields = {theirs: given[ours] for ours, theirs in PRODUCT_FIELDS.items() if ours in given}
        if "brand" in given:
            fields["brand_id"] = self._brand(found, given["brand"])
        first_image = bool(given.get("images")) and not product["images"]
        product |= fields | ({"images": given["images"]} if "images" in given else {})
        if fields or first_image:
            self._touch(found, product)
        self.records.changed()
        return _shown(product)

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        product["is_visible"] = published
        self._touch(found, product)
        return _shown(product)

    def sell(self, shop: str, product_id: str, availability: str) -> Thing:
        """Say whether a visible product may be bought: ``available``, ``preorder`` or ``disabled``."""
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        product["availability"] = availability
        self._touch(found, product)
        return _shown(product)

    def delete(self, shop: str, product_id: str) -> None:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        del found["products"][product_id]
        self.records.product_happened(found, product, "deleted")

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        if not product["options"]:
            raise Impossible("A product needs an option before it can have another variant.")
        variant = self._variant(found, given)
        with_it = {**product, "variants": {**product["variants"], str(variant["id"]): variant}}
        _refuse_mixed(with_it)
        product["variants"][str(variant["id"])] = variant
        self.records.variant_happened(found, product, variant, "created")
        return variant

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        variant = self.records.variant(product, variant_id)
        fields = {theirs: given[ours] for ours, theirs in VARIANT_FIELDS.items() if ours in given}
        self.records.refuse_taken(found, fields.get("sku") or "", but=variant["id"])
        variant |= {name: value or "" if name in ("sku", "upc") else value for name, value in fields.items()}
        if given.get("options"):
            variant["options"] = given["options"]
        if "tracked" in given:
            counted = "variant" if has_options(product) else "product"
            product["tracking"] = counted if given["tracked"] else "none"
        if has_options(product):
            self.records.variant_happened(found, product, variant, "updated")
        if not has_options(product) or "tracked" in given:
            self._touch(found, product)
        return variant

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        variant = self.records.variant(product, variant_id)
        if len(product["variants"]) == 1:
            raise Impossible("A product keeps one variant at least.")
        del product["variants"][variant_id]
        self.records.variant_happened(found, product, variant, "deleted")

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        """Set the stock at the default location."""
        return self.set_stock_at(shop, product_id, variant_id, DEFAULT_LOCATION, quantity)

    def set_stock_at(self, shop: str, product_id: str, variant_id: str, location: str, quantity: int) -> Thing:
        return self._count(shop, product_id, variant_id, location, lambda _: quantity, ordered=False)

    def order(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        """Have somebody buy from the default location."""
        product = self.records.product(self.records.shop(shop), product_id)
        product["sold"] += quantity
        return self._count(shop, product_id, variant_id, DEFAULT_LOCATION, lambda left: left - quantity, ordered=True)

    # Parts

    def _count(self, shop: str, product_id: str, variant_id: str, location: str, new: Any, *, ordered: bool) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        variant = self.records.variant(product, variant_id)
        before = dict(variant["stock"])
        had = before.get(location, 0)
        variant |= {"stock_before": before, "stock": {**before, location: new(had)}, "stock_changed": time.time()}
        by = variant["stock"][location] - had
        self.records.stock_happened(found, product, variant, location, by=by, ordered=ordered)
        return variant

    def _touch(self, shop: Thing, product: Thing) -> None:
        product["date_modified"] = told()
        self.records.product_happened(shop, product, "updated")

    def _brand(self, shop: Thing, name: str) -> int:
        if not name:
            return 0
        number: int = shop["brands"].setdefault(name, len(shop["brands"]) + 1)
        return number

    def _variant(self, shop: Thing, given: Thing) -> Thing:
        self.records.refuse_taken(shop, given.get("sku") or "")
        stock = {DEFAULT_LOCATION: given.get("quantity", 0)}
        return {
            "id": given.get("id") or next_id(shop),
            "sku": given.get("sku") or "",
            "sku_id": next_id(shop),
            "upc": given.get("barcode") or "",
            "price": given.get("price", "1.00"),
            "weight": given.get("weight"),
            "options": given.get("options", []),
            "purchasing_disabled": False,
            "stock": stock,
            "stock_before": stock,
            "stock_changed": 0.0,
        }


def _refuse_mixed(product: Thing) -> None:
    """Raise Impossible unless a product has one variant without options, or every variant has a value for each of them."""
    variants, options = product["variants"].values(), product["options"]
    if len(variants) == 1 and not options:
        return
    if any(len(each["options"]) != len(options) for each in variants):
        raise Impossible("Every variant of a product has a value for each of its options.")


def _shown(product: Thing) -> Thing:
    return {**product, "variants": list(product["variants"].values())}
