from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Request, Response
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot, SourceVariant, Taken, carry_over, merge_read
from app.platforms.adapter import Page, VersionPage
from app.platforms.bigcommerce.catalogue import PAGE, Catalogue
from app.platforms.bigcommerce.versions import Versions
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.bigcommerce.shop import (
    CONNECTION,
    MISSING,
    MODIFIED,
    Node,
    Store,
    item,
    location,
    product,
    variant,
)

SMALL, LARGE = ("Size", "Small"), ("Size", "Large")


def read(there: Store, number: int | str = 1) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(str(number))), there)


def found(*nodes: Node, items: tuple[Node, ...] = ()) -> Snapshot:
    snapshot = read(Store(list(nodes), list(items)), nodes[0]["id"])
    assert snapshot is not None
    return snapshot


def only(node: Node, *items: Node) -> SourceVariant:
    (variant,) = found(node, items=items).variants
    return variant


def pages(there: Store) -> list[Page]:
    pages = [drive(Catalogue().page(CONNECTION, None), there)]
    while pages[-1].next is not None:
        pages.append(drive(Catalogue().page(CONNECTION, pages[-1].next), there))
    return pages


# One product


def test_a_product_is_read_with_its_variants_images_stock_and_brand() -> None:
    snapshot = found(product(1))

    assert (snapshot.source_id, snapshot.title, snapshot.description) == ("1", "Thing 1", "<p>Long</p>")
    assert snapshot.brand == "Oak & Ash"
    assert snapshot.images == ("https://cdn.example/1.jpg", "https://cdn.example/2.jpg")
    assert snapshot.version is not None
    assert snapshot.version.isoformat() == MODIFIED
    assert (snapshot.published, snapshot.status, snapshot.option_names) == (True, "visible", ())


def test_a_product_without_options_is_sold_by_its_base_variant_which_is_described_by_the_product() -> None:
    sold = only(product(1))

    assert (sold.id, sold.stock_item_id, sold.sku, sold.barcode) == ("10", "10", "P-1", "8712345678906")
    assert (sold.price, sold.compare_at_price, sold.options) == (Decimal("34.95"), None, ())


def test_variants_have_a_value_for_every_option_and_nothing_of_their_products() -> None:
    snapshot = found(
        product(1, variant(11, SMALL, ("Color", "Red"), sku=" "), variant(12, ("Color", "Blue"), LARGE, upc="123"))
    )

    assert snapshot.option_names == ("Size", "Color")
    assert [each.options for each in snapshot.variants] == [("Small", "Red"), ("Large", "Blue")]
    assert [(each.sku, each.barcode) for each in snapshot.variants] == [(None, None), ("V-12", "123")]


def test_a_variant_that_cannot_be_bought_is_left_out() -> None:
    snapshot = found(product(1, variant(11, SMALL, purchasing_disabled=True), variant(12, LARGE)))

    assert [each.id for each in snapshot.variants] == ["12"]


@pytest.mark.parametrize(
    ("own", "calculated", "price", "regular"),
    [
        (None, 34.95, "34.95", None),
        (None, 29.5, "29.5", "34.95"),
        (40, 40, "40", None),
        (40, 30, "30", "40"),
        (None, None, "34.95", None),
        ("12.10", None, "12.10", None),
    ],
)
def test_a_price_is_the_variants_own_or_its_products_less_what_is_off(
    own: object, calculated: object, price: str, regular: str | None
) -> None:
    sold = only(product(1, variant(11, SMALL, price=own, calculated_price=calculated)))

    assert sold.price == Decimal(price)
    assert sold.compare_at_price == (None if regular is None else Decimal(regular))


@pytest.mark.parametrize(
    ("visible", "availability", "published", "status"),
    [
        (True, "available", True, "visible"),
        (True, "preorder", True, "visible"),
        (True, "disabled", False, "visible, but not for sale,"),
        (False, "available", False, "hidden"),
        (None, "available", False, "hidden"),
    ],
)
def test_when_a_product_is_published(*, visible: object, availability: str, published: bool, status: str) -> None:
    snapshot = found(product(1, is_visible=visible, availability=availability))

    assert (snapshot.published, snapshot.status) == (published, status)


