"""Products as BigCommerce has them, as snapshots.

https://developer.bigcommerce.com/docs/rest-catalog/products. Every product has a variant, also one without options, whose only
("base") variant is what is sold of it. A variant without a price of its own has its product's.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant, StockLevel
from app.platforms.adapter import aware
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.stock import BY_PRODUCT, BY_VARIANT, Stock, number
from app.platforms.measures import CENTIMETRES, GRAMS, measured

NOT_SOLD = "disabled"
"""Value of ``availability``: the product may be looked at, and not bought."""

WEIGHT_UNIT, DIMENSION_UNIT = "weight_units", "dimension_units"
"""Details of a store that name the units in which it measures."""

WEIGHT_UNITS: Mapping[str, Decimal] = {
    "grams": GRAMS["g"],
    "kgs": GRAMS["kg"],
    "tonnes": GRAMS["kg"] * 1000,
    "ounces": GRAMS["oz"],
    "lbs": GRAMS["lb"],
}
DIMENSION_UNITS: Mapping[str, Decimal] = {"centimeters": CENTIMETRES["cm"], "inches": CENTIMETRES["in"]}
"""How the control panel calls them; of those that a store may choose, the documentation names two as examples."""

SIDES = ("weight", "depth", "width", "height")

Node = Mapping[str, Any]


def from_node(product: Node, stock: Stock, *, brand: str | None, details: Mapping[str, str]) -> Snapshot:
    """Return a product, told with its variants and images, as a snapshot. Prices are in the store's default currency.

    Variants that cannot be bought are left out. ``details`` tell in which units the store measures. ValueError, KeyError,
    TypeError and the like when the node has another shape than is known.
    """
    sold = [each for each in product["variants"] if not each["purchasing_disabled"]]
    axes = tuple(dict.fromkeys(str(value["option_display_name"]) for each in sold for value in each["option_values"]))
    published, status = _publication(product)
    return Snapshot(
        source_id=SourceId(identity(product["id"])),
        version=moment(product["date_modified"]),
        title=str(product["name"]),
        description=str(product["description"] or ""),
        brand=brand,
        published=published,
        status=status,
        option_names=axes,
        images=_images(product.get("images") or ()),
        variants=tuple(_variant(each, product, stock, axes, details) for each in sold),
    )


def moment(text: object) -> datetime:
    """Return a time in UTC; ValueError if it is none, or names no offset."""
    try:
        return aware(datetime.fromisoformat(str(text))).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def _publication(product: Node) -> tuple[bool, str]:
    """Return whether a product is for sale, and what it is in the words of the control panel."""
    if product["is_visible"] is not True:
        return False, "hidden"
    if product["availability"] == NOT_SOLD:
        return False, "visible, but not for sale,"
    return True, "visible"


def _variant(node: Node, product: Node, stock: Stock, axes: Sequence[str], details: Mapping[str, str]) -> SourceVariant:
    variant_id = identity(node["id"])
    own = {str(each["option_display_name"]): str(each["label"]) for each in node["option_values"]}
    # Only of a product without options is what the product says meant for the variant.
    alone = product if not own else {}
    price, regular = _prices(node, product)
    tracked = product["inventory_tracking"] in (BY_PRODUCT, BY_VARIANT)
    quantity, levels = _stock(node, product, stock) if tracked else (None, None)
    return SourceVariant(
        id=SourceVariantId(variant_id),
        sku=_sku(node["sku"]) or _sku(alone.get("sku")),
        price=price,
        compare_at_price=regular if price is not None and regular is not None and regular > price else None,
        barcode=_first(node.get("gtin"), node.get("upc"), alone.get("gtin"), alone.get("upc")),
        options=tuple(own.get(axis, "") for axis in axes),
        stock_item_id=StockItemId(variant_id),
        tracked=tracked,
        quantity=quantity,
        levels=levels,
        measures=_measures(node, product, details),
    )


def _measures(node: Node, product: Node, details: Mapping[str, str]) -> Measures:
    """Return how heavy and large a variant is: as its product, where it says nothing of its own."""
    weight = WEIGHT_UNITS.get(details.get(WEIGHT_UNIT, "").lower())
    length = DIMENSION_UNITS.get(details.get(DIMENSION_UNIT, "").lower())
    own = {each: product.get(each) if node.get(each) is None else node[each] for each in SIDES}
    return Measures(
        weight_grams=measured(own["weight"], weight),
        length_cm=measured(own["depth"], length),
        width_cm=measured(own["width"], length),
        height_cm=measured(own["height"], length),
    )


def _stock(node: Node, product: Node, stock: Stock) -> tuple[int, tuple[StockLevel, ...] | None]:
    """Return a variant's stock over all locations, and at each; what the inventory does not tell, the catalogue does as a whole.

    Levels have no time of their own; that of the product orders them, and of two with the same time the one read last counts.
    """
    places = stock.of(node, product)
    if places is None:
        told = node if product["inventory_tracking"] == BY_VARIANT else product
        return number(told["inventory_level"]), None
    version = moment(product["date_modified"])
    levels = (StockLevel(location_id=each, quantity=places[each], version=version) for each in sorted(places))
    return sum(places.values()), tuple(levels)


def _prices(node: Node, product: Node) -> tuple[Decimal | None, Decimal | None]:
    """Return what a variant costs now, and what it costs when nothing is on sale."""
    regular = _money(node["price"])
    if regular is None:
        regular = _money(product["price"])
    now = _money(node.get("calculated_price"))
    return (regular if now is None else now), regular


def _money(value: object) -> Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("a price must be a number")  # noqa: TRY004
    amount = Decimal(value)
    if not amount.is_finite():
        raise ValueError("a price must be a number")
    return amount


def _sku(value: object) -> Sku | None:
    trimmed = str(value or "").strip()
    return Sku(trimmed) if trimmed else None


def _first(*values: object) -> str | None:
    return next((text for text in (str(each or "").strip() for each in values) if text), None)


def _images(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return the addresses of images, the largest of each, in the order of the product's page."""
    ordered = sorted(nodes, key=lambda each: (not each.get("is_thumbnail"), each["sort_order"], each["id"]))
    found = (each.get("url_zoom") or each.get("url_standard") for each in ordered)
    return tuple(dict.fromkeys(str(each) for each in found if each))
