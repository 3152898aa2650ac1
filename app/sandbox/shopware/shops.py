"""What happens in the stand-in shops. Whatever is written through Shopware's own layer tells its webhooks; orders do not."""

from collections.abc import Callable
from typing import Any

from app.sandbox.shop.sandbox import Impossible, Unknown
from app.sandbox.shopware import bodies, records
from app.sandbox.shopware.records import EVERYWHERE, Thing
from app.sandbox.shopware.times import now

Notify = Callable[[Thing, str, Any], None]
"""Told of each happening: the shop, the event's name, and its payload."""


class Shops:
    """All shops, and all that can be done with their products."""

    def __init__(self) -> None:
        self.shops: dict[str, Thing] = {}
        self.notify: Notify = lambda *_: None
        self.changed: Callable[[], None] = lambda: None

    def shop(self, name: str) -> Thing:
        """Return a shop; Unknown if there is none of this name."""
        if name not in self.shops:
            raise Unknown("There is no such shop")
        return self.shops[name]

    def open(self, name: str, given: Thing) -> Thing:
        """Return a shop, made if there is none."""
        if name not in self.shops:
            self.shops[name] = records.open_shop(name, given)
            for each in given.get("catalogue", ()):
                self.create(self.shops[name], each)
        self.changed()
        return self.shops[name]

    def product(self, shop: Thing, product_id: str) -> Thing:
        """Return a product that is no variant; Unknown if there is none."""
        found: Thing | None = shop["products"].get(product_id)
        if found is None or found["parentId"] is not None:
            raise Unknown("There is no such product")
        return found

    def variant(self, shop: Thing, product_id: str, variant_id: str) -> Thing:
        """Return a variant of a product, or a product without any that is its own; Unknown if there is none."""
        parent = self.product(shop, product_id)
        found = next((each for each in self.variants(shop, parent) if each["id"] == variant_id), None)
        if found is None:
            raise Unknown("There is no such variant")
        return found

    @staticmethod
    def variants(shop: Thing, product: Thing) -> list[Thing]:
        return records.children(shop, product) or [product]

    # Products

    def create(self, shop: Thing, given: Thing) -> Thing:
        """Put a product into the shop, then its variants, as the administration does. Impossible as Shopware has it."""
        variants, names = given.get("variants") or [{}], given.get("options") or []
        if not names and len(variants) > 1:
            raise Impossible("Variants need options to tell them apart.")
        parent = records.product(shop, None if names else variants[0].get("sku"), given, now=now())
        parent |= {
            "name": given["title"],
            "description": given.get("description") or None,
            "manufacturerId": records.manufacturer(shop, given.get("brand", "")),
            "active": given.get("published", True),
            "isCloseout": True,
            "price": records.price(variants[0].get("price") or "1.00"),
            "visibilities": [{"salesChannelId": each, "visibility": EVERYWHERE} for each in shop["sales_channels"]],
        }
        records.put_images(parent, given.get("images") or [])
        if not names:
            self._fill(parent, variants[0])
        shop["products"][parent["id"]] = parent
        self._tell(shop, "insert", [parent], "productNumber", "name", "active", "stock", "price", "createdAt")
        if names:
            self._add(shop, parent, names, variants)
        return parent

    def _fill(self, entity: Thing, given: Thing) -> None:
        if given.get("tracked") is False:
            raise Impossible("Shopware counts the stock of everything.")
        if "barcode" in given:
            entity["ean"] = given["barcode"]
        if "weight" in given:
            entity["weight"] = given["weight"]
        records.put_stock(entity, given.get("quantity") or entity["stock"])

    def _add(self, shop: Thing, parent: Thing, names: list[str], variants: list[Thing]) -> list[Thing]:
        made = []
        for given in variants:
            values = given.get("options") or []
            if len(values) != len(names):
                raise Impossible(f"A variant has a value for each of {', '.join(names)}.")
            child = records.product(shop, given.get("sku"), given, now=now())
            child |= {
                "parentId": parent["id"],
                "optionIds": [records.option(shop, *each) for each in zip(names, values, strict=True)],
                "price": self._own_price(parent, given),
            }
            self._fill(child, given)
            shop["products"][child["id"]] = child
            made.append(child)
        parent["childCount"] = len(records.children(shop, parent))
        self._tell(shop, "insert", made, "parentId", "productNumber", "stock", "options", "createdAt")
        return made

    @staticmethod
    def _own_price(parent: Thing, given: Thing) -> list[Thing] | None:
        """Return a variant's own price; None where it is its product's, which it then follows."""
        price = records.price(given.get("price") or "1.00")
        return None if price == parent["price"] else price

    def update(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        """Change fields of a product; fields that are not given stay as they are."""
        fields = []
        for name, field in (("title", "name"), ("description", "description")):
            if name in given:
                product[field] = given[name]
                fields.append(field)
        if "brand" in given:
            product["manufacturerId"] = records.manufacturer(shop, given["brand"])
            fields.append("manufacturerId")
        if "images" in given:
            records.put_images(product, given["images"])
            fields += ["media", "coverId"]
        if "options" in given and given["options"] != records.groups_of(shop, product):
            raise Impossible("What variants differ in is decided when they are made.")
        self.touch(shop, [product], *fields)
        return product

    def switch(self, shop: Thing, entity: Thing, active: bool | None) -> None:
        """Set a product or a variant active or inactive; None: a variant follows its product."""
        entity["active"] = active
        self.touch(shop, [entity], "active")

    def delete(self, shop: Thing, product: Thing) -> None:
        """Delete a product, and its variants with it."""
        gone = [product, *records.children(shop, product)]
        for each in gone:
            del shop["products"][each["id"]]
        self.changed()
        self.notify(shop, "product.deleted", bodies.rows("delete", gone))

    # Variants

    def add_variant(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        """Add a variant. Impossible for a product without any, since nobody knows what they would differ in."""
        names = records.groups_of(shop, product)
        if not names:
            raise Impossible("A product without variants gets some when it is made, with the options they differ in.")
        (made,) = self._add(shop, product, names, [given])
        return made

    def change_variant(self, shop: Thing, variant: Thing, given: Thing) -> Thing:
        """Change fields of a variant."""
        if given.get("tracked") is False:
            raise Impossible("Shopware counts the stock of everything.")
        fields = []
        if "sku" in given:
            number = given["sku"] or records.next_number(shop)
            records.refuse_taken(shop, number, but=variant["id"])
            variant["productNumber"] = number
            fields.append("productNumber")
        if "price" in given:
            variant["price"] = records.price(given["price"])
            fields.append("price")
        if "barcode" in given:
            variant["ean"] = given["barcode"]
            fields.append("ean")
        if "options" in given:
            names = records.groups_of(shop, shop["products"][variant["parentId"]]) if variant["parentId"] else []
            if len(names) != len(given["options"]):
                raise Impossible(f"A variant has a value for each of {', '.join(names) or 'no options'}.")
            values = zip(names, given["options"], strict=True)
            variant["optionIds"] = [records.option(shop, *each) for each in values]
            fields.append("options")
        self.touch(shop, [variant], *fields)
        return variant

    def remove_variant(self, shop: Thing, product: Thing, variant: Thing) -> None:
        """Delete a variant. Impossible: it is the product itself."""
        if variant is product:
            raise Impossible("A product without variants is deleted as a whole.")
        del shop["products"][variant["id"]]
        # The count is kept by a statement of its own, so that the product itself does not change.
        product["childCount"] -= 1
        self.changed()
        self.notify(shop, "product.deleted", bodies.rows("delete", [variant]))

    def set_stock(self, shop: Thing, quantities: dict[str, int]) -> None:
        """Set the stock of products and variants in one write, by their ids; it is told in one webhook."""
        found = []
        for product_id, quantity in quantities.items():
            if product_id not in shop["products"]:
                raise Unknown("There is no such product")
            records.put_stock(shop["products"][product_id], quantity)
            found.append(shop["products"][product_id])
        self.touch(shop, found, "stock")

    def show_in(self, entity: Thing, sales_channel: str, visibility: int | None) -> None:
        """Say how a product is seen in a sales channel; None: not at all. It is told to nobody."""
        others = [each for each in entity["visibilities"] if each["salesChannelId"] != sales_channel]
        own = [] if visibility is None else [{"salesChannelId": sales_channel, "visibility": visibility}]
        entity["visibilities"] = others + own
        self.changed()

    def save_draft(self, shop: Thing, entity: Thing) -> None:
        """Write another version of a product, which is not sold, as the preview of a change does."""
        self.notify(shop, "product.written", bodies.rows("update", [entity], ("name",), version=records.new_id()))

    # Orders

    def order(self, shop: Thing, lines: list[Thing]) -> Thing:
        """Sell something. The stock is written past everything that tells webhooks; the order itself is told."""
        for each in lines:
            if each["product"] not in shop["products"]:
                raise Unknown("There is no such product")
        order_id = records.new_id()
        order: Thing = {
            "id": order_id,
            "orderNumber": str(10001 + len(shop["orders"])),
            "createdAt": now(),
            "state": "open",
            "lines": [self._line(shop, each) for each in lines],
        }
        shop["orders"][order_id] = order
        self._take(shop, order, 1)
        self.changed()
        self.notify(shop, "checkout.order.placed", {"order": bodies.order_body(order)})
        return order

    def cancel(self, shop: Thing, order_id: str) -> Thing:
        """Cancel an order: what it took is given back."""
        order: Thing | None = shop["orders"].get(order_id)
        if order is None or order["state"] == "cancelled":
            raise Unknown("There is no such order that could be cancelled")
        order["state"] = "cancelled"
        self._take(shop, order, -1)
        self.changed()
        self.notify(shop, "state_enter.order.state.cancelled", {"order": bodies.order_body(order)})
        return order

    @staticmethod
    def _line(shop: Thing, given: Thing) -> Thing:
        sold = shop["products"][given["product"]]
        parent = shop["products"].get(sold["parentId"] or "", sold)
        return {**given, "number": sold["productNumber"], "label": sold["name"] or parent["name"]}

    @staticmethod
    def _take(shop: Thing, order: Thing, times: int) -> None:
        for each in order["lines"]:
            sold = shop["products"].get(each["product"])
            if sold is not None:
                records.put_stock(sold, sold["stock"] - times * each["quantity"])

    # Telling

    def touch(self, shop: Thing, entities: list[Thing], *fields: str) -> None:
        """Note that products were written, and tell so in one webhook."""
        for each in entities:
            each["updatedAt"] = now()
        self._tell(shop, "update", entities, *fields, "updatedAt")

    def _tell(self, shop: Thing, operation: str, entities: list[Thing], *fields: str) -> None:
        self.changed()
        self.notify(shop, "product.written", bodies.rows(operation, entities, fields))
