from decimal import Decimal

import pytest

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Request, Response
from app.domain.ids import Cursor, SourceId
from app.domain.product import Measures, Snapshot
from app.platforms.adapter import Page
from app.platforms.lightspeed.catalogue import Catalogue
from app.platforms.lightspeed.products import WHILE_IN_STOCK
from tests.platforms.asking import drive
from tests.platforms.lightspeed.shop import CONNECTION, MISSING, Node, Shop, product, told, variant


def shop(*nodes: Node) -> Shop:
    made = Shop()
    made.put(*nodes)
    return made


def read(there: Shop, number: int = 1) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(str(number))), there)


def found(there: Shop) -> Snapshot:
    snapshot = read(there)
    assert snapshot is not None
    return snapshot


def pages(there: Shop) -> list[Page]:
    pages = [drive(Catalogue().page(CONNECTION, None), there)]
    while pages[-1].next is not None:
        pages.append(drive(Catalogue().page(CONNECTION, pages[-1].next), there))
    return pages


# One product


def test_a_product_is_read_with_its_variants_images_and_brand() -> None:
    snapshot = found(shop(product(1), variant(11, 1)))

    assert snapshot.title == "Thing 1"
    assert snapshot.description == "<p>Long</p>"
    assert snapshot.brand == "Oak & Ash"
    assert snapshot.images == ("https://cdn.example/1.jpg",)
    assert snapshot.version is not None
    assert snapshot.version.isoformat() == "2026-11-20T15:01:33+00:00"
    assert snapshot.published


def test_a_variant_has_both_prices_in_whole_cents_and_the_article_code_for_an_sku() -> None:
    (only,) = found(shop(product(1), variant(11, 1))).variants

    assert (only.price, only.net_price) == (Decimal("34.95"), Decimal("28.88"))
    assert only.compare_at_price is None
    assert (only.sku, only.barcode, only.quantity, only.tracked) == ("ART-11", "8712345678906", 12, True)
    assert only.options == ()


@pytest.mark.parametrize(("weight", "grams"), [(800, Decimal(800)), (0, None), (None, None)])
def test_a_variant_weighs_so_many_grams(weight: object, grams: Decimal | None) -> None:
    (only,) = found(shop(product(1), variant(11, 1, weight=weight))).variants

    assert only.measures == Measures(weight_grams=grams)


@pytest.mark.parametrize(
    ("sku", "code", "expected"),
    [("S-1", "A-1", "S-1"), (" ", " A-1 ", "A-1"), ("", "", None), (None, None, None)],
)
def test_the_sku_is_the_shops_own_or_the_article_code(sku: object, code: object, expected: str | None) -> None:
    (only,) = found(shop(product(1), variant(11, 1, sku=sku, articleCode=code))).variants

    assert only.sku == expected


def test_several_variants_differ_in_one_option_in_the_order_of_the_shop() -> None:
    there = shop(product(1), variant(11, 1, title="Large", sortOrder=2), variant(12, 1, title="Small", sortOrder=1))

    snapshot = found(there)
    assert snapshot.option_names == ("Variant",)
    assert [each.options for each in snapshot.variants] == [("Small",), ("Large",)]


@pytest.mark.parametrize(
    ("tracking", "tracked", "beyond"), [("enabled", True, False), ("disabled", False, False), ("indicator", True, True)]
)
def test_how_stock_is_counted(tracking: str, *, tracked: bool, beyond: bool) -> None:
    (only,) = found(shop(product(1), variant(11, 1, stockTracking=tracking))).variants

    assert (only.tracked, only.sell_when_empty) == (tracked, beyond)


@pytest.mark.parametrize(
    ("visibility", "visible", "stock", "tracking", "published", "status"),
    [
        ("visible", True, 0, "enabled", True, "visible"),
        ("hidden", False, 5, "enabled", False, "hidden"),
        ("visible", False, 5, "enabled", False, "hidden"),
        (WHILE_IN_STOCK, True, 5, "enabled", True, "visible while in stock"),
        (WHILE_IN_STOCK, True, 0, "enabled", False, "hidden while out of stock"),
        (WHILE_IN_STOCK, True, -2, "enabled", False, "hidden while out of stock"),
        (WHILE_IN_STOCK, True, 0, "disabled", True, "visible while in stock"),
    ],
)
def test_when_a_product_is_published(
    visibility: str, *, visible: bool, stock: int, tracking: str, published: bool, status: str
) -> None:
    there = shop(
        product(1, visibility=visibility, isVisible=visible), variant(11, 1, stockLevel=stock, stockTracking=tracking)
    )

    snapshot = found(there)
    assert (snapshot.published, snapshot.status) == (published, status)


