from itertools import chain

import pytest

from app.domain.errors import PlatformRejected
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Page
from app.platforms.shopware import catalogue
from app.platforms.shopware.catalogue import Catalogue
from tests.platforms.asking import drive
from tests.platforms.shopware.admin import CONNECTION, Admin, Node, answer, key, product, variant


def read(admin: Admin, number: int) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(key(number))), admin)


def pages(admin: Admin) -> list[Page]:
    found = [drive(Catalogue().page(CONNECTION, None), admin)]
    while found[-1].next is not None:
        found.append(drive(Catalogue().page(CONNECTION, found[-1].next), admin))
    return found


def names(found: list[Page]) -> list[str]:
    return [each.source_id for each in chain.from_iterable(page.snapshots for page in found)]


def shop(*nodes: Node) -> Admin:
    admin = Admin()
    admin.put(*nodes)
    return admin


# One product


def test_a_product_is_read_with_its_variants_in_one_call() -> None:
    admin = shop(product(1), variant(2, 1), variant(3, 1), product(4))

    found = read(admin, 1)
    assert found is not None
    assert [each.id for each in found.variants] == [key(2), key(3)]
    assert len(admin.asked) == 1


def test_a_variants_id_gives_its_product() -> None:
    admin = shop(product(1), variant(2, 1), variant(3, 1))

    assert read(admin, 3) == read(admin, 1)


@pytest.mark.parametrize("source_id", [key(9), "9", "", "../../secret", key(9).upper()])
def test_a_product_that_the_shop_does_not_have_is_gone(source_id: str) -> None:
    assert drive(Catalogue().product(CONNECTION, SourceId(source_id)), shop(product(1))) is None


def test_a_variant_whose_product_goes_while_it_is_read_is_gone() -> None:
    admin = shop(product(1), variant(2, 1))

    def delete_before_the_second_answer() -> None:
        if len(admin.asked) > 1:
            del admin.products[key(1)]

    admin.meanwhile = delete_before_the_second_answer
    assert read(admin, 2) is None


def test_a_product_is_read_to_its_last_variant() -> None:
    admin = shop(product(1), *(variant(n, 1) for n in range(2, 1203)))

    found = read(admin, 1)
    assert found is not None
    assert len({each.id for each in found.variants}) == 1201
    assert len(admin.asked) == 3


def test_only_the_chosen_sales_channel_counts() -> None:
    admin = shop(product(1))
    chosen = {**CONNECTION.credentials, "sales_channel": "f" * 32}
    connection = type(CONNECTION)(base_url=CONNECTION.base_url, credentials=chosen)

    found = drive(Catalogue().product(connection, SourceId(key(1))), admin)
    assert found is not None
    assert not found.published


@pytest.mark.parametrize("data", [["x"], [{}], [{"id": key(1)}], [{**product(1), "updatedAt": 7}], [{"id": 1}]])
def test_an_answer_of_another_shape_is_rejected(data: object) -> None:
    with pytest.raises(PlatformRejected):
        drive(Catalogue().product(CONNECTION, SourceId(key(1))), lambda _: answer({"data": data}))


# Pages


def test_an_empty_shop_has_one_empty_page() -> None:
    (page,) = pages(shop())
    assert page == Page(snapshots=(), next=None)


def test_pages_hold_every_product_once_with_its_variants() -> None:
    admin = shop(*(product(n) for n in range(1, 251)), *(variant(1000 + n, 7) for n in range(3)))

    found = pages(admin)
    assert names(found) == [key(n) for n in range(1, 251)]
    assert [len(page.snapshots) for page in found] == [100, 100, 50]
    (seventh,) = [each for each in found[0].snapshots if each.source_id == key(7)]
    assert len(seventh.variants) == 3


def test_a_product_that_goes_between_two_pages_moves_no_other_out_of_them() -> None:
    admin = shop(*(product(n) for n in range(1, 251)))
    first = drive(Catalogue().page(CONNECTION, None), admin)
    for n in range(1, 51):
        del admin.products[key(n)]

    second = drive(Catalogue().page(CONNECTION, first.next), admin)
    assert names([first, second]) == [key(n) for n in range(1, 201)]


def test_a_product_that_comes_while_pages_are_read_is_on_the_last_one() -> None:
    admin = shop(*(product(n) for n in range(1, 101)))
    first = drive(Catalogue().page(CONNECTION, None), admin)
    admin.put(product(500))

    assert names([drive(Catalogue().page(CONNECTION, first.next), admin)]) == [key(500)]


def test_a_page_ends_where_it_has_variants_enough() -> None:
    admin = shop(*(product(n, childCount=400) for n in range(1, 6)))

    assert [len(page.snapshots) for page in pages(admin)] == [2, 2, 1]


def test_a_product_that_fits_no_page_is_named_to_be_read_by_itself() -> None:
    admin = shop(product(1), product(2, childCount=catalogue.PAGE_VARIANTS + 1), product(3))

    (page,) = pages(admin)
    assert page.incomplete == (SourceId(key(2)),)
    assert names([page]) == [key(1), key(3)]


def test_a_product_that_cannot_be_read_stops_no_other() -> None:
    (page,) = pages(shop(product(1), product(2, updatedAt="yesterday"), product(3)))

    assert page.incomplete == (SourceId(key(2)),)
    assert names([page]) == [key(1), key(3)]


def test_a_page_asks_for_nothing_that_it_does_not_need() -> None:
    admin = shop(product(1))
    drive(Catalogue().page(CONNECTION, Cursor("0")), admin)

    (criteria, _) = admin.asked
    assert criteria["includes"]["media"] == ["url"]
    assert criteria["total-count-mode"] == 0
