"""What is to be ordered, mended and cancelled, from what a shop has."""

from itertools import permutations

from app.domain.ids import Topic
from app.platforms.adapter import (
    Mend,
    Secret,
    Subscribe,
    Subscription,
    SubscriptionChange,
    Unsubscribe,
    subscription_changes,
)

HERE, ELSEWHERE = "https://service.example/webhooks/x/1", "https://old.example/webhooks/x/1"
UPDATED, DELETED = Topic("updated"), Topic("deleted")
SECRET = Secret(b"chosen by us")


def order(number: int, topic: Topic, *, address: str = HERE, active: bool = True) -> Subscription:
    return Subscription(id=str(number), topic=topic, address=address, active=active)


def changes(*existing: Subscription, renew_secret: bool = False) -> tuple[SubscriptionChange, ...]:
    return subscription_changes(
        existing, topics=(UPDATED, DELETED), address=HERE, secret=SECRET, renew_secret=renew_secret
    )


def test_what_is_missing_is_ordered_with_the_secret() -> None:
    assert changes(order(1, UPDATED)) == (Subscribe(topic=DELETED, address=HERE, secret=SECRET),)


def test_what_stands_is_left_alone() -> None:
    assert changes(order(1, UPDATED), order(2, DELETED)) == ()


def test_what_the_shop_has_stopped_is_mended() -> None:
    stopped = order(1, UPDATED, active=False)

    assert changes(stopped, order(2, DELETED)) == (Mend(subscription=stopped, secret=SECRET),)


def test_of_two_orders_the_one_that_sends_is_kept_in_whatever_order_they_come() -> None:
    stopped, sending, other = order(1, UPDATED, active=False), order(2, UPDATED), order(3, DELETED)

    for existing in permutations((stopped, sending, other)):
        assert changes(*existing) == (Unsubscribe(subscription=stopped),)


def test_another_address_and_another_topic_are_cancelled_after_the_orders() -> None:
    old, unwanted = order(1, UPDATED, address=ELSEWHERE), order(2, Topic("orders"))

    assert changes(old, unwanted, order(3, DELETED)) == (
        Subscribe(topic=UPDATED, address=HERE, secret=SECRET),
        Unsubscribe(subscription=old),
        Unsubscribe(subscription=unwanted),
    )


def test_a_new_secret_is_handed_to_every_order_that_stays() -> None:
    first, second = order(1, UPDATED), order(2, DELETED)

    assert changes(first, second, renew_secret=True) == (
        Mend(subscription=first, secret=SECRET),
        Mend(subscription=second, secret=SECRET),
    )
