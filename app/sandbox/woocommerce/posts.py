"""What a shop has, as plain JSON data that can be saved as it is, and what happens when a post is saved.

A post is a product or a variation. Saving fires hooks; ``fired`` hears of each, with the shop, the hook and its argument.
"""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from app.sandbox.shop.sandbox import Impossible, Unknown
from app.sandbox.woocommerce.switches import Switches
from app.sandbox.woocommerce.times import stored, zone

Thing = dict[str, Any]
Fired = Callable[[Thing, str, int], None]

FIRST_ID = 812
MANAGERS = ("administrator", "shop_manager")

BLANK: Thing = {
    "title": "",
    "status": "publish",
    "description": "",
    "sku": "",
    "gtin": "",
    "weight": "",
    "regular_price": "",
    "sale_price": "",
    "manage_stock": False,
    "stock_quantity": None,
    "stock_status": "instock",
    "backorders": "no",
    "catalog_visibility": "visible",
    "brand": "",
    "images": [],
    "attributes": [],
}
"""What a post has before anybody fills it in."""


class Posts:
    """All shops and their posts. ``switches`` gives those of a shop."""

    def __init__(
        self, switches: Callable[[str], Switches], clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.shops: dict[str, Thing] = {}
        self.fired: Fired = lambda *_: None
        self.changed: Callable[[], None] = lambda: None
        self.switches = switches
        self.clock = clock

    # Shops

    def shop(self, name: str) -> Thing:
        if name not in self.shops:
            raise Unknown("There is no such shop")
        return self.shops[name]

    def open(self, name: str, given: Thing) -> Thing:
        """Return a shop, made if there is none, with a key as given for its administrator."""
        shop = self.shops.get(name)
        if shop is None:
            shop = {
                "name": name,
                "url": f"https://{name}/",
                "title": given.get("name") or name.partition(".")[0].replace("-", " ").title(),
                "currency": given.get("currency", "EUR"),
                "prices_include_tax": False,
                "offset": "+01:00",
                "users": {"1": {"role": "administrator"}},
                "keys": {},
                "posts": {},
                "next_id": FIRST_ID,
                "subscriptions": {},
                "next_webhook": 1,
                "salt": secrets.token_hex(16),
            }
            zone(shop["offset"])
            self.shops[name] = shop
        key = given.get("credentials", {})
        if key.get("consumer_key"):
            self.add_key(shop, key["consumer_key"], key.get("consumer_secret", ""), "read_write")
        self.changed()
        return shop

    def add_key(self, shop: Thing, key: str, secret: str, permissions: str) -> int:
        """Keep a key, and return its number."""
        known = shop["keys"].get(key)
        number: int = known["id"] if known else 1 + len(shop["keys"])
        shop["keys"][key] = {"id": number, "secret": secret, "permissions": permissions, "user": "1"}
        self.changed()
        return number

    def may_manage(self, shop: Thing, user: str) -> bool:
        """Tell whether a user may see and change products and webhooks."""
        return shop["users"].get(user, {}).get("role") in MANAGERS

    # Posts

    def post(self, shop: Thing, post_id: int | str) -> Thing:
        found: Thing | None = shop["posts"].get(str(post_id))
        if found is None:
            raise Unknown("There is no such product or variation")
        return found

    def variations(self, shop: Thing, product_id: int) -> list[Thing]:
        """Return a product's variations in their order, those in the trash included."""
        return [each for each in shop["posts"].values() if each["parent_id"] == product_id]

    def add(self, shop: Thing, kind: str, given: Thing) -> Thing:
        """Make a post and return it, without a word to anybody."""
        post_id = given.pop("id", None) or shop["next_id"]
        if str(post_id) in shop["posts"]:
            raise Impossible(f"There is something with the id {post_id} already.")
        self._check_sku(shop, given.get("sku", ""), post_id)
        shop["next_id"] = max(shop["next_id"], post_id) + 1
        now = stored(self.clock())
        post: Thing = {**BLANK, "parent_id": 0, **given, "id": post_id, "type": kind, "created": now, "modified": now}
        shop["posts"][str(post_id)] = post
        self.changed()
        return post

    def change(self, shop: Thing, post: Thing, given: Thing) -> None:
        """Change a post's fields and save it, which tells of it, and of its product."""
        self._check_sku(shop, given.get("sku", ""), post["id"])
        was = post["status"]
        post |= given
        self.save(shop, post)
        if post["type"] != "variation" and post["status"] == "publish" and was != "publish":
            self.fired(shop, "woocommerce_product_published", post["id"])

    def save(self, shop: Thing, post: Thing) -> None:
        """Move a post's time, and fire the hook of a change."""
        self._touch(post)
        if post["type"] == "variation":
            self.fired(shop, "woocommerce_update_product_variation", post["id"])
            self.save_parent(shop, post)
        else:
            self.fired(shop, "woocommerce_update_product", post["id"])

    def save_parent(self, shop: Thing, variation: Thing) -> None:
        parent = shop["posts"].get(str(variation["parent_id"]))
        if parent is not None and self.switches(shop["name"]).saves_parents:
            self.save(shop, parent)

    def trash(self, shop: Thing, product: Thing) -> None:
        """Move a product to the trash, and its variations with it; each is told of by its id alone."""
        for each in self._with_variations(shop, product):
            if each["status"] != "trash":
                self.fired(shop, "wp_trash_post", each["id"])
                each["before_trash"], each["status"] = each["status"], "trash"
        self.changed()

    def restore(self, shop: Thing, product: Thing) -> None:
        """Take a product out of the trash, and its variations with it."""
        for each in self._with_variations(shop, product):
            if each["status"] == "trash":
                each["status"] = each.pop("before_trash", "draft")
                self._touch(each)
                self.fired(shop, "untrashed_post", each["id"])
        self.changed()

    def delete(self, shop: Thing, post: Thing) -> None:
        """Delete a post for good, which no product topic tells of; only the plugin's own hooks fire."""
        quiet = self.switches(shop["name"]).deletes_quietly
        for each in self._with_variations(shop, post):
            del shop["posts"][str(each["id"])]
            if not quiet:
                kind = "product_variation" if each["type"] == "variation" else "product"
                self.fired(shop, f"woocommerce_delete_{kind}", each["id"])
        if post["type"] == "variation" and not quiet:
            self.save_parent(shop, post)
        self.changed()

    def empty_trash(self, shop: Thing) -> None:
        """Delete what is in the trash, of which nobody is told."""
        shop["posts"] = {number: each for number, each in shop["posts"].items() if each["status"] != "trash"}
        self.changed()

    def _touch(self, post: Thing) -> None:
        """Move a post's time, which never goes back."""
        post["modified"] = max(stored(self.clock()), post["modified"])
        self.changed()

    def _with_variations(self, shop: Thing, post: Thing) -> Iterator[Thing]:
        """Give the variations of a product, then the product."""
        yield from self.variations(shop, post["id"])
        yield post

    def _check_sku(self, shop: Thing, sku: str, post_id: int) -> None:
        if not sku or not self.switches(shop["name"]).unique_skus:
            return
        if any(each["sku"] == sku and each["id"] != post_id for each in shop["posts"].values()):
            raise Impossible("Invalid or duplicated SKU.")
