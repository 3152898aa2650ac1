"""Stock: each line of a bulk stands alone, so that a bulk with refused lines still has the effect of the others."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Variant
from app.sandbox.orderchamp.refusals import UserError

Line = Mapping[str, Any]


def adjust(
    market: Market, catalogue: Catalogue, lines: Sequence[Line], *, bulk: bool = True
) -> tuple[list[Variant], list[UserError]]:
    """Set or add physical stock line by line; the variants that were counted, and what is wrong with other lines."""
    counted: list[Variant] = []
    errors: list[UserError] = []
    now = market.now()
    for n, line in enumerate(lines):
        where = ("inventoryLevels", str(n)) if bulk else ()
        found = _variant(catalogue, line, where)
        if isinstance(found, UserError):
            errors.append(found)
            continue
        absolute = line.get("action") == "SET"
        found.quantity = line["adjustment"] + (0 if absolute else found.quantity or 0)
        found.updated_at = found.counted_at = now
        counted.append(found)
    if market.switches.webhook_for_stock:
        for product_id in dict.fromkeys(each.product_id for each in counted):
            product = catalogue.account.product(product_id)
            catalogue.touch(product, now)
            market.tell(catalogue, "PRODUCT_UPDATED", product)
    market.changed()
    return counted, errors


def _variant(catalogue: Catalogue, line: Line, where: tuple[str, ...]) -> Variant | UserError:
    if line.get("locationId") not in (None, catalogue.account.location.id):
        return UserError(field=(*where, "locationId"), message="Location not found")
    indexes: tuple[tuple[str, Mapping[str, Variant], str], ...] = (
        ("inventoryLevelId", catalogue.by_level, "Inventory level not found"),
        ("productVariantId", catalogue.account.variants, "Product variant not found"),
        ("sku", catalogue.by_sku, "SKU not found"),
    )
    for name, index, message in indexes:
        if line.get(name) is not None:
            return index.get(line[name]) or UserError(field=(*where, name), message=message)
    return UserError(field=where, message="Say which level by inventoryLevelId, productVariantId or sku")


def inventory_quantity(market: Market, variant: Variant) -> int | None:
    """Return the one number that a variant shows; which of the two it is is an open question."""
    return variant.quantity if market.switches.inventory_quantity == "physical" else variant.available
