from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.product import UNTOLD, Measures, Snapshot
from app.platforms.woocommerce.products import ProductBody, VariationBody, snapshot
from tests.platforms.woocommerce.shop import axis, product, variable, variation

Thing = dict[str, Any]


def of(body: Thing, *variations: Thing) -> Snapshot:
    return snapshot(ProductBody.model_validate(body), [VariationBody.model_validate(each) for each in variations])


@pytest.mark.parametrize(
    ("changes", "published", "status"),
    [
        ({}, True, "published"),
        ({"status": "draft"}, False, "a draft"),
        ({"status": "pending"}, False, "waiting for review"),
        ({"status": "private"}, False, "private"),
        ({"status": "future"}, True, "scheduled"),
        ({"status": "trash"}, False, "in the trash"),
        ({"status": "discontinued"}, False, "discontinued"),
        ({"catalog_visibility": "catalog"}, True, "published"),
        ({"catalog_visibility": "search"}, True, "published"),
        ({"catalog_visibility": "hidden"}, False, "published, but hidden from the shop's catalogue and search,"),
        ({"type": "grouped"}, False, "a group of other products"),
        ({"type": "external"}, False, "only a link to another shop"),
    ],
)
def test_what_is_for_sale(changes: Thing, published: bool, status: str) -> None:
    made = of(product(**changes))

    assert (made.published, made.status) == (published, status)


def test_a_scheduled_product_says_when_the_shop_will_publish_it() -> None:
    made = of(product(status="future", date_created_gmt="2026-12-24T08:00:00"))

    assert made.published_from == datetime(2026, 12, 24, 8, tzinfo=UTC)
    assert of(product()).published_from is None
    assert of(product(status="future", catalog_visibility="hidden")).published_from is None


@pytest.mark.parametrize(
    ("changes", "tracked", "quantity", "sell_when_empty"),
    [
        ({}, True, 25, False),
        ({"stock_quantity": -3}, True, -3, False),
        ({"stock_quantity": None}, True, None, False),
        ({"stock_quantity": "7"}, True, 7, False),
        ({"stock_quantity": Decimal("7.9")}, True, 7, False),
        ({"stock_quantity": Decimal("-0.5")}, True, -1, False),
        ({"manage_stock": "parent", "stock_quantity": 40}, True, 40, False),
        ({"backorders": "yes"}, True, 25, True),
        ({"backorders": "notify"}, True, 25, True),
        ({"manage_stock": False, "stock_quantity": None}, False, None, False),
        ({"manage_stock": False, "stock_quantity": 5}, False, None, False),
        ({"manage_stock": False, "stock_status": "outofstock"}, True, 0, False),
        ({"manage_stock": False, "stock_status": "onbackorder", "backorders": "yes"}, False, None, False),
    ],
)
def test_stock_in_all_the_ways_in_which_it_is_kept(
    changes: Thing, tracked: bool, quantity: int | None, sell_when_empty: bool
) -> None:
    (variant,) = of(product(**changes)).variants

    assert (variant.tracked, variant.quantity, variant.sell_when_empty) == (tracked, quantity, sell_when_empty)
    assert variant.levels is None


@pytest.mark.parametrize(
    ("price", "regular", "expected", "compare_at"),
    [
        ("49.00", "49.00", "49.00", None),
        ("39.50", "49.00", "39.50", "49.00"),
        ("49", "", "49", None),
        ("", "49.00", None, None),
        ("", "", None, None),
        ("0", "0", "0", None),
        ("50.00", "49.00", "50.00", None),
        (Decimal("34.95"), Decimal("34.95"), "34.95", None),
    ],
)
def test_prices(price: object, regular: object, expected: str | None, compare_at: str | None) -> None:
    (variant,) = of(product(price=price, regular_price=regular)).variants

    assert (variant.price, variant.compare_at_price) == tuple(
        None if each is None else Decimal(each) for each in (expected, compare_at)
    )


