"""What a shop has: entities as plain JSON data, as they are stored."""

import secrets
from typing import Any
from uuid import uuid4

from app.sandbox.shop.sandbox import Impossible

Thing = dict[str, Any]

LIVE_VERSION = "0fa91ce3e96a4bc2be4bd9ce752c3425"
OWN_CURRENCY = "b7d2554b0ce847cd82f3ac9bd1c0dfca"
TAX = 0.21
EVERYWHERE = 30


def new_id() -> str:
    return uuid4().hex


def open_shop(name: str, given: Thing) -> Thing:
    """Return a new shop without products: one sales channel, and prices in its own currency."""
    return {
        "name": given.get("name") or name.split(".", maxsplit=1)[0].replace("-", " ").title(),
        "shop": name,
        "url": f"https://{name}",
        "shop_id": secrets.token_urlsafe(9),
        "currency": given.get("currency", "EUR"),
        "sales_channels": {new_id(): "Storefront"},
        "products": {},
        "manufacturers": {},
        "groups": {},
        "options": {},
        "orders": {},
        "subscriptions": {},
        "integrations": {},
        "app": None,
        "app_secrets": [],
        "made": 0,
        "numbered": 10000,
    }


def price(net: object) -> list[Thing]:
    """Return a price in the shop's own currency; what is given is without tax, and fractions are stored as they come."""
    without = float(str(net))
    return [
        {
            "currencyId": OWN_CURRENCY,
            "net": without,
            "gross": without * (1 + TAX),
            "linked": True,
            "listPrice": None,
            "percentage": None,
            "regulationPrice": None,
        }
    ]


def next_number(shop: Thing) -> str:
    """Return a product number of the shop's own range."""
    shop["numbered"] += 1
    return f"SW{shop['numbered']}"


def product(shop: Thing, number: str | None, given: Thing, *, now: str) -> Thing:
    """Return a new product, not in the shop yet. Impossible: its id or its number is taken."""
    product_id = f"{given['id']:032x}" if given.get("id") is not None else new_id()
    product_number = number or next_number(shop)
    if product_id in shop["products"]:
        raise Impossible(f"There is a product {product_id} already.")
    refuse_taken(shop, product_number)
    shop["made"] += 1
    return {
        "id": product_id,
        "versionId": LIVE_VERSION,
        "parentId": None,
        "autoIncrement": shop["made"],
        "childCount": 0,
        "productNumber": product_number,
        "ean": None,
        "weight": None,
        "length": None,
        "width": None,
        "height": None,
        "manufacturerNumber": None,
        "manufacturerId": None,
        "taxId": None,
        "name": None,
        "description": None,
        "active": None,
        "isCloseout": None,
        "stock": 0,
        "availableStock": 0,
        "available": False,
        "price": None,
        "coverId": None,
        "media": [],
        "optionIds": None,
        "visibilities": [],
        "createdAt": now,
        "updatedAt": None,
    }


def refuse_taken(shop: Thing, number: str, *, but: str | None = None) -> None:
    """Impossible if another product has this number."""
    if any(each["productNumber"] == number and each["id"] != but for each in shop["products"].values()):
        raise Impossible(f"Product with number {number} already exists.")


def put_stock(entity: Thing, quantity: int) -> None:
    entity["stock"] = entity["availableStock"] = quantity
    entity["available"] = quantity > 0 or entity["isCloseout"] is False


def put_images(entity: Thing, urls: list[str]) -> None:
    """Give a product these images; the first one is its cover."""
    entity["media"] = [{"id": new_id(), "position": n, "url": url} for n, url in enumerate(urls)]
    entity["coverId"] = entity["media"][0]["id"] if urls else None


def manufacturer(shop: Thing, name: str) -> str | None:
    """Return the id of a manufacturer, made if there is none of this name; None for no name."""
    if not name:
        return None
    for found, known in shop["manufacturers"].items():
        if known == name:
            return str(found)
    made = new_id()
    shop["manufacturers"][made] = name
    return made


def option(shop: Thing, group: str, value: str) -> str:
    """Return the id of a property's value, made with its group if need be. Groups of one name are one."""
    group_id = next((found for found, each in shop["groups"].items() if each["name"] == group), None)
    if group_id is None:
        group_id = new_id()
        shop["groups"][group_id] = {"name": group, "position": len(shop["groups"]) + 1}
    for found, each in shop["options"].items():
        if each == {"name": value, "groupId": group_id}:
            return str(found)
    made = new_id()
    shop["options"][made] = {"name": value, "groupId": group_id}
    return made


def groups_of(shop: Thing, entity: Thing) -> list[str]:
    """Return the names of the properties in which the variants of a product differ."""
    named: dict[str, None] = {}
    for child in children(shop, entity):
        for each in child["optionIds"] or ():
            named[shop["groups"][shop["options"][each]["groupId"]]["name"]] = None
    return list(named)


def children(shop: Thing, entity: Thing) -> list[Thing]:
    return [each for each in shop["products"].values() if each["parentId"] == entity["id"]]