@pytest.mark.parametrize(
    ("units", "own", "expected"),
    [
        ({"weight_units": "KGS", "dimension_units": "Centimeters"}, {}, ("1500.00", "30.00", "20.00")),
        ({"weight_units": "Ounces", "dimension_units": "Inches"}, {}, ("42.52", "76.20", "50.80")),
        ({"weight_units": "LBS"}, {"weight": 2}, ("907.18", None, None)),
        ({"weight_units": "Grams", "dimension_units": "Cubits"}, {"weight": 0, "depth": 1}, (None, None, None)),
        ({}, {}, (None, None, None)),
    ],
)
def test_a_variant_measures_what_it_says_or_its_product_in_the_units_of_the_store(
    units: dict[str, str], own: Node, expected: tuple[str | None, ...]
) -> None:
    there = Store([product(1, {**variant(11, SMALL), "weight": None, **own}, weight=1.5, depth=30, width=20, height=0)])

    snapshot = drive(Catalogue().product(replace(CONNECTION, details=units), SourceId("1")), there)
    assert snapshot is not None
    measures = snapshot.variants[0].measures
    told = (measures.weight_grams, measures.length_cm, measures.width_cm)
    assert tuple(None if each is None else str(each) for each in told) == expected
    assert measures.height_cm is None


# Stock


def test_stock_is_what_may_be_sold_at_all_locations_and_not_what_the_catalogue_still_tells() -> None:
    sold = only(product(1), item(1, 10, location(5, location_id=2), location(7)))

    assert (sold.tracked, sold.quantity) == (True, 12)
    assert [(each.location_id, each.quantity) for each in sold.levels or ()] == [("1", 7), ("2", 5)]


def test_of_two_reads_with_the_same_version_the_later_one_tells_the_stock() -> None:
    """A product's version does not move with its stock."""
    before, after = (found(product(1), items=(item(1, 10, location(pieces)),)) for pieces in (7, 3))

    assert carry_over(before, after) == after
    assert merge_read(before, after) == Taken(after)


def test_stock_of_variants_is_counted_for_each() -> None:
    snapshot = found(
        product(1, variant(11, SMALL), variant(12, LARGE)), items=(item(1, 11, location(7)), item(1, 12, location(0)))
    )

    assert [each.quantity for each in snapshot.variants] == [7, 0]


def test_variants_of_a_product_that_is_counted_as_one_share_its_stock() -> None:
    node = product(1, variant(11, SMALL), variant(12, LARGE), inventory_tracking="product")

    assert [each.quantity for each in found(node, items=(item(1, None, location(9)),)).variants] == [9, 9]
    # Rows of variants are not added up: what they are of such a product, nobody tells.
    rows = (item(1, 11, location(9)), item(1, 12, location(9)))
    assert [each.quantity for each in found(node, items=rows).variants] == [4, 4]


@pytest.mark.parametrize(
    "closed", [location(5, location_enabled=False), location(5, settings={"is_in_stock": False})], ids=range(2)
)
def test_what_is_where_nothing_is_sold_does_not_count(closed: Node) -> None:
    sold = only(product(1), item(1, 10, closed, location(2, location_id=2)))

    assert (sold.quantity, [each.location_id for each in sold.levels or ()]) == (2, ["2"])


def test_what_the_inventory_does_not_tell_is_as_the_catalogue_tells_it() -> None:
    assert (only(product(1)).quantity, only(product(1)).levels) == (4, None)
    assert only(product(1, variant(11, SMALL))).quantity == 3


def test_a_product_whose_stock_is_not_counted_is_not_asked_for_it() -> None:
    there = Store([product(1, inventory_tracking="none", brand_id=0)])

    snapshot = read(there)
    assert snapshot is not None
    assert [(each.tracked, each.quantity) for each in snapshot.variants] == [(False, None)]
    assert there.asked == ["/v3/catalog/products/1"]


