import json
from decimal import Decimal
from typing import Any

import pytest

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.event import Tombstone
from app.domain.http import Request, Response
from app.domain.ids import SourceId
from app.domain.product import Part
from app.platforms.adapter import Connection, Polled
from app.platforms.channelengine.changes import Changes
from app.platforms.channelengine.installation import Installation
from tests.platforms.asking import answer, drive, in_turn

CONNECTION = Connection(base_url="https://oak.channelengine.net/api", credentials={"api_key": "channel-key"})
Record = dict[str, Any]


def told(content: object = None, **more: Any) -> Response:
    return answer({"Content": content, "StatusCode": 200, "Success": True, "Message": None, **more})


def poll(
    created: list[object] | None = None,
    updated: list[object] | None = None,
    removed: list[object] | None = None,
    offers: object = None,
) -> Polled:
    data = {"ToBeCreated": created or [], "ToBeUpdated": updated or [], "ToBeRemoved": removed or []}
    return drive(Changes().poll(CONNECTION, None), in_turn(told(data), told(offers or [])))


def single(number: int = 17, **changes: Any) -> Record:
    return {
        "Id": number,
        "ProductType": "SINGLE",
        "ChannelProductNo": None,
        "ParentChannelProductNo": None,
        "Name": "Bowl",
        "Description": "<p>Ash</p>",
        "Brand": "Oak & Ash",
        "MerchantProductNo": " BOWL ",
        "Ean": "8712345678906",
        "Stock": 5,
        "Price": 34.95,
        "ImageUrl": "https://cdn.example/1.jpg",
        "ExtraImageUrl1": "https://cdn.example/2.jpg",
        "MappedFields": {},
        **changes,
    }


def parent(number: int = 20, **changes: Any) -> Record:
    return single(number, **{"ProductType": "PARENT", "Name": "Board", "MerchantProductNo": "P", **changes})


def child(number: int, **changes: Any) -> Record:
    return single(
        number, **{"ProductType": "CHILD", "ParentChannelProductNo": "20", "Name": "Board S", "Size": "S", **changes}
    )


def only(polled: Polled) -> Part:
    (fact,) = polled.facts
    assert isinstance(fact, Part)
    return fact


def test_a_product_that_stands_by_itself_is_told_whole() -> None:
    polled = poll([single()])
    fact = only(polled)

    assert fact.head is not None
    assert (fact.source_id, fact.head.title, fact.head.published, fact.head.option_names) == ("17", "Bowl", True, ())
    assert fact.head.images == ("https://cdn.example/1.jpg", "https://cdn.example/2.jpg")
    (variant,) = fact.variants
    assert (variant.id, variant.sku, variant.price, variant.quantity) == ("17", "BOWL", Decimal("34.95"), 5)
    assert polled.more
    assert json.loads(polled.receipt or "")["Created"] == [{"Id": 17, "ChannelProductNo": "17"}]


def test_a_product_with_variants_is_told_first_and_they_belong_to_it_afterwards() -> None:
    first = only(poll([parent()]))
    assert (first.source_id, first.variants) == ("20", ())

    second = poll([child(21), child(22, Size="L", MerchantProductNo="BOARD-L")])
    fact = only(second)
    assert (fact.source_id, fact.head) == ("20", None)
    assert [(each.id, each.options) for each in fact.variants] == [("20-21", ("", "S")), ("20-22", ("", "L"))]
    assert [each["ChannelProductNo"] for each in json.loads(second.receipt or "")["Created"]] == ["20-21", "20-22"]
    assert fact.stand_in is not None
    assert fact.stand_in.title == "Board S"


def test_three_levels_are_one_product() -> None:
    middle = poll([parent(30, ProductType="PARENT", ParentChannelProductNo="20")])
    low = poll([child(31, ParentChannelProductNo="20-30", GrandparentChannelProductNo="20")])

    assert (only(middle).source_id, only(middle).head, only(middle).variants) == ("20", None, ())
    assert [(only(low).source_id, each.id) for each in only(low).variants] == [("20", "20-30-31")]


def test_removals_tell_by_their_numbers_what_is_gone() -> None:
    polled = poll(removed=["17", "20-21"])

    product, variant = polled.facts
    assert product == Tombstone(source_id=SourceId("17"))
    assert isinstance(variant, Part)
    assert variant.gone == {"20-21"}
    assert json.loads(polled.receipt or "")["Removed"] == ["17", "20-21"]


def test_a_product_that_is_removed_and_new_at_once_has_come_again() -> None:
    fact = only(poll([single(17)], removed=["17"]))

    assert fact.head is not None
    assert [each.id for each in fact.variants] == ["17"]


def test_offers_tell_prices_and_stock_of_what_is_known() -> None:
    fact = only(poll(offers=[{"ChannelProductNo": "20-21", "MerchantProductNo": "B", "Price": 30, "Stock": 0}]))

    (offer,) = fact.offers
    assert (fact.source_id, offer.variant_id, offer.price, offer.quantity) == ("20", "20-21", Decimal(30), 0)


