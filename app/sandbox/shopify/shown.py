"""How the Admin API shows what a shop has. Parts that need an argument, or are rarely asked for, are functions."""

from functools import partial
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify.bodies import option_names, option_values, stock_of
from app.sandbox.shopify.paging import page
from app.sandbox.shopify.times import utc

Thing = dict[str, Any]

NOT_COUNTED = ("committed", "incoming", "reserved", "damaged", "quality_control", "safety_stock")
COUNTED = ("available", "on_hand")


def need(shop: Thing, field: str, *scopes: str) -> None:
    """Refuse a field as Shopify does unless one of the scopes, or the right to write the same, was granted."""
    if not any(each in shop["scopes"] or each.replace("read_", "write_") in shop["scopes"] for each in scopes):
        required = " or ".join(f"`{each}`" for each in scopes)
        message = f"Access denied for {field} field. Required access: {required} access scope."
        raise GraphQLError(message, extensions={"code": "ACCESS_DENIED"})


def product(shop: Thing, given: Thing) -> Thing:
    show_variant = partial(variant, shop, given)
    media = [medium(each) for each in given["images"]]
    return {
        "__typename": "Product",
        "id": f"gid://shopify/Product/{given['id']}",
        "title": given["title"],
        "descriptionHtml": given["body_html"],
        "handle": given["handle"],
        "vendor": given["vendor"],
        "productType": given["product_type"],
        "status": given["status"].upper(),
        "publishedAt": utc(given["published_at"]),
        "updatedAt": utc(given["updated_at"]),
        "createdAt": utc(given["created_at"]),
        "tags": [each.strip() for each in given["tags"].split(",") if each.strip()],
        "options": lambda first=None: options(given)[:first],
        "variantsCount": {"count": len(given["variants"]), "precision": "EXACT"},
        "totalInventory": sum(stock_of(each) for each in given["variants"] if each["tracked"]),
        "media": lambda **asked: page(media, lambda each: each, **asked),
        "featuredMedia": media[0] if media else None,
        "variants": lambda **asked: page(given["variants"], show_variant, **asked),
    }


def options(given: Thing) -> list[Thing]:
    return [
        {
            "id": f"gid://shopify/ProductOption/{given['id'] + position}",
            "name": name,
            "position": position,
            "values": option_values(given, position),
        }
        for position, name in enumerate(option_names(given), 1)
    ]


def medium(image: Thing) -> Thing:
    return {
        "__typename": "MediaImage",
        "id": f"gid://shopify/MediaImage/{image['id']}",
        "mediaContentType": "IMAGE",
        "image": {"url": image["src"], "altText": None},
    }


def variant(shop: Thing, given: Thing, one: Thing) -> Thing:
    return {
        "__typename": "ProductVariant",
        "id": f"gid://shopify/ProductVariant/{one['id']}",
        "title": " / ".join(one["options"]),
        "sku": one["sku"],
        "barcode": one["barcode"],
        "price": one["price"],
        "compareAtPrice": one["compare_at_price"],
        "position": lambda: given["variants"].index(one) + 1,
        "inventoryQuantity": stock_of(one),
        "inventoryPolicy": one["inventory_policy"].upper(),
        "updatedAt": utc(one["updated_at"]),
        "createdAt": utc(one["created_at"]),
        "selectedOptions": [
            {"name": name, "value": value} for name, value in zip(option_names(given), one["options"], strict=True)
        ],
        "inventoryItem": lambda: item(shop, given, one),
        "product": lambda: product(shop, given),
    }


def item(shop: Thing, given: Thing, one: Thing) -> Thing:
    """Show a variant's stock item; its levels need a scope of their own."""
    names = {str(each["id"]): each for each in shop["locations"]}
    stored = [{"id": place, "location": names[place], **level} for place, level in one["levels"].items()]

    def levels(**asked: Any) -> Thing:
        need(shop, "inventoryLevels", "read_inventory")
        return page(stored, partial(level, one), **asked)

    return {
        "__typename": "InventoryItem",
        "id": f"gid://shopify/InventoryItem/{one['inventory_item_id']}",
        "sku": one["sku"],
        "measurement": {
            "id": f"gid://shopify/InventoryItemMeasurement/{one['inventory_item_id']}",
            "weight": None if one.get("weight") is None else {"value": one["weight"], "unit": "KILOGRAMS"},
        },
        "tracked": one["tracked"],
        "createdAt": utc(one["created_at"]),
        "updatedAt": utc(one["updated_at"]),
        "variant": lambda: variant(shop, given, one),
        "inventoryLevels": levels,
    }


def level(one: Thing, stored: Thing) -> Thing:
    def quantities(names: list[str]) -> list[Thing]:
        unknown = [each for each in names if each not in COUNTED + NOT_COUNTED]
        if unknown:
            raise GraphQLError(f"Unknown quantity names: {', '.join(unknown)}")
        counted = [(each, stored["available"] if each in COUNTED else 0) for each in names]
        at = utc(stored["updated_at"])
        return [{"name": name, "quantity": quantity, "updatedAt": at} for name, quantity in counted]

    return {
        "id": f"gid://shopify/InventoryLevel/{stored['id']}?inventory_item_id={one['inventory_item_id']}",
        "location": location(stored["location"]),
        "updatedAt": utc(stored["updated_at"]),
        "quantities": quantities,
    }


def location(given: Thing) -> Thing:
    return {
        "__typename": "Location",
        "id": f"gid://shopify/Location/{given['id']}",
        "name": given["name"],
        "isActive": True,
    }


def subscription(given: Thing) -> Thing:
    return {
        "__typename": "WebhookSubscription",
        "id": f"gid://shopify/WebhookSubscription/{given['id']}",
        "topic": given["topic"],
        "uri": given["uri"],
        "format": "JSON",
        "includeFields": given.get("include_fields") or [],
        "filter": given.get("filter"),
        "name": given.get("name"),
    }
