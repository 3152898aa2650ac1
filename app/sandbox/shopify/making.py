"""New parts of products, as a merchant gives them, fitted to their shop and product."""

from typing import Any

from app.sandbox.shop.sandbox import Impossible
from app.sandbox.shopify.bodies import option_names

Thing = dict[str, Any]

NO_OPTION = "Default Title"


def variant(shop: Thing, product: Thing, given: Thing, *, variant_id: int, item_id: int, now: str) -> Thing:
    """Return a variant. Its quantity is at the first location, or spread over them by id or name."""
    quantity = given.get("quantity", 0)
    spread = quantity if isinstance(quantity, dict) else {None: quantity}
    return {
        "id": variant_id,
        "product_id": product["id"],
        "sku": given.get("sku"),
        "price": given.get("price", "1.00"),
        "compare_at_price": given.get("compare_at_price"),
        "barcode": given.get("barcode"),
        "weight": given.get("weight"),
        "inventory_policy": given.get("inventory_policy", "deny"),
        "tracked": given.get("tracked", True),
        "inventory_item_id": item_id,
        "options": values(product, given.get("options") or []),
        "levels": {place(shop, name): {"available": pieces, "updated_at": now} for name, pieces in spread.items()},
        "created_at": now,
        "updated_at": now,
    }


def values(product: Thing, given: list[str]) -> list[str]:
    """Return a variant's option values, one for each option of its product."""
    if not given and not product["options"]:
        return [NO_OPTION]
    names = option_names(product)
    if len(given) != len(names):
        raise Impossible(f"A variant needs a value for each of the options {', '.join(names)}.")
    return given


def place(shop: Thing, location: int | str | None) -> str:
    """Return the id of a location that is named by its id or name, as text; None is the first one."""
    for each in shop["locations"]:
        if location is None or str(location) in (str(each["id"]), each["name"]):
            return str(each["id"])
    raise Impossible(f"There is no location {location}.")
