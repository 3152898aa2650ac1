"""Webhooks that an integration orders through the Admin API: the entity ``webhook``.

https://developer.shopware.com/docs/guides/integrations-api/general-concepts/reading-entities.html tells how entities are
read and written; nothing in the administration shows these. A shop that fails to deliver ten times switches one off
(``active`` false) and tells nobody. Those of an app come with its manifest, and Shopware lets nobody change them: there it is
only seen to that they are as they should be.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.errors import PlatformRejected
from app.domain.http import Method, Reading
from app.domain.ids import Topic
from app.platforms.adapter import Connection, Mend, Subscribe, Subscription, SubscriptionChange, Unsubscribe
from app.platforms.asking import understood
from app.platforms.shopware.archive import webhook_name
from app.platforms.shopware.ids import identity
from app.platforms.shopware.installation import SHOP_SECRET
from app.platforms.shopware.talk import MissingPrivileges, Talk
from app.platforms.shopware.topics import TOPICS

NAME = "Orderchamp: "
"""How the names of our webhooks begin, by which they are told from others'."""

LIMIT = 500


class Subscriptions:
    """Our standing orders at a Shopware shop."""

    topics: tuple[Topic, ...] = TOPICS

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every webhook that an integration of ours ordered, all pages; or those that our app's manifest orders."""
        if connection.credentials.get(SHOP_SECRET):
            return (yield from _of_our_app(connection))
        talk = Talk(connection)
        found: list[Mapping[str, Any]] = []
        page = 0
        while len(found) == page * LIMIT:
            page += 1
            criteria = {
                "page": page,
                "limit": LIMIT,
                "filter": [
                    {"type": "prefix", "field": "name", "value": NAME},
                    {"type": "equals", "field": "appId", "value": None},
                ],
                "sort": [{"field": "id", "order": "ASC"}],
            }
            try:
                found += (yield from talk.search("webhook", criteria, operation="webhooks"))["data"]
            except MissingPrivileges as error:
                raise PlatformRejected(str(error)) from error
        with understood():
            return tuple(_subscription(each) for each in found)

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change; PlatformRejected with the shop's own words when it will not.

        What our app's manifest orders, nobody can change but by installing the app anew.
        """
        if connection.credentials.get(SHOP_SECRET):
            _tell_of_our_app(change)
            return
        method, path, body = _described(change)
        try:
            yield from Talk(connection).call(method, path, body, operation=f"{type(change).__name__.lower()} webhook")
        except MissingPrivileges as error:
            raise PlatformRejected(str(error)) from error
        except PlatformRejected:
            # A webhook that is gone need not be cancelled; the shop refuses with words that depend on its version.
            if not isinstance(change, Unsubscribe) or (yield from _is_there(connection, change.subscription)):
                raise


def _of_our_app(connection: Connection) -> Reading[tuple[Subscription, ...]]:
    """Return what the manifest of our app orders in the shop. A shop that does not let us look is believed to have all."""
    names = {webhook_name(topic): topic for topic in TOPICS}
    criteria = {
        "limit": LIMIT,
        "filter": [
            {"type": "equalsAny", "field": "name", "value": list(names)},
            {"type": "not", "operator": "AND", "queries": [{"type": "equals", "field": "appId", "value": None}]},
        ],
    }
    try:
        found = (yield from Talk(connection).search("webhook", criteria, operation="webhooks"))["data"]
    except MissingPrivileges:
        return tuple(Subscription(id="", topic=topic, address=None) for topic in TOPICS)
    with understood():
        # An app that was installed again may have left some behind; of two the one that sends counts.
        by_topic = {names[each["name"]]: each for each in sorted(found, key=lambda each: bool(each["active"]))}
        return tuple(
            Subscription(id=identity(each["id"]), topic=topic, address=None, active=bool(each["active"]))
            for topic, each in by_topic.items()
        )


def _tell_of_our_app(change: SubscriptionChange) -> None:
    """PlatformRejected for what is to be ordered or mended: nobody can, but by installing the app anew."""
    if isinstance(change, Subscribe):
        raise PlatformRejected("The app that is installed in the shop does not order it; install the app anew.")
    if isinstance(change, Mend) and not change.subscription.active:
        raise PlatformRejected("The shop has switched it off after failures; install the app anew.")


def _described(change: SubscriptionChange) -> tuple[Method, str, object]:
    if isinstance(change, Unsubscribe):
        return "DELETE", f"/webhook/{change.subscription.id}", None
    if isinstance(change, Mend):
        return "PATCH", f"/webhook/{change.subscription.id}", {"active": True}
    wanted = {"name": f"{NAME}{change.topic}", "eventName": change.topic, "url": change.address, "active": True}
    return "POST", "/webhook", wanted


def _is_there(connection: Connection, subscription: Subscription) -> Reading[bool]:
    criteria = {"ids": [subscription.id], "includes": {"webhook": ["id"]}}
    found = yield from Talk(connection).search("webhook", criteria, operation="webhooks")
    return bool(found["data"])


def _subscription(node: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=identity(node["id"]),
        topic=Topic(str(node["eventName"])),
        address=str(node["url"]),
        active=bool(node["active"]),
    )