def test_what_a_product_does_not_have_is_not_asked_for() -> None:
    there = shop(product(1, image=False, brand=False), variant(11, 1))

    snapshot = found(there)
    assert (snapshot.images, snapshot.brand) == ((), None)
    assert there.asked == ["products/1.json", "variants.json"]


def test_more_variants_than_a_page_has_are_read_page_by_page() -> None:
    there = shop(product(1), *(variant(1000 + n, 1) for n in range(600)))

    assert len(found(there).variants) == 600
    assert there.asked.count("variants.json") == 3


@pytest.mark.parametrize("number", ["9", "x", "", "../9", "٣"])
def test_a_product_that_the_shop_does_not_have_is_gone(number: str) -> None:
    assert drive(Catalogue().product(CONNECTION, SourceId(number)), shop(product(1))) is None


def test_a_language_that_is_not_active_any_more_makes_no_product_gone() -> None:
    there = shop(product(1))
    there.language = "de"

    with pytest.raises(PlatformUnavailable, match="language"):
        read(there)


@pytest.mark.parametrize(
    "changes",
    [
        {"updatedAt": "2026-11-20T16:01:33"},
        {"updatedAt": None},
        {"id": True},
        {"id": "x"},
        {"visibility": None, "isVisible": None},
    ],
    ids=str,
)
def test_a_product_of_another_shape_is_rejected_or_hidden_and_never_a_crash(changes: dict[str, object]) -> None:
    there = shop(product(1), variant(11, 1))
    there.products[1] |= changes

    try:
        snapshot = found(there)
    except PlatformRejected:
        return
    assert not snapshot.published


@pytest.mark.parametrize(
    "changes",
    [{"priceIncl": True}, {"priceIncl": "x"}, {"stockLevel": 1.5}, {"stockLevel": 10**40}, {"stockLevel": None}],
    ids=str,
)
def test_a_variant_whose_numbers_are_none_is_rejected(changes: dict[str, object]) -> None:
    with pytest.raises(PlatformRejected):
        read(shop(product(1), variant(11, 1, **changes)))


# Pages


def test_a_page_has_whole_products_and_the_next_one_begins_after_it() -> None:
    there = shop(*(product(n) for n in range(1, 251)), *(variant(1000 + n, n) for n in range(1, 251)))

    read = pages(there)
    assert [len(each.snapshots) for each in read] == [100, 100, 50]
    assert there.asked == ["catalog.json"] * 3
    assert read[0].next == Cursor("100")


def test_a_page_tells_a_product_as_a_read_of_it_does() -> None:
    there = shop(product(1), variant(11, 1), variant(12, 1))

    assert pages(there)[0].snapshots == (found(there),)


def test_a_product_that_a_page_does_not_tell_whole_is_read_by_itself() -> None:
    there = shop(product(1), product(2), product(3), variant(11, 1), variant(33, 3, priceIncl="x"))

    (page,) = pages(there)
    assert [each.source_id for each in page.snapshots] == ["1"]
    assert page.incomplete == ("2", "3")


def test_a_shop_that_begins_a_page_anew_is_not_read_for_ever() -> None:
    def the_same_page(_: Request) -> Response:
        return told({"products": [product(n, variants=[variant(10 + n, n)]) for n in range(1, 101)]})

    with pytest.raises(PlatformRejected, match="page by page"):
        drive(Catalogue().page(CONNECTION, Cursor("100")), the_same_page)


# Answers


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(status=401), CredentialsRefused),
        (Response(status=403, body=b'{"error":{"message":"No."}}'), PlatformRejected),
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
def test_what_an_answer_means(answer: Response, error: type[Exception]) -> None:
    with pytest.raises(error):
        drive(Catalogue().page(CONNECTION, None), lambda _: answer)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"x-ratelimit-remaining": "0/2063/9000", "x-ratelimit-reset": "263/2063/23663"}, 263),
        ({"x-ratelimit-remaining": "0/0/9000", "x-ratelimit-reset": "263/2063/23663"}, 2063),
        ({"x-ratelimit-remaining": "nonsense"}, 5),
        ({}, 5),
    ],
    ids=str,
)
def test_a_shop_that_asks_to_slow_down_is_asked_again_after_its_window(headers: dict[str, str], seconds: int) -> None:
    reading = Catalogue().page(CONNECTION, None)
    next(reading)

    again = reading.send(Response(status=429, headers=headers))
    assert again.after.total_seconds() == seconds


def test_a_shop_that_asks_to_slow_down_for_ever_is_left_alone() -> None:
    with pytest.raises(RateLimited):
        drive(Catalogue().page(CONNECTION, None), lambda _: Response(status=429))


def test_a_page_in_a_language_that_is_not_active_is_not_the_end_of_the_catalogue() -> None:
    with pytest.raises(PlatformUnavailable, match="language"):
        drive(Catalogue().page(CONNECTION, None), lambda _: MISSING)
