"""What one step compares is chosen in the order in which the database has the targets: the next one begins behind it."""

import pytest

from app.domain.ids import Sku, TargetId, TargetVariantId
from app.domain.state import Observed, ObservedVariant
from app.flows.compare import VARIANTS, as_many_as_fit
from app.ports import TargetRecord


def target(name: str, variants: int) -> TargetRecord:
    ids = [TargetVariantId(f"{name}-{n}") for n in range(variants)]
    shown = {each: ObservedVariant(id=each, sku=Sku(each)) for each in ids}
    return TargetRecord(
        target_id=TargetId(name), observed=Observed(id=TargetId(name), title=name, published=True, variants=shown)
    )


@pytest.mark.parametrize(
    ("sizes", "chosen"),
    [
        ({"a": VARIANTS, "B": 1}, ["a"]),
        ({"a": VARIANTS - 1, "B": 1, "c": 1}, ["a", "B"]),
        ({"a": 1, "B": VARIANTS, "c": 1}, ["a"]),
        ({"a": VARIANTS + 1, "B": 1}, ["a"]),
        ({}, []),
    ],
)
def test_the_first_that_fit_are_chosen_as_the_database_orders_them_and_one_at_least(
    sizes: dict[str, int], chosen: list[str]
) -> None:
    known = {TargetId(name): target(name, variants) for name, variants in sizes.items()}
    assert list(as_many_as_fit(known)) == chosen
