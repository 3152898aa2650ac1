"""What the API shows of products and of stock."""

import time
from typing import Any

from app.sandbox.bigcommerce.records import DEFAULT_LOCATION, has_options

Thing = dict[str, Any]


def shown_product(product: Thing, *, lag: float) -> Thing:
    """Return a product as the catalogue tells it, without what is told only when it is asked for."""
    variants = list(product["variants"].values())
    simple = not has_options(product)
    by_product = product["tracking"] == "product"
    return {
        "id": product["id"],
        "name": product["title"],
        "type": "physical",
        "sku": variants[0]["sku"] if simple else product["sku"],
        "description": product["description"],
        "price": _number(variants[0]["price"] if simple else product["price"]),
        "sale_price": 0,
        "retail_price": 0,
        "calculated_price": _number(variants[0]["price"] if simple else product["price"]),
        "brand_id": product["brand_id"],
        "is_visible": product["is_visible"],
        "availability": product["availability"],
        "weight": variants[0]["weight"] or 0 if simple else 0,
        "width": 0,
        "depth": 0,
        "height": 0,
        "inventory_tracking": product["tracking"],
        "inventory_level": sum(_shown_stock(each, lag, everywhere=True) for each in variants) if by_product else 0,
        "base_variant_id": variants[0]["id"] if simple else None,
        "upc": variants[0]["upc"] if simple else "",
        "gtin": "",
        "date_created": product["date_created"],
        "date_modified": product["date_modified"],
        "total_sold": product["sold"],
    }


def shown_variant(product: Thing, variant: Thing, *, lag: float) -> Thing:
    """Return a variant as the catalogue tells it: of its stock only what the default location has."""
    counted = product["tracking"] == "variant"
    return {
        "id": variant["id"],
        "product_id": product["id"],
        "sku": variant["sku"],
        "sku_id": variant["sku_id"],
        "price": _number(variant["price"]),
        "calculated_price": _number(variant["price"] if variant["price"] is not None else product["price"]),
        "sale_price": None,
        "retail_price": None,
        "weight": variant["weight"] if variant["options"] else None,
        "width": None,
        "depth": None,
        "height": None,
        "purchasing_disabled": variant["purchasing_disabled"],
        "inventory_level": _shown_stock(variant, lag, everywhere=False) if counted else 0,
        "upc": variant["upc"],
        "gtin": "",
        "mpn": "",
        "image_url": "",
        "option_values": [
            {"id": n, "option_id": n, "option_display_name": name, "label": label}
            for n, (name, label) in enumerate(zip(product["options"], variant["options"], strict=False), start=1)
        ],
    }


def shown_images(product: Thing) -> list[Thing]:
    return [
        {
            "id": n,
            "product_id": product["id"],
            "is_thumbnail": n == 1,
            "sort_order": n - 1,
            "url_zoom": src,
            "url_standard": src,
            "date_modified": product["date_modified"],
        }
        for n, src in enumerate(product["images"], start=1)
    ]


def shown_items(product: Thing) -> list[Thing]:
    """Return the inventory items of a product, as they are by now: its variants, be it the base variant alone."""
    if product["tracking"] == "none":
        return []
    return [
        {
            "identity": {
                "product_id": product["id"],
                "variant_id": each["id"],
                "sku": each["sku"],
                "sku_id": each["sku_id"],
            },
            "locations": _locations(each["stock"]),
        }
        for each in product["variants"].values()
    ]


def _locations(stock: Thing) -> list[Thing]:
    return [
        {
            "location_id": int(number),
            "location_code": f"BC-LOCATION-{number}",
            "location_name": f"Location {number}",
            "available_to_sell": pieces,
            "total_inventory_onhand": pieces,
            "location_enabled": True,
            "settings": {"safety_stock": 0, "is_in_stock": True, "warning_level": 0, "bin_picking_number": ""},
        }
        for number, pieces in stock.items()
    ]


def _shown_stock(variant: Thing, lag: float, *, everywhere: bool) -> int:
    """Return the stock of a variant as the catalogue has it, which is what it was until a moment ago."""
    late = time.time() - variant["stock_changed"] < lag
    stock: dict[str, int] = variant["stock_before"] if late else variant["stock"]
    return sum(stock.values()) if everywhere else stock.get(DEFAULT_LOCATION, 0)


def _number(price: str | None) -> float | int | None:
    """Return a price as JSON numbers have it: whole ones without a point."""
    if price is None:
        return None
    value = float(price)
    return int(value) if value.is_integer() else value
