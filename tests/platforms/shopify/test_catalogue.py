from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from graphql import parse, validate

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.ids import Cursor, SourceId
from app.domain.product import Measures, Snapshot
from app.platforms.adapter import Page
from app.platforms.shopify import installation, queries, subscriptions
from app.platforms.shopify.catalogue import Catalogue
from app.platforms.shopify.graphql import COST_LIMIT
from app.sandbox.shopify.api import SCHEMA, cost
from tests.platforms.asking import drive
from tests.platforms.samples import samples
from tests.platforms.shopify.admin import CONNECTION, Admin, image, level, product, saying, variant

DOCUMENTS = {
    "one": (queries.ONE, queries.ONE_COST),
    "page": (queries.PAGE, queries.PAGE_COST),
    "media": (queries.MEDIA, queries.MEDIA_COST),
    "levels": (queries.LEVELS, queries.LEVELS_COST),
    "probe": (installation.PROBE, 3),
    "subscriptions": (subscriptions.LIST, 250),
    "subscribe": (subscriptions.CREATE, 10),
    "unsubscribe": (subscriptions.DELETE, 10),
}


def read(admin: Admin, number: int = 1) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(str(number))), admin)


def whole(admin: Admin, number: int = 1) -> Snapshot:
    found = read(admin, number)
    assert found is not None
    return found


def pages(admin: Admin) -> Iterator[Page]:
    cursor: Cursor | None = None
    while True:
        page = drive(Catalogue().page(CONNECTION, cursor), admin)
        yield page
        if page.next is None:
            return
        cursor = page.next


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_one_that_the_schema_knows(name: str) -> None:
    assert validate(SCHEMA, parse(DOCUMENTS[name][0])) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_stays_below_the_limit_and_costs_no_more_than_it_says(name: str) -> None:
    document, declared = DOCUMENTS[name]

    assert declared < COST_LIMIT
    # Options are a plain list, which the stand-in charges once and we for the three that a product may have.
    assert cost(parse(document), {}) <= declared


# One product


def test_a_product_is_read_with_all_it_has() -> None:
    admin = Admin()
    admin.put(
        product(
            1,
            [
                variant(
                    11,
                    sku=" OAK-S ",
                    price="12345678901234567.89",
                    compareAtPrice="40.00",
                    barcode="871",
                    inventoryPolicy="CONTINUE",
                    levels=[level(9, 4, at="2026-11-20T15:05:01Z"), level(7, -1)],
                )
            ],
        )
    )

    found = whole(admin)

    assert (found.source_id, found.title, found.description, found.brand) == ("1", "Oak board", "<p>Oak</p>", "Holt")
    assert (found.published, found.status, found.option_names) == (True, "active", ("Size",))
    assert found.published_from == datetime(2026, 5, 4, 7, 15, tzinfo=UTC)
    assert found.version == datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)
    assert found.images == ("https://cdn.example/1.jpg",)
    (only,) = found.variants
    assert (only.id, only.sku, only.barcode, only.options) == ("11", "OAK-S", "871", ("Size 11",))
    assert (only.price, only.compare_at_price) == (Decimal("12345678901234567.89"), Decimal("40.00"))
    assert (only.stock_item_id, only.tracked, only.sell_when_empty, only.quantity) == ("119", True, True, 3)
    assert only.levels is not None
    assert [(each.location_id, each.quantity) for each in only.levels] == [("7", -1), ("9", 4)]


@pytest.mark.parametrize(
    ("measurement", "grams"),
    [
        ({"weight": {"value": 0.8, "unit": "KILOGRAMS"}}, "800.00"),
        ({"weight": {"value": 2, "unit": "POUNDS"}}, "907.18"),
        ({"weight": {"value": 0, "unit": "GRAMS"}}, None),
        ({"weight": {"value": 1, "unit": "STONES"}}, None),
        ({"weight": None}, None),
        (None, None),
    ],
)
def test_a_variant_weighs_what_its_stock_item_does(measurement: object, grams: str | None) -> None:
    admin, weighed = Admin(), variant(11)
    weighed["inventoryItem"]["measurement"] = measurement
    admin.put(product(1, [weighed]))

    (only,) = whole(admin).variants

    assert only.measures == Measures(weight_grams=None if grams is None else Decimal(grams))


