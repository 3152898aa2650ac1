import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import Unreadable
from app.domain.event import Fact, Incomplete, StockFact, Tombstone
from app.domain.ids import EventId, SourceId, Topic
from app.domain.product import Snapshot
from app.platforms.shopify.webhooks import Webhooks
from tests.platforms.samples import delivery, samples

Body = dict[str, Any]
UPDATE: Body = json.loads(next(each for each in samples("shopify") if each.case == "product_update").delivery.body)
STOCK: Body = json.loads(next(each for each in samples("shopify") if each.case == "stock_update").delivery.body)


def read(topic: str, body: object) -> tuple[Fact, ...]:
    return Webhooks().read(delivery(json.dumps(body).encode(), x_shopify_topic=topic))


def read_product(**changes: object) -> Snapshot:
    (fact,) = read("products/update", {**UPDATE, **changes})
    assert isinstance(fact, Snapshot)
    return fact


def read_variant(**changes: object) -> Fact:
    (fact,) = read("products/update", {**UPDATE, "variants": [{**UPDATE["variants"][0], **changes}]})
    return fact


# Names


def test_a_delivery_is_known_by_its_webhook_id() -> None:
    sent = delivery(b"{}", x_shopify_topic="products/update", x_shopify_webhook_id="b54557e4", x_shopify_event_id="e")

    assert Webhooks().identify(sent) == (EventId("b54557e4"), Topic("products/update"))


def test_an_events_delivery_is_named_by_its_own_headers() -> None:
    sent = delivery(
        b"{}", shopify_hmac_sha256="x", shopify_topic="Product", shopify_webhook_id="new", x_shopify_webhook_id="old"
    )

    assert Webhooks().identify(sent) == (EventId("new"), Topic("product"))


def test_without_a_webhook_id_the_same_body_of_the_same_topic_is_the_same_event() -> None:
    def name(topic: str, body: bytes) -> EventId:
        return Webhooks().identify(delivery(body, x_shopify_topic=topic))[0]

    assert name("products/update", b"{}") == name(" Products/Update ", b"{}")
    assert name("products/update", b"{}") != name("products/update", b"{ }")
    assert name("products/update", b"{}") != name("products/create", b"{}")


def test_without_a_topic_the_topic_is_unknown() -> None:
    assert Webhooks().identify(delivery(b"{}"))[1] == "unknown"


def test_names_hold_nothing_that_cannot_be_stored() -> None:
    sent = delivery(b"{}", x_shopify_topic="a\x00b\r\n", x_shopify_webhook_id="i" * 1000)

    assert Webhooks().identify(sent) == (EventId("i" * 255), Topic("ab"))


@pytest.mark.parametrize(
    ("body", "header", "shop"),
    [
        ({"shop_domain": "Oak-And-Ash.myshopify.com"}, "other.myshopify.com", "oak-and-ash.myshopify.com"),
        ({"myshopify_domain": "oak-and-ash.myshopify.com"}, "", "oak-and-ash.myshopify.com"),
        ({"myshopify_domain": None}, "oak-and-ash.myshopify.com", "oak-and-ash.myshopify.com"),
        ({}, "evil.example", None),
        ({"shop_domain": "evil.example"}, "oak-and-ash.myshopify.com", None),
        ({}, "", None),
    ],
)
def test_the_shop_is_the_one_in_the_signed_body_before_the_one_in_the_header(
    body: Body, header: str, shop: str | None
) -> None:
    assert Webhooks().shop_of(delivery(json.dumps(body).encode(), x_shopify_shop_domain=header)) == shop


# Products


@pytest.mark.parametrize(
    ("status", "published_at", "published"),
    [
        ("active", "2026-05-04T09:15:00+02:00", True),
        ("ACTIVE", "2026-05-04T09:15:00+02:00", True),
        ("active", None, False),
        ("draft", None, False),
        ("draft", "2026-05-04T09:15:00+02:00", False),
        ("archived", "2026-05-04T09:15:00+02:00", False),
        ("unlisted", "2026-05-04T09:15:00+02:00", False),
        ("something new", "2026-05-04T09:15:00+02:00", False),
    ],
)
def test_a_product_is_published_while_it_is_active_and_on_the_online_store(
    status: str, published_at: str | None, published: bool
) -> None:
    product = read_product(status=status, published_at=published_at)

    assert product.published is published
    assert product.published_from == (datetime(2026, 5, 4, 7, 15, tzinfo=UTC) if published else None)


@pytest.mark.parametrize(
    "missing", ["title", "status", "published_at", "body_html", "vendor", "options", "images", "variants"]
)
def test_a_product_of_chosen_fields_is_read_from_the_shop(missing: str) -> None:
    (fact,) = read("products/update", {name: value for name, value in UPDATE.items() if name != missing})

    assert isinstance(fact, Incomplete)
    assert fact.source_id == "8801234567890"


