"""Products as Shopify tells them in the bodies of webhooks, which are REST-shaped, as snapshots.

https://shopify.dev/docs/api/webhooks: from the 101st variant on a body has only the variant's global id, in
``variant_gids``. Prices are text without a currency. A body does not tell whether stock is tracked, unless it is of an old
version and has ``inventory_management``.
"""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, TypeAlias, TypeVar

from msgspec import UNSET, Meta, UnsetType

from app.domain.event import Incomplete
from app.domain.ids import SourceId, SourceVariantId, StockItemId
from app.domain.product import Snapshot, SourceVariant
from app.domain.structs import Struct
from app.platforms.shopify.ids import gid, number
from app.platforms.shopify.products import NO_OPTION, sku_of, status_of
from app.platforms.shopify.times import moment

T = TypeVar("T")

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept. An id below it has all its digits."""

MOST_DIGITS = 40

Identity: TypeAlias = int | float | str
"""An id as JSON has it. A number with a point is told apart, so that it can be refused: it may have lost digits."""

Quantity: TypeAlias = Annotated[int, Meta(ge=-MOST, le=MOST)]

Left: TypeAlias = UnsetType
"""What a body leaves out, which it does when its subscription names the fields it wants (``includeFields``). It is not empty."""


class VariantBody(Struct, frozen=True, kw_only=True):
    """A variant in a webhook body."""

    id: Identity
    admin_graphql_api_id: str | None = None
    sku: str | Left | None = UNSET
    price: Decimal | Left | None = UNSET
    compare_at_price: Decimal | Left | None = UNSET
    barcode: str | Left | None = UNSET
    option1: str | None = None
    option2: str | None = None
    option3: str | None = None
    inventory_item_id: Identity | None = None
    inventory_quantity: Quantity | Left | None = UNSET
    inventory_policy: str | Left | None = UNSET
    inventory_management: str | Left | None = UNSET

    def __post_init__(self) -> None:
        """Refuse what the types alone allow."""
        check_id("id", self.id)
        check_id("inventory_item_id", self.inventory_item_id)
        _check_price("price", told(self.price))
        _check_price("compare_at_price", told(self.compare_at_price))

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out of it that is needed."""
        left_out = self.sku is UNSET or self.barcode is UNSET or self.price is UNSET or self.compare_at_price is UNSET
        uncounted = self.inventory_quantity is UNSET or self.inventory_policy is UNSET
        return self.inventory_item_id is not None and not left_out and not uncounted

    @property
    def is_exact(self) -> bool:
        """Whether its number is that of its global id."""
        named, told_as = self.admin_graphql_api_id, str(self.id)
        return named is None or named == gid("ProductVariant", told_as) or number(named) == told_as


class OptionBody(Struct, frozen=True):
    """An option axis in a webhook body."""

    name: str
    position: int = 0


class ImageBody(Struct, frozen=True):
    """An image in a webhook body."""

    src: str
    position: int | None = None


class GidBody(Struct, frozen=True):
    """One entry of ``variant_gids``."""

    admin_graphql_api_id: str


