"""Merchants, their products and what the channel knows of them, as JSON data."""

from collections.abc import Callable, Iterator
from typing import Any

from app.sandbox.shop import records

Thing = dict[str, Any]

OFFER = ("Price", "Stock")
"""Fields whose changes are told as offers only."""

AXES = {"color": "Color", "colour": "Color", "size": "Size"}
"""Where the values of an option go, by its name in small letters; those of any other go where ``Size`` is."""


def new_shop(name: str, given: Thing) -> Thing:
    """Return a merchant with an empty channel."""
    return {
        "name": name,
        "title": given.get("name") or name,
        "currency": given.get("currency", "EUR"),
        "keys": {},
        "next": 1001,
        "products": {},
        "variants": {},
        "subscriptions": {},
        "channel": {},
        "told": {},
    }


def next_id(shop: Thing) -> int:
    number: int = shop["next"]
    shop["next"] += 1
    return number


def variants_of(shop: Thing, product: Thing) -> list[Thing]:
    return [each for each in shop["variants"].values() if each["product"] == product["id"]]


def listed(shop: Thing) -> Iterator[Thing]:
    """Go through the records that the channel lists now, products before their variants."""
    for product in shop["products"].values():
        if not product["published"]:
            continue
        variants = variants_of(shop, product)
        if product["grouped"]:
            yield _record(product, None, kind="PARENT", parent=None)
            for each in variants:
                yield _record(product, each, kind="CHILD", parent=product["id"])
        elif variants:
            yield _record(product, variants[0], kind="SINGLE", parent=None)


def _record(product: Thing, variant: Thing | None, *, kind: str, parent: int | None) -> Thing:
    own = variant or {}
    axes = {
        AXES.get(name.lower(), "Size"): value
        for name, value in zip(product["options"], own.get("options", []), strict=False)
    }
    images = product["images"] if parent is None else []
    return {
        "Id": own["id"] if parent is not None else product["id"],
        "Parent": parent,
        "ProductType": kind,
        "Name": product["title"],
        "Description": product["description"],
        "Brand": product["brand"],
        "MerchantProductNo": own.get("sku") or f"parent-{product['id']}",
        "Ean": own.get("barcode"),
        "Color": axes.get("Color"),
        "Size": axes.get("Size"),
        "Stock": own.get("quantity", 0),
        "Price": None if own.get("price") is None else float(own["price"]),
        "VatRateType": "STANDARD",
        "ImageUrl": images[0] if images else None,
        **{f"ExtraImageUrl{n}": url for n, url in enumerate(images[1:10], start=1)},
        "CategoryTrail": "Home > Kitchen",
        "MappedFields": {**product["mapped"], **own.get("mapped", {})},
    }


def content(record: Thing) -> Thing:
    """Return a record without what is told as an offer."""
    return {name: value for name, value in record.items() if name not in OFFER}


def offered(record: Thing) -> Thing:
    return {name: record[name] for name in OFFER}


class Records(records.Records):
    """The merchants. ``happened`` is called when something changes in one's products, ``changed`` with any change."""

    def __init__(self) -> None:
        super().__init__()
        self.happened: Callable[[Thing], None] = lambda _shop: None

    def say(self, shop: Thing) -> None:
        """Have whoever wants to be triggered triggered, and everything saved."""
        self.happened(shop)
        self.changed()