@pytest.mark.parametrize("missing", ["sku", "price", "inventory_quantity", "inventory_item_id", "inventory_policy"])
def test_a_product_whose_variants_have_chosen_fields_is_read_from_the_shop(missing: str) -> None:
    cut = {name: value for name, value in UPDATE["variants"][0].items() if name != missing}
    (fact,) = read("products/update", {**UPDATE, "variants": [cut]})

    assert isinstance(fact, Incomplete)


def test_a_product_without_variant_gids_is_as_complete_as_its_variants() -> None:
    (fact,) = read("products/update", {name: value for name, value in UPDATE.items() if name != "variant_gids"})

    assert isinstance(fact, Snapshot)


def test_a_product_without_a_version_has_none() -> None:
    assert read_product(updated_at=None).version is None


@pytest.mark.parametrize("sku", [None, "", "   ", "\t\n"])
def test_an_empty_sku_is_none(sku: str | None) -> None:
    fact = read_variant(sku=sku)

    assert isinstance(fact, Snapshot)
    assert fact.variants[0].sku is None


def test_text_loses_what_cannot_be_stored_and_nothing_else() -> None:
    product = read_product(title="a\x00b \ud83c\udf33 <b>&amp;</b> \u202f", vendor="half \ud83c")

    assert product.title == "ab \U0001f333 <b>&amp;</b> \u202f"
    assert product.brand == "half ?"


@pytest.mark.parametrize(
    ("price", "money"),
    [("34.95", "34.95"), ("0.10", "0.10"), ("12345678901234567.891", "12345678901234567.891"), (7, "7"), (None, None)],
)
def test_money_keeps_every_digit(price: object, money: str | None) -> None:
    fact = read_variant(price=price)

    assert isinstance(fact, Snapshot)
    assert str(fact.variants[0].price) == str(None if money is None else Decimal(money))


def test_money_that_comes_as_a_number_keeps_every_digit_too() -> None:
    body = json.dumps(UPDATE).replace('"34.95"', "0.1000000000000000055511151231257827").encode()
    (fact,) = Webhooks().read(delivery(body, x_shopify_topic="products/update"))

    assert isinstance(fact, Snapshot)
    assert str(fact.variants[0].price) == "0.1000000000000000055511151231257827"


@pytest.mark.parametrize(("policy", "sells"), [("continue", True), ("CONTINUE", True), ("deny", False), (None, False)])
def test_the_policy_tells_whether_a_variant_sells_when_empty(policy: str | None, sells: bool) -> None:
    fact = read_variant(inventory_policy=policy)

    assert isinstance(fact, Snapshot)
    assert fact.variants[0].sell_when_empty is sells


@pytest.mark.parametrize(
    "changes",
    [
        {"id": None},
        {"id": True},
        {"id": 8801234567890.0},
        {"id": "8801234567890x"},
        {"id": "٣"},
        {"id": -5},
        {"admin_graphql_api_id": "8801234567890"},
        {"title": 7},
        {"updated_at": "2026-11-20T16:01:33"},
        {"updated_at": "yesterday"},
        {"updated_at": 1763650893},
        {"updated_at": "0001-01-01T00:00:00+14:00"},
        {"published_at": "2026-11-20"},
        {"variants": "none"},
        {"variants": [None]},
        {"images": None},
        {"variant_gids": 3},
    ],
    ids=str,
)
def test_a_product_of_wrong_types_is_unreadable(changes: Body) -> None:
    with pytest.raises(Unreadable, match=r"^The body of products/update cannot be read: .+\.$"):
        read("products/update", {**UPDATE, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"price": "a lot"},
        {"price": "NaN"},
        {"price": "1e999999"},
        {"price": "9" * 41},
        {"price": True},
        {"inventory_quantity": 2**63},
        {"inventory_quantity": "many"},
        {"inventory_item_id": 1.5},
        {"sku": 12},
    ],
    ids=str,
)
def test_a_variant_of_wrong_types_is_unreadable(changes: Body) -> None:
    with pytest.raises(Unreadable, match=r"variants\.0[.:]"):
        read_variant(**changes)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": 7}, "title: Expected `str | null`, got `int`."),
        ({"id": 1.5}, "id must be a whole number."),
        ({"updated_at": "2026-11-20T16:01:33"}, "updated_at: the time has no offset."),
        ({"variants": [{}]}, "variants.0: Object missing required field `id`."),
        ({"variants": [{"id": 1, "sku": 12}]}, "variants.0.sku: Expected `str | null`, got `int`."),
        ({"variants": [{"id": 1, "price": "NaN"}]}, "variants.0: price must be a number of at most 40 digits."),
    ],
    ids=str,
)
def test_what_cannot_be_read_is_named(changes: Body, sentence: str) -> None:
    with pytest.raises(Unreadable) as error:
        read("products/update", {**UPDATE, **changes})

    assert str(error.value) == f"The body of products/update cannot be read: {sentence}"


