"""Creating, changing and deleting products. Every function raises Refused or NotFound before it changes anything."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from app.sandbox.orderchamp.account import Account, Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Image, Product
from app.sandbox.orderchamp.refusals import NotFound, UserError, blank, refuse
from app.sandbox.orderchamp.variants import add_variant, change_variant, new_variant_errors, variant_errors

Given = Mapping[str, Any]

NEVER = datetime.max.replace(tzinfo=UTC)

DETAILS = (
    *("description", "brand", "madeIn", "hsCode", "caseQuantity", "minimumOrderQuantity", "tags", "salesChannels"),
    *("option1", "option2", "option3", "weight", "length", "width", "height", "diameter"),
)


def create_product(market: Market, catalogue: Catalogue, given: Given) -> Product:
    """Create a draft."""
    items: list[Given] = given["variants"]
    errors = blank(given["title"], "title", called="Title")
    if not items:
        errors.append(UserError(field=("variants",), message="A product needs at least one variant"))
    taken: set[str] = set()
    for n, item in enumerate(items):
        errors += new_variant_errors(catalogue, item, ("variants", str(n)), taken=taken)
        taken.add(item["sku"])
    refuse(errors)
    _check_category(catalogue.account, given)
    images = _images(market, None, given)
    now = market.now()
    product = Product(
        id=market.identity("Product"),
        title=given["title"],
        created_at=now,
        updated_at=now,
        content_updated_at=now,
    )
    catalogue.add(product)
    _write(catalogue.account, product, given, images)
    for item in items:
        add_variant(market, catalogue, product, item)
    catalogue.touch(product, now, content=True)
    market.tell(catalogue, "PRODUCT_CREATED", product)
    market.changed()
    return product


def update_product(market: Market, catalogue: Catalogue, product: Product, given: Given) -> None:
    """Change what is given. Variants are matched by id, and those left out stay as they are: an open question."""
    errors = blank(given["title"], "title", called="Title") if "title" in given else []
    items: list[Given] = given.get("variants") or []
    for n, item in enumerate(items):
        if item.get("id") is None:
            errors += blank(None, "variants", str(n), "id", called="Id")
        elif item["id"] not in product.variant_ids:
            raise NotFound("ProductVariant")
        else:
            known = catalogue.account.variant(item["id"])
            errors += variant_errors(catalogue, item, ("variants", str(n)), known=known)
    refuse(errors)
    _check_category(catalogue.account, given)
    _write(catalogue.account, product, given, _images(market, product, given))
    for item in items:
        change_variant(market, catalogue, catalogue.account.variant(item["id"]), item)
    catalogue.touch(product, market.now(), content=True)
    market.tell(catalogue, "PRODUCT_UPDATED", product)
    market.changed()


def delete_product(market: Market, catalogue: Catalogue, product: Product) -> None:
    """Delete for good; the SKUs are free again."""
    market.tell(catalogue, "PRODUCT_DELETED", product)
    catalogue.remove(product)
    market.changed()


def _check_category(account: Account, given: Given) -> None:
    if given.get("customCategory") is not None:
        account.custom_category(given["customCategory"])


def _images(market: Market, product: Product | None, given: Given) -> list[Image] | None:
    """Return the whole new set of images, which arrive later; None leaves the set as it is."""
    if "images" not in given:
        return None
    known = {} if product is None else {each.id: each for each in product.images}
    delay = timedelta(seconds=market.switches.image_delay_seconds)
    appears_at = market.now() + delay if market.switches.image_downloads == "arrive" else NEVER
    images: list[Image] = []
    for n, item in enumerate(given["images"] or ()):
        if item.get("id") is not None:
            if item["id"] not in known:
                raise NotFound("ProductImage")
            images.append(known[item["id"]])
        else:
            refuse(blank(item.get("sourceUrl"), "images", str(n), "sourceUrl", called="Source url"))
            images.append(
                Image(id=market.identity("ProductImage"), source_url=item["sourceUrl"], appears_at=appears_at)
            )
    return images


def _write(account: Account, product: Product, given: Given, images: list[Image] | None) -> None:
    if "title" in given:
        product.title = given["title"]
    product.details |= {name: given[name] for name in DETAILS if name in given}
    if "salesChannels" in given:
        # Channels that are not activated are dropped without a word (observed).
        product.details["salesChannels"] = [
            each for each in given["salesChannels"] or () if each in account.sales_channels
        ]
    if "category" in given:
        product.category = given["category"]
    if "customCategory" in given:
        wanted = account.custom_categories.get(given["customCategory"] or "")
        # An unpublished category is dropped without a word (observed).
        product.custom_category_id = wanted.id if wanted is not None and wanted.is_published else None
    if images is not None:
        product.images = images
