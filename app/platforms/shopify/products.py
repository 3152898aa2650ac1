"""Products as Shopify tells them, in webhook bodies (REST-shaped) and in GraphQL, as snapshots.

https://shopify.dev/docs/api/webhooks: from the 101st variant on a body has only the variant's global id, in
``variant_gids``. Prices are text without a currency. A body does not tell whether stock is tracked, unless it is of an old
version and has ``inventory_management``.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from app.domain.event import Incomplete
from app.domain.ids import LocationId, Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant, StockLevel, total
from app.platforms.measures import GRAMS, measured
from app.platforms.shopify.ids import number
from app.platforms.shopify.times import moment

WHOLE_PRODUCT = frozenset({"body_html", "vendor", "published_at", "options", "images"})
WHOLE_VARIANT = frozenset({"sku", "price", "compare_at_price", "barcode", "inventory_quantity", "inventory_policy"})
"""What a body always has unless its subscription names the fields it wants (``includeFields``). Left out is not empty."""

NO_OPTION = ("Title", "Default Title")
"""The option and value that Shopify gives to a product without options."""


UNITS = {"GRAMS": GRAMS["g"], "KILOGRAMS": GRAMS["kg"], "OUNCES": GRAMS["oz"], "POUNDS": GRAMS["lb"]}
"""https://shopify.dev/docs/api/admin-graphql/latest/enums/WeightUnit"""

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept."""


def _exact(value: object) -> object:
    """Refuse numbers that have lost digits on the way: prices are text, or Decimals read from text."""
    if isinstance(value, str | int | Decimal) and not isinstance(value, bool):
        return value
    raise ValueError("a price must be text")


def _moment(value: object) -> datetime:
    """Refuse numbers, which pydantic would take for seconds."""
    if not isinstance(value, str):
        raise ValueError("a time must be text")  # noqa: TRY004
    return moment(value)


def _identity(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("an id must be a whole number")  # noqa: TRY004
    return str(value)


Price = Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=40)]
Quantity = Annotated[int, Field(ge=-MOST, le=MOST)]
Identity = Annotated[str, BeforeValidator(_identity), Field(pattern=r"^[0-9]{1,40}$")]
Moment = Annotated[datetime, BeforeValidator(_moment)]


class VariantBody(BaseModel):
    """A variant in a webhook body."""

    id: Identity
    admin_graphql_api_id: str | None = None
    sku: str | None = None
    price: Price | None = None
    compare_at_price: Price | None = None
    barcode: str | None = None
    position: int | None = None
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    inventory_item_id: Identity | None = None
    inventory_quantity: Quantity | None = None
    inventory_policy: str | None = None
    inventory_management: str | None = None

    @property
    def number(self) -> str:
        """The variant's id; the global one where there are both."""
        return number(self.admin_graphql_api_id) if self.admin_graphql_api_id else self.id


class OptionBody(BaseModel):
    """An option axis in a webhook body."""

    name: str
    position: int = 0


class ImageBody(BaseModel):
    """An image in a webhook body."""

    src: str
    position: int | None = None


class GidBody(BaseModel):
    """One entry of ``variant_gids``."""

    admin_graphql_api_id: str


class ProductBody(BaseModel):
    """A product in a webhook body. Fields may be missing when a subscription asked for some only."""

    id: Identity
    admin_graphql_api_id: str | None = None
    title: str | None = None
    body_html: str | None = None
    vendor: str | None = None
    status: str | None = None
    published_at: Moment | None = None
    updated_at: Moment | None = None
    options: list[OptionBody] = []
    images: list[ImageBody] = []
    variants: list[VariantBody] | None = None
    variant_gids: list[GidBody] | None = None

    @property
    def source_id(self) -> SourceId:
        """The product's id; the global one where there are both, since a number may have lost digits on its way."""
        return SourceId(number(self.admin_graphql_api_id) if self.admin_graphql_api_id else self.id)


def from_body(body: ProductBody) -> Snapshot | Incomplete:
    """Return the product as a snapshot, or that it must be read, with the reason."""
    reason = _incomplete(body)
    if reason is not None or body.variants is None or body.title is None or body.status is None:
        return Incomplete(source_id=body.source_id, reason=reason or "the notice leaves out parts of the product")
    names = tuple(option.name for option in sorted(body.options, key=lambda option: option.position))
    plain = names == NO_OPTION[:1] and all(variant.option1 == NO_OPTION[1] for variant in body.variants)
    published = body.status.lower() == "active" and body.published_at is not None
    return Snapshot(
        source_id=body.source_id,
        version=body.updated_at,
        title=body.title,
        description=body.body_html or "",
        brand=body.vendor or None,
        published=published,
        published_from=body.published_at if published else None,
        status=_status(body.status, published=body.published_at is not None),
        option_names=() if plain else names,
        images=tuple(image.src for image in sorted(body.images, key=lambda image: image.position or 0)),
        variants=tuple(_variant(variant, plain=plain) for variant in body.variants),
    )


def _incomplete(body: ProductBody) -> str | None:
    if not body.variants:
        return "the notice has no variants"
    if body.title is None or body.status is None or not body.model_fields_set >= WHOLE_PRODUCT:
        return "the notice leaves out parts of the product"
    if body.variant_gids is not None and len(body.variant_gids) > len(body.variants):
        return f"the notice has {len(body.variants)} of its {len(body.variant_gids)} variants"
    if any(each.inventory_item_id is None or not each.model_fields_set >= WHOLE_VARIANT for each in body.variants):
        return "the notice leaves out parts of its variants"
    if body.source_id != body.id or any(variant.number != variant.id for variant in body.variants):
        return "the numbers in the notice have lost digits"
    return None


def _status(status: str, *, published: bool) -> str:
    lowered = status.lower()
    if lowered == "active" and not published:
        return "active, but not published on the online store,"
    return lowered


def _variant(variant: VariantBody, *, plain: bool) -> SourceVariant:
    told = "inventory_management" in variant.model_fields_set
    options = () if plain else tuple(filter(None, (variant.option1, variant.option2, variant.option3)))
    return SourceVariant(
        id=SourceVariantId(variant.id),
        sku=_sku(variant.sku),
        price=variant.price,
        compare_at_price=variant.compare_at_price,
        barcode=variant.barcode or None,
        options=options,
        stock_item_id=StockItemId(variant.inventory_item_id or ""),
        tracked=variant.inventory_management is not None if told else None,
        sell_when_empty=(variant.inventory_policy or "").lower() == "continue",
        quantity=variant.inventory_quantity,
    )


def _sku(sku: str | None) -> Sku | None:
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
        status=_status(node["status"], published=published_at is not None),
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
        sku=_sku(node["sku"]),
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
