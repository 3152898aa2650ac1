"""Products as WooCommerce tells them, in webhook bodies and in answers alike, as snapshots.

https://woocommerce.github.io/woocommerce-rest-api-docs/#product-properties. Prices are text, and empty where there is none.
Times in UTC carry no offset. A product with variations names only their ids; a variation that is asked for, or told of, as a
product has the same shape with ``parent_id``.
"""

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, Field

from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant
from app.platforms.measures import CENTIMETRES, GRAMS, measured

FIELDS = (
    *(
        "id",
        "type",
        "parent_id",
        "name",
        "description",
        "status",
        "catalog_visibility",
        "brands",
        "images",
        "attributes",
    ),
    *("variations", "date_created_gmt", "date_modified_gmt", "sku", "price", "regular_price", "global_unique_id"),
    *("manage_stock", "stock_quantity", "stock_status", "backorders", "weight", "dimensions"),
)
"""What answers are asked to hold; without that, plugins add a hundred times as much."""

VARIATION_FIELDS = tuple(
    name
    for name in FIELDS
    if name not in ("description", "name", "catalog_visibility", "brands", "images", "variations")
)

WEIGHT_UNIT, DIMENSION_UNIT = "weight_unit", "dimension_unit"
NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})
"""Details of a shop that name the units in which it measures."""

VARIATION = "variation"
WITH_VARIATIONS = re.compile("variable")
"""The beginning of the types whose products have variations; plugins add such as ``variable-subscription``."""

NOT_SOLD = {"grouped": "a group of other products", "external": "only a link to another shop"}
"""Types of products that are not sold themselves, in the words that a supplier reads."""

STATUSES = {
    "publish": "published",
    "future": "scheduled",
    "draft": "a draft",
    "pending": "waiting for review",
    "private": "private",
    "trash": "in the trash",
}
HIDDEN = "published, but hidden from the shop's catalogue and search,"
TRASH = "trash"
ANY = "Any"
"""What a variation is called that stands for every option of an attribute."""

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept."""


def _identity(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("an id must be a whole number")  # noqa: TRY004
    return str(value)


def _price(value: object) -> object:
    """Take an empty price for none, and refuse numbers that have lost digits on the way."""
    if value is None or value == "":
        return None
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError("a price must be text")


def _pieces(value: object) -> object:
    """Round down to whole pieces, since a plugin may sell by the metre."""
    if isinstance(value, Decimal) and value.is_finite():
        return int(value.to_integral_value(ROUND_FLOOR)) if abs(value) < MOST else MOST + 1
    return value


def _moment(value: object) -> object:
    """Return a time in UTC, which is meant where no offset is named; None where there is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise ValueError("a time must be text")  # noqa: TRY004
    parsed = datetime.fromisoformat(value)
    try:
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


Identity = Annotated[str, BeforeValidator(_identity), Field(pattern=r"^[0-9]{1,40}$")]
Price = Annotated[Annotated[Decimal, Field(max_digits=40)] | None, BeforeValidator(_price)]
Quantity = Annotated[Annotated[int, Field(ge=-MOST, le=MOST)] | None, BeforeValidator(_pieces)]
Moment = Annotated[datetime | None, BeforeValidator(_moment)]


class ImageBody(BaseModel):
    """An image of a product."""

    src: str


class BrandBody(BaseModel):
    """A brand of a product; shops of older versions have none."""

    name: str


class AttributeBody(BaseModel):
    """An attribute of a product with all its options, or the one option that a variation has of it."""

    id: Identity = "0"
    name: str = ""
    position: int = 0
    variation: bool = False
    option: str = ""

    def is_of(self, axis: "AttributeBody") -> bool:
        """Tell whether this is a variation's option of ``axis``. Attributes that only one product has are all numbered 0."""
        return self.id == axis.id and (self.id != "0" or self.name.casefold() == axis.name.casefold())


class SoldBody(BaseModel):
    """What products and variations have in common: what is sold, at which price, from which stock."""

    id: Identity
    sku: str = ""
    price: Price = None
    regular_price: Price = None
    global_unique_id: str = ""
    manage_stock: bool | Literal["parent"] = False
    stock_quantity: Quantity = None
    stock_status: str = "instock"
    backorders: str = "no"
    weight: Any = None
    dimensions: Any = None
    status: str
    attributes: list[AttributeBody] = []


