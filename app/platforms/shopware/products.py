"""Products as Shopware has them, as snapshots.

A variant is a product of its own that names its parent (``parentId``). Where a variant leaves a field open (null, or an
empty list), it has its parent's; so both are read as they are stored, and what a variant takes over is decided here: only
so it can be told whether a variant was switched off itself. A product with variants is not sold itself.

https://developer.shopware.com/docs/concepts/framework/data-abstraction-layer.html (inheritance),
https://docs.shopware.com/en/shopware-6-en/catalogues/products (visibility, clearance sale)
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId
from app.domain.product import Measures, Snapshot, SourceVariant
from app.platforms.adapter import aware
from app.platforms.measures import CENTIMETRES, GRAMS, measured
from app.platforms.shopware.ids import DEFAULT_CURRENCY, identity

ASSOCIATIONS: Mapping[str, Any] = {
    "manufacturer": {},
    "cover": {"associations": {"media": {}}},
    "media": {"associations": {"media": {}}},
    "options": {"associations": {"group": {}}},
    "visibilities": {},
}
"""What is read along with a product."""

INCLUDES: Mapping[str, Sequence[str]] = {
    "product": (
        *("id", "parentId", "autoIncrement", "childCount", "productNumber", "ean", "name", "description", "translated"),
        *(
            "weight",
            "length",
            "width",
            "height",
            "active",
            "price",
            "stock",
            "availableStock",
            "isCloseout",
            "createdAt",
            "updatedAt",
        ),
        *("manufacturer", "cover", "media", "options", "visibilities"),
    ),
    "product_manufacturer": ("name", "translated"),
    "product_media": ("position", "media"),
    "media": ("url",),
    "property_group_option": ("id", "name", "translated", "group"),
    "property_group": ("id", "name", "translated", "position"),
    "product_visibility": ("salesChannelId", "visibility"),
}
"""What the shop is to tell of each entity; its answers would be many times as large otherwise."""

PRIVILEGES = tuple(f"{entity}:read" for entity in INCLUDES)
"""What the key must be allowed for that."""

FOUND_BY_SEARCH = 20
"""Of a product's visibility in a sales channel: 10 is by its link alone, 20 by search, too, 30 everywhere."""

MOST = 2**53
"""Beyond this many pieces a number is no stock, and would not fit where stock is kept."""

SIZES = ("weight", "length", "width", "height")
"""Stored in kilograms and millimetres, whatever a shop shows its customers.

https://developer.shopware.com/docs/resources/references/adr/2025-05-12-implement-measurement-system.html
"""

CENT = Decimal("0.01")

Node = Mapping[str, Any]


def from_nodes(parent: Node, children: Sequence[Node], *, sales_channel: str | None) -> Snapshot:
    """Return a product as a snapshot; ``children`` are all its variants, none for one that is sold itself.

    It is published while it, or one of its variants, is for sale in the sales channel; None: in any. Variants that are not
    for sale are left out of a published product, so that they are sold out there. Prices are in the shop's own currency.

    ValueError, KeyError, TypeError and the like when a node has another shape than was asked for.
    """
    nodes = [_filled(parent, child) for child in children] or [parent]
    sold = [each for each in nodes if each["active"] and _visible(each, sales_channel)]
    # Of a hidden product those count that would be sold if it were not: all that are not switched off by themselves.
    listed = sold or [each for each in nodes if not each.get("switched_off")] or nodes
    axes = _axes(listed) if children else ()
    return Snapshot(
        source_id=SourceId(identity(parent["id"])),
        version=_version(parent),
        title=_text(parent, "name"),
        description=_text(parent, "description"),
        brand=_text(parent["manufacturer"], "name") or None if parent["manufacturer"] else None,
        published=bool(sold),
        status=_status(nodes, sold=bool(sold)),
        option_names=tuple(name for _, name in axes),
        images=_images([parent, *listed]),
        variants=tuple(_variant(each, [group for group, _ in axes]) for each in listed),
    )


def _filled(parent: Node, child: Node) -> Node:
    """Return a variant with what it leaves open from its parent."""
    taken_over = ("active", "price", "isCloseout", "visibilities", "ean")
    filled = {name: parent[name] if child[name] in (None, []) else child[name] for name in taken_over}
    filled |= {name: parent.get(name) if child.get(name) is None else child[name] for name in SIZES}
    return {**child, **filled, "switched_off": child["active"] is False}


