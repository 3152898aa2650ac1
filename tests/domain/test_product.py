"""What a statement of the shop is worth beside what is known."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.ids import LocationId, StockItemId
from app.domain.product import (
    UNTOLD,
    AskShop,
    Ignored,
    Measures,
    Snapshot,
    SourceVariant,
    StockLevel,
    Taken,
    in_common,
    merge,
    merge_page,
    merge_read,
    with_stock,
)
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, HOME, product, variant

KNOWN = product("1", variant("A", stock=5), at=10)
ELSEWHERE = LocationId("elsewhere")
ITEM = StockItemId("item-v-A")


def level(quantity: int, *, at: int, where: LocationId = HOME) -> StockLevel:
    return StockLevel(location_id=where, quantity=quantity, version=EPOCH + timedelta(seconds=at))


def changed(snapshot: Snapshot, **changes: object) -> Snapshot:
    """The snapshot with its one variant changed."""
    return replace(snapshot, variants=(replace(snapshot.variants[0], **changes),))  # type: ignore[arg-type]


def only(taken: object) -> SourceVariant:
    assert isinstance(taken, Taken)
    (found,) = taken.snapshot.variants
    return found


NEWER, SAME, OLDER = (product("1", variant("A", stock=5), at=at, title="Else") for at in (11, 10, 9))


@pytest.mark.parametrize(
    ("known", "incoming", "gone", "verdict"),
    [
        (None, KNOWN, False, Taken),
        (KNOWN, NEWER, False, Taken),
        (KNOWN, OLDER, False, Ignored),
        (KNOWN, KNOWN, False, Ignored),
        (KNOWN, SAME, False, AskShop),
        (KNOWN, replace(NEWER, version=None), False, AskShop),
        (KNOWN, replace(KNOWN, version=None), False, AskShop),
        (replace(KNOWN, version=None), NEWER, False, AskShop),
        (replace(KNOWN, version=None), replace(KNOWN, version=None), False, Ignored),
        (KNOWN, NEWER, True, AskShop),
        (None, NEWER, True, AskShop),
        (None, changed(KNOWN, tracked=None), False, AskShop),
        (KNOWN, changed(NEWER, tracked=None), False, Taken),
    ],
)
def test_a_pushed_body_counts_when_it_is_newer_and_complete(
    known: Snapshot | None, incoming: Snapshot, gone: bool, verdict: type
) -> None:
    assert isinstance(merge(known, incoming, gone=gone), verdict)


@pytest.mark.policy("notice_beats_page")
@pytest.mark.parametrize(
    ("known", "page", "gone", "verdict"),
    [
        (None, KNOWN, False, Taken),
        (KNOWN, KNOWN, False, Ignored),
        (KNOWN, NEWER, False, Taken),
        (KNOWN, OLDER, False, Ignored),
        (KNOWN, SAME, False, Taken),
        (KNOWN, changed(NEWER, levels=(level(4, at=0),)), False, AskShop),
        (KNOWN, changed(NEWER, levels=(level(4, at=1),)), False, Taken),
        (KNOWN, NEWER, True, AskShop),
        (None, KNOWN, True, AskShop),
    ],
)
def test_a_page_of_the_catalogue_counts_unless_a_notice_told_more(
    known: Snapshot | None, page: Snapshot, gone: bool, verdict: type
) -> None:
    assert isinstance(merge_page(known, page, gone=gone), verdict)


@pytest.mark.parametrize(
    ("known", "read", "verdict"),
    [
        (None, KNOWN, Taken),
        (KNOWN, NEWER, Taken),
        (KNOWN, SAME, Taken),
        (KNOWN, KNOWN, Ignored),
        (KNOWN, OLDER, AskShop),
    ],
)
def test_a_read_counts_unless_it_is_older_than_a_notice(known: Snapshot | None, read: Snapshot, verdict: type) -> None:
    assert isinstance(merge_read(known, read), verdict)


def test_what_a_body_leaves_open_is_kept() -> None:
    told = only(merge(KNOWN, changed(NEWER, tracked=None, levels=None, quantity=99)))
    assert (told.tracked, told.levels) == (True, KNOWN.variants[0].levels)
    assert told.quantity == 5, "a product body's total counted although a level is known"


def test_a_bodys_total_counts_where_no_level_is_known() -> None:
    known = changed(KNOWN, levels=None, quantity=5)
    assert only(merge(known, changed(NEWER, levels=None, quantity=7))).quantity == 7


def test_of_two_levels_of_a_location_the_newer_one_stays_whatever_the_bodies_versions() -> None:
    known = changed(KNOWN, levels=(level(3, at=50), level(1, at=0, where=ELSEWHERE)))
    told = only(merge(known, changed(NEWER, levels=(level(9, at=20), level(2, at=20, where=ELSEWHERE)))))
    assert [each.quantity for each in told.levels or ()] == [3, 2]
    assert told.quantity == 5


@pytest.mark.parametrize(
    ("known", "told", "verdict"),
    [
        (KNOWN, level(4, at=1), Taken),
        (KNOWN, level(4, at=-1), Ignored),
        (KNOWN, level(5, at=0), Ignored),
        (KNOWN, level(4, at=0), AskShop),
        (KNOWN, level(5, at=1), Taken),
        (KNOWN, level(4, at=-1, where=ELSEWHERE), Taken),
        (changed(KNOWN, levels=None), level(4, at=1), AskShop),
        (changed(KNOWN, stock_item_id=StockItemId("other")), level(4, at=1), Ignored),
    ],
)
def test_stock_has_a_version_of_its_own_per_variant_and_location(
    known: Snapshot, told: StockLevel, verdict: type
) -> None:
    assert isinstance(with_stock(known, ITEM, told), verdict)


def test_stock_of_one_location_leaves_the_others_and_is_added_up() -> None:
    two = with_stock(KNOWN, ITEM, level(2, at=-5, where=ELSEWHERE))
    assert only(two).quantity == 7
    assert isinstance(two, Taken)
    assert only(with_stock(two.snapshot, ITEM, level(1, at=1))).quantity == 3


def test_measures_that_a_statement_does_not_tell_are_kept_and_those_that_it_tells_count() -> None:
    heavy, light = Measures(weight_grams=Decimal(800), length_cm=Decimal(2)), Measures(weight_grams=Decimal(700))
    known = product("1", replace(variant("A"), measures=heavy))
    for told, kept in ((UNTOLD, heavy), (light, light)):
        verdict = merge(known, product("1", replace(variant("A"), measures=told), at=1))
        assert isinstance(verdict, Taken)
        assert verdict.snapshot.variants[0].measures == kept


def test_what_variants_have_in_common_is_told_field_by_field() -> None:
    one, other = Measures(weight_grams=Decimal(1), width_cm=Decimal(2)), Measures(weight_grams=Decimal(1))
    assert in_common([one, other]) == Measures(weight_grams=Decimal(1))
    assert in_common([one]) == one
    assert in_common([]) == UNTOLD
    assert one.beside(other) == Measures(width_cm=Decimal(2))
    assert other.beside(one) == UNTOLD