def test_a_product_that_the_shop_does_not_have_is_none() -> None:
    assert read(Admin(), 404) is None


def test_a_product_without_options_has_none() -> None:
    plain = variant(1, selectedOptions=[{"name": "Title", "value": "Default Title"}])
    admin = Admin()
    admin.put(product(1, [plain], options=[{"name": "Title", "position": 1}]))

    found = whole(admin)

    assert (found.option_names, found.variants[0].options) == ((), ())


@pytest.mark.parametrize(
    ("status", "published_at", "published"),
    [
        ("ACTIVE", "2026-05-04T07:15:00Z", True),
        ("ACTIVE", None, False),
        ("DRAFT", None, False),
        ("ARCHIVED", "2026-05-04T07:15:00Z", False),
        ("UNLISTED", "2026-05-04T07:15:00Z", False),
    ],
)
def test_a_read_tells_the_publication_as_a_webhook_does(status: str, published_at: str | None, published: bool) -> None:
    admin = Admin()
    admin.put(product(1, status=status, publishedAt=published_at))

    found = whole(admin)

    assert found.published is published
    assert (found.published_from is not None) is published


def test_a_read_and_a_webhook_of_the_same_product_say_the_same() -> None:
    body = next(each for each in samples("shopify") if each.case == "product_update").expected[0]
    variants: Any = body["variants"]
    made = variant(
        int(variants[0]["id"]),
        sku="OAK-1",
        barcode="8712345678906",
        selectedOptions=[{"name": "Size", "value": "Size 1"}],
        levels=[level(7, 12)],
    )
    made["inventoryItem"]["id"] = f"gid://shopify/InventoryItem/{variants[0]['stock_item_id']}"
    images: Any = body["images"]
    admin = Admin()
    admin.put(
        product(
            8801234567890,
            [made],
            descriptionHtml="<p>Oak board</p>",
            media=[{"image": {"url": each}} for each in images],
        )
    )

    found = whole(admin, 8801234567890)

    same = ("source_id", "title", "description", "brand", "published", "status")
    assert {name: getattr(found, name) for name in same} == {name: body[name] for name in same}
    assert list(found.images) == images
    assert list(found.option_names) == body["option_names"]
    (one,) = found.variants
    for name in ("id", "sku", "barcode", "stock_item_id", "sell_when_empty", "quantity"):
        assert getattr(one, name) == variants[0][name]
    assert str(one.price) == variants[0]["price"]


def test_2048_variants_are_read_page_by_page() -> None:
    admin = Admin()
    admin.put(product(1, [variant(n) for n in range(1, 2049)]))

    found = whole(admin)

    assert [each.id for each in found.variants] == [str(n) for n in range(1, 2049)]
    assert admin.asked == ["product"] * 52


def test_levels_and_images_that_do_not_fit_are_read_by_themselves() -> None:
    admin = Admin()
    many = [level(place, 1) for place in range(1, 402)]
    video: dict[str, Any] = {}
    admin.put(product(1, [variant(1), variant(2, levels=many)], media=[video, *(image(n) for n in range(1, 300))]))

    found = whole(admin)

    assert found.variants[1].quantity == 401
    assert len(found.variants[1].levels or ()) == 401
    assert found.images == tuple(f"https://cdn.example/{n}.jpg" for n in range(1, 300))
    assert admin.asked == ["product", "media", "media", "levels", "levels", "levels"]


def test_a_product_that_changes_between_its_pages_is_read_again() -> None:
    admin = Admin()
    admin.put(product(1, [variant(n) for n in range(1, 50)]))

    def change_once(_: str) -> None:
        if len(admin.asked) == 2:
            admin.put(product(1, [variant(n, price="1.00") for n in range(1, 50)], updatedAt="2026-11-20T15:01:34Z"))

    admin.meanwhile = change_once
    found = whole(admin)

    assert {each.price for each in found.variants} == {Decimal("1.00")}
    assert found.version == datetime(2026, 11, 20, 15, 1, 34, tzinfo=UTC)
    assert admin.asked == ["product"] * 4