def test_a_product_without_variations_is_its_only_variant() -> None:
    made = of(product(901, sku="  ASH  ", global_unique_id=" 8712 ", attributes=[axis("Wood", variation=False)]))

    (variant,) = made.variants
    assert (variant.id, variant.stock_item_id, variant.sku, variant.barcode) == ("901", "901", "ASH", "8712")
    assert (made.option_names, variant.options) == ((), ())


def test_measures_are_told_in_the_units_that_the_shop_is_known_to_use_and_otherwise_not_at_all() -> None:
    body = ProductBody.model_validate(product(weight="0.8", dimensions={"length": "205", "width": "", "height": "1,5"}))

    (variant,) = snapshot(body, details={"weight_unit": "kg", "dimension_unit": "mm"}).variants
    assert variant.measures == Measures(weight_grams=Decimal(800), length_cm=Decimal("20.5"), height_cm=Decimal("0.15"))
    (variant,) = snapshot(body, details={"weight_unit": "lbs", "dimension_unit": "furlong"}).variants
    assert variant.measures == Measures(weight_grams=Decimal("362.87"))
    assert snapshot(body).variants[0].measures == UNTOLD


def test_variations_have_the_values_of_their_products_options_in_that_order() -> None:
    axes = [axis("Colour", number=0, position=2), axis("Size", number=4, position=1), axis("Care", variation=False)]
    made = of(
        variable(variations=(813, 814), attributes=axes),
        variation(
            813, attributes=[{"id": 0, "name": "colour", "option": "Moss"}, {"id": 4, "name": "", "option": "S"}]
        ),
        variation(814, attributes=[{"id": 4, "name": "Size", "option": "L &amp; XL"}]),
    )

    assert made.option_names == ("Size", "Colour")
    assert [each.options for each in made.variants] == [("S", "Moss"), ("L & XL", "Any")]
    assert made.version == datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)


def test_attributes_of_one_product_alone_are_all_numbered_zero_and_told_by_their_names() -> None:
    axes = [axis("Colour", number=0), axis("Size", number=0, position=1)]
    both = [{"id": 0, "name": "Size", "option": "S"}, {"id": 0, "name": "Colour", "option": "Moss"}]

    assert of(variable(attributes=axes), variation(attributes=both)).variants[0].options == ("Moss", "S")


def test_an_sku_that_a_variation_shows_is_its_own_only_if_it_is_not_its_products() -> None:
    made = of(variable(sku="OAK"), variation(813, sku="OAK-S"), variation(814, sku="OAK"), variation(815, sku=""))

    assert [each.sku for each in made.variants] == ["OAK-S", None, None]


def test_variations_that_are_switched_off_are_left_out() -> None:
    made = of(variable(), variation(813, status="private"), variation(814), variation(815, status="draft"))

    assert [each.id for each in made.variants] == ["814"]


@pytest.mark.parametrize(
    ("body", "variations"),
    [
        (product(type="grouped"), False),
        (product(type="external"), False),
        (product(type="bundle"), False),
        (product(type="variable"), True),
        (product(type="variable-subscription"), True),
        (product(type="booking", variations=[5]), True),
    ],
)
def test_which_products_are_sold_by_variations(body: Thing, variations: bool) -> None:
    assert ProductBody.model_validate(body).has_variations is variations


def test_words_are_without_entities_and_descriptions_are_as_they_are() -> None:
    made = of(product(name="Oak &amp; Ash&#233;", description="<p>&amp;</p>", brands=[{"name": "A &amp; B"}]))

    assert (made.title, made.brand, made.description) == ("Oak & Ashé", "A & B", "<p>&amp;</p>")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20T15:01:33", datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)),
        ("2026-11-20T16:01:33+01:00", datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)),
        ("2026-11-20T15:01:33Z", datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)),
        ("", None),
        (None, None),
    ],
)
def test_times_are_utc_where_no_offset_is_named(text: str | None, expected: datetime | None) -> None:
    assert of(product(date_modified_gmt=text)).version == expected
