"""What the stand-in shops know and what happens in them, as plain JSON data that can be saved as it is."""

import random
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

from app.sandbox.shop.sandbox import Impossible
from app.sandbox.shopify import bodies, making
from app.sandbox.shopify.index import Index
from app.sandbox.shopify.times import local, seconds, zone

Thing = dict[str, Any]
Notify = Callable[[str, str, Callable[[], Thing], str], None]
"""Told of each happening: the shop's domain, the topic, what gives the body, and the id of the merchant's action."""

FIRST_ID = 8_801_234_567_890
SCOPES = ["read_products", "read_inventory", "read_locations"]
MOST_VARIANTS = 2048
MOST_OPTIONS = 3


class Shops:
    """All shops, and all that can be done in them. Whatever changes a product here tells its subscribers."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.shops: dict[str, Thing] = {}
        self.next_id = FIRST_ID
        self.notify: Notify = lambda *_: None
        self.changed: Callable[[], None] = lambda: None
        self._clock = clock
        self._indexes: dict[str, Index] = {}

    def load(self, shops: dict[str, Thing], next_id: int) -> None:
        """Go on with what was saved."""
        self.shops, self.next_id = shops, next_id
        self._indexes = {domain: Index(shop["products"].values()) for domain, shop in shops.items()}

    def index(self, shop: Thing) -> Index:
        return self._indexes[shop["domain"]]

    def identity(self) -> int:
        self.next_id += random.randint(1, 50)
        return self.next_id

    @staticmethod
    def event() -> str:
        """Return an id that all topics of one action of the merchant share."""
        return str(uuid4())

    # Shops

    def open(self, domain: str, given: Thing) -> Thing:
        """Return a shop that has the app installed, made if there is none, with the token and scopes given.

        ``installed`` False: one that has yet to install it.
        """
        shop = self.shops.get(domain)
        if shop is None:
            shop = {
                "domain": domain,
                "id": self.identity(),
                "name": given.get("name") or domain.split(".", maxsplit=1)[0].replace("-", " ").title(),
                "currency": given.get("currency", "EUR"),
                "offset": given.get("offset", "+01:00"),
                "locations": [{"id": self.identity(), "name": name} for name in ("Warehouse", "Shop")],
                "products": {},
                "subscriptions": {},
                "frozen": False,
            }
            zone(shop["offset"])
            self.shops[domain] = shop
            self._indexes[domain] = Index()
        if not given.get("installed", True):
            shop.update({"installed": False, "token": "", "scopes": [], **shop})
            self.changed()
            return shop
        shop["installed"] = True
        token = given.get("token") or given.get("credentials", {}).get("access_token")
        shop["token"] = token or shop.get("token") or f"shpat_{secrets.token_hex(16)}"
        shop["scopes"] = given.get("scopes") or shop.get("scopes") or SCOPES
        self.changed()
        return shop

    def uninstall(self, shop: Thing) -> None:
        """Remove the app: its token and subscriptions are gone at once, and app/uninstalled is still sent."""
        shop["installed"] = False
        shop["token"] = ""
        shop.pop("expiring", None)
        self.notify(shop["domain"], "app/uninstalled", partial(bodies.shop_body, shop), self.event())
        shop["subscriptions"] = {}
        self.changed()

    def grant(self, shop: Thing, scopes: list[str]) -> None:
        """Change what the app may do."""
        body = {
            "id": shop["id"],
            "shop_id": f"gid://shopify/Shop/{shop['id']}",
            "previous": shop["scopes"],
            "current": scopes,
            "updated_at": self._clock().astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        shop["scopes"] = scopes
        self.notify(shop["domain"], "app/scopes_update", lambda: body, self.event())
        self.changed()

    # Products

    def create(self, shop: Thing, given: Thing) -> Thing:
        """Put a product into the shop. Impossible: the id is taken, or variants do not fit the options."""
        now = self._now(shop)
        product_id = given.get("id") or self.identity()
        if product_id in self.index(shop).products:
            raise Impossible(f"There is a product {product_id} already.")
        published = given.get("published", True)
        product: Thing = {
            "id": product_id,
            "title": given["title"],
            "body_html": given.get("body_html", ""),
            "vendor": given.get("vendor", ""),
            "product_type": given.get("product_type", ""),
            "handle": given.get("handle") or "-".join(given["title"].lower().split()),
            "status": given.get("status", "active"),
            "published_at": given.get("published_at", now if published else None),
            "created_at": now,
            "updated_at": now,
            "tags": given.get("tags", ""),
            "options": given.get("options") or [],
            "images": self._images(product_id, given.get("images") or []),
            "variants": [],
        }
        if len(product["options"]) > MOST_OPTIONS:
            raise Impossible(f"A product has at most {MOST_OPTIONS} options.")
        product["variants"] = [self._variant(shop, product, each) for each in given.get("variants") or [{}]]
        self._check_count(product, 0)
        shop["products"][str(product_id)] = product
        self.index(shop).add(product)
        event = self.event()
        self._tell(shop, "products/create", product, event)
        for variant in product["variants"]:
            self._tell_item(shop, "create", variant, event)
        return product

    def update(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        """Change fields of a product; fields that are not given stay as they are."""
        with self._changing(shop, product):
            for name in ("title", "body_html", "vendor", "status", "tags", "product_type", "handle"):
                if name in given:
                    product[name] = given[name]
            if "options" in given:
                if len(given["options"]) != len(product["options"]):
                    raise Impossible("Options can be renamed here, not added or removed.")
                product["options"] = given["options"]
            if "published" in given:
                product["published_at"] = self._now(shop) if given["published"] else None
            if "published_at" in given:
                product["published_at"] = given["published_at"]
            if "images" in given:
                product["images"] = self._images(product["id"], given["images"])
        self._tell(shop, "products/update", product, self.event())
        return product

    def delete(self, shop: Thing, product: Thing) -> None:
        self.index(shop).remove(product)
        del shop["products"][str(product["id"])]
        self.changed()
        event = self.event()
        self.notify(shop["domain"], "products/delete", lambda: {"id": product["id"]}, event)
        for variant in product["variants"]:
            self._tell_item(shop, "delete", variant, event)

    # Variants

    def add_variant(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        variant = self._variant(shop, product, given)
        self._check_count(product, 1)
        with self._changing(shop, product):
            product["variants"].append(variant)
        event = self.event()
        self._tell(shop, "products/update", product, event)
        self._tell_item(shop, "create", variant, event)
        return variant

    def change_variant(self, shop: Thing, product: Thing, variant: Thing, given: Thing) -> Thing:
        """Change fields of a variant. A new SKU, or whether stock is tracked, changes its stock item, too."""
        with self._changing(shop, product):
            for name in ("sku", "price", "compare_at_price", "barcode", "weight", "inventory_policy", "tracked"):
                if name in given:
                    variant[name] = given[name]
            if "options" in given:
                variant["options"] = making.values(product, given["options"])
            variant["updated_at"] = self._now(shop)
        event = self.event()
        self._tell(shop, "products/update", product, event)
        if "sku" in given or "tracked" in given:
            self._tell_item(shop, "update", variant, event)
        return variant

    def remove_variant(self, shop: Thing, product: Thing, variant: Thing) -> None:
        """Remove a variant. Impossible: it is the only one."""
        self._check_count(product, -1)
        with self._changing(shop, product):
            product["variants"].remove(variant)
        event = self.event()
        self._tell(shop, "products/update", product, event)
        self._tell_item(shop, "delete", variant, event)

    # Stock

    def set_stock(
        self, shop: Thing, product: Thing, variant: Thing, quantity: int, location: int | str | None = None
    ) -> None:
        """Set the stock at a location: its id or name, the first one unless named. The level and the product tell."""
        place = making.place(shop, location)
        topic = "inventory_levels/update" if place in variant["levels"] else "inventory_levels/connect"
        with self._changing(shop, product):
            variant["updated_at"] = now = self._now(shop)
            variant["levels"][place] = {"available": quantity, "updated_at": now}
        event = self.event()
        self.notify(shop["domain"], topic, partial(bodies.level_body, variant, int(place)), event)
        self._tell(shop, "products/update", product, event)

    def disconnect(self, shop: Thing, product: Thing, variant: Thing, location: int | str) -> None:
        """Stop stocking a variant at a location. Impossible: it is not stocked there, or nowhere else."""
        place = making.place(shop, location)
        if place not in variant["levels"] or len(variant["levels"]) == 1:
            raise Impossible("A variant can only leave a location that stocks it, and not the last one.")
        with self._changing(shop, product):
            del variant["levels"][place]
            variant["updated_at"] = self._now(shop)
        body = {"inventory_item_id": variant["inventory_item_id"], "location_id": int(place)}
        event = self.event()
        self.notify(shop["domain"], "inventory_levels/disconnect", lambda: body, event)
        self._tell(shop, "products/update", product, event)

    # Parts

    def _now(self, shop: Thing) -> str:
        return local(self._clock(), shop.get("offset", "+01:00"))

    @contextmanager
    def _changing(self, shop: Thing, product: Thing) -> Iterator[None]:
        """Keep the index true while a product changes, and move its time, which never goes back."""
        self.index(shop).remove(product)
        try:
            yield
            product["updated_at"] = max(self._now(shop), product["updated_at"], key=seconds)
        finally:
            self.index(shop).add(product)
        self.changed()

    def _tell(self, shop: Thing, topic: str, product: Thing, event: str) -> None:
        self.changed()
        self.notify(shop["domain"], topic, partial(bodies.product_body, product), event)

    def _tell_item(self, shop: Thing, what: str, variant: Thing, event: str) -> None:
        body = bodies.gone_item_body if what == "delete" else bodies.item_body
        self.notify(shop["domain"], f"inventory_items/{what}", partial(body, variant), event)

    def _check_count(self, product: Thing, more: int) -> None:
        if not 1 <= len(product["variants"]) + more <= MOST_VARIANTS:
            raise Impossible(f"A product has 1 to {MOST_VARIANTS} variants.")

    def _images(self, product_id: int, urls: list[str]) -> list[Thing]:
        return [
            {"id": self.identity(), "product_id": product_id, "position": position, "src": url}
            for position, url in enumerate(urls, 1)
        ]

    def _variant(self, shop: Thing, product: Thing, given: Thing) -> Thing:
        variant_id = given.get("id") or self.identity()
        if variant_id in self.index(shop).variants:
            raise Impossible(f"There is a variant {variant_id} already.")
        now = self._now(shop)
        return making.variant(shop, product, given, variant_id=variant_id, item_id=self.identity(), now=now)