@pytest.mark.parametrize("price", ["9" * 40, "0." + "1" * 40, "1E+39", "1E-40", "-5.00", "1.5e3"])
def test_a_price_of_forty_digits_is_read(price: str) -> None:
    found = read_variant(price=price)

    assert isinstance(found, Snapshot)
    assert found.variants[0].price == Decimal(price)


@pytest.mark.parametrize("price", ["9" * 41, "0." + "1" * 41, "1E+40", "1E-41", "1.2E-40", "Infinity", "NaN1", "sNaN"])
def test_a_price_of_more_digits_or_none_is_not_read(price: str) -> None:
    with pytest.raises(Unreadable, match="price must be a number of at most 40 digits"):
        read_variant(price=price)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"7",
        b"{",
        b'{"id": 1, "x": NaN}',
        b'{"id": 1, "x": "\xff"}',
        b'{"id": "\\ud83c',
        b"[" * 100_000,
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_body_that_is_no_json_object_is_unreadable(body: bytes) -> None:
    for topic in ("products/update", "products/delete", "inventory_levels/update"):
        with pytest.raises(Unreadable, match=rf"^The body of {topic} cannot be read: .+\.$"):
            Webhooks().read(delivery(body, x_shopify_topic=topic))


def test_numbers_may_be_told_as_text() -> None:
    as_numbers = read_variant(id=1, inventory_item_id=2, admin_graphql_api_id=None, inventory_quantity=-3, price=7)
    as_text = read_variant(id="1", inventory_item_id="2", admin_graphql_api_id=None, inventory_quantity="-3", price="7")

    assert as_text == as_numbers


def test_a_body_with_half_a_character_is_read_as_any_other() -> None:
    whole = read_product(tags=["oak"])

    assert read_product(tags=["half \ud83c", {"\ud83c": "\x00"}]) == whole


@pytest.mark.parametrize("body", [{"id": 1, "title": "x"}, {"id": 1}, {"id": "1"}])
def test_a_deletion_needs_no_more_than_the_id(body: Body) -> None:
    assert read("products/delete", body) == (Tombstone(source_id=SourceId("1")),)


# Stock


@pytest.mark.parametrize("topic", ["inventory_levels/update", "inventory_levels/connect"])
@pytest.mark.parametrize("available", [9, 0, -4])
def test_a_level_tells_the_stock_at_a_location(topic: str, available: int) -> None:
    (fact,) = read(topic, {**STOCK, "available": available})

    assert isinstance(fact, StockFact)
    assert fact.stock_item_id == "46112233445566"
    assert fact.level.location_id == "71234567890"
    assert fact.level.quantity == available
    assert fact.level.version == datetime(2026, 11, 20, 15, 5, 1, tzinfo=UTC)


def test_a_time_with_nanoseconds_is_read_to_the_microsecond() -> None:
    (fact,) = read("inventory_levels/update", {**STOCK, "updated_at": "2024-08-07T22:59:26.372189411Z"})

    assert isinstance(fact, StockFact)
    assert fact.level.version == datetime(2024, 8, 7, 22, 59, 26, 372189, tzinfo=UTC)


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("inventory_levels/update", {**STOCK, "available": None}),
        ("inventory_levels/update", {**STOCK, "updated_at": None}),
        ("inventory_levels/connect", {"inventory_item_id": 46112233445566, "location_id": 7}),
        ("inventory_levels/disconnect", {"inventory_item_id": 46112233445566, "location_id": 7}),
        ("inventory_items/create", {"id": 46112233445566, "sku": None, "tracked": True}),
        ("inventory_items/update", {"id": 46112233445566, "sku": None, "tracked": False}),
    ],
)
def test_a_notice_that_does_not_tell_the_stock_is_incomplete(topic: str, body: Body) -> None:
    (fact,) = read(topic, body)

    assert isinstance(fact, Incomplete)
    assert (fact.source_id, fact.stock_item_id) == (None, "46112233445566")


@pytest.mark.parametrize("body", [{}, {**STOCK, "available": 1.5}, {**STOCK, "available": 2**63}], ids=str)
def test_a_level_of_wrong_types_is_unreadable(body: Body) -> None:
    with pytest.raises(Unreadable, match="inventory_levels/update"):
        read("inventory_levels/update", body)


# Other topics


@pytest.mark.parametrize("topic", ["variants/in_stock", "variants/out_of_stock"])
def test_a_variant_alone_names_its_product(topic: str) -> None:
    (fact,) = read(topic, UPDATE["variants"][0])

    assert isinstance(fact, Incomplete)
    assert fact.source_id == "8801234567890"


@pytest.mark.parametrize("topic", ["orders/create", "inventory_items/delete", "app/scopes_update", "", "products/"])
@pytest.mark.parametrize("make", [lambda: UPDATE, dict, list], ids=["product", "object", "list"])
def test_topics_that_are_nothing_to_us_say_nothing(topic: str, make: Callable[[], object]) -> None:
    assert read(topic, make()) == ()
