"""Products as ChannelEngine tells them: a record for each product, and one for each of its variants.

What the merchant has mapped to the channel's fields (``MappedFields``) counts before what the record says itself. Which fields
the Orderchamp channel has is not public; ``MAPPED`` is the one place that names them. ``Price`` includes VAT; a mapped wholesale
price does not.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Literal

from app.domain.ids import Sku, StockItemId
from app.domain.product import Head, Offer, SourceVariant
from app.platforms.channelengine.numbers import variant_of

Record = Mapping[str, Any]
Field = Literal["title", "description", "brand", "ean", "price", "wholesale_price", "stock", "storefront"]

MAPPED: Mapping[Field, str | None] = {
    "title": "Name",
    "description": "Description",
    "brand": "Brand",
    "ean": "Ean",
    "price": "Price",
    "wholesale_price": None,
    "stock": "Stock",
    "storefront": None,
}
"""The channel's fields, and where a record says the same itself; None: nowhere."""

AXES = ("Color", "Size")
"""By which variants differ. An axis on which no variant has a value is left out later."""

EXTRA_IMAGES = 9
MOST = 2**53
LONGEST_PRICE = 40


def head(record: Record, *, has_variants: bool) -> Head:
    """Return what a record says of its product; ValueError if that cannot be read. What is listed is published."""
    images = [record.get("ImageUrl"), *(record.get(f"ExtraImageUrl{n}") for n in range(1, EXTRA_IMAGES + 1))]
    return Head(
        title=_text(record, "title") or _plain(record.get("MerchantProductNo")),
        description=_text(record, "description"),
        brand=_text(record, "brand") or None,
        published=True,
        status="listed",
        option_names=AXES if has_variants else (),
        images=tuple(_plain(each) for each in images if _plain(each)),
        storefront=_text(record, "storefront") or None,
    )


def variant(record: Record, number: str, *, alone: bool) -> SourceVariant:
    """Return the variant that a record tells; ValueError if it cannot be read. ``alone``: it is the whole product."""
    offered = offer(record, number)
    return SourceVariant(
        id=variant_of(number),
        sku=Sku(_plain(record.get("MerchantProductNo"))) or None,
        price=offered.price,
        net_price=offered.net_price,
        barcode=_text(record, "ean") or None,
        options=() if alone else tuple(_plain(record.get(axis)) for axis in AXES),
        stock_item_id=StockItemId(number),
        tracked=True,
        quantity=offered.quantity or 0,
    )


def offer(record: Record, number: str) -> Offer:
    """Return price and stock as a record tells them; ValueError if they cannot be read."""
    return Offer(
        variant_id=variant_of(number),
        price=_money(_value(record, "price")),
        net_price=_money(_value(record, "wholesale_price")),
        quantity=_pieces(_value(record, "stock")),
    )


def _value(record: Record, name: Field) -> object:
    mapped = record.get("MappedFields")
    found = mapped.get(name) if isinstance(mapped, dict) else None
    own = MAPPED[name]
    if _plain(found):
        return found
    return None if own is None else record.get(own)


def _text(record: Record, name: Field) -> str:
    return _plain(_value(record, name))


def _plain(value: object) -> str:
    """Return text without what surrounds it; what is no text, and no number, is none."""
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return ""
    return str(value).strip()


def _money(value: object) -> Decimal | None:
    text = _plain(value)
    if not text:
        return None
    try:
        found = Decimal(text)
    except ArithmeticError:
        raise ValueError(f"“{text[:40]}” is no price") from None
    if not found.is_finite() or len(text) > LONGEST_PRICE:
        raise ValueError(f"“{text[:40]}” is no price")
    return found


def _pieces(value: object) -> int | None:
    found = _money(value)
    if found is None:
        return None
    if found != found.to_integral_value() or abs(found) > MOST:
        raise ValueError(f"“{found}” is no number of pieces")
    return int(found)