def test_a_product_that_never_stands_still_is_left_for_later() -> None:
    admin = Admin()

    def change(_: str) -> None:
        seconds = len(admin.asked)
        admin.put(product(1, [variant(n) for n in range(1, 50)], updatedAt=f"2026-11-20T15:01:{seconds:02d}Z"))

    admin.meanwhile = change

    with pytest.raises(PlatformUnavailable, match="changes while it is being read"):
        read(admin)
    assert admin.asked == ["product"] * 6


def test_a_product_that_disappears_between_its_pages_is_none() -> None:
    admin = Admin()
    admin.put(product(1, [variant(n) for n in range(1, 50)]))
    admin.meanwhile = lambda _: admin.products.clear() if len(admin.asked) == 2 else None

    assert read(admin) is None


def test_a_variant_that_disappears_while_its_levels_are_read_makes_the_product_be_read_again() -> None:
    admin = Admin()
    admin.put(product(1, [variant(1), variant(2, levels=[level(n, 1) for n in range(11)])]))
    admin.meanwhile = lambda operation: admin.put(product(1, [variant(1)])) if operation == "levels" else None

    assert [each.id for each in whole(admin).variants] == ["1"]


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"product": {}},
        {"product": []},
        {"product": {"variants": None}},
        {"product": {**product(1), "variants": {"nodes": [{}], "pageInfo": {"hasNextPage": False}}}},
    ],
    ids=range(5),
)
def test_an_answer_of_another_shape_is_rejected(answer: object) -> None:
    with pytest.raises(PlatformRejected):
        drive(Catalogue().product(CONNECTION, SourceId("1")), saying({"data": answer}))
    with pytest.raises(PlatformRejected):
        drive(Catalogue().page(CONNECTION, None), saying({"data": answer}))


@pytest.mark.parametrize(
    "changes",
    [{"price": "NaN"}, {"price": "a lot"}, {"id": "11"}, {"levels": [{**level(1, 1), "updatedAt": "now"}]}],
    ids=str,
)
def test_a_value_that_cannot_be_read_is_rejected(changes: dict[str, Any]) -> None:
    admin = Admin()
    admin.put(product(1, [variant(1, **changes)]))

    with pytest.raises(PlatformRejected):
        read(admin)


def test_text_from_a_read_holds_nothing_that_cannot_be_stored() -> None:
    admin = Admin()
    admin.put(product(1, title="a\x00b \ud83c"))

    assert whole(admin).title == "ab ?"


# Pages


def test_the_catalogue_is_read_page_by_page_each_product_once() -> None:
    admin = Admin()
    admin.put(*(product(n) for n in range(1, 21)))

    found = list(pages(admin))

    assert [len(each.snapshots) for each in found] == [8, 8, 4]
    assert [each.source_id for page in found for each in page.snapshots] == [str(n) for n in range(1, 21)]
    assert not any(page.incomplete for page in found)


def test_an_empty_shop_has_one_empty_page() -> None:
    assert list(pages(Admin())) == [Page(snapshots=(), next=None, total=0)]


def test_a_product_on_a_page_is_what_a_read_of_it_gives() -> None:
    admin = Admin()
    admin.put(product(1, [variant(n) for n in range(1, 11)]))

    assert next(pages(admin)).snapshots == (whole(admin),)


def test_products_that_do_not_fit_on_a_page_are_named() -> None:
    admin = Admin()
    admin.put(
        product(1),
        product(2, [variant(n) for n in range(1, 12)]),
        product(3, [variant(1, levels=[level(n, 1) for n in range(4)])]),
        product(4, media=[image(n) for n in range(11)]),
        product(5, [variant(1, price="a lot")]),
        product(6),
    )

    (page,) = pages(admin)

    assert [each.source_id for each in page.snapshots] == ["1", "6"]
    assert page.incomplete == ("2", "3", "4", "5")
