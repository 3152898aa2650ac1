"""What webhooks say: REST-shaped bodies of 2024-10 and later, and the bytes that are signed.

Shapes: https://shopify.dev/docs/api/webhooks. Only the first hundred variants of a product are complete.
"""

import json
from typing import Any

from app.sandbox.shopify.times import utc_milliseconds

Thing = dict[str, Any]

COMPLETE_VARIANTS = 100
ESCAPED = ("<", ">", "&", "\u2028", "\u2029")
"""Signs that Ruby on Rails escapes in JSON, for the sake of browsers."""


def written(body: Thing) -> str:
    """Return a body as text that no usual JSON writer would give: raw UTF-8, yet ``/`` and ``ESCAPED`` escaped.

    Whoever checks a signature over a body that was parsed and written again is found out.
    """
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    for sign in ESCAPED:
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def stock_of(variant: Thing) -> int:
    """Return the stock of a variant over all locations."""
    return sum(level["available"] for level in variant["levels"].values())


def option_names(product: Thing) -> list[str]:
    """Return a product's option names; Shopify gives one to a product without options."""
    return product["options"] or ["Title"]


def option_values(product: Thing, position: int) -> list[str]:
    """Return the values of the option at a position (from 1) that variants have, each once."""
    return list(dict.fromkeys(each["options"][position - 1] for each in product["variants"]))


def product_body(product: Thing) -> Thing:
    """Return a product as products/create and products/update tell it."""
    complete = product["variants"][:COMPLETE_VARIANTS]
    images = [image_body(product, each) for each in product["images"]]
    newest_first = sorted(product["variants"], key=lambda each: each["updated_at"], reverse=True)
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
        "variants": [variant_body(each, position) for position, each in enumerate(complete, 1)],
        "options": [
            {
                "name": name,
                "id": product["id"] + position,
                "product_id": product["id"],
                "position": position,
                "values": option_values(product, position),
            }
            for position, name in enumerate(option_names(product), 1)
        ],
        "images": images,
        "image": images[0] if images else None,
        "media": [_medium(product, each) for each in product["images"]],
        "variant_gids": [
            {
                "admin_graphql_api_id": f"gid://shopify/ProductVariant/{each['id']}",
                "updated_at": utc_milliseconds(each["updated_at"]),
            }
            for each in newest_first
        ],
        "has_variants_that_requires_components": False,
        "category": None,
    }


def variant_body(variant: Thing, position: int) -> Thing:
    """Return a variant as a product's body has it."""
    values: list[str | None] = [*variant["options"], None, None]
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
        "option1": values[0],
        "option2": values[1],
        "option3": values[2],
        "image_id": None,
        "inventory_item_id": variant["inventory_item_id"],
        "inventory_quantity": stock_of(variant),
        "old_inventory_quantity": stock_of(variant),
    }


def image_body(product: Thing, image: Thing) -> Thing:
    return {
        "id": image["id"],
        "position": image["position"],
        "product_id": product["id"],
        "src": image["src"],
        "alt": None,
        "width": 800,
        "height": 800,
        "variant_ids": [],
        "created_at": product["created_at"],
        "updated_at": product["created_at"],
        "admin_graphql_api_id": f"gid://shopify/MediaImage/{image['id']}",
    }


def _medium(product: Thing, image: Thing) -> Thing:
    return {
        "id": image["id"],
        "product_id": product["id"],
        "position": image["position"],
        "created_at": product["created_at"],
        "updated_at": product["created_at"],
        "alt": None,
        "status": "READY",
        "media_content_type": "IMAGE",
        "preview_image": {"width": 800, "height": 800, "src": image["src"], "status": "READY"},
        "variant_ids": [],
        "admin_graphql_api_id": f"gid://shopify/MediaImage/{image['id']}",
    }


def level_body(variant: Thing, location_id: int) -> Thing:
    """Return a stock level; ``available`` is null for a variant whose stock is not tracked."""
    level = variant["levels"][str(location_id)]
    item = variant["inventory_item_id"]
    return {
        "inventory_item_id": item,
        "location_id": location_id,
        "available": level["available"] if variant["tracked"] else None,
        "updated_at": level["updated_at"],
        "admin_graphql_api_id": f"gid://shopify/InventoryLevel/{location_id}?inventory_item_id={item}",
    }


def item_body(variant: Thing) -> Thing:
    """Return a variant's stock item, which carries the SKU."""
    return {
        "id": variant["inventory_item_id"],
        "sku": variant["sku"],
        "created_at": variant["created_at"],
        "updated_at": variant["updated_at"],
        "requires_shipping": True,
        "cost": None,
        "country_code_of_origin": None,
        "province_code_of_origin": None,
        "harmonized_system_code": None,
        "tracked": variant["tracked"],
        "country_harmonized_system_codes": [],
        "weight_value": 0.0,
        "weight_unit": "kg",
        "admin_graphql_api_id": f"gid://shopify/InventoryItem/{variant['inventory_item_id']}",
    }


def gone_item_body(variant: Thing) -> Thing:
    """Return what is left of a stock item that was deleted."""
    kept = ("id", "country_code_of_origin", "province_code_of_origin", "harmonized_system_code")
    return {name: item_body(variant)[name] for name in (*kept, "country_harmonized_system_codes")}


def shop_body(shop: Thing) -> Thing:
    """Return a shop as app/uninstalled tells it. Samples have no ``myshopify_domain``; the header names the shop."""
    return {
        "id": shop["id"],
        "name": shop["name"],
        "email": f"hello@{shop['domain'].partition('.')[0]}.example",
        "domain": None,
        "myshopify_domain": None,
        "plan_name": "basic",
        "currency": shop["currency"],
        "primary_location_id": shop["locations"][0]["id"],
    }


def compliance_body(shop: Thing, topic: str) -> Thing:
    """Return a request under data protection law; the customer in it is made up."""
    body: Thing = {"shop_id": shop["id"], "shop_domain": shop["domain"]}
    if topic == "shop/redact":
        return body
    body["customer"] = {"id": 191_167, "email": "john@example.com", "phone": "555-625-1199"}
    if topic == "customers/redact":
        return {**body, "orders_to_redact": [299_938, 280_263]}
    return {**body, "orders_requested": [299_938, 280_263], "data_request": {"id": 9_999}}
