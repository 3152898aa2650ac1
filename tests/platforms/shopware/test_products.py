import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from app.domain.product import Measures, Snapshot, SourceVariant
from app.platforms.bodies import read_json
from app.platforms.shopware.products import from_nodes
from tests.platforms.shopware.admin import (
    OTHER_CHANNEL,
    STOREFRONT,
    Node,
    image,
    key,
    option,
    price,
    product,
    variant,
    visible,
)


def read(parent: Node, *children: Node, sales_channel: str | None = None) -> Snapshot:
    told = read_json(json.dumps([parent, *children]).encode())
    assert isinstance(told, list)
    return from_nodes(told[0], told[1:], sales_channel=sales_channel)


def read_one(**changes: object) -> SourceVariant:
    (found,) = read(product(1, **changes)).variants
    return found


def test_a_product_without_variants_is_its_own_variant() -> None:
    found = read(product(1))

    assert (found.source_id, found.title, found.description, found.brand) == (key(1), "Oak board", "<p>Oak</p>", "Holt")
    assert (found.published, found.status, found.option_names) == (True, "active", ())
    (one,) = found.variants
    assert (one.id, one.stock_item_id, one.sku, one.quantity, one.tracked) == (key(1), key(1), "OAK-1", 7, True)


def test_a_product_with_variants_is_not_sold_itself() -> None:
    found = read(product(1, childCount=2), variant(2, 1), variant(3, 1))

    assert found.source_id == key(1)
    assert [each.sku for each in found.variants] == ["OAK-2", "OAK-3"]


def test_a_variant_has_what_it_leaves_open_from_its_product() -> None:
    parent = product(1, price=[price(20, 16.8)], isCloseout=False, ean="4006381333931")
    (found,) = read(parent, variant(2, 1)).variants

    assert (found.price, found.net_price, found.sell_when_empty) == (Decimal("20.00"), Decimal("16.80"), True)
    assert found.barcode == "4006381333931"


def test_measures_are_in_kilograms_and_millimetres_and_taken_over_one_by_one() -> None:
    parent = product(1, weight=0.8, length=205, width=100.0, height=None)
    (found,) = read(parent, variant(2, 1, weight=0.75, length=None, width=None, height=None)).variants

    assert found.measures == Measures(weight_grams=Decimal(750), length_cm=Decimal("20.5"), width_cm=Decimal(10))


def test_a_variant_has_what_it_says_itself() -> None:
    parent = product(1, price=[price(20, 16.8)], isCloseout=False, active=False)
    own = variant(
        2, 1, price=[price(25, 21)], isCloseout=True, active=True, ean="4006381333931", stock=3, availableStock=3
    )
    (found,) = read(parent, own).variants

    assert (found.price, found.sell_when_empty, found.barcode, found.quantity) == (
        Decimal("25.00"),
        False,
        "4006381333931",
        3,
    )


# What is for sale


@pytest.mark.parametrize(
    ("active", "visibilities", "channel", "published"),
    [
        (True, [visible()], None, True),
        (True, [visible()], STOREFRONT, True),
        (True, [visible(how=20)], STOREFRONT, True),
        (True, [visible(how=10)], STOREFRONT, False),
        (True, [visible(OTHER_CHANNEL)], STOREFRONT, False),
        (True, [visible(OTHER_CHANNEL)], None, True),
        (True, [visible(OTHER_CHANNEL), visible(how=10)], STOREFRONT, False),
        (True, [visible(how=10)], None, False),
        (True, [], None, False),
        (True, None, None, False),
        (False, [visible()], None, False),
        (None, [visible()], None, False),
    ],
)
def test_a_product_is_published_while_it_is_active_and_can_be_found_in_the_sales_channel(
    active: bool | None, visibilities: list[Node] | None, channel: str | None, published: bool
) -> None:
    found = read(product(1, active=active, visibilities=visibilities), sales_channel=channel)

    assert found.published is published
    assert len(found.variants) == 1


def test_a_hidden_product_says_why() -> None:
    assert read(product(1, active=False)).status == "inactive"
    assert read(product(1, visibilities=[])).status == "active, but not to be found in the sales channel,"


def test_a_variant_that_is_switched_off_is_left_out_of_a_published_product() -> None:
    found = read(product(1), variant(2, 1), variant(3, 1, active=False))

    assert found.published
    assert [each.id for each in found.variants] == [key(2)]


def test_a_variant_that_is_seen_nowhere_is_left_out_of_a_published_product() -> None:
    found = read(product(1), variant(2, 1), variant(3, 1, visibilities=[visible(how=10)]))

    assert [each.id for each in found.variants] == [key(2)]


def test_a_product_stays_published_while_a_variant_is_switched_on_by_itself() -> None:
    found = read(product(1, active=False), variant(2, 1), variant(3, 1, active=True))

    assert found.published
    assert [each.id for each in found.variants] == [key(3)]


