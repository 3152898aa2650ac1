"""Values: stock that is not counted, or below zero, and prices of either kind."""

from decimal import Decimal

import pytest

from app.domain.ids import LocationId, SourceVariantId
from app.domain.option_names import ENGLISH, in_english
from app.domain.product import SourceVariant, StockLevel
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


def test_stock_that_is_sold_beyond_none_is_sold_on_and_counted_all_the_same() -> None:
    (found,) = desired(replace(variant("A", stock=3), sell_when_empty=True)).variants
    assert (found.stock, found.policy) == (3, "CONTINUE")


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


CONSUMER = {"price_kind": "consumer", "wholesale_percentage": 45}


@pytest.mark.parametrize(
    ("settings", "price", "msrp"),
    [
        ({"price_kind": "wholesale", "retail_multiplier": "2.2"}, "10.00", "22.00"),
        ({"price_kind": "wholesale", "retail_multiplier": "2.2", "vat_percentage": 21}, "10.00", "26.62"),
        (
            {"price_kind": "wholesale", "retail_multiplier": "2.2", "vat_percentage": 21, "price_step": 1},
            "10.00",
            "27.00",
        ),
        ({"price_kind": "wholesale", "vat_percentage": 21}, "10.00", None),
        ({"price_kind": "wholesale", "retail_multiplier": 1, "price_step": 4}, "10.00", "12.00"),
        ({**CONSUMER, "vat_percentage": 21}, "3.72", "10.00"),
        ({**CONSUMER, "price_step": "0.05"}, "4.50", "10.00"),
        ({**CONSUMER, "wholesale_percentage": "44.4", "price_step": "0.05"}, "4.45", "10.00"),
        ({**CONSUMER, "wholesale_percentage": "0.001"}, "0.01", "10.00"),
        ({**CONSUMER, "price_step": 1000}, "10.00", "10.00"),
    ],
)
def test_a_rule_makes_the_other_price(settings: dict[str, object], price: str, msrp: str | None) -> None:
    (found,) = desired(variant("A"), ApplicationSettings.model_validate(settings)).variants
    assert (str(found.price), None if found.msrp is None else str(found.msrp)) == (price, msrp)


def test_vat_is_not_reckoned_where_the_shop_tells_the_price_without_it() -> None:
    both = replace(variant("A"), net_price=Decimal("9.00"))
    settings = ApplicationSettings.model_validate({**CONSUMER, "vat_percentage": 21})
    (found,) = desired(both, settings).variants
    assert found.price == Decimal("4.05")


@pytest.mark.parametrize(("stock", "kept_back", "shown"), [(5, 0, 5), (5, 2, 3), (5, 5, 0), (5, 9, 0), (-3, 2, 0)])
def test_safety_stock_is_kept_back(stock: int, kept_back: int, shown: int) -> None:
    settings = ApplicationSettings(price_kind="wholesale", safety_stock=kept_back)
    assert desired(variant("A", stock=stock), settings).variants[0].stock == shown


@pytest.mark.policy("stock_is_what_is_there")
def test_the_locations_that_count_are_summed_and_safety_stock_is_kept_back_once() -> None:
    levels = tuple(
        StockLevel(location_id=LocationId(name), quantity=n, version=EPOCH)
        for name, n in (("a", 4), ("b", 3), ("c", -1))
    )
    spread = replace(variant("A"), levels=levels, quantity=6)
    for locations, shown in ((None, 4), (("a", "b"), 5), (("c",), 0), ((), 0)):
        settings = ApplicationSettings(price_kind="wholesale", locations=locations, safety_stock=2)
        assert desired(spread, settings).variants[0].stock == shown


@pytest.mark.policy("english_option_names")
@pytest.mark.parametrize(
    ("names", "own", "told"),
    [
        (("Kleur", "Maat"), {}, ("Color", "Size")),
        (("COLOUR", " größe "), {}, ("Color", "Size")),
        (("Taille", "Matière", "Parfum"), {}, ("Size", "Material", "Scent")),
        (("Houtsoort",), {}, ("Houtsoort",)),
        (("Houtsoort",), {"houtsoort": "Wood"}, ("Wood",)),
        (("Kleur",), {"Kleur": "Kleur"}, ("Kleur",)),
        (("Color", "Kleur"), {}, ("Color", "Kleur")),
    ],
)
def test_option_names_are_told_in_english(names: tuple[str, ...], own: dict[str, str], told: tuple[str, ...]) -> None:
    assert in_english(names, own) == told


def test_every_english_option_name_is_itself_in_english() -> None:
    assert in_english(sorted(set(ENGLISH.values())), {}) == tuple(sorted(set(ENGLISH.values())))


@pytest.mark.policy("mode")
def test_who_keeps_stock_only_needs_no_prices() -> None:
    settings = ApplicationSettings(price_kind="wholesale", mode="stock")
    (found,) = desired(variant("A", price="0"), settings).variants
    assert (found.price, found.stock) == (None, 5)


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
    [
        (variant(None, variant_id="v"), "no SKU"),
        (variant("A", variant_id="v", price="0"), "no price above zero"),
        (variant("A", variant_id="v", price="1e39"), "higher than any price"),
    ],
)
def test_what_cannot_be_synchronised_is_skipped_with_its_reason_and_its_stock(each: SourceVariant, reason: str) -> None:
    found = desired(each)
    assert found.variants == ()
    (skipped,) = found.skipped
    assert (skipped.source_id, skipped.stock) == (SourceVariantId("v"), 5)
    assert reason in skipped.reason
