"""Weights and sizes as shops tell them, in grams and centimetres.

What cannot be read is taken for not told: nobody should miss a product for the sake of its weight. So is zero, which shops
tell of what nobody weighed.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

GRAMS: Mapping[str, Decimal] = {
    "g": Decimal(1),
    "kg": Decimal(1000),
    "oz": Decimal("28.349523125"),
    "lb": Decimal("453.59237"),
    "lbs": Decimal("453.59237"),
}
"""Units of weight in grams."""

CENTIMETRES: Mapping[str, Decimal] = {
    "mm": Decimal("0.1"),
    "cm": Decimal(1),
    "m": Decimal(100),
    "in": Decimal("2.54"),
    "yd": Decimal("91.44"),
}
"""Units of length in centimetres."""

FINEST = Decimal("0.01")
MOST = Decimal(10) ** 9


def measured(value: object, unit: Decimal | None) -> Decimal | None:
    """Return a measure in grams or centimetres, ``unit`` being one of its own unit in those; None: not told."""
    if unit is None or value is None or isinstance(value, bool):
        return None
    try:
        amount = Decimal(str(value).strip().replace(",", ".")) * unit
    except InvalidOperation:
        return None
    if not amount.is_finite() or not 0 < amount < MOST:
        return None
    return amount.quantize(FINEST) or None
