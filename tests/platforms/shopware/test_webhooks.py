import json

import pytest

from app.domain.errors import Unreadable
from app.domain.event import Fact, Incomplete, Tombstone, Uninstalled
from app.domain.ids import EventId, SourceId, StockItemId, Topic
from app.platforms.shopware.subscriptions import Subscriptions
from app.platforms.shopware.topics import APP_TOPICS
from app.platforms.shopware.webhooks import Webhooks
from tests.platforms.samples import delivery
from tests.platforms.shopware.admin import Node, key

LIVE = "0fa91ce3e96a4bc2be4bd9ce752c3425"


def body(event: object, payload: object, **source: object) -> bytes:
    told = {"data": {"payload": payload, "event": event}, "source": {"url": "https://shop.example", **source}}
    return json.dumps(told).encode()


def read(event: str, payload: object) -> tuple[Fact, ...]:
    return Webhooks().read(delivery(body(event, payload)))


def row(number: int, **changes: object) -> Node:
    return {"entity": "product", "operation": "update", "primaryKey": key(number), "versionId": LIVE, **changes}


def asked(facts: tuple[Fact, ...]) -> list[str | None]:
    return [fact.source_id for fact in facts if isinstance(fact, Incomplete)]


# Names


def test_a_delivery_is_named_by_its_body() -> None:
    sent = delivery(body("product.written", [], eventId="7b04ebe4"))

    assert Webhooks().identify(sent) == (EventId("7b04ebe4"), Topic("product.written"))


def test_an_event_that_is_sent_again_is_the_same_although_its_time_is_another() -> None:
    first, second = (json.loads(body("product.written", [], eventId="7b04ebe4")) | {"timestamp": n} for n in (1, 2))

    names = {Webhooks().identify(delivery(json.dumps(each).encode())) for each in (first, second)}
    assert len(names) == 1


@pytest.mark.parametrize("event_id", [None, "", " ", 7, "\x00"])
def test_without_an_id_the_same_body_is_the_same_event(event_id: object) -> None:
    def name(payload: object) -> EventId:
        return Webhooks().identify(delivery(body("product.written", payload, eventId=event_id)))[0]

    assert name([]) == name([])
    assert name([]) != name([row(1)])


@pytest.mark.parametrize("event", [None, 7, "", [], "\x00"])
def test_without_a_topic_the_topic_is_unknown(event: object) -> None:
    assert Webhooks().identify(delivery(body(event, [])))[1] == "unknown"


@pytest.mark.parametrize(
    ("url", "shop"),
    [
        ("https://Shop.Example/", "shop.example"),
        ("https://shop.example//nl", "shop.example/nl"),
        ("nonsense", None),
        ("https://user@shop.example", None),
        (7, None),
        (None, None),
    ],
)
def test_the_shop_is_named_by_the_body(url: object, shop: str | None) -> None:
    assert Webhooks().shop_of(delivery(body("app.deleted", [], url=url))) == shop


# Facts


def test_every_topic_that_is_ordered_can_be_read() -> None:
    for topic in (*Subscriptions.topics, *APP_TOPICS):
        assert isinstance(Webhooks().read(delivery(body(topic, {} if "order" in topic else []))), tuple)
        assert topic in Webhooks.app_topics


def test_many_rows_are_many_facts_in_their_order() -> None:
    assert asked(read("product.written", [row(n) for n in range(1, 101)])) == [key(n) for n in range(1, 101)]


def test_a_product_that_is_named_twice_is_read_once() -> None:
    facts = read("product.written", [row(1), row(2), row(1, updatedFields=["stock"])])

    assert asked(facts) == [key(1), key(2)]


def test_only_what_is_sold_counts() -> None:
    assert read("product.written", [row(1, versionId="a" * 32)]) == ()
    assert asked(read("product.written", [row(1, versionId=None)])) == [key(1)]
    assert read("product.written", [row(1, entity="product_price")]) == ()


def test_a_list_with_gaps_that_is_written_as_a_map_is_a_list() -> None:
    assert asked(read("product.written", {"3": row(1), "7": row(2)})) == [key(1), key(2)]


def test_deletions_are_told_by_the_topic_or_by_the_row() -> None:
    gone = (Tombstone(source_id=SourceId(key(1)), stock_item_id=StockItemId(key(1))),)

    assert read("product.deleted", [row(1, operation="delete")]) == gone
    assert read("product.deleted", [row(1, operation=None)]) == gone
    assert read("product.written", [row(1, operation="delete")]) == gone


@pytest.mark.parametrize("event", ["app.deleted", "app_deleted"])
@pytest.mark.parametrize("payload", [[], None, {}, "x"])
def test_the_removal_of_the_app_is_known_in_both_spellings(event: str, payload: object) -> None:
    assert read(event, payload) == (Uninstalled(),)


def test_the_reason_names_what_changed_where_that_tells_something() -> None:
    (fact,) = read("product.written", [row(1, updatedFields=["id", "versionId", "active", "stock", "updatedAt"])])

    assert isinstance(fact, Incomplete)
    assert fact.reason == "the notice tells only that it changed: active, stock"


@pytest.mark.parametrize(
    ("order", "products"),
    [
        ({"lineItems": [{"productId": key(1)}, {"productId": key(2)}, {"productId": key(1)}]}, [key(1), key(2)]),
        ({"lineItems": [{"productId": None, "type": "promotion"}, {"type": "custom"}, "x"]}, []),
        ({"lineItems": []}, []),
        ({"lineItems": None}, []),
        ({}, []),
        (None, []),
    ],
)
def test_an_order_rings_for_its_products(order: object, products: list[str]) -> None:
    assert asked(read("checkout.order.placed", {"order": order})) == products


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("product.written", None),
        ("product.written", ["x"]),
        ("product.written", [row(1, primaryKey=7)]),
        ("product.written", [row(1, primaryKey="1")]),
        ("product.written", [row(1, primaryKey={"productId": key(1)})]),
        ("product.deleted", [{}]),
        ("product.deleted", ["x"]),
        ("checkout.order.placed", {"order": {"lineItems": [{"productId": "x"}]}}),
    ],
)
def test_what_cannot_be_read_says_what_is_wrong(event: str, payload: object) -> None:
    with pytest.raises(Unreadable) as refused:
        read(event, payload)

    assert event in str(refused.value)
