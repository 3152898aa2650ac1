"""What merchants do in their shops, by the names that all stand-ins share."""

from typing import Any

from app.sandbox.lightspeed.records import Records, new_shop, next_id, told, variants_of
from app.sandbox.shop.sandbox import Impossible

Thing = dict[str, Any]

PRODUCT_FIELDS = {"title": "title", "description": "content", "brand": "brand", "images": "images"}
VARIANT_FIELDS = {"sku": "articleCode", "price": "price", "barcode": "ean"}
"""How the fields of the controls are called here."""

KEYS = ("api_key", "api_secret")


class Merchant:
    """The controls over shops."""

    records: Records

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a shop, fill it if it is new, and give it the key."""
        is_new = shop not in self.records.shops
        found = self.records.shops.setdefault(shop, new_shop(shop, given))
        found["keys"] |= {name: value for name, value in given.get("credentials", {}).items() if name in KEYS}
        for each in given.get("catalogue", []) if is_new else []:
            self.create(shop, each)
        self.records.changed()
        return self.look(shop)

    def look(self, shop: str) -> Thing:
        """Return a shop without what would let somebody in."""
        return {name: value for name, value in self.records.shop(shop).items() if name not in ("keys", "token")}

    def products(self, shop: str) -> list[Thing]:
        found = self.records.shop(shop)
        return [self._shown(found, each) for each in found["products"].values()]

    def product(self, shop: str, product_id: str) -> Thing:
        found = self.records.shop(shop)
        return self._shown(found, self.records.product(found, product_id))

    def create(self, shop: str, given: Thing) -> Thing:
        """Put a product into the shop, with one variant if none is given."""
        found = self.records.shop(shop)
        number = given.get("id") or next_id(found)
        product: Thing = {
            "id": number,
            "createdAt": told(),
            "updatedAt": told(),
            "visibility": "visible" if given.get("published", True) else "hidden",
            "title": given["title"],
            "content": given.get("description", ""),
            "images": given.get("images", []),
            "brand": self._brand(found, given.get("brand", "")),
        }
        variants = [self._variant(found, number, each, n) for n, each in enumerate(given.get("variants") or [{}], 1)]
        found["products"][str(number)] = product
        self.records.say(found, "products/created", product)
        for each in variants:
            found["variants"][str(each["id"])] = each
            self.records.say(found, "variants/created", each)
        return self._shown(found, product)

    def update(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        fields = {theirs: given[ours] for ours, theirs in PRODUCT_FIELDS.items() if ours in given}
        if "brand" in fields:
            fields["brand"] = self._brand(found, fields["brand"])
        return self._changed(found, product, fields)

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        return self._changed(found, product, {"visibility": "visible" if published else "hidden"})

    def show(self, shop: str, product_id: str, visibility: str) -> Thing:
        """Show a product, hide it, or (``auto``) show it while it is in stock."""
        found = self.records.shop(shop)
        return self._changed(found, self.records.product(found, product_id), {"visibility": visibility})

    def delete(self, shop: str, product_id: str) -> None:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        for each in variants_of(found, product):
            del found["variants"][str(each["id"])]
        del found["products"][product_id]
        self.records.say(found, "products/deleted", product)

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        product = self.records.product(found, product_id)
        position = len(variants_of(found, product)) + 1
        variant = self._variant(found, product["id"], given, position)
        found["variants"][str(variant["id"])] = variant
        self.records.say(found, "variants/created", variant)
        return _shown_variant(variant)

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing:
        found = self.records.shop(shop)
        variant = self.records.variant(found, product_id, variant_id)
        fields = {theirs: given[ours] for ours, theirs in VARIANT_FIELDS.items() if ours in given}
        if "tracked" in given:
            fields["stockTracking"] = "enabled" if given["tracked"] else "disabled"
        if given.get("options"):
            fields["title"] = _title(given)
        variant |= {name: value or "" if name != "price" else value for name, value in fields.items()}
        return self._touched(found, variant)

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None:
        found = self.records.shop(shop)
        variant = self.records.variant(found, product_id, variant_id)
        if len(variants_of(found, self.records.product(found, product_id))) == 1:
            raise Impossible("A product keeps one variant at least.")
        del found["variants"][variant_id]
        self.records.say(found, "variants/deleted", variant)

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        found = self.records.shop(shop)
        variant = self.records.variant(found, product_id, variant_id)
        variant["stockLevel"] = quantity
        return self._touched(found, variant)

    # Parts

    def _changed(self, shop: Thing, product: Thing, fields: Thing) -> Thing:
        product |= {**fields, "updatedAt": told()}
        self.records.say(shop, "products/updated", product)
        return self._shown(shop, product)

    def _touched(self, shop: Thing, variant: Thing) -> Thing:
        variant["updatedAt"] = told()
        self.records.say(shop, "variants/updated", variant)
        return _shown_variant(variant)

    def _brand(self, shop: Thing, title: str) -> str:
        if title and title not in shop["brands"]:
            shop["brands"][title] = next_id(shop)
        return title

    def _variant(self, shop: Thing, product_id: int, given: Thing, position: int) -> Thing:
        return {
            "id": given.get("id") or next_id(shop),
            "product": product_id,
            "createdAt": told(),
            "updatedAt": told(),
            "sortOrder": position,
            "articleCode": given.get("sku") or "",
            "sku": "",
            "ean": given.get("barcode") or "",
            "weight": round(1000 * (given.get("weight") or 0)),
            "price": given.get("price", "1.00"),
            "stockTracking": "enabled" if given.get("tracked", True) else "disabled",
            "stockLevel": given.get("quantity", 0),
            "title": _title(given),
        }

    def _shown(self, shop: Thing, product: Thing) -> Thing:
        return {**product, "variants": [_shown_variant(each) for each in variants_of(shop, product)]}


def _title(given: Thing) -> str:
    return ", ".join(given.get("options") or ["Default"])


def _shown_variant(variant: Thing) -> Thing:
    """Return a variant as the controls show it: merchants here have their SKUs among the article codes."""
    return {**variant, "sku": variant["articleCode"]}
