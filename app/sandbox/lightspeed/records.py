"""Shops, products and variants as JSON data, and what the API shows of them."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from app.sandbox.shop import records
from app.sandbox.shop.sandbox import Unknown

Thing = dict[str, Any]

HERE = timezone(timedelta(hours=1))
"""The time zone of every shop here."""

VAT = 1.21
LANGUAGES = ("nl", "en")


def told() -> str:
    """Return the time as the API tells it: whole seconds, with the shop's offset."""
    return datetime.now(UTC).astimezone(HERE).isoformat(timespec="seconds")


def new_shop(name: str, given: Thing) -> Thing:
    """Return an empty shop. Its name is its cluster and its number, such as ``eu1-123456``."""
    cluster, _, number = name.partition("-")
    if not number.isdigit():
        raise Unknown(f"A shop is called by its cluster and its number, such as eu1-123456, not {name}")
    return {
        "name": name,
        "cluster": cluster,
        "number": int(number),
        "title": given.get("name") or name,
        "currency": given.get("currency", "EUR"),
        "keys": {},
        "token": None,
        "languages": list(LANGUAGES),
        "next": int(number) % 1000 * 10_000 + 1,
        "products": {},
        "variants": {},
        "brands": {},
        "subscriptions": {},
    }


def next_id(shop: Thing) -> int:
    number: int = shop["next"]
    shop["next"] += 1
    return number


def resource(path: str, number: object) -> Thing:
    """Return a link, as the API has them in place of what is told elsewhere."""
    link = f"https://api.webshopapp.com/nl/{path}"
    return {"resource": {"id": number, "url": path.removesuffix(".json"), "link": link}}


def shown_product(shop: Thing, product: Thing) -> Thing:
    """Return a product as the API tells it: without its variants."""
    brand = product["brand"]
    return {
        "id": product["id"],
        "createdAt": product["createdAt"],
        "updatedAt": product["updatedAt"],
        "isVisible": product["visibility"] != "hidden",
        "visibility": product["visibility"],
        "hasMatrix": False,
        "url": f"product-{product['id']}",
        "title": product["title"],
        "fulltitle": product["title"],
        "description": "",
        "content": product["content"],
        "brand": resource(f"brands/{shop['brands'][brand]}.json", shop["brands"][brand]) if brand else False,
        "image": {"src": product["images"][0]} if product["images"] else False,
        "images": resource(f"products/{product['id']}/images.json", False) if product["images"] else False,
        "variants": resource(f"variants.json?product={product['id']}", False),
    }


def shown_images(product: Thing) -> list[Thing]:
    return [{"id": n, "sortOrder": n, "src": src} for n, src in enumerate(product["images"], start=1)]


def shown_variant(variant: Thing) -> Thing:
    """Return a variant as the API tells it. Merchants here enter prices without VAT; both are told as numbers."""
    price = float(variant["price"] or 0)
    return {
        "id": variant["id"],
        "createdAt": variant["createdAt"],
        "updatedAt": variant["updatedAt"],
        "isDefault": variant["sortOrder"] == 1,
        "sortOrder": variant["sortOrder"],
        "articleCode": variant["articleCode"],
        "ean": variant["ean"],
        "weight": variant.get("weight", 0),
        "sku": variant["sku"],
        "priceExcl": price,
        "priceIncl": round(price * VAT, 2),
        "oldPriceExcl": 0,
        "oldPriceIncl": 0,
        "stockTracking": variant["stockTracking"],
        "stockLevel": variant["stockLevel"],
        "title": variant["title"],
        "image": False,
        "product": resource(f"products/{variant['product']}.json", variant["product"]),
    }


def shown_whole(shop: Thing, product: Thing) -> Thing:
    """Return a product as the catalogue tells it: with its variants, images and brand."""
    brand = product["brand"]
    return {
        **shown_product(shop, product),
        "variants": {str(each["id"]): shown_variant(each) for each in variants_of(shop, product)},
        "images": shown_images(product),
        "brand": {"id": shop["brands"][brand], "title": brand} if brand else False,
    }


def variants_of(shop: Thing, product: Thing) -> list[Thing]:
    found = [each for each in shop["variants"].values() if each["product"] == product["id"]]
    return sorted(found, key=lambda each: (each["sortOrder"], each["id"]))


class Records(records.Records):
    """The shops. ``told`` is called with what happens to a product or variant, ``changed`` with any change."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: Callable[[Thing, str, Thing], None] = lambda _shop, _topic, _node: None

    def say(self, shop: Thing, topic: str, node: Thing) -> None:
        """Have something told to whoever subscribed, and everything saved."""
        self.happened(shop, topic, node)
        self.changed()
