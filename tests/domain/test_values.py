"""Values: stock that is not counted, or below zero, and prices of either kind."""

from decimal import Decimal

import pytest

from app.domain.ids import SourceVariantId
from app.domain.product import SourceVariant
from app.domain.settings import ApplicationSettings
from app.domain.state import Desired, desired_state
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, product, variant

WHOLESALE = ApplicationSettings(price_kind="wholesale")


def desired(each: SourceVariant, settings: ApplicationSettings = WHOLESALE) -> Desired:
    return desired_state(product("1", each), settings, now=EPOCH)


@pytest.mark.policy("untracked_stock")
def test_stock_that_is_not_counted_is_sold_on_and_no_quantity_is_written() -> None:
    (found,) = desired(replace(variant("A"), tracked=False)).variants
    assert (found.stock, found.policy) == (None, "CONTINUE")


@pytest.mark.policy("negative_stock")
def test_negative_stock_is_zero() -> None:
    (found,) = desired(variant("A", stock=-3)).variants
    assert (found.stock, found.policy) == (0, "DENY")


@pytest.mark.policy("wholesale_price_unknown")
@pytest.mark.parametrize(
    ("settings", "price", "msrp", "draft"),
    [
        ({"price_kind": "wholesale"}, "10.00", None, None),
        ({"price_kind": "consumer"}, "10.00", "10.00", "wholesale_price_unknown"),
        ({"price_kind": "consumer", "wholesale_percentage": 45}, "4.50", "10.00", None),
        ({"price_kind": "wholesale", "publish_new": False}, "10.00", None, "not_wanted"),
    ],
)
def test_a_price_of_one_kind_makes_the_other_or_a_draft(
    settings: dict[str, object], price: str, msrp: str | None, draft: str | None
) -> None:
    found = desired(variant("A"), ApplicationSettings.model_validate(settings))
    assert found.variants[0].price == Decimal(price)
    assert found.variants[0].msrp == (None if msrp is None else Decimal(msrp))
    assert found.draft_kind == draft


@pytest.mark.parametrize(
    ("settings", "price", "msrp"),
    [
        ({"price_kind": "wholesale"}, "8.40", None),
        ({"price_kind": "consumer"}, "10.00", "10.00"),
        ({"price_kind": "consumer", "wholesale_percentage": 45}, "4.50", "10.00"),
    ],
)
def test_a_shop_that_tells_both_prices_is_taken_at_the_one_that_is_meant(
    settings: dict[str, object], price: str, msrp: str | None
) -> None:
    both = replace(variant("A"), net_price=Decimal("8.40"))
    (found,) = desired(both, ApplicationSettings.model_validate(settings)).variants

    assert found.price == Decimal(price)
    assert found.msrp == (None if msrp is None else Decimal(msrp))


@pytest.mark.policy("variant_skipped")
@pytest.mark.parametrize(
    ("each", "reason"),
    [(variant(None, variant_id="v"), "no SKU"), (variant("A", variant_id="v", price="0"), "no price above zero")],
)
def test_what_cannot_be_synchronised_is_skipped_with_its_reason_and_its_stock(each: SourceVariant, reason: str) -> None:
    found = desired(each)
    assert found.variants == ()
    (skipped,) = found.skipped
    assert (skipped.source_id, skipped.stock) == (SourceVariantId("v"), 5)
    assert reason in skipped.reason
