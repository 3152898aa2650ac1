"""Products as Lightspeed has them, as snapshots.

A product has no price, stock or SKU; its variants have. A relation that is not there is ``false``. Numbers that are money come
with up to four digits. The shapes are those of live shops, seen in a client that checks them.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant
from app.platforms.adapter import aware
from app.platforms.measures import GRAMS, measured

CENT = Decimal("0.01")

AXIS = "Variant"
"""What the one option is called in which the variants of a product differ: their titles are all that tells them apart."""

VISIBLE, HIDDEN, WHILE_IN_STOCK = "visible", "hidden", "auto"
"""Values of ``visibility``; the meaning of the last one is Lightspeed's own word for it in the back office."""

NOT_COUNTED, SHOWN_ONLY = "disabled", "indicator"
"""Values of ``stockTracking``: stock is not counted; it is counted and shown, and sold beyond."""

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept."""

Node = Mapping[str, Any]


def from_nodes(product: Node, variants: Sequence[Node], *, images: Sequence[Node], brand: Node | None) -> Snapshot:
    """Return a product as a snapshot. Prices are with and without VAT, in the shop's own currency.

    ValueError, KeyError, TypeError and the like when a node has another shape than is known.
    """
    ordered = sorted(variants, key=lambda each: (_number(each.get("sortOrder") or 0), _number(each["id"])))
    several = len(ordered) > 1
    read = tuple(_variant(each, titled=several) for each in ordered)
    return Snapshot(
        source_id=SourceId(identity(product["id"])),
        version=moment(product["updatedAt"]),
        title=str(product["title"] or ""),
        description=str(product["content"] or product["description"] or ""),
        brand=str(brand["title"]) if brand and brand.get("title") else None,
        published=_published(product, read),
        status=_status(product, read),
        option_names=(AXIS,) if several else (),
        images=tuple(dict.fromkeys(str(each["src"]) for each in _in_order(images) if each.get("src"))),
        variants=read,
    )


def identity(value: object) -> str:
    """Return an id as text, with every digit; ValueError if it is none."""
    text = str(value)
    if isinstance(value, bool) or not isinstance(value, int | str) or not text.isascii() or not text.isdigit():
        raise ValueError(f"{text[:50]} is no id")
    if len(text) > 40:  # noqa: PLR2004 - no id of any shop comes near
        raise ValueError("an id has fewer digits")
    return text


def moment(text: object) -> datetime:
    """Return a time in UTC; ValueError if it is none, or names no offset."""
    try:
        return aware(datetime.fromisoformat(str(text))).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def related(value: object) -> str | None:
    """Return the id that a relation names: ``{"resource": {"id": …}}``, or what it is told with; None for ``false``."""
    if not isinstance(value, dict):
        return None
    resource = value.get("resource", value)
    found = resource.get("id") if isinstance(resource, dict) else None
    return None if found in (None, False) else identity(found)


def _published(product: Node, variants: Sequence[SourceVariant]) -> bool:
    if product["visibility"] == WHILE_IN_STOCK:
        return any(each.tracked is False or (each.quantity or 0) > 0 for each in variants)
    return bool(product["visibility"] != HIDDEN and product["isVisible"])


def _status(product: Node, variants: Sequence[SourceVariant]) -> str:
    if product["visibility"] == WHILE_IN_STOCK:
        return "visible while in stock" if _published(product, variants) else "hidden while out of stock"
    return VISIBLE if _published(product, variants) else HIDDEN


def _variant(node: Node, *, titled: bool) -> SourceVariant:
    variant_id = identity(node["id"])
    # Merchants fill in ``articleCode`` as a rule, since ``sku`` is hidden from them in many shops.
    sku = str(node["sku"] or "").strip() or str(node["articleCode"] or "").strip()
    former = _money(node.get("oldPriceIncl") or 0)
    return SourceVariant(
        id=SourceVariantId(variant_id),
        sku=Sku(sku) if sku else None,
        price=_money(node["priceIncl"]),
        net_price=_money(node["priceExcl"]),
        compare_at_price=former or None,
        barcode=str(node["ean"] or "").strip() or None,
        options=(str(node["title"] or "").strip(),) if titled else (),
        stock_item_id=StockItemId(variant_id),
        tracked=node["stockTracking"] != NOT_COUNTED,
        sell_when_empty=node["stockTracking"] == SHOWN_ONLY,
        quantity=_number(node["stockLevel"]),
        # Which side of a product "sizeX" is, nobody says.
        measures=Measures(weight_grams=measured(node.get("weight"), GRAMS["g"])),
    )


def _money(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("a price must be a number")  # noqa: TRY004
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


def _number(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MOST:
        raise ValueError(f"{str(value)[:50]} is no number of pieces")
    return value


def _in_order(images: Sequence[Node]) -> Sequence[Node]:
    return sorted(images, key=lambda each: _number(each.get("sortOrder") or 0))
