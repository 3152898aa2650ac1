"""What Orderchamp shows, for the eyes of tests and people: publication, ghosts, both stock numbers."""

from typing import Any

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Product, Variant

AXES = ("option1", "option2", "option3")
MEASURES = ("weight", "length", "width", "height")


def shown_product(market: Market, catalogue: Catalogue, product: Product) -> dict[str, Any]:
    """Return a product as people see it.

    ``storefront`` is the one it is on, or was on last. ``visible`` is what buyers get to see: published, on a storefront
    that is published itself. ``listing_variants`` has an SKU twice where the listing has a ghost copy, and is empty
    while nothing is published.
    """
    account, listing = catalogue.account, product.listing
    storefront = None if listing is None else account.storefront(listing.storefront_id)
    status = "draft" if listing is None else listing.status.lower()
    published = listing is not None and status == "published"
    arrived = product.arrived(market.now())
    return {
        "id": product.id,
        "account_id": account.id,
        "title": product.title,
        "description": product.details.get("description"),
        "brand": product.details.get("brand"),
        "status": status,
        "visible": published and storefront is not None and storefront.is_published,
        "storefront": None if storefront is None else {"id": storefront.id, "name": storefront.name},
        "published_at": None if listing is None else listing.published_at,
        "published_count": 0 if listing is None else listing.publications,
        "listing_variants": [account.variants[each].sku for each in listing.variant_ids]
        if listing is not None and published
        else [],
        "images": [each.source_url for each in arrived],
        "images_on_their_way": len(product.images) - len(arrived),
        **{each: product.details.get(each) for each in MEASURES},
        "options": [product.details[each] for each in AXES if product.details.get(each)],
        "created_at": product.created_at,
        "updated_at": product.updated_at,
        "variants": [shown_variant(account.variants[each]) for each in product.variant_ids],
    }


def shown_variant(variant: Variant) -> dict[str, Any]:
    """Return a variant with its physical stock and what of it is available."""
    return {
        "id": variant.id,
        "sku": variant.sku,
        "price": str(variant.price),
        "msrp": None if variant.msrp is None else str(variant.msrp),
        "quantity": variant.quantity,
        "available_quantity": variant.available,
        "policy": variant.inventory_policy,
        "barcode": variant.details.get("barcode"),
        "counted_at": variant.counted_at,
        **{each: variant.details.get(each) for each in (*AXES, *MEASURES)},
    }