def test_what_the_merchant_mapped_counts_before_what_the_record_says() -> None:
    mapped = {"title": "Ash bowl", "wholesale_price": "17.50", "price": "33,0", "storefront": "Outlet", "brand": " "}
    polled = poll([single(MappedFields={**mapped, "price": "33.00"})])
    fact = only(polled)

    assert fact.head is not None
    assert (fact.head.title, fact.head.storefront, fact.head.brand) == ("Ash bowl", "Outlet", "Oak & Ash")
    assert (fact.variants[0].price, fact.variants[0].net_price) == (Decimal("33.00"), Decimal("17.50"))


@pytest.mark.parametrize(
    "broken",
    [
        7,
        None,
        {},
        single(Id=None),
        single(Id=True),
        single(Price="dear"),
        single(Price="NaN"),
        single(Stock=1.5),
        single(Stock="1e999"),
        single(ParentChannelProductNo=20),
        single(MappedFields={"price": "9" * 50}),
    ],
    ids=range(11),
)
def test_a_record_that_cannot_be_read_is_told_of_and_costs_no_other(broken: object) -> None:
    polled = poll([broken, single(18)])

    assert only(polled).source_id == "18"
    assert json.loads(polled.receipt or "")["Created"] == [{"Id": 18, "ChannelProductNo": "18"}]
    (sentence,) = polled.unread
    assert sentence.endswith(".")


def test_when_nothing_changed_nothing_is_to_be_acknowledged() -> None:
    polled = poll()

    assert (polled.facts, polled.receipt, polled.more, polled.unread) == ((), None, False, ())


@pytest.mark.parametrize(
    "strange", [None, [], "text", {"ToBeCreated": "text"}, {"ToBeRemoved": [7, None, ""]}], ids=range(5)
)
def test_an_answer_of_another_shape_is_refused_or_left_out(strange: object) -> None:
    try:
        polled = drive(Changes().poll(CONNECTION, None), in_turn(told(strange), told(None)))
    except PlatformRejected:
        return
    assert polled.receipt is None


def test_a_receipt_is_handed_back_where_it_belongs() -> None:
    asked: list[Request] = []
    receipt = poll([single()], removed=["9"], offers=[{"ChannelProductNo": "8", "Stock": 1}]).receipt
    assert receipt is not None

    drive(Changes().acknowledge(CONNECTION, receipt), in_turn(told(), told(), asked=asked))

    data, offers = (json.loads(each.body) for each in asked)
    assert data == {"Created": [{"Id": 17, "ChannelProductNo": "17"}], "Updated": [], "Removed": ["9"]}
    assert offers == ["8"]
    assert [each.method for each in asked] == ["POST", "POST"]


def test_the_key_is_shown_nowhere() -> None:
    asked: list[Request] = []
    with pytest.raises(CredentialsRefused) as refused:
        drive(Changes().poll(CONNECTION, None), in_turn(answer(status=401), asked=asked))

    assert "channel-key" in asked[0].url
    assert "channel-key" not in repr(asked[0]) + str(refused.value)


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(status=403), CredentialsRefused),
        (answer(status=500), PlatformUnavailable),
        (answer(status=302), PlatformUnavailable),
        (answer(b"<html>"), PlatformUnavailable),
        (answer([]), PlatformUnavailable),
        (answer({"Success": False, "Message": "The channel is not active."}), PlatformRejected),
        (answer({"Success": False}, status=404), PlatformRejected),
    ],
    ids=range(7),
)
def test_refusals_are_told_apart(given: Response, error: type[Exception]) -> None:
    with pytest.raises(error) as told_so:
        drive(Changes().poll(CONNECTION, None), in_turn(given))
    assert str(told_so.value).endswith((".", "?"))


def test_who_is_asked_to_wait_waits_as_long_and_asks_again() -> None:
    asked: list[Request] = []
    answers = in_turn(answer(status=429, retry_after="7"), told({}), told([]), asked=asked)

    drive(Changes().poll(CONNECTION, None), answers)

    assert [each.after.total_seconds() for each in asked] == [0, 7, 0]
    with pytest.raises(RateLimited):
        drive(Changes().poll(CONNECTION, None), lambda _: answer(status=429))


@pytest.mark.parametrize("written", ["oak", "Oak.ChannelEngine.net", " https://oak.channelengine.net/ "])
def test_the_subdomain_is_enough(written: str) -> None:
    assert Installation().shop(written) == "oak.channelengine.net"


def test_a_probe_takes_nothing_away_and_keeps_no_details() -> None:
    asked: list[Request] = []

    assert drive(Installation().probe(CONNECTION), in_turn(told({}), asked=asked)) == {}
    assert [each.method for each in asked] == ["GET"]
