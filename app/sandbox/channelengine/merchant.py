"""What merchants do, by the names that all stand-ins share. A product that is published is one of the channel's selection."""

from typing import Any

from app.sandbox.channelengine.records import Records, new_shop, next_id, variants_of
from app.sandbox.shop.sandbox import Impossible

Thing = dict[str, Any]

PRODUCT_FIELDS = ("title", "description", "brand", "images", "options")
VARIANT_FIELDS = ("sku", "price", "barcode", "options")


class Merchant:
    """The controls over merchants."""

    records: Records

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a channel, fill it if it is new, and give it the key."""
        is_new = shop not in self.records.shops
        found = self.records.shops.setdefault(shop, new_shop(shop, given))
        found["keys"] |= {name: value for name, value in given.get("credentials", {}).items() if name == "api_key"}
        for each in given.get("catalogue", []) if is_new else []:
            self.create(shop, each)
        self.records.changed()
        return self.look(shop)

    def look(self, shop: str) -> Thing:
        """Return a merchant without what would let somebody in."""
        hidden = ("keys", "told")
        return {name: value for name, value in self.records.shop(shop).items() if name not in hidden}

    def products(self, shop: str) -> list[Thing]:
        found = self.records.shop(shop)
        return [_shown(found, each) for each in found["products"].values()]

    def product(self, shop: str, product_id: str) -> Thing:
        found = self.records.shop(shop)
        return _shown(found, self.records.product(found, product_id))

    def create(self, shop: str, given: Thing) -> Thing:
        """Make a product: one by itself, or with variants if it has options or several of them. That stays so."""
        found = self.records.shop(shop)
        variants = given.get("variants") or [{}]
        product: Thing = {
            "id": given.get("id") or next_id(found),
            "title": given["title"],
            "description": given.get("description", ""),
            "brand": given.get("brand", ""),
            "images": given.get("images", []),
            "options": given.get("options", []),
            "published": given.get("published", True),
            "grouped": bool(given.get("options")) or len(variants) > 1,
            "mapped": {},
        }
        found["products"][str(product["id"])] = product
        for each in variants:
            self._put(found, product, each)
        self.records.say(found)
        return _shown(found, product)

    def update(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        product |= {name: given[name] for name in PRODUCT_FIELDS if name in given}
        self.records.say(found)
        return _shown(found, product)

    def delete(self, shop: str, product_id: str) -> None:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        for each in variants_of(found, product):
            del found["variants"][str(each["id"])]
        del found["products"][product_id]
        self.records.say(found)

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing:
        """Put a product into the channel's selection, or take it out."""
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        product["published"] = published
        self.records.say(found)
        return _shown(found, product)

    def map(self, shop: str, product_id: str, fields: Thing) -> Thing:
        """Map fields of the channel for a product; an empty one is mapped no more."""
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        product["mapped"] = {name: value for name, value in {**product["mapped"], **fields}.items() if value}
        self.records.say(found)
        return _shown(found, product)

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        if not product["grouped"]:
            raise Impossible("A product that stands by itself cannot get variants; make one with options")
        variant = self._put(found, product, given)
        self.records.say(found)
        return variant

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        variant = self.records.variant(found, product_id, variant_id)
        variant |= {name: given[name] for name in VARIANT_FIELDS if name in given}
        self.records.say(found)
        return variant

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None:
        found = self.records.shop(shop)
        if not self.records.product(found, product_id)["grouped"]:
            raise Impossible("It is the whole product; delete that")
        self.records.variant(found, product_id, variant_id)
        del found["variants"][variant_id]
        self.records.say(found)

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        found = self.records.shop(shop)
        variant = self.records.variant(found, product_id, variant_id)
        variant["quantity"] = quantity
        self.records.say(found)
        return variant

    def _put(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        variant: Thing = {
            "id": given.get("id") or next_id(shop),
            "product": product["id"],
            "sku": given.get("sku") or "",
            "price": given.get("price", "1.00"),
            "barcode": given.get("barcode"),
            "options": given.get("options", []),
            "quantity": given.get("quantity", 0),
            "mapped": {},
        }
        shop["variants"][str(variant["id"])] = variant
        return variant


def _shown(shop: Thing, product: Thing) -> Thing:
    return {**product, "variants": variants_of(shop, product)}
