"""Everything that the stand-in Shopware is, and what merchants do in it."""

import secrets
from pathlib import Path

from app.sandbox.shop import sandbox
from app.sandbox.shopware import records
from app.sandbox.shopware.access import Access
from app.sandbox.shopware.api import Api
from app.sandbox.shopware.apps import Apps
from app.sandbox.shopware.records import Thing
from app.sandbox.shopware.shops import Shops
from app.sandbox.shopware.switches import Switches
from app.sandbox.shopware.webhooks import Courier


class Sandbox(sandbox.Sandbox[Switches]):
    """The shops, their Admin API and their apps. Merchants know a variant by its own id, and a product without any as its own."""

    courier: Courier

    def __init__(self, state_path: Path | None) -> None:
        self.shops = Shops()
        super().__init__(state_path, Courier(self.shops))
        self.access = Access(lambda name: self.courier.switches[name])
        self.api = Api(self.shops, self.gate, self.access)
        self.apps = Apps(self.shops)
        saved = self.load(Switches)
        if saved is not None:
            self.shops.shops = saved["shops"]
        self.shops.notify = self.courier.notify
        self.shops.changed = self.changed

    def kept(self) -> Thing:
        """Return the shops."""
        return {"shops": self.shops.shops}

    async def stop(self) -> None:
        await self.apps.aclose()
        await super().stop()

    def shop(self, name: str) -> Thing:
        return self.shops.shop(name)

    # What a merchant does

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a shop with an integration, whose role allows everything unless ``privileges`` says otherwise."""
        opened = self.shops.open(shop, given)
        own = given.get("credentials") or {}
        if own or not opened["integrations"]:
            key = own.get("access_key_id") or f"SWIA{secrets.token_hex(11).upper()}"
            secret = own.get("secret_access_key") or secrets.token_urlsafe(40)
            privileges = own["privileges"].split() if "privileges" in own else None
            for gone in [each for each, known in opened["integrations"].items() if not known["app"]]:
                del opened["integrations"][gone]
            opened["integrations"][key] = {"secret": secret, "privileges": privileges, "app": False}
            self.changed()
        return self.look(shop)

    def look(self, shop: str) -> Thing:
        """Return a shop without its products and without secrets."""
        found = self.shop(shop)
        hidden = (
            "products",
            "subscriptions",
            "integrations",
            "app_secrets",
            "app",
            "options",
            "groups",
            "manufacturers",
        )
        app = found["app"] and {name: value for name, value in found["app"].items() if name != "secret"}
        keys = {
            key: {"privileges": each["privileges"], "app": each["app"]} for key, each in found["integrations"].items()
        }
        shown = {name: value for name, value in found.items() if name not in hidden}
        return {**shown, "app": app, "integrations": keys, "products": len(found["products"])}

    def products(self, shop: str) -> list[Thing]:
        found = self.shop(shop)
        return [_shown(found, each) for each in found["products"].values() if each["parentId"] is None]

    def product(self, shop: str, product_id: str) -> Thing:
        found = self.shop(shop)
        return _shown(found, self.shops.product(found, product_id))

    def create(self, shop: str, given: Thing) -> Thing:
        found = self.shop(shop)
        return _shown(found, self.shops.create(found, given))

    def update(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.shop(shop)
        return _shown(found, self.shops.update(found, self.shops.product(found, product_id), given))

    def delete(self, shop: str, product_id: str) -> None:
        found = self.shop(shop)
        self.shops.delete(found, self.shops.product(found, product_id))

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing:
        found = self.shop(shop)
        product = self.shops.product(found, product_id)
        self.shops.switch(found, product, published)
        return _shown(found, product)

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing:
        found = self.shop(shop)
        return _variant(found, self.shops.add_variant(found, self.shops.product(found, product_id), given))

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing:
        found = self.shop(shop)
        return _variant(
            found, self.shops.change_variant(found, self.shops.variant(found, product_id, variant_id), given)
        )

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None:
        found = self.shop(shop)
        variant = self.shops.variant(found, product_id, variant_id)
        self.shops.remove_variant(found, self.shops.product(found, product_id), variant)

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing:
        found = self.shop(shop)
        variant = self.shops.variant(found, product_id, variant_id)
        self.shops.set_stock(found, {variant["id"]: quantity})
        return _variant(found, variant)

    def entity(self, shop: str, product_id: str) -> tuple[Thing, Thing]:
        """Return a shop and a product or a variant of it."""
        found = self.shop(shop)
        entity: Thing | None = found["products"].get(product_id)
        if entity is None:
            raise sandbox.Unknown("There is no such product")
        return found, entity


def _shown(shop: Thing, product: Thing) -> Thing:
    variants = [_variant(shop, each) for each in Shops.variants(shop, product)]
    return {
        "id": product["id"],
        "title": product["name"],
        "description": product["description"] or "",
        "published": bool(product["active"]),
        "options": records.groups_of(shop, product),
        "images": [each["url"] for each in product["media"]],
        "updated_at": product["updatedAt"],
        "variants": variants,
    }


def _variant(shop: Thing, entity: Thing) -> Thing:
    parent = shop["products"].get(entity["parentId"] or "", entity)
    price = entity["price"] or parent["price"]
    return {
        "id": entity["id"],
        "sku": entity["productNumber"],
        "price": price[0]["net"],
        "own_price": entity["price"] is not None,
        "active": entity["active"],
        "barcode": entity["ean"],
        "options": [shop["options"][each]["name"] for each in entity["optionIds"] or ()],
        "quantity": entity["stock"],
    }