class ProductBody(SoldBody):
    """A product, or a variation in the shape of one."""

    type: str
    parent_id: Identity = "0"
    name: str
    description: str = ""
    catalog_visibility: str = "visible"
    brands: list[BrandBody] = []
    images: list[ImageBody] = []
    variations: list[Identity] = []
    date_created_gmt: Moment = None
    date_modified_gmt: Moment = None

    @property
    def source_id(self) -> SourceId:
        return SourceId(self.id)

    @property
    def has_variations(self) -> bool:
        """Whether it is sold by its variations, which it does not tell."""
        return WITH_VARIATIONS.match(self.type) is not None or bool(self.variations)


class NamedBody(BaseModel):
    """As much of a product as tells which one it is."""

    id: Identity
    type: str = ""
    parent_id: Identity = "0"
    status: str = ""


class VariationBody(SoldBody):
    """A variation, as a product's list of them has it."""


def snapshot(
    product: ProductBody, variations: Sequence[VariationBody] = (), *, details: Mapping[str, str] = NOTHING_KNOWN
) -> Snapshot:
    """Return a product as a snapshot; ``variations`` are all of its own. Those that are switched off are left out.

    ``details`` tell in which units the shop measures; what comes without them, as webhooks do, tells no measures.
    """
    axes = sorted((each for each in product.attributes if each.variation), key=lambda each: each.position)
    names = tuple(html.unescape(axis.name) for axis in axes) if product.has_variations else ()
    published, status = _publication(product)
    return Snapshot(
        source_id=product.source_id,
        version=product.date_modified_gmt,
        title=html.unescape(product.name),
        description=product.description,
        brand=html.unescape(product.brands[0].name) or None if product.brands else None,
        published=published,
        published_from=product.date_created_gmt if published and product.status == "future" else None,
        status=status,
        option_names=names,
        images=tuple(image.src for image in product.images),
        variants=tuple(_variants(product, variations, axes, details)),
    )


def _publication(product: ProductBody) -> tuple[bool, str]:
    """Return whether a product is for sale, perhaps from a time on that the shop keeps by itself, and what it is instead."""
    if product.type in NOT_SOLD:
        return False, NOT_SOLD[product.type]
    if product.status not in ("publish", "future"):
        return False, STATUSES.get(product.status, product.status)
    if product.catalog_visibility == "hidden":
        return False, HIDDEN
    return True, STATUSES[product.status]


def _variants(
    product: ProductBody,
    variations: Sequence[VariationBody],
    axes: Sequence[AttributeBody],
    details: Mapping[str, str],
) -> list[SourceVariant]:
    if product.type in NOT_SOLD:
        return []
    if not product.has_variations:
        return [_variant(product, sku=_sku(product.sku), options=(), measures=_measures(product, details))]
    return [
        # A variation without an SKU of its own shows its product's, which would be the same for all of them.
        _variant(
            each,
            sku=_sku(each.sku) if each.sku != product.sku else None,
            options=_options(each, axes),
            measures=_measures(each, details),
        )
        for each in variations
        if each.status == "publish"
    ]


def _options(variation: VariationBody, axes: Sequence[AttributeBody]) -> tuple[str, ...]:
    found = (next((each.option for each in variation.attributes if each.is_of(axis)), "") for axis in axes)
    return tuple(html.unescape(option) or ANY for option in found)


def _measures(body: SoldBody, details: Mapping[str, str]) -> Measures:
    length = CENTIMETRES.get(details.get(DIMENSION_UNIT, ""))
    sides = body.dimensions if isinstance(body.dimensions, dict) else {}
    return Measures(
        weight_grams=measured(body.weight, GRAMS.get(details.get(WEIGHT_UNIT, ""))),
        length_cm=measured(sides.get("length"), length),
        width_cm=measured(sides.get("width"), length),
        height_cm=measured(sides.get("height"), length),
    )


def _variant(body: SoldBody, *, sku: Sku | None, options: tuple[str, ...], measures: Measures) -> SourceVariant:
    managed = body.manage_stock is not False
    # A shop that does not count pieces may still say that there are none.
    out = not managed and body.stock_status == "outofstock"
    on_sale = body.price is not None and body.regular_price is not None and body.regular_price > body.price
    return SourceVariant(
        id=SourceVariantId(body.id),
        sku=sku,
        price=body.price,
        compare_at_price=body.regular_price if on_sale else None,
        barcode=body.global_unique_id.strip() or None,
        options=options,
        stock_item_id=StockItemId(body.id),
        tracked=managed or out,
        sell_when_empty=managed and body.backorders != "no",
        quantity=0 if out else body.stock_quantity if managed else None,
        measures=measures,
    )


def _sku(sku: str) -> Sku | None:
    trimmed = sku.strip()
    return Sku(trimmed) if trimmed else None