class ProductBody(Struct, frozen=True, kw_only=True):
    """A product in a webhook body."""

    id: Identity
    admin_graphql_api_id: str | None = None
    title: str | None = None
    body_html: str | Left | None = UNSET
    vendor: str | Left | None = UNSET
    status: str | None = None
    published_at: str | Left | None = UNSET
    updated_at: str | None = None
    options: list[OptionBody] | Left = UNSET
    images: list[ImageBody] | Left = UNSET
    variants: list[VariantBody] | None = None
    variant_gids: list[GidBody] | None = None

    def __post_init__(self) -> None:
        """Refuse what the types alone allow."""
        check_id("id", self.id)

    @property
    def source_id(self) -> SourceId:
        """The product's id; the global one where there are both, since a number may have lost digits on its way."""
        named, told_as = self.admin_graphql_api_id, str(self.id)
        return SourceId(told_as if not named or named == gid("Product", told_as) else number(named))

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out of it that is needed, its variants aside."""
        left_out = self.body_html is UNSET or self.vendor is UNSET or self.published_at is UNSET
        return not left_out and self.options is not UNSET and self.images is not UNSET


def from_body(body: ProductBody) -> Snapshot | Incomplete:
    """Return the product as a snapshot, or that it must be read, with the reason. ValueError: it cannot be read."""
    source_id = body.source_id
    version, published_at = moment_of("updated_at", body.updated_at), moment_of("published_at", told(body.published_at))
    reason = _incomplete(body, source_id)
    if reason is not None or body.variants is None or body.title is None or body.status is None:
        return Incomplete(source_id=source_id, reason=reason or "the notice leaves out parts of the product")
    names = tuple(option.name for option in sorted(body.options or (), key=lambda option: option.position))
    plain = names == NO_OPTION[:1] and all(variant.option1 == NO_OPTION[1] for variant in body.variants)
    published = body.status.lower() == "active" and published_at is not None
    return Snapshot(
        source_id=source_id,
        version=version,
        title=body.title,
        description=body.body_html or "",
        brand=body.vendor or None,
        published=published,
        published_from=published_at if published else None,
        status=status_of(body.status, published=published_at is not None),
        option_names=() if plain else names,
        images=tuple(image.src for image in sorted(body.images or (), key=lambda image: image.position or 0)),
        variants=tuple(_variant(variant, plain=plain) for variant in body.variants),
    )


def _incomplete(body: ProductBody, source_id: SourceId) -> str | None:
    if not body.variants:
        return "the notice has no variants"
    if body.title is None or body.status is None or not body.is_whole:
        return "the notice leaves out parts of the product"
    if body.variant_gids is not None and len(body.variant_gids) > len(body.variants):
        return f"the notice has {len(body.variants)} of its {len(body.variant_gids)} variants"
    if not all(each.is_whole for each in body.variants):
        return "the notice leaves out parts of its variants"
    if source_id != str(body.id) or not all(each.is_exact for each in body.variants):
        return "the numbers in the notice have lost digits"
    return None


def _variant(variant: VariantBody, *, plain: bool) -> SourceVariant:
    named = variant.inventory_management is not UNSET
    return SourceVariant(
        id=SourceVariantId(str(variant.id)),
        sku=sku_of(variant.sku or None),
        price=told(variant.price),
        compare_at_price=told(variant.compare_at_price),
        barcode=variant.barcode or None,
        options=() if plain else tuple(filter(None, (variant.option1, variant.option2, variant.option3))),
        stock_item_id=StockItemId(str(variant.inventory_item_id)),
        tracked=variant.inventory_management is not None if named else None,
        sell_when_empty=(variant.inventory_policy or "").lower() == "continue",
        quantity=told(variant.inventory_quantity),
    )


def told(value: T | Left) -> T | None:
    """Return what a body tells; None for what it leaves out."""
    return None if value is UNSET else value


def check_id(name: str, identity: Identity | None) -> None:
    """Raise ValueError unless an id is a whole number, or None."""
    if identity is None or (isinstance(identity, int) and 0 <= identity < MOST):
        return
    text = str(identity)
    if len(text) > MOST_DIGITS or not (text.isascii() and text.isdigit()):
        raise ValueError(f"{name} must be a whole number")


def _check_price(name: str, price: Decimal | None) -> None:
    if price is None or _is_short(str(price)):
        return
    _, digits, exponent = price.as_tuple()
    if not isinstance(exponent, int) or max(len(digits), len(digits) + exponent, -exponent) > MOST_DIGITS:
        raise ValueError(f"{name} must be a number of at most {MOST_DIGITS} digits")


def _is_short(number: str) -> bool:
    """Tell whether a number is written without an exponent, in few digits. Nearly every price is, and this tells it soon."""
    return len(number) <= MOST_DIGITS and number.replace(".", "", 1).isdecimal()


def moment_of(name: str, text: str | None) -> datetime | None:
    """Return the time that a field tells; None: it tells none. ValueError names the field."""
    try:
        return None if text is None else moment(text)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
