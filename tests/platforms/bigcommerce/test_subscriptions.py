import json

import pytest

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Request, Response
from app.domain.ids import Topic
from app.platforms.adapter import Mend, Subscribe, Subscription, Unsubscribe, subscription_changes
from app.platforms.bigcommerce.subscriptions import Subscriptions
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.bigcommerce.shop import CONNECTION, MISSING, Node

ADDRESS = "https://service.example/webhooks/bigcommerce/6f0b1a52-8a52-4b8b-9a57-0d3b7a2f6a10/secret"
UPDATED = Topic("store/product/updated")
OURS = Subscription(id="5", topic=UPDATED, address=ADDRESS)
REFUSED = answer({"status": 422, "title": "No."}, status=422)


def node(number: int, topic: str, address: str = ADDRESS, *, active: bool = True) -> Node:
    return {
        "id": number,
        "client_id": "c",
        "is_active": active,
        "scope": topic,
        "destination": address,
        "headers": None,
    }


def listed(*nodes: Node, pages: int = 1) -> Response:
    return answer({"data": list(nodes), "meta": {"pagination": {"total_pages": pages}}})


def test_every_webhook_of_ours_is_found_over_all_pages_and_no_other() -> None:
    hooks = [node(n, UPDATED, ADDRESS if n % 2 else "https://other.example/hooks") for n in range(1, 301)]

    def page(request: Request) -> Response:
        number = int(request.url.rpartition("page=")[2])
        return listed(*hooks[(number - 1) * 250 : number * 250], pages=2)

    found = drive(Subscriptions().all(CONNECTION), page)
    assert [each.id for each in found] == [str(n) for n in range(1, 301) if n % 2]


def test_what_is_ordered_is_what_is_found_afterwards_and_what_is_stopped_is_mended() -> None:
    hooks = [node(n, topic, active=n != 2) for n, topic in enumerate(Subscriptions.topics, start=1)]

    found = drive(Subscriptions().all(CONNECTION), lambda _: listed(*hooks))
    (change,) = subscription_changes(found, topics=Subscriptions.topics, address=ADDRESS)
    assert isinstance(change, Mend)
    assert change.subscription.id == "2"


def test_an_order_names_scope_and_destination() -> None:
    request = next(Subscriptions().change(CONNECTION, Subscribe(topic=UPDATED, address=ADDRESS)))

    assert (request.method, request.url) == ("POST", "https://api.bigcommerce.com/stores/abc123/v3/hooks")
    assert json.loads(request.body) == {"scope": UPDATED, "destination": ADDRESS, "is_active": True}


def test_a_stopped_webhook_is_switched_on_and_a_surplus_one_removed() -> None:
    mending = next(Subscriptions().change(CONNECTION, Mend(subscription=OURS)))
    removing = next(Subscriptions().change(CONNECTION, Unsubscribe(subscription=OURS)))

    assert (mending.method, json.loads(mending.body)) == ("PUT", {"is_active": True})
    assert (removing.method, removing.url[-11:]) == ("DELETE", "/v3/hooks/5")


def test_ordering_what_is_ordered_counts_as_done_in_whatever_words_it_is_refused() -> None:
    order = Subscribe(topic=UPDATED, address=ADDRESS)

    drive(Subscriptions().change(CONNECTION, order), in_turn(REFUSED, listed(node(5, UPDATED))))


@pytest.mark.parametrize(
    "there", [listed(), listed(node(5, UPDATED, active=False)), listed(node(5, "store/product/created"))], ids=range(3)
)
def test_any_other_refusal_is_told_in_the_words_of_the_store(there: Response) -> None:
    with pytest.raises(PlatformRejected, match="No"):
        drive(Subscriptions().change(CONNECTION, Subscribe(topic=UPDATED, address=ADDRESS)), in_turn(REFUSED, there))


def test_cancelling_what_is_gone_counts_as_done_and_mending_it_is_tried_again() -> None:
    drive(Subscriptions().change(CONNECTION, Unsubscribe(subscription=OURS)), lambda _: MISSING)

    for change in (Mend(subscription=OURS), Subscribe(topic=UPDATED, address=ADDRESS)):
        with pytest.raises(PlatformUnavailable):
            drive(Subscriptions().change(CONNECTION, change), lambda _: MISSING)
