"""What merchants do in their shops, by the names that all stand-ins share."""

from collections.abc import Callable, Sequence
from typing import Any

from app.sandbox.shop.sandbox import Impossible, Unknown
from app.sandbox.woocommerce.posts import Posts

Thing = dict[str, Any]

PRODUCT_FIELDS = {"title": "title", "description": "description", "brand": "brand", "images": "images"}
VARIANT_FIELDS = {
    "sku": "sku",
    "price": "regular_price",
    "barcode": "gtin",
    "weight": "weight",
    "tracked": "manage_stock",
}
"""How the fields of the controls are called in a post."""


class Merchant:
    """The controls over posts: a product without options is its own only variant."""

    posts: Posts

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a shop, fill it if it is new, and give it the key."""
        is_new = shop not in self.posts.shops
        self.posts.open(shop, given)
        for each in given.get("catalogue", []) if is_new else []:
            self.create(shop, each)
        return self.look(shop)

    def look(self, shop: str) -> Thing:
        """Return a shop without what would let somebody in."""
        return {name: value for name, value in self.posts.shop(shop).items() if name not in ("keys", "salt")}

    def products(self, shop: str) -> list[Thing]:
        found = self.posts.shop(shop)
        return [self._shown(found, each) for each in found["posts"].values() if each["type"] != "variation"]

    def product(self, shop: str, product_id: str) -> Thing:
        return self._shown(*self._product(shop, product_id))

    def create(self, shop: str, given: Thing) -> Thing:
        """Put a product into the shop. Its options make it a variable one."""
        found = self.posts.shop(shop)
        names = given.get("options") or []
        variants = given.get("variants") or [{}]
        if len(variants) > 1 and not names:
            raise Impossible("A product with several variants needs options.")
        fields = {**_renamed(given, PRODUCT_FIELDS), "status": "publish" if given.get("published", True) else "draft"}
        if "id" in given:
            fields["id"] = given["id"]
        before = dict(found["posts"])
        try:
            product, variations = self._add(found, fields, names, variants)
        except Impossible:
            found["posts"] = before
            raise
        self.posts.fired(found, "woocommerce_new_product", product["id"])
        for each in variations:
            self.posts.fired(found, "woocommerce_new_product_variation", each["id"])
        if variations:
            self.posts.save(found, product)
        return self._shown(found, product)

    def update(self, shop: str, product_id: str, given: Thing) -> Thing:
        found, product = self._product(shop, product_id)
        fields = _renamed(given, PRODUCT_FIELDS)
        if "options" in given:
            if len(given["options"]) != len(product["attributes"]):
                raise Impossible("Options can be renamed here, not added or removed.")
            fields["attributes"] = given["options"]
        self.posts.change(found, product, fields)
        return self._shown(found, product)

    def delete(self, shop: str, product_id: str) -> None:
        """Move a product to the trash, as WordPress does with what a merchant deletes."""
        self.posts.trash(*self._product(shop, product_id))

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing:
        found, product = self._product(shop, product_id)
        self.posts.change(found, product, {"status": "publish" if published else "draft"})
        return self._shown(found, product)

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing:
        found, product = self._product(shop, product_id)
        if product["type"] != "variable":
            raise Impossible("A product without options has no variations.")
        variation = self._add_variation(found, product, given)
        self.posts.fired(found, "woocommerce_new_product_variation", variation["id"])
        self.posts.save_parent(found, variation)
        return variation

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing:
        found, variant = self._variant(shop, product_id, variant_id)
        fields = _renamed(given, VARIANT_FIELDS)
        if fields.get("manage_stock") and variant["stock_quantity"] is None:
            fields["stock_quantity"] = 0
        if "options" in given:
            fields["attributes"] = given["options"]
        self.posts.change(found, variant, fields)
        return variant

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None:
        found, variant = self._variant(shop, product_id, variant_id)
        if variant["type"] != "variation":
            raise Impossible("A product without options is its only variant.")
        self.posts.delete(found, variant)

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        """Set the stock where it is counted: at the variation, or at its product for all variations together."""
        found, variant = self._variant(shop, product_id, variant_id)
        keeper = variant
        if not variant["manage_stock"]:
            keeper = found["posts"].get(str(variant["parent_id"]), variant)
        if not keeper["manage_stock"]:
            raise Impossible("The shop does not count the stock of this product.")
        self.posts.change(found, keeper, {"stock_quantity": quantity})
        return variant

    # Parts

    def _product(self, shop: str, product_id: str) -> tuple[Thing, Thing]:
        found = self.posts.shop(shop)
        product = self.posts.post(found, product_id)
        if product["type"] == "variation":
            raise Unknown("There is no such product")
        return found, product

    def _variant(self, shop: str, product_id: str, variant_id: str) -> tuple[Thing, Thing]:
        found, product = self._product(shop, product_id)
        if product["type"] != "variable" and variant_id == product_id:
            return found, product
        for each in self.posts.variations(found, product["id"]):
            if str(each["id"]) == variant_id:
                return found, each
        raise Unknown("There is no such variant")

    def _add(
        self, shop: Thing, fields: Thing, names: Sequence[str], variants: Sequence[Thing]
    ) -> tuple[Thing, list[Thing]]:
        """Add a product with its variations; a product without options has none."""
        if not names:
            return self.posts.add(shop, "simple", {**_sold(variants[0]), **fields}), []
        product = self.posts.add(shop, "variable", {**fields, "attributes": list(names)})
        return product, [self._add_variation(shop, product, each) for each in variants]

    def _add_variation(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        options: Sequence[str] = given.get("options") or []
        if len(options) != len(product["attributes"]):
            named = ", ".join(product["attributes"])
            raise Impossible(f"A variation needs a value for each of {named}; an empty one stands for any.")
        fields = {**_sold(given), "parent_id": product["id"], "attributes": list(options)}
        if "id" in given:
            fields["id"] = given["id"]
        return self.posts.add(shop, "variation", fields)

    def _shown(self, shop: Thing, product: Thing) -> Thing:
        variations = self.posts.variations(shop, product["id"]) if product["type"] == "variable" else [product]
        return {**product, "variants": variations}


def _renamed(given: Thing, names: dict[str, str]) -> Thing:
    tidy: dict[str, Callable[[Any], Any]] = {"sku": _text, "regular_price": _text, "gtin": _text, "weight": _text}
    renamed = {theirs: given[ours] for ours, theirs in names.items() if ours in given}
    return {name: tidy[name](value) if name in tidy else value for name, value in renamed.items()}


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _sold(given: Thing) -> Thing:
    """Return how a new variant is sold; its stock is counted unless it is said that it is not."""
    counted = given.get("tracked", True)
    fields = {"regular_price": "1.00", **_renamed(given, VARIANT_FIELDS), "manage_stock": counted}
    return {**fields, "stock_quantity": given.get("quantity", 0) if counted else None}
