from datetime import UTC, datetime

import pytest

from app.domain.drift import SeenProduct
from app.domain.errors import PlatformRejected
from app.domain.http import Request
from app.domain.ids import SourceId, SourceVariantId
from app.platforms.woocommerce.versions import PAGE, Versions
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.woocommerce.shop import CONNECTION, product, variable

CHANGED = datetime(2026, 11, 20, 15, 1, 33, tzinfo=UTC)


def test_every_product_is_listed_with_its_version_and_its_own_stock() -> None:
    asked: list[Request] = []
    listed = [
        product(1, stock_quantity=7),
        variable(2),
        product(3, manage_stock=False),
        product(4, date_modified_gmt=None),
    ]

    page = drive(Versions().page(CONNECTION, None), in_turn(answer(listed), asked=asked))

    assert page.next is None
    assert page.seen[:3] == (
        SeenProduct(source_id=SourceId("1"), version=CHANGED, stock={SourceVariantId("1"): 7}),
        SeenProduct(source_id=SourceId("2"), version=CHANGED),
        SeenProduct(source_id=SourceId("3"), version=CHANGED),
    )
    assert page.seen[3].version is None
    assert "description" not in asked[0].url


def test_a_full_page_is_followed_by_another() -> None:
    page = drive(Versions().page(CONNECTION, None), in_turn(answer([product(n) for n in range(1, PAGE + 1)])))

    assert page.next == f"{PAGE}/{PAGE}"


def test_a_list_that_cannot_be_read_is_refused_with_a_reason() -> None:
    with pytest.raises(PlatformRejected, match="cannot be read"):
        drive(Versions().page(CONNECTION, None), in_turn(answer([product(1, date_modified_gmt=5)])))
