import json

import pytest

from app.domain.errors import PlatformRejected
from app.domain.http import Request, Response
from app.domain.ids import Topic
from app.platforms.adapter import Mend, Subscribe, Subscription, Unsubscribe, subscription_changes
from app.platforms.lightspeed.subscriptions import Subscriptions
from tests.platforms.asking import drive
from tests.platforms.lightspeed.shop import CONNECTION, MISSING, Node, told

ADDRESS = "https://service.example/webhooks/lightspeed/6f0b1a52-8a52-4b8b-9a57-0d3b7a2f6a10/secret"
OURS = Subscription(id="5", topic=Topic("products/updated"), address=ADDRESS)


def node(number: int, topic: str, address: str = ADDRESS, *, active: bool = True) -> Node:
    group, _, action = topic.partition("/")
    return {"id": number, "isActive": active, "itemGroup": group, "itemAction": action, "address": address}


def test_every_webhook_of_ours_is_found_over_all_pages_and_no_other() -> None:
    listed = [node(n, "products/updated", ADDRESS if n % 2 else "https://other.example/hooks") for n in range(1, 301)]

    def answer(request: Request) -> Response:
        page = int(request.url.rpartition("page=")[2])
        return told({"webhooks": listed[(page - 1) * 250 : page * 250]})

    found = drive(Subscriptions().all(CONNECTION), answer)
    assert [each.id for each in found] == [str(n) for n in range(1, 301) if n % 2]


def test_what_is_ordered_is_what_is_found_afterwards_and_what_is_stopped_is_mended() -> None:
    listed = [node(n, topic, active=n != 2) for n, topic in enumerate(Subscriptions.topics, start=1)]

    found = drive(Subscriptions().all(CONNECTION), lambda _: told({"webhooks": listed}))
    (change,) = subscription_changes(found, topics=Subscriptions.topics, address=ADDRESS)
    assert isinstance(change, Mend)
    assert change.subscription.id == "2"


def test_an_order_names_group_action_language_and_address() -> None:
    request = next(Subscriptions().change(CONNECTION, Subscribe(topic=Topic("variants/deleted"), address=ADDRESS)))

    assert (request.method, request.url) == ("POST", "https://api.webshopapp.com/nl/webhooks.json")
    assert json.loads(request.body) == {
        "webhook": {
            "isActive": True,
            "itemGroup": "variants",
            "itemAction": "deleted",
            "language": "nl",
            "format": "json",
            "address": ADDRESS,
        }
    }


def test_a_stopped_webhook_is_switched_on_and_a_surplus_one_removed() -> None:
    mending = next(Subscriptions().change(CONNECTION, Mend(subscription=OURS)))
    removing = next(Subscriptions().change(CONNECTION, Unsubscribe(subscription=OURS)))

    assert (mending.method, json.loads(mending.body)) == ("PUT", {"webhook": {"isActive": True}})
    assert (removing.method, removing.url[-16:]) == ("DELETE", "/webhooks/5.json")


def test_cancelling_what_is_gone_counts_as_done() -> None:
    drive(Subscriptions().change(CONNECTION, Unsubscribe(subscription=OURS)), lambda _: MISSING)


def test_a_refusal_is_told_in_the_words_of_the_shop() -> None:
    refused = told({"error": {"message": "The address must be https."}}, status=400)

    with pytest.raises(PlatformRejected, match="must be https"):
        drive(Subscriptions().change(CONNECTION, Subscribe(topic=Topic("x/y"), address=ADDRESS)), lambda _: refused)
