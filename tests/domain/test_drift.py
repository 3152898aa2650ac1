"""What a shop's list says against what we know."""

from datetime import timedelta

import pytest

from app.domain.drift import SeenProduct, market_drift, shop_drift
from app.domain.ids import Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.projection import SourceProduct
from app.domain.state import Observed, ObservedVariant
from app.domain.structs import replace
from app.domain.sweeping import is_repaired
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
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH, stock={A: 5}, counted={A: True}), None),
        (KNOWN, SeenProduct(source_id=ID, version=EPOCH, stock={A: 5}, counted={A: False}), "missed_stock"),
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


@pytest.mark.policy("stock_is_what_is_there")
@pytest.mark.parametrize(("shown", "kind"), [(5, None), (6, "stock"), (None, "stock"), (3, "reserved")])
def test_fewer_than_were_set_may_be_reserved_and_more_are_somebodys_doing(shown: int | None, kind: str | None) -> None:
    sold = ObservedVariant(id=TargetVariantId("v"), sku=Sku("A"), stock=5)
    before = Observed(id=TargetId("t"), title="T", published=True, variants={sold.id: sold})
    found = market_drift(ID, before, replace(before, variants={sold.id: replace(sold, stock=shown)}))
    assert [each.kind for each in found] == ([] if kind is None else [kind])


@pytest.mark.policy("stock_is_what_is_there")
def test_what_may_be_reserved_is_set_again_each_time_and_people_publish_where_only_stock_is_kept() -> None:
    assert is_repaired("reserved", "everything", again=True)
    assert is_repaired("stock", "stock", again=False)
    assert not is_repaired("stock", "everything", again=True)
    assert is_repaired("published", "follow", again=False)
    assert not is_repaired("published", "stock", again=False)
