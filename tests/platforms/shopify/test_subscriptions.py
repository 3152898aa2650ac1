import json
from collections.abc import Callable

import pytest

from app.domain.errors import IntegrationError, PlatformRejected, PlatformUnavailable
from app.domain.http import Request, Response
from app.domain.ids import Topic
from app.platforms.adapter import Mend, Subscribe, Subscription, Unsubscribe, subscription_changes
from app.platforms.shopify.subscriptions import TOPICS, Subscriptions
from tests.platforms.asking import drive
from tests.platforms.shopify.admin import CONNECTION, Admin, Node, saying

ADDRESS = "https://service.example/webhooks/shopify/x"
OURS = Subscription(id="gid://shopify/WebhookSubscription/1", topic=Topic("products/update"), address=ADDRESS)
ORDER = Subscribe(topic=Topic("products/update"), address=ADDRESS)


def node(number: int, topic: str, uri: str | None = ADDRESS) -> Node:
    return {"id": f"gid://shopify/WebhookSubscription/{number}", "topic": topic, "uri": uri}


def answering(field: str, *messages: str) -> Callable[[Request], Response]:
    return saying({"data": {field: {"userErrors": [{"field": None, "message": each} for each in messages]}}})


def test_every_topic_has_the_name_that_shopify_derives_from_it() -> None:
    assert {topic: topic.upper().replace("/", "_") for topic in Subscriptions.topics} == TOPICS


def test_compliance_topics_are_not_ordered_here() -> None:
    assert not {"customers/redact", "customers/data_request", "shop/redact"} & set(Subscriptions.topics)


def test_all_subscriptions_are_read_over_all_pages() -> None:
    admin = Admin(subscriptions=[node(n, "PRODUCTS_UPDATE") for n in range(600)])

    found = drive(Subscriptions().all(CONNECTION), admin)

    assert [each.id for each in found] == [each["id"] for each in admin.subscriptions]
    assert admin.asked == ["subscriptions"] * 3


def test_topics_that_are_not_ours_keep_their_name_and_no_address_is_empty() -> None:
    admin = Admin(subscriptions=[node(1, "INVENTORY_LEVELS_UPDATE"), node(2, "ORDERS_PAID", None)])

    found = drive(Subscriptions().all(CONNECTION), admin)

    assert [(each.topic, each.address) for each in found] == [("inventory_levels/update", ADDRESS), ("orders_paid", "")]


def test_what_is_ordered_is_what_is_found_afterwards() -> None:
    admin = Admin(subscriptions=[node(n, name) for n, name in enumerate(TOPICS.values())])
    found = drive(Subscriptions().all(CONNECTION), admin)

    assert subscription_changes(found, topics=Subscriptions.topics, address=ADDRESS) == ()


def test_an_order_names_the_topic_the_address_and_the_format() -> None:
    request = next(Subscriptions().change(CONNECTION, ORDER))

    assert json.loads(request.body)["variables"] == {
        "topic": "PRODUCTS_UPDATE",
        "given": {"uri": ADDRESS, "format": "JSON"},
    }


def test_a_cancellation_names_the_subscription() -> None:
    request = next(Subscriptions().change(CONNECTION, Unsubscribe(subscription=OURS)))

    assert json.loads(request.body)["variables"] == {"id": OURS.id}


@pytest.mark.parametrize("messages", [(), ("Address for this topic has already been taken",)])
def test_ordering_what_is_ordered_counts_as_done(messages: tuple[str, ...]) -> None:
    drive(Subscriptions().change(CONNECTION, ORDER), answering("webhookSubscriptionCreate", *messages))


@pytest.mark.parametrize(
    "messages", [(), ("Webhook subscription does not exist",), ("Webhook subscription not found",)]
)
def test_cancelling_what_is_gone_counts_as_done(messages: tuple[str, ...]) -> None:
    cancellation = Unsubscribe(subscription=OURS)

    drive(Subscriptions().change(CONNECTION, cancellation), answering("webhookSubscriptionDelete", *messages))


def test_any_other_refusal_is_told_in_the_words_of_the_shop() -> None:
    words = "You cannot create a webhook subscription with the specified topic"

    with pytest.raises(PlatformRejected, match=words):
        drive(Subscriptions().change(CONNECTION, ORDER), answering("webhookSubscriptionCreate", words))


def test_one_refusal_beside_one_that_counts_as_done_is_a_refusal() -> None:
    taken = "Address for this topic has already been taken"

    with pytest.raises(PlatformRejected, match=r"^The shop refused: Something else$"):
        drive(
            Subscriptions().change(CONNECTION, ORDER), answering("webhookSubscriptionCreate", taken, "Something else")
        )


@pytest.mark.parametrize(
    ("payload", "refusal"),
    [
        (None, PlatformUnavailable),
        ({}, PlatformRejected),
        ([], PlatformRejected),
        ({"userErrors": [7]}, PlatformRejected),
    ],
    ids=str,
)
def test_an_answer_that_does_not_tell_what_was_done_is_no_success(
    payload: object, refusal: type[IntegrationError]
) -> None:
    with pytest.raises(refusal):
        drive(Subscriptions().change(CONNECTION, ORDER), saying({"data": {"webhookSubscriptionCreate": payload}}))


def test_a_list_of_another_shape_is_rejected() -> None:
    with pytest.raises(PlatformRejected):
        drive(Subscriptions().all(CONNECTION), saying({"data": {"webhookSubscriptions": {"nodes": [{}]}}}))


def test_there_is_nothing_to_mend() -> None:
    drive(Subscriptions().change(CONNECTION, Mend(subscription=OURS)), saying({}))
