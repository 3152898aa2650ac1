import json
from dataclasses import replace
from itertools import permutations

import pytest

from app.domain.errors import PlatformRejected
from app.domain.http import Request, Response
from app.domain.ids import Topic
from app.platforms.adapter import (
    Mend,
    Subscribe,
    Subscription,
    SubscriptionChange,
    Unsubscribe,
    subscription_changes,
)
from app.platforms.shopware.subscriptions import Subscriptions
from tests.platforms.asking import drive
from tests.platforms.shopware.admin import CONNECTION, Node, answer, errors, in_turn, key, lacking

ADDRESS = "https://service.example/webhooks/shopware/1/token"
OURS = Subscription(id=key(1), topic=Topic("product.written"), address=ADDRESS)
DONE = answer(status=204)


def node(number: int, **changes: object) -> Node:
    return {"id": key(number), "eventName": "product.written", "url": ADDRESS, "active": True, **changes}


def change(wanted: SubscriptionChange, *answers: Response) -> list[Request]:
    asked: list[Request] = []
    drive(Subscriptions().change(CONNECTION, wanted), in_turn(*answers, asked=asked))
    return asked


def test_what_we_ordered_is_read_with_what_the_shop_switched_off() -> None:
    told = answer({"data": [node(1), node(2, eventName="product.deleted", active=False)]})
    found = drive(Subscriptions().all(CONNECTION), in_turn(told))

    assert found == (
        OURS,
        Subscription(id=key(2), topic=Topic("product.deleted"), address=ADDRESS, active=False),
    )


def test_what_others_ordered_is_left_alone() -> None:
    asked: list[Request] = []
    drive(Subscriptions().all(CONNECTION), in_turn(answer({"data": []}), asked=asked))

    filtered = json.loads(asked[0].body)["filter"]
    assert {"type": "prefix", "field": "name", "value": "Orderchamp: "} in filtered
    assert {"type": "equals", "field": "appId", "value": None} in filtered


def test_all_pages_are_read() -> None:
    asked: list[Request] = []
    first = answer({"data": [node(n) for n in range(500)]})
    found = drive(Subscriptions().all(CONNECTION), in_turn(first, answer({"data": [node(500)]}), asked=asked))

    assert len(found) == 501
    assert [json.loads(each.body)["page"] for each in asked] == [1, 2]


def test_a_topic_is_ordered_at_the_address() -> None:
    (request,) = change(Subscribe(topic=Topic("product.written"), address=ADDRESS), DONE)

    assert (request.method, request.url) == ("POST", "https://shop.example/nl/api/webhook")
    assert json.loads(request.body) == {
        "name": "Orderchamp: product.written",
        "eventName": "product.written",
        "url": ADDRESS,
        "active": True,
    }
    assert "token" not in request.operation


def test_what_the_shop_switched_off_is_switched_on_again() -> None:
    (request,) = change(Mend(subscription=OURS), DONE)

    assert (request.method, request.url) == ("PATCH", f"https://shop.example/nl/api/webhook/{key(1)}")
    assert json.loads(request.body) == {"active": True}


def test_an_order_is_cancelled() -> None:
    (request,) = change(Unsubscribe(subscription=OURS), DONE)

    assert (request.method, request.url) == ("DELETE", f"https://shop.example/nl/api/webhook/{key(1)}")


@pytest.mark.parametrize("refusal", [errors(404, "No entity"), errors(400, "This entry does not exist")])
def test_cancelling_what_is_gone_counts_as_done(refusal: Response) -> None:
    asked = change(Unsubscribe(subscription=OURS), refusal, answer({"data": []}))

    assert [each.method for each in asked] == ["DELETE", "POST"]


def test_an_order_that_stays_in_spite_of_being_cancelled_is_a_refusal() -> None:
    with pytest.raises(PlatformRejected) as refused:
        change(Unsubscribe(subscription=OURS), errors(400, "Not yours"), answer({"data": [{"id": key(1)}]}))

    assert "Not yours" in str(refused.value)


@pytest.mark.parametrize(
    "wanted", [Subscribe(topic=Topic("x"), address=ADDRESS), Mend(subscription=OURS), Unsubscribe(subscription=OURS)]
)
def test_a_key_that_may_not_order_is_no_dead_key(wanted: SubscriptionChange) -> None:
    with pytest.raises(PlatformRejected) as refused:
        change(wanted, lacking("webhook:create"))

    assert "webhook:create" in str(refused.value)


def test_a_key_that_may_not_look_is_no_dead_key() -> None:
    with pytest.raises(PlatformRejected):
        drive(Subscriptions().all(CONNECTION), in_turn(lacking("webhook:read")))


def test_a_list_of_another_shape_is_rejected() -> None:
    with pytest.raises(PlatformRejected):
        drive(Subscriptions().all(CONNECTION), in_turn(answer({"data": [{}]})))


# Our app

WITH_APP = replace(CONNECTION, credentials={**CONNECTION.credentials, "shop_secret": "s" * 64})


def of_the_app(*answers: Response) -> tuple[Subscription, ...]:
    return drive(Subscriptions().all(WITH_APP), in_turn(*answers))


def named(number: int, topic: str, **changes: object) -> Node:
    return node(number, name=f"OrderchampCatalogue-{topic.replace('.', '-')}", eventName=topic, **changes)


def test_what_the_apps_manifest_orders_is_read_from_the_shop_in_one_request() -> None:
    asked: list[Request] = []
    told = answer({"data": [named(1, "product.written"), named(2, "product.deleted", active=False)]})
    found = drive(Subscriptions().all(WITH_APP), in_turn(told, asked=asked))

    assert found == (
        Subscription(id=key(2), topic=Topic("product.deleted"), address=None, active=False),
        Subscription(id=key(1), topic=Topic("product.written"), address=None),
    )
    (request,) = asked
    assert request.url.endswith("/api/search/webhook")
    assert "OrderchampCatalogue-product-written" in request.body.decode()


def test_of_what_an_earlier_app_left_behind_the_one_that_sends_counts() -> None:
    for nodes in permutations([named(1, "product.written", active=False), named(2, "product.written")]):
        assert [(each.id, each.active) for each in of_the_app(answer({"data": nodes}))] == [(key(2), True)]


def test_a_shop_that_does_not_let_the_app_look_is_believed_to_have_all() -> None:
    found = of_the_app(lacking("webhook:read"))

    assert [each.topic for each in found] == list(Subscriptions.topics)
    assert subscription_changes(found, topics=Subscriptions.topics, address=ADDRESS) == ()


STOPPED = Subscription(id=key(1), topic=Topic("product.written"), address=None, active=False)


@pytest.mark.parametrize(
    "wanted", [Subscribe(topic=Topic("product.written"), address=ADDRESS), Mend(subscription=STOPPED)]
)
def test_what_the_app_does_not_order_or_send_any_more_is_told_with_the_way_out(wanted: SubscriptionChange) -> None:
    with pytest.raises(PlatformRejected) as refused:
        drive(Subscriptions().change(WITH_APP, wanted), in_turn())

    assert "install the app anew" in str(refused.value)


def test_nothing_of_the_app_is_changed_or_cancelled() -> None:
    for wanted in (Mend(subscription=OURS), Unsubscribe(subscription=OURS)):
        drive(Subscriptions().change(WITH_APP, wanted), in_turn())