def _visible(node: Node, sales_channel: str | None) -> bool:
    return any(
        int(each["visibility"]) >= FOUND_BY_SEARCH
        for each in node["visibilities"] or ()
        if sales_channel in (None, each["salesChannelId"])
    )


def _status(nodes: Sequence[Node], *, sold: bool) -> str:
    if sold:
        return "active"
    if not any(each["active"] for each in nodes):
        return "inactive"
    return "active, but not to be found in the sales channel,"


def _version(node: Node) -> datetime:
    """Return when the product itself was changed last; it was never changed since it was created while that is null.

    A variant's time is no part of it: the newest variant may be deleted, and a version must never go back.
    """
    return moment(node["updatedAt"] or node["createdAt"])


def moment(text: str) -> datetime:
    """Return a time in UTC; ValueError if it is none, or names no offset."""
    try:
        return aware(datetime.fromisoformat(text)).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None


def _text(node: Node, name: str) -> str:
    """Return a text in the language of the shop's default, or in the one that stands in for it."""
    translated = node["translated"]  # PHP writes an empty map as a list.
    return str((translated.get(name) if isinstance(translated, dict) else None) or node[name] or "")


def _variant(node: Node, groups: Sequence[str]) -> SourceVariant:
    chosen = {identity(option["group"]["id"]): _text(option, "name") for option in node["options"] or ()}
    price = _own_currency(node["price"])
    reference = None if price is None else price.get("listPrice")
    variant_id = identity(node["id"])
    return SourceVariant(
        id=SourceVariantId(variant_id),
        sku=Sku(node["productNumber"].strip()) if (node["productNumber"] or "").strip() else None,
        price=None if price is None else _money(price["gross"]),
        net_price=None if price is None else _money(price["net"]),
        compare_at_price=_money(reference["gross"]) if reference else None,
        barcode=(node["ean"] or "").strip() or None,
        options=tuple(chosen.get(group, "") for group in groups),
        stock_item_id=StockItemId(variant_id),
        tracked=True,
        sell_when_empty=not node["isCloseout"],
        quantity=_stock(node),
        measures=Measures(
            weight_grams=measured(node.get("weight"), GRAMS["kg"]),
            length_cm=measured(node.get("length"), CENTIMETRES["mm"]),
            width_cm=measured(node.get("width"), CENTIMETRES["mm"]),
            height_cm=measured(node.get("height"), CENTIMETRES["mm"]),
        ),
    )


def _stock(node: Node) -> int:
    """Return what can be sold. Before Shopware 6.5.5 open orders are only taken off ``availableStock``; later both agree."""
    found = node.get("availableStock")
    quantity = node["stock"] if found is None else found
    if not isinstance(quantity, int) or abs(quantity) > MOST:
        raise ValueError(f"{str(quantity)[:50]} is no stock")
    return quantity


def _own_currency(prices: object) -> Node | None:
    """Return the price in the shop's own currency. Prices are a list; stored ones are a map."""
    each = prices.values() if isinstance(prices, dict) else prices if isinstance(prices, list) else ()
    return next((price for price in each if price["currencyId"] == DEFAULT_CURRENCY), None)


def _money(value: object) -> Decimal:
    """Return an amount in whole cents: a net price is stored as what a division gave."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise ValueError("a price must be a number")  # noqa: TRY004
    return Decimal(value).quantize(CENT, rounding=ROUND_HALF_UP)


def _axes(nodes: Iterable[Node]) -> tuple[tuple[str, str], ...]:
    """Return the property groups in which variants differ, each by id and name, in the order that the shop gives them."""
    found: dict[str, tuple[int, str]] = {}
    for node in nodes:
        for option in node["options"] or ():
            group = option["group"]
            found[identity(group["id"])] = (int(group["position"] or 0), _text(group, "name"))
    return tuple((group, found[group][1]) for group in sorted(found, key=lambda group: (*found[group], group)))


def _images(nodes: Sequence[Node]) -> tuple[str, ...]:
    """Return the addresses of images, the product's own before its variants', a cover before the others; each once."""
    urls: dict[str, None] = {}
    for node in nodes:
        media = sorted(node["media"] or (), key=lambda each: int(each["position"] or 0))
        for each in (node["cover"], *media):
            url = ((each or {}).get("media") or {}).get("url")
            if url:
                urls[str(url)] = None
    return tuple(urls)