def test_hiding_a_product_leaves_its_variants_as_they_were() -> None:
    children = (variant(2, 1), variant(3, 1, active=False))
    shown, hidden = read(product(1), *children), read(product(1, active=False), *children)

    assert (shown.published, hidden.published) == (True, False)
    assert hidden.variants == shown.variants


def test_a_product_of_which_every_variant_is_switched_off_has_them_all_and_is_hidden() -> None:
    found = read(product(1), variant(2, 1, active=False), variant(3, 1, active=False))

    assert (found.published, len(found.variants)) == (False, 2)


# Versions


def test_a_product_that_was_never_changed_is_as_old_as_it_is() -> None:
    assert read(product(1, updatedAt=None)).version == datetime(2026, 11, 20, 15, 1, 32, 118000, tzinfo=UTC)


def test_a_version_does_not_go_back_when_the_newest_variant_is_deleted() -> None:
    newest = variant(3, 1, updatedAt="2026-12-24T00:00:00.000+00:00")

    assert read(product(1), variant(2, 1), newest).version == read(product(1), variant(2, 1)).version


# Texts


def test_texts_are_those_of_the_language_that_stands_in() -> None:
    found = read(product(1, name=None, description=None, translated={"name": "Eichenbrett", "description": None}))

    assert (found.title, found.description) == ("Eichenbrett", "")


def test_an_empty_map_that_is_written_as_a_list_holds_no_translations() -> None:
    assert read(product(1, translated=[])).title == "Oak board"


def test_a_product_without_a_manufacturer_has_no_brand() -> None:
    assert read(product(1, manufacturer=None)).brand is None


# Prices and stock


def test_prices_are_whole_cents_of_the_shops_own_currency() -> None:
    dollars = {**price(40, 33), "currencyId": "e" * 32}
    found = read_one(price=[dollars, price()])

    assert (found.price, found.net_price) == (Decimal("34.95"), Decimal("29.37"))


def test_a_stored_map_of_prices_is_read_like_a_list() -> None:
    assert read_one(price={"cb7d2554b0ce847cd82f3ac9bd1c0dfca": price()}).price == Decimal("34.95")


@pytest.mark.parametrize("prices", [None, [], [{**price(), "currencyId": "e" * 32}]])
def test_a_product_without_a_price_in_the_shops_own_currency_has_none(prices: object) -> None:
    found = read_one(price=prices)

    assert (found.price, found.net_price) == (None, None)


def test_a_list_price_is_what_it_cost_before() -> None:
    before = {"currencyId": "x", "net": 42.01, "gross": 49.99, "linked": True}

    assert read_one(price=[price(listPrice=before)]).compare_at_price == Decimal("49.99")


def test_open_orders_are_taken_off_where_the_shop_tells_that_apart() -> None:
    assert read_one(stock=7, availableStock=4).quantity == 4
    assert read_one(stock=7, availableStock=None).quantity == 7


def test_a_clearance_sale_ends_with_the_stock() -> None:
    assert read_one(isCloseout=True).sell_when_empty is False
    assert read_one(isCloseout=False).sell_when_empty is True


@pytest.mark.parametrize(("number", "sku"), [(" OAK-1 ", "OAK-1"), ("  ", None), (None, None)])
def test_a_product_number_is_the_sku(number: str | None, sku: str | None) -> None:
    assert read_one(productNumber=number).sku == sku


# Options and images


def test_options_are_in_the_order_of_their_groups() -> None:
    first = variant(2, 1, options=[option("Size", "S", 2), option("Colour", "Red", 1)])
    second = variant(3, 1, options=[option("Colour", "Blue", 1)])
    found = read(product(1), first, second)

    assert found.option_names == ("Colour", "Size")
    assert [each.options for each in found.variants] == [("Red", "S"), ("Blue", "")]


def test_images_are_those_of_the_product_and_then_of_its_variants_each_once_with_the_cover_first() -> None:
    parent = product(1, cover=image(2), media=[image(3), image(1), image(2)])
    child = variant(2, 1, cover=image(9), media=[image(2), {"position": 4, "media": None}])

    assert [each.rsplit("/", 1)[-1] for each in read(parent, child).images] == ["2.jpg", "1.jpg", "3.jpg", "9.jpg"]


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "1"},
        {"updatedAt": "yesterday"},
        {"updatedAt": "2026-11-21 09:00:00"},
        {"stock": "7", "availableStock": None},
        {"availableStock": 2**60},
        {"price": [price(gross=True)]},
        {"price": ["34.95"]},
        {"visibilities": [{"visibility": "x", "salesChannelId": STOREFRONT}]},
        {"options": [{"id": key(1), "group": None}]},
    ],
)
def test_what_has_another_shape_is_refused(changes: Node) -> None:
    with pytest.raises((AttributeError, KeyError, TypeError, ValueError, ArithmeticError)):
        read(product(1, **changes), variant(2, 1, **changes))
