"""Products as Shopify's Admin API shows them, as snapshots. How webhooks tell them is in ``bodies``."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from app.domain.ids import LocationId, Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant, StockLevel, total
from app.platforms.measures import GRAMS, measured
from app.platforms.shopify.ids import number
from app.platforms.shopify.times import moment

NO_OPTION = ("Title", "Default Title")
"""The option and value that Shopify gives to a product without options."""


UNITS = {"GRAMS": GRAMS["g"], "KILOGRAMS": GRAMS["kg"], "OUNCES": GRAMS["oz"], "POUNDS": GRAMS["lb"]}
"""https://shopify.dev/docs/api/admin-graphql/latest/enums/WeightUnit"""


def status_of(status: str, *, published: bool) -> str:
    """Return in what state a product is, in Shopify's own word. ``published``: it is on the online store."""
    lowered = status.lower()
    if lowered == "active" and not published:
        return "active, but not published on the online store,"
    return lowered


def sku_of(sku: str | None) -> Sku | None:
    """Return an SKU without the space around it; None for one that is empty."""
    trimmed = (sku or "").strip()
    return Sku(trimmed) if trimmed else None


def from_node(
    node: Mapping[str, Any], *, variants: Sequence[Mapping[str, Any]], media: Sequence[Mapping[str, Any]]
) -> Snapshot:
    """Return a product as the Admin API shows it as a snapshot; ``variants`` and ``media`` are all of its own.

    Media that are no images, or have none yet, are left out.
    """
    names = tuple(option["name"] for option in sorted(node["options"], key=lambda option: option["position"] or 0))
    values = [[option["value"] for option in variant["selectedOptions"]] for variant in variants]
    plain = names == NO_OPTION[:1] and all(value == list(NO_OPTION[1:]) for value in values)
    published_at = None if node["publishedAt"] is None else moment(node["publishedAt"])
    published = node["status"] == "ACTIVE" and published_at is not None
    return Snapshot(
        source_id=SourceId(number(node["id"])),
        version=moment(node["updatedAt"]),
        title=node["title"],
        description=node["descriptionHtml"] or "",
        brand=node["vendor"] or None,
        published=published,
        published_from=published_at if published else None,
        status=status_of(node["status"], published=published_at is not None),
        option_names=() if plain else names,
        images=tuple(each["image"]["url"] for each in media if each.get("image")),
        variants=tuple(
            variant_from_node(variant, options=() if plain else tuple(value))
            for variant, value in zip(variants, values, strict=True)
        ),
    )


def variant_from_node(node: Mapping[str, Any], *, options: tuple[str, ...]) -> SourceVariant:
    """Return a variant as the Admin API shows it, with its stock at every location."""
    item = node["inventoryItem"]
    levels = tuple(
        sorted(
            (level_from_node(level) for level in item["inventoryLevels"]["nodes"]), key=lambda level: level.location_id
        )
    )
    return SourceVariant(
        id=SourceVariantId(number(node["id"])),
        sku=sku_of(node["sku"]),
        price=_price(node["price"]),
        compare_at_price=_price(node["compareAtPrice"]),
        barcode=node["barcode"] or None,
        options=options,
        stock_item_id=StockItemId(number(item["id"])),
        tracked=item["tracked"],
        sell_when_empty=node["inventoryPolicy"] == "CONTINUE",
        quantity=total(levels),
        levels=levels,
        measures=_measures(item),
    )


def _measures(item: Mapping[str, Any]) -> Measures:
    """Return the weight of a stock item, all that Shopify knows of its size. Bodies of webhooks tell none."""
    weight = (item.get("measurement") or {}).get("weight") or {}
    return Measures(weight_grams=measured(weight.get("value"), UNITS.get(weight.get("unit", ""))))


def level_from_node(node: Mapping[str, Any]) -> StockLevel:
    """Return the available stock at one location."""
    quantities = {each["name"]: each["quantity"] for each in node["quantities"]}
    return StockLevel(
        location_id=LocationId(number(node["location"]["id"])),
        quantity=int(quantities["available"]),
        version=moment(node["updatedAt"]),
    )


def _price(value: object) -> Decimal | None:
    if value is None:
        return None
    price = Decimal(str(value))
    if not price.is_finite():
        raise ValueError(f"{price} is not a price")
    return price
