"""Weights and sizes, whatever shops write."""

from decimal import Decimal

import pytest

from app.platforms.measures import CENTIMETRES, GRAMS, measured


@pytest.mark.parametrize(
    ("value", "unit", "found"),
    [
        ("0.8", GRAMS["kg"], "800.00"),
        (Decimal("0.8"), GRAMS["kg"], "800.00"),
        (800, GRAMS["g"], "800.00"),
        (0.5, GRAMS["lb"], "226.80"),
        ("1,5", CENTIMETRES["mm"], "0.15"),
        (" 2 ", CENTIMETRES["in"], "5.08"),
        ("", GRAMS["kg"], None),
        (None, GRAMS["kg"], None),
        (0, GRAMS["kg"], None),
        (-1, GRAMS["kg"], None),
        (True, GRAMS["kg"], None),
        ("0.001", GRAMS["g"], None),
        ("heavy", GRAMS["kg"], None),
        ("NaN", GRAMS["kg"], None),
        ("1e99", GRAMS["kg"], None),
        ({"value": 1}, GRAMS["kg"], None),
        ("1", None, None),
    ],
)
def test_a_measure_is_read_or_taken_for_not_told(value: object, unit: Decimal | None, found: str | None) -> None:
    read = measured(value, unit)
    assert (None if read is None else str(read)) == found
