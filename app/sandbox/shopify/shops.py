"""What the stand-in shops know: products, variants, stock and subscriptions, as plain JSON data."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

Thing = dict[str, Any]

FIRST_ID = 8_801_234_567_890
SCOPES = ["read_products", "read_inventory", "read_locations"]


class Shops:
    """All shops. ``notify`` is told what happened: shop, topic, and the body as data."""

    def __init__(self) -> None:
        self.shops: dict[str, Thing] = {}
        self.next_id = FIRST_ID
        self.notify: Callable[[str, str, Thing, str], None] = lambda *_: None
        self.changed: Callable[[], None] = lambda: None

    def identity(self) -> int:
        self.next_id += random.randint(1, 50)
        return self.next_id

    # Shops

    def open(self, domain: str, given: Thing) -> Thing:
        """Return a shop, made if there is none, with the token and scopes given."""
        shop = self.shops.get(domain)
        if shop is None:
            shop = {
                "domain": domain,
                "id": self.identity(),
                "name": given.get("name") or domain.split(".", maxsplit=1)[0].replace("-", " ").title(),
                "currency": given.get("currency", "EUR"),
                "offset_hours": given.get("offset_hours", 1),
                "locations": [
                    {"id": self.identity(), "name": "Warehouse"},
                    {"id": self.identity(), "name": "Shop"},
                ],
                "products": {},
                "subscriptions": {},
                "installed": True,
                "frozen": False,
            }
            self.shops[domain] = shop
        shop |= {"token": given.get("token", shop.get("token", "")), "installed": True}
        shop["scopes"] = given.get("scopes") or shop.get("scopes") or SCOPES
        self.changed()
        return shop

    def now(self, shop: Thing) -> str:
        """Return the time with the shop's offset, in whole seconds, as Shopify tells it."""
        zone = timezone(timedelta(hours=shop["offset_hours"]))
        return datetime.now(zone).isoformat(timespec="seconds")

    # Products

    def create(self, shop: Thing, given: Thing) -> Thing:
        """Put a product into the shop and announce it."""
        now = self.now(shop)
        product_id = int(given.get("id") or self.identity())
        published = given.get("published", True)
        product: Thing = {
            "id": product_id,
            "title": given["title"],
            "body_html": given.get("body_html", ""),
            "vendor": given.get("vendor", ""),
            "product_type": given.get("product_type", ""),
            "handle": given["title"].lower().replace(" ", "-"),
            "status": given.get("status", "active"),
            "published_at": given.get("published_at", now if published else None),
            "created_at": now,
            "updated_at": now,
            "tags": given.get("tags", ""),
            "options": given.get("options") or [],
            "images": [self._image(product_id, n, url) for n, url in enumerate(given.get("images") or [])],
            "variants": [],
        }
        for variant in given.get("variants") or [{"price": "1.00"}]:
            product["variants"].append(self._variant(shop, product, variant))
        shop["products"][str(product_id)] = product
        self._announce(shop, "products/create", product)
        return product

    def update(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        """Change fields of a product and announce it."""
        for name in ("title", "body_html", "vendor", "status", "tags", "product_type"):
            if name in given:
                product[name] = given[name]
        if "published" in given:
            product["published_at"] = self.now(shop) if given["published"] else None
        if "published_at" in given:
            product["published_at"] = given["published_at"]
        if "images" in given:
            product["images"] = [self._image(product["id"], n, url) for n, url in enumerate(given["images"])]
        return self._touch(shop, product)

    def delete(self, shop: Thing, product: Thing) -> None:
        del shop["products"][str(product["id"])]
        self.changed()
        self.notify(shop["domain"], "products/delete", {"id": product["id"]}, self._event())

    def add_variant(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        variant = self._variant(shop, product, given)
        product["variants"].append(variant)
        self._touch(shop, product)
        return variant

    def change_variant(self, shop: Thing, product: Thing, variant: Thing, given: Thing) -> Thing:
        for name in ("sku", "price", "compare_at_price", "barcode", "inventory_policy", "tracked"):
            if name in given:
                variant[name] = given[name]
        variant["updated_at"] = self.now(shop)
        self._touch(shop, product)
        return variant

    def remove_variant(self, shop: Thing, product: Thing, variant: Thing) -> None:
        product["variants"].remove(variant)
        self._touch(shop, product)

    def set_stock(self, shop: Thing, product: Thing, variant: Thing, quantity: int, location: int | None) -> None:
        """Set the stock at a location (the first one unless named); Shopify tells of the level and of the product."""
        place = str(location or shop["locations"][0]["id"])
        level = variant["levels"].setdefault(place, {"available": 0})
        level |= {"available": quantity, "updated_at": self.now(shop)}
        event = self._event()
        self.notify(
            shop["domain"],
            "inventory_levels/update",
            {
                "inventory_item_id": variant["inventory_item_id"],
                "location_id": int(place),
                "available": quantity,
                "updated_at": level["updated_at"],
                "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{place}?inventory_item_id={variant['inventory_item_id']}",
            },
            event,
        )
        self._announce(shop, "products/update", product, event)

    def _touch(self, shop: Thing, product: Thing) -> Thing:
        product["updated_at"] = self._later(shop, product["updated_at"])
        self._announce(shop, "products/update", product)
        return product

    def _later(self, shop: Thing, before: str) -> str:
        return max(self.now(shop), before)

    def _announce(self, shop: Thing, topic: str, product: Thing, event: str | None = None) -> None:
        self.changed()
        self.notify(shop["domain"], topic, body(product), event or self._event())

    def _event(self) -> str:
        return f"{random.getrandbits(128):032x}"

    def _image(self, product_id: int, position: int, url: str) -> Thing:
        identity = self.identity()
        return {"id": identity, "product_id": product_id, "position": position + 1, "src": url}

    def _variant(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        now = self.now(shop)
        quantity = given.get("quantity", 0)
        places = [str(each["id"]) for each in shop["locations"]]
        spread = quantity if isinstance(quantity, dict) else {places[0]: quantity}
        values = given.get("options") or []
        return {
            "id": int(given.get("id") or self.identity()),
            "product_id": product["id"],
            "sku": given.get("sku"),
            "price": given.get("price", "1.00"),
            "compare_at_price": given.get("compare_at_price"),
            "barcode": given.get("barcode"),
            "inventory_policy": given.get("inventory_policy", "deny"),
            "tracked": given.get("tracked", True),
            "inventory_item_id": self.identity(),
            "options": values or ["Default Title"],
            "levels": {place: {"available": pieces, "updated_at": now} for place, pieces in spread.items()},
            "created_at": now,
            "updated_at": now,
        }

    # Subscriptions

    def subscribe(self, shop: Thing, topic: str, uri: str) -> Thing | None:
        """Take a standing order; None when there is one for this topic and address."""
        if any(each["topic"] == topic and each["uri"] == uri for each in shop["subscriptions"].values()):
            return None
        subscription = {"id": self.identity(), "topic": topic, "uri": uri, "failures": 0}
        shop["subscriptions"][str(subscription["id"])] = subscription
        self.changed()
        return subscription


def stock_of(variant: Thing) -> int:
    """Return the stock of a variant over all locations."""
    return sum(level["available"] for level in variant["levels"].values())


def option_names(product: Thing) -> list[str]:
    """Return a product's option names; Shopify gives one to a product without options."""
    return product["options"] or ["Title"]


def body(product: Thing) -> Thing:
    """Return a product as a webhook body tells it: only the first hundred variants are complete."""
    variants = [variant_body(each, n) for n, each in enumerate(product["variants"], 1)]
    names = option_names(product)
    return {
        "admin_graphql_api_id": f"gid://shopify/Product/{product['id']}",
        "body_html": product["body_html"],
        "created_at": product["created_at"],
        "handle": product["handle"],
        "id": product["id"],
        "product_type": product["product_type"],
        "published_at": product["published_at"],
        "template_suffix": None,
        "title": product["title"],
        "updated_at": product["updated_at"],
        "vendor": product["vendor"],
        "status": product["status"],
        "published_scope": "global",
        "tags": product["tags"],
        "variants": variants[:100],
        "options": [
            {
                "name": name,
                "id": product["id"] + n,
                "product_id": product["id"],
                "position": n,
                "values": list(dict.fromkeys(each["options"][n - 1] for each in product["variants"])),
            }
            for n, name in enumerate(names, 1)
        ],
        "images": [
            {**each, "alt": None, "variant_ids": [], "admin_graphql_api_id": f"gid://shopify/MediaImage/{each['id']}"}
            for each in product["images"]
        ],
        "image": None,
        "media": [],
        "variant_gids": [
            {
                "admin_graphql_api_id": f"gid://shopify/ProductVariant/{each['id']}",
                "updated_at": datetime.fromisoformat(each["updated_at"])
                .astimezone(UTC)
                .isoformat(timespec="milliseconds"),
            }
            for each in product["variants"]
        ],
        "has_variants_that_requires_components": False,
        "category": None,
    }


def variant_body(variant: Thing, position: int) -> Thing:
    """Return a variant as a webhook body tells it."""
    options = [*variant["options"], None, None, None]
    return {
        "admin_graphql_api_id": f"gid://shopify/ProductVariant/{variant['id']}",
        "barcode": variant["barcode"],
        "compare_at_price": variant["compare_at_price"],
        "created_at": variant["created_at"],
        "id": variant["id"],
        "inventory_policy": variant["inventory_policy"],
        "position": position,
        "price": variant["price"],
        "product_id": variant["product_id"],
        "sku": variant["sku"],
        "taxable": True,
        "title": " / ".join(variant["options"]),
        "updated_at": variant["updated_at"],
        "option1": options[0],
        "option2": options[1],
        "option3": options[2],
        "image_id": None,
        "inventory_item_id": variant["inventory_item_id"],
        "inventory_quantity": stock_of(variant),
        "old_inventory_quantity": stock_of(variant),
    }