def test_stock_of_more_variants_than_a_page_has_is_read_page_by_page() -> None:
    variants = [variant(1000 + n, ("Size", str(n))) for n in range(1200)]
    there = Store([product(1, *variants)], [item(1, 1000 + n, location(n)) for n in range(1200)])

    snapshot = read(there)
    assert snapshot is not None
    assert [each.quantity for each in snapshot.variants] == list(range(1200))
    assert there.asked.count("/v3/inventory/items") == 2


# What is not there


@pytest.mark.parametrize("number", ["9", "x", "", "../9", "٣"])
def test_a_product_that_the_store_neither_tells_nor_lists_is_gone(number: str) -> None:
    assert read(Store([product(1)]), number) is None


def test_a_store_that_lists_what_it_says_does_not_exist_is_asked_again() -> None:
    listed = answer({"data": [{"id": 1}], "meta": {"pagination": {"total": 1, "total_pages": 1}}})

    with pytest.raises(PlatformUnavailable, match="lists product 1"):
        drive(Catalogue().product(CONNECTION, SourceId("1")), in_turn(MISSING, listed))


def test_a_store_that_is_not_there_makes_no_product_gone() -> None:
    with pytest.raises(PlatformUnavailable):
        drive(Catalogue().product(CONNECTION, SourceId("1")), lambda _: MISSING)


@pytest.mark.parametrize(
    "changes",
    [
        {"date_modified": "2026-11-20T16:01:33"},
        {"date_modified": None},
        {"id": True},
        {"variants": None},
        {"price": True, "variants": [variant(10)]},
        {"price": "NaN", "variants": [variant(10)]},
        {"variants": [variant(10, calculated_price="x")]},
        {"variants": [variant("x")]},  # type: ignore[arg-type]
        {"inventory_level": 1.5},
        {"inventory_level": 10**40},
        {"brand_id": "x"},
    ],
    ids=str,
)
def test_a_product_of_another_shape_is_rejected_and_never_a_crash(changes: dict[str, object]) -> None:
    there, node = Store(), product(1, **changes)

    def told(request: Request) -> Response:
        return answer({"data": node}) if "/products/1?" in request.url else there(request)

    with pytest.raises((PlatformRejected, PlatformUnavailable)):
        drive(Catalogue().product(CONNECTION, SourceId("1")), told)


# Pages


def test_a_page_has_whole_products_and_the_next_one_begins_after_it() -> None:
    there = Store([product(n) for n in range(1, 2 * PAGE + 11)])

    read = pages(there)
    assert [len(each.snapshots) for each in read] == [PAGE, PAGE, 10]
    assert [each.total for each in read] == [2 * PAGE + 10, None, None]
    assert read[0].next == Cursor(str(PAGE))
    # Each takes one request for products, stock and brands.
    assert len(there.asked) == 9


def test_a_page_tells_a_product_as_a_read_of_it_does() -> None:
    there = Store([product(1, variant(11, SMALL), variant(12, LARGE))], [item(1, 11, location(7))])

    assert pages(there)[0].snapshots == (read(there),)


def test_a_product_that_cannot_be_read_stops_no_page() -> None:
    there = Store([product(1), product(2, date_modified=None), product(3)])

    (page,) = pages(there)
    assert [each.source_id for each in page.snapshots] == ["1", "3"]
    assert page.incomplete == ("2",)


def test_an_empty_store_is_one_page() -> None:
    there = Store()

    assert pages(there) == [Page(snapshots=(), next=None, total=0)]
    assert there.asked == ["/v3/catalog/products"]


def test_a_store_that_begins_a_page_anew_is_not_read_for_ever() -> None:
    with pytest.raises(PlatformRejected, match="page by page"):
        drive(Catalogue().page(CONNECTION, Cursor("100")), in_turn(answer({"data": [product(100)], "meta": {}})))


# Versions


