"""Creating, changing and deleting variants. Every function raises Refused or NotFound before it changes anything."""

from collections.abc import Collection, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Product, Variant
from app.sandbox.orderchamp.refusals import NotFound, Refused, UserError, blank, price_errors, refuse

Given = Mapping[str, Any]

DETAILS = (
    *("barcode", "ean", "hsCode", "option1", "option2", "option3"),
    *("weight", "length", "width", "height", "diameter"),
)
TAKEN = "SKU has already been taken"


def create_variant(market: Market, catalogue: Catalogue, product: Product, given: Given) -> Variant:
    """Add a variant; whether a listing takes it up by itself is an open question."""
    refuse(new_variant_errors(catalogue, given, ()))
    _check_image(market, product, given)
    variant = add_variant(market, catalogue, product, given)
    if product.listing is not None and market.switches.new_variant_in_listing == "immediate":
        product.listing.variant_ids.append(variant.id)
    _note(market, catalogue, product)
    return variant


def update_variant(market: Market, catalogue: Catalogue, variant: Variant, given: Given) -> None:
    """Change what is given; the SKU may be renamed, since the variant is found by its id."""
    product = catalogue.account.product(variant.product_id)
    refuse(variant_errors(catalogue, given, (), known=variant))
    _check_image(market, product, given)
    change_variant(market, catalogue, variant, given)
    _note(market, catalogue, product)


def delete_variant(market: Market, catalogue: Catalogue, variant: Variant) -> None:
    """Delete a variant; the last one is refused, since a product has at least one."""
    product = catalogue.account.product(variant.product_id)
    if len(product.variant_ids) == 1:
        raise Refused(UserError(field=("id",), message="A product needs at least one variant"))
    catalogue.remove_variant(product, variant)
    _note(market, catalogue, product)


def new_variant_errors(
    catalogue: Catalogue, given: Given, where: tuple[str, ...], *, taken: Collection[str] = ()
) -> list[UserError]:
    """Return what is wrong with a new variant; ``taken`` are the SKUs of others that are created with it."""
    errors = blank(given["sku"], *where, "sku", called="SKU")
    if given["sku"] in catalogue.by_sku or given["sku"] in taken:
        errors.append(UserError(field=(*where, "sku"), message=TAKEN))
    return errors + price_errors(given, where)


def variant_errors(catalogue: Catalogue, given: Given, where: tuple[str, ...], *, known: Variant) -> list[UserError]:
    """Return what is wrong with a change of a variant."""
    errors = blank(given["sku"], *where, "sku", called="SKU") if "sku" in given else []
    if catalogue.by_sku.get(given.get("sku") or "", known) is not known:
        errors.append(UserError(field=(*where, "sku"), message=TAKEN))
    return errors + price_errors(given, where)


def add_variant(market: Market, catalogue: Catalogue, product: Product, given: Given) -> Variant:
    """Add a variant that was found to be right, to the product alone."""
    now = market.now()
    variant = Variant(
        id=market.identity("ProductVariant"),
        product_id=product.id,
        level_id=market.identity("InventoryLevel"),
        sku=given["sku"],
        price=cents(given["price"]),
        created_at=now,
        updated_at=now,
        counted_at=now,
    )
    catalogue.add_variant(product, variant)
    change_variant(market, catalogue, variant, given)
    return variant


def change_variant(market: Market, catalogue: Catalogue, variant: Variant, given: Given) -> None:
    """Write a change that was found to be right. Null clears what may be empty and is ignored elsewhere."""
    if given.get("sku") not in (None, variant.sku):
        catalogue.rename(variant, given["sku"])
    if given.get("price") is not None:
        variant.price = cents(given["price"])
    if "msrp" in given:
        variant.msrp = None if given["msrp"] is None else cents(given["msrp"])
    if given.get("inventoryPolicy") is not None:
        variant.inventory_policy = given["inventoryPolicy"]
    if "inventoryQuantity" in given:
        _count(market, variant, given["inventoryQuantity"])
    if "productImageId" in given:
        variant.image_id = given["productImageId"]
    variant.details |= {name: given[name] for name in DETAILS if name in given}
    variant.updated_at = market.now()


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _count(market: Market, variant: Variant, quantity: int | None) -> None:
    """Write ``inventoryQuantity``: the same number that a read would show."""
    hidden = variant.reserved if market.switches.inventory_quantity == "available" else 0
    variant.quantity = None if quantity is None else quantity + hidden
    variant.counted_at = market.now()


def _check_image(market: Market, product: Product, given: Given) -> None:
    image_id = given.get("productImageId")
    if image_id is not None and all(each.id != image_id for each in product.arrived(market.now())):
        raise NotFound("ProductImage")


def _note(market: Market, catalogue: Catalogue, product: Product) -> None:
    catalogue.touch(product, market.now())
    market.tell(catalogue, "PRODUCT_UPDATED", product)
    market.changed()
