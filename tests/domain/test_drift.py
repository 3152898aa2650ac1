"""What a shop's list says against what we know."""

from datetime import timedelta

import pytest

from app.domain.drift import SeenProduct, shop_drift
from app.domain.ids import SourceId, SourceVariantId
from app.domain.projection import SourceProduct
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, product, variant

ID = SourceId("1")
KNOWN = SourceProduct(source_id=ID, snapshot=product("1", variant("A", stock=5), variant("B", stock=0)))
A = SourceVariantId("v-A")


@pytest.mark.parametrize(
    ("known", "seen", "kind"),
    [
        (None, SeenProduct(source_id=ID), "missed_creation"),
        (replace(KNOWN, gone=True), SeenProduct(source_id=ID), "missed_creation"),
        (KNOWN, SeenProduct(source_id=ID), None),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH), None),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH - timedelta(seconds=1)), None),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH + timedelta(seconds=1)), "missed_change"),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH, stock={A: 5}), None),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH, stock={A: 4}), "missed_stock"),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH, stock={SourceVariantId("new"): 4}), "missed_change"),
    ],
)
def test_a_list_is_compared_by_ids_versions_and_stock(
    known: SourceProduct | None, seen: SeenProduct, kind: str | None
) -> None:
    found = shop_drift(known, seen)
    assert (None if found is None else found.kind) == kind


def test_stock_that_is_not_counted_is_not_compared() -> None:
    free = replace(variant("A"), tracked=False, levels=None, quantity=0)
    known = SourceProduct(source_id=ID, snapshot=product("1", free))
    assert shop_drift(known, SeenProduct(source_id=ID, version=EPOCH, stock={A: 3})) is None
