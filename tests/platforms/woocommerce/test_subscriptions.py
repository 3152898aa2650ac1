import json

import pytest

from app.domain.errors import PlatformRejected
from app.domain.http import Request, Response
from app.domain.ids import Topic
from app.platforms.adapter import Mend, Secret, Subscribe, Subscription, SubscriptionChange, Unsubscribe
from app.platforms.woocommerce.subscriptions import Subscriptions
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.woocommerce.shop import CONNECTION, GONE, Thing, refusal

ADDRESS = "https://service.example/webhooks/woocommerce/2db99352-81e5-4f66-a724-0b1c12fea896"
SECRET = Secret(b"Letters123")
OURS = Subscription(id="17", topic=Topic("product.updated"), address=ADDRESS)


def webhook(number: int, **changes: object) -> Thing:
    made = {"id": number, "name": "Orderchamp", "status": "active", "topic": "product.updated", "delivery_url": ADDRESS}
    return {**made, **changes}


def change(wanted: SubscriptionChange, *answers: Response) -> Request:
    asked: list[Request] = []
    drive(Subscriptions().change(CONNECTION, wanted), in_turn(*(answers or [answer({})]), asked=asked))
    return asked[-1]


def test_all_pages_are_read_and_only_our_own_webhooks_are_ours() -> None:
    asked: list[Request] = []
    pages = [
        answer([webhook(1), webhook(2, delivery_url="https://bookkeeping.example/webhooks")], x_wp_totalpages="2"),
        answer(
            [
                webhook(3, status="disabled"),
                webhook(4, status="paused", topic="product.deleted"),
                webhook(5, delivery_url=ADDRESS.replace("service", "former")),
                webhook(6, delivery_url=ADDRESS + "/more"),
            ],
            x_wp_totalpages="2",
        ),
    ]

    found = drive(Subscriptions().all(CONNECTION), in_turn(*pages, asked=asked))

    assert [(each.id, each.active) for each in found] == [("1", True), ("3", False), ("4", False), ("5", True)]
    assert found[2].topic == "product.deleted"
    assert found[3].address != ADDRESS
    assert "status=all" in asked[0].url
    assert "page=2" in asked[1].url


def test_an_order_names_topic_address_and_secret() -> None:
    request = change(Subscribe(topic=Topic("product.updated"), address=ADDRESS, secret=SECRET), answer({}, status=201))

    assert (request.method, request.url.rpartition("/")[2]) == ("POST", "webhooks")
    assert json.loads(request.body) == {
        "name": "Orderchamp: product.updated",
        "topic": "product.updated",
        "delivery_url": ADDRESS,
        "status": "active",
        "secret": "Letters123",
    }
    assert "Letters123" not in repr(request)


@pytest.mark.parametrize(("secret", "told"), [(SECRET, {"secret": "Letters123"}), (None, {})])
def test_a_webhook_that_stopped_is_set_going_again(secret: Secret | None, told: Thing) -> None:
    request = change(Mend(subscription=OURS, secret=secret))

    assert (request.method, request.url.rpartition("/")[2]) == ("PUT", "17")
    assert json.loads(request.body) == {"status": "active", **told}


@pytest.mark.parametrize("answered", [answer({}), GONE, refusal(404, "woocommerce_rest_shop_webhook_invalid_id")])
def test_cancelling_what_is_gone_counts_as_done(answered: Response) -> None:
    request = change(Unsubscribe(subscription=OURS), answered)

    assert (request.method, request.url.partition("v3")[2]) == ("DELETE", "/webhooks/17?force=true")


def test_a_shop_that_refuses_is_quoted() -> None:
    refused = refusal(
        400, "woocommerce_rest_shop_webhook_invalid_topic", "Webhook topic is required and must be valid."
    )

    with pytest.raises(PlatformRejected, match="Webhook topic is required and must be valid"):
        change(Subscribe(topic=Topic("product.published"), address=ADDRESS, secret=SECRET), refused)
    with pytest.raises(PlatformRejected, match="cannot be read"):
        drive(Subscriptions().all(CONNECTION), in_turn(answer([{"id": 1}])))