def test_every_product_is_seen_with_its_version_and_the_stock_that_is_told_of_a_variant() -> None:
    there = Store(
        [
            product(1),
            product(2, variant(21, SMALL), variant(22, LARGE)),
            product(3, variant(31, SMALL), inventory_tracking="product"),
            product(4, inventory_tracking="none"),
        ],
        [item(1, 10, location(7)), item(2, 21, location(1)), item(2, 22, location(2)), item(3, None, location(5))],
    )

    page: VersionPage = drive(Versions().page(CONNECTION, None), there)
    assert {each.source_id: dict(each.stock) for each in page.seen} == {
        "1": {"10": 7},
        "2": {"21": 1, "22": 2},
        "3": {},
        "4": {},
    }
    assert {each.version.isoformat() for each in page.seen if each.version} == {MODIFIED}
    assert (page.next, page.load) == (None, timedelta(milliseconds=400))


def test_versions_go_on_after_the_last_product_seen() -> None:
    there = Store([product(n, inventory_tracking="none") for n in range(1, 256)])

    first = drive(Versions().page(CONNECTION, None), there)
    last = drive(Versions().page(CONNECTION, first.next), there)
    assert (len(first.seen), first.next, len(last.seen), last.next) == (250, "250", 5, None)


def test_the_versions_of_a_page_are_those_of_the_products() -> None:
    there = Store([product(1, variant(11, SMALL))], [item(1, 11, location(3))])

    (seen,) = drive(Versions().page(CONNECTION, None), there).seen
    snapshot = read(there)
    assert snapshot is not None
    assert seen.version == snapshot.version
    assert seen.stock == {each.id: each.quantity for each in snapshot.variants}


# Answers


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (Response(status=401), CredentialsRefused),
        (answer({"status": 403, "title": "No."}, status=403), PlatformRejected),
        (Response(status=500, body=b"<html>"), PlatformUnavailable),
        (Response(status=302, headers={"location": "https://elsewhere.example"}), PlatformUnavailable),
        (Response(status=404, body=b"<html>"), PlatformUnavailable),
        (Response(status=200, body=b"<html>"), PlatformUnavailable),
        (Response(status=200, body=b"[]"), PlatformUnavailable),
        (Response(status=200, body=b"{}"), PlatformRejected),
        (Response(status=400, body=b"\xff"), PlatformRejected),
    ],
    ids=lambda each: str(each.status) if isinstance(each, Response) else each.__name__,
)
def test_what_an_answer_means(given: Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        drive(Catalogue().page(CONNECTION, None), lambda _: given)


def test_a_refusal_is_told_in_the_words_of_the_store() -> None:
    refused = answer({"status": 422, "title": "Data is invalid.", "errors": {"limit": "too large"}}, status=422)

    with pytest.raises(PlatformRejected, match=r"422: Data is invalid; limit: too large\.$"):
        drive(Catalogue().page(CONNECTION, None), lambda _: refused)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"x-rate-limit-time-reset-ms": "15000"}, 15), ({"x-rate-limit-time-reset-ms": "soon"}, 5), ({}, 5)],
    ids=str,
)
def test_a_store_that_asks_to_slow_down_is_asked_again_in_its_next_window(
    headers: dict[str, str], seconds: int
) -> None:
    reading = Catalogue().page(CONNECTION, None)
    next(reading)

    again = reading.send(Response(status=429, headers=headers))
    assert again.after.total_seconds() == seconds


def test_a_store_that_asks_to_slow_down_for_ever_is_left_alone() -> None:
    with pytest.raises(RateLimited):
        drive(Catalogue().page(CONNECTION, None), lambda _: Response(status=429))


def test_the_token_is_sent_in_its_header_and_nowhere_else() -> None:
    asked: list[Request] = []
    drive(
        Catalogue().page(CONNECTION, None),
        in_turn(answer({"data": [], "meta": {"pagination": {"total": 0}}}), asked=asked),
    )

    (request,) = asked
    assert request.headers["X-Auth-Token"] == "token"
    assert "token" not in request.url
