from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Request, Response
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Page
from app.platforms.woocommerce.catalogue import OVERLAP, PAGE, Catalogue
from app.platforms.woocommerce.products import FIELDS
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.woocommerce.shop import CONNECTION, GONE, product, variable, variation

Thing = dict[str, Any]


def read(*answers: Response, source_id: str = "901", asked: list[Request] | None = None) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(source_id)), in_turn(*answers, asked=asked))


def query(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def test_a_product_that_is_sold_by_itself_takes_one_request() -> None:
    asked: list[Request] = []

    found = read(answer(product(901)), asked=asked)

    assert found is not None
    assert (found.source_id, found.variants[0].sku) == ("901", "SKU-901")
    assert urlsplit(asked[0].url).path == "/winkel/wp-json/wc/v3/products/901"
    assert query(asked[0]) == {"_fields": ",".join(FIELDS)}


def test_variations_are_read_page_by_page() -> None:
    asked: list[Request] = []
    pages = [
        answer([variation(813)], x_wp_totalpages="2"),
        answer([variation(814, "L")], x_wp_totalpages="2"),
    ]

    found = read(answer(variable(812)), *pages, source_id="812", asked=asked)

    assert found is not None
    assert [each.options for each in found.variants] == [("S",), ("L",)]
    assert [urlsplit(each.url).path.rpartition("v3")[2] for each in asked] == [
        "/products/812",
        "/products/812/variations",
        "/products/812/variations",
    ]
    assert [query(each).get("page") for each in asked] == [None, "1", "2"]
    assert query(asked[1])["per_page"] == "100"


def test_a_variations_id_gives_its_product() -> None:
    of_it = product(813, type="variation", parent_id=812)

    found = read(answer(of_it), answer(variable(812, (813,))), answer([variation(813)]), source_id="813")

    assert found is not None
    assert found.source_id == "812"


@pytest.mark.parametrize(
    "answers",
    [
        [GONE],
        [answer(product(901, status="trash"))],
        [answer(product(901, type="variation", parent_id=812)), GONE],
        [answer(product(901, type="variation", parent_id=812)), answer(variable(812, status="trash"))],
        [answer(product(901, type="variation", parent_id=812)), answer(product(812, type="variation", parent_id=5))],
        [answer(variable(901, (813,))), GONE, GONE],
    ],
)
def test_what_the_shop_does_not_have_or_has_in_the_trash_does_not_exist(answers: list[Response]) -> None:
    assert read(*answers) is None


def test_a_product_whose_variations_are_not_those_it_names_is_read_again() -> None:
    found = read(
        answer(variable(812, (813, 814))),
        answer([variation(813)]),
        answer(variable(812, (813,))),
        answer([variation(813)]),
        source_id="812",
    )

    assert found is not None
    assert [each.id for each in found.variants] == ["813"]


def test_a_product_that_never_agrees_with_its_variations_is_read_later() -> None:
    answers = [answer(variable(812, (813, 814))), answer([variation(813)])] * 3
    with pytest.raises(PlatformUnavailable):
        read(*answers, answer(variable(812, (813, 814))), source_id="812")


def test_more_variations_than_a_product_names_are_no_change() -> None:
    found = read(
        answer(variable(812, (813,))), answer([variation(813), variation(814, status="draft")]), source_id="812"
    )

    assert found is not None
    assert [each.id for each in found.variants] == ["813"]


def test_an_answer_about_another_product_is_not_believed() -> None:
    with pytest.raises(PlatformUnavailable, match="product 902 when it was asked for 901"):
        read(answer(product(902)))


@pytest.mark.parametrize("body", [[], {}, {"id": 901}, product(901, price=[])])
def test_a_product_that_cannot_be_read_is_refused_with_a_reason(body: object) -> None:
    with pytest.raises(PlatformRejected, match="cannot be read"):
        read(answer(body))


# Pages


class Shop:
    """Products in the order of their ids, as a shop gives pages of them; ``before`` happens before each."""

    def __init__(self, products: list[Thing]) -> None:
        self.products = products
        self.asked: list[Request] = []
        self.before: Callable[[int], None] = lambda _: None

    def answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.before(len(self.asked))
        start, size = int(query(request)["offset"]), int(query(request)["per_page"])
        return answer(sorted(self.products, key=lambda each: each["id"])[start : start + size])

    def read_all(self) -> list[Page]:
        pages: list[Page] = []
        cursor: Cursor | None = None
        while not pages or cursor is not None:
            pages.append(drive(Catalogue().page(CONNECTION, cursor), self.answer))
            cursor = pages[-1].next
        return pages


def ids(pages: list[Page]) -> list[str]:
    return [each.source_id for page in pages for each in page.snapshots]


def test_all_pages_together_have_every_product_once() -> None:
    shop = Shop([product(n) for n in range(1, 3 * PAGE)])

    pages = shop.read_all()

    assert ids(pages) == [str(n) for n in range(1, 3 * PAGE)]
    assert query(shop.asked[0]) | {"_fields": ""} == {
        "orderby": "id",
        "order": "asc",
        "per_page": str(PAGE),
        "offset": "0",
        "status": "any",
        "_fields": "",
    }


@pytest.mark.parametrize("count", [0, 1, PAGE - 1, PAGE, PAGE + 1])
def test_a_catalogue_of_any_size_comes_to_its_end(count: int) -> None:
    assert ids(Shop([product(n) for n in range(1, count + 1)]).read_all()) == [str(n) for n in range(1, count + 1)]


@pytest.mark.parametrize("gone", [1, OVERLAP, OVERLAP + 1, PAGE, 2 * PAGE])
def test_products_that_go_meanwhile_have_none_of_the_others_passed_over(gone: int) -> None:
    shop = Shop([product(n) for n in range(1, 4 * PAGE + 1)])

    def delete(asked: int) -> None:
        if asked == 3:
            shop.products = shop.products[gone:]

    shop.before = delete
    pages = shop.read_all()

    assert set(ids(pages)) >= {str(each["id"]) for each in shop.products}
    assert len(set(ids(pages))) == len(ids(pages))


def test_products_that_come_meanwhile_are_read_last() -> None:
    shop = Shop([product(n) for n in range(1, 2 * PAGE + 1)])

    def create(asked: int) -> None:
        shop.products.append(product(1000 + asked))

    shop.before = create
    assert set(ids(shop.read_all())) >= {str(n) for n in range(1, 2 * PAGE + 1)} | {"1001", "1002"}


def test_products_with_variations_and_unreadable_ones_are_named_and_stop_nobody() -> None:
    shop = Shop([product(1), variable(2), product(3, price=[]), product(4, type="grouped"), product(5)])

    (page,) = shop.read_all()

    assert ids([page]) == ["1", "4", "5"]
    assert page.incomplete == ("2", "3")


@pytest.mark.parametrize("body", [{}, None, [{"name": "without an id"}], [7]])
def test_a_page_that_cannot_be_read_is_refused_with_a_reason(body: object) -> None:
    with pytest.raises(PlatformRejected, match="cannot be read"):
        drive(Catalogue().page(CONNECTION, None), in_turn(answer(body)))
