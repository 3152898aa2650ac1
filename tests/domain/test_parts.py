"""Products that are told in parts end as they are told, in whatever parts and however often."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import pytest

from app.domain.event import ProductFact, Tombstone
from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId, StorefrontId
from app.domain.product import Head, Ignored, Offer, Part, SourceVariant, Taken, with_part
from app.domain.projection import SourceProduct, project_told
from app.domain.settings import ApplicationSettings
from app.domain.state import desired_state
from app.domain.storefront import named_storefront
from app.domain.structs import replace

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SETTINGS = ApplicationSettings(price_kind="wholesale")
ID = SourceId("17")
BOARD = Head(title="Oak board", published=True, status="listed", option_names=("Color", "Size"))


def variant(name: str, *, quantity: int = 3, options: tuple[str, ...] = ("", "S")) -> SourceVariant:
    return SourceVariant(
        id=SourceVariantId(f"17-{name}"),
        sku=Sku(name),
        price=Decimal("34.95"),
        options=options,
        stock_item_id=StockItemId(f"17-{name}"),
        tracked=True,
        quantity=quantity,
    )


def part(head: Head | None = None, *variants: SourceVariant, **more: object) -> Part:
    return Part(source_id=ID, head=head, variants=variants, **more)  # type: ignore[arg-type]


def told(*facts: ProductFact) -> SourceProduct:
    product = SourceProduct(source_id=ID)
    for fact in facts:
        product = project_told(product, fact, settings=SETTINGS, now=NOW).product
    return product


def stock(product: SourceProduct) -> dict[str, int | None]:
    assert product.snapshot is not None
    return {str(each.sku): each.quantity for each in product.snapshot.variants}


def test_variants_are_added_changed_and_taken_away() -> None:
    product = told(
        part(BOARD),
        part(None, variant("S"), variant("M")),
        part(None, variant("M", quantity=9)),
        part(None, gone=frozenset({SourceVariantId("17-S")})),
    )

    assert stock(product) == {"M": 9}
    assert product.desired is not None
    assert product.desired.title == "Oak board"


def test_what_is_told_again_changes_nothing() -> None:
    parts = (
        part(BOARD),
        part(None, variant("S")),
        part(None, offers=(Offer(variant_id=SourceVariantId("17-S"), quantity=1),)),
    )
    once = told(*parts)

    assert told(*parts, *parts).snapshot == once.snapshot
    assert told(*parts, parts[-1]).generation == once.generation


def test_parts_of_different_variants_come_in_any_order() -> None:
    parts = [part(None, variant("S")), part(None, variant("M")), part(BOARD), part(None, variant("L"))]
    ends = {frozenset(stock(told(part(BOARD), *order)).items()) for order in permutations(parts)}

    assert ends == {frozenset({("S", 3), ("M", 3), ("L", 3)})}


def test_an_offer_changes_price_and_stock_and_nothing_else() -> None:
    before = told(part(BOARD, variant("S")))
    offer = Offer(variant_id=SourceVariantId("17-S"), price=Decimal("30.00"), quantity=1)
    after = told(part(BOARD, variant("S")), part(None, offers=(offer,)))

    assert before.snapshot is not None
    assert after.snapshot is not None
    (now,) = after.snapshot.variants
    assert (now.price, now.quantity) == (Decimal("30.00"), 1)
    assert replace(now, price=Decimal("34.95"), quantity=3) == before.snapshot.variants[0]


def test_an_offer_for_nothing_that_is_known_is_ignored() -> None:
    offer = Offer(variant_id=SourceVariantId("17-S"), quantity=1)

    assert isinstance(with_part(None, part(None, offers=(offer,))), Ignored)
    assert told(part(None, offers=(offer,))).snapshot is None


def test_a_variant_that_is_told_first_describes_its_product_until_that_is_told() -> None:
    stand_in = Head(title="Oak board, small", published=True, status="listed")
    alone = part(None, variant("S"), stand_in=stand_in)

    assert told(alone).snapshot == told(alone, alone).snapshot
    for order in ((alone, part(BOARD)), (part(BOARD), alone)):
        snapshot = told(*order).snapshot
        assert snapshot is not None
        assert snapshot.title == "Oak board"


def test_a_variant_that_is_gone_and_told_has_come_again() -> None:
    again = part(None, variant("S", quantity=8), gone=frozenset({SourceVariantId("17-S")}))

    assert stock(told(part(BOARD, variant("S")), again)) == {"S": 8}


def test_a_deletion_is_believed_at_once_and_ended_by_what_is_told_afterwards() -> None:
    gone = told(part(BOARD, variant("S")), Tombstone(source_id=ID))
    assert gone.gone
    assert gone.read is None
    assert gone.desired is not None
    assert not gone.desired.published

    late = told(
        part(BOARD, variant("S")), Tombstone(source_id=ID), part(None, gone=frozenset({SourceVariantId("17-S")}))
    )
    assert late == gone

    back = told(part(BOARD, variant("S")), Tombstone(source_id=ID), part(BOARD, variant("M")))
    assert not back.gone
    assert stock(back) == {"M": 3}
    assert back.shown_again


def test_a_deletion_of_what_nobody_knows_leaves_nothing() -> None:
    assert told(Tombstone(source_id=ID)) == SourceProduct(source_id=ID)


@pytest.mark.parametrize(
    ("options", "names", "shown"),
    [
        ([("", "S"), ("", "L")], ("Size",), [("S",), ("L",)]),
        ([("Red", ""), ("", "L")], ("Color", "Size"), [("Red", ""), ("", "L")]),
        ([("", "")], (), [()]),
    ],
)
def test_an_option_for_which_no_variant_has_a_value_is_left_out(
    options: list[tuple[str, str]], names: tuple[str, ...], shown: list[tuple[str, ...]]
) -> None:
    variants = [variant(str(n), options=each) for n, each in enumerate(options)]
    taken = with_part(None, part(BOARD, *variants))
    assert isinstance(taken, Taken)

    desired = desired_state(taken.snapshot, SETTINGS, now=NOW)

    assert desired.option_names == names
    assert [each.options for each in desired.variants] == shown


MAIN, OUTLET, SECOND = StorefrontId("front-1"), StorefrontId("front-2"), StorefrontId("front-3")
FRONTS = {MAIN: "Main", OUTLET: "Outlet", SECOND: "outlet"}


@pytest.mark.policy("storefront_not_there")
@pytest.mark.parametrize(
    ("name", "found"),
    [
        (None, MAIN),
        ("  ", MAIN),
        ("main", MAIN),
        (" Main ", MAIN),
        ("front-2", OUTLET),
        ("Elsewhere", None),
        ("Outlet", None),
    ],
    ids=["none", "blank", "small letters", "with blanks", "by id", "not there", "twice"],
)
def test_a_storefront_is_named_by_its_id_or_its_name(name: str | None, found: StorefrontId | None) -> None:
    assert named_storefront(name, chosen=MAIN, storefronts=FRONTS) == found
