"""Webhooks of a store, one for each topic.

https://developer.bigcommerce.com/docs/webhooks/webhooks. Only those are listed that the same app or API account made; ours among
them are known by the address to which they deliver. BigCommerce stops a webhook that failed for two days, or had nothing
to tell for ninety; a removed app's are deleted. A new one works within a minute.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.errors import PlatformRejected, PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Topic
from app.platforms.adapter import Connection, Mend, Subscribe, Subscription, SubscriptionChange, Unsubscribe
from app.platforms.asking import understood
from app.platforms.bigcommerce.ids import identity
from app.platforms.bigcommerce.rest import NotThere, ask
from app.platforms.bigcommerce.topics import TOPICS

OURS = re.compile(r"/webhooks/bigcommerce/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/|$)")
"""What is in the addresses at which this service takes deliveries."""

HOOKS = "/v3/hooks"
LIMIT = 250


class Subscriptions:
    """Our webhooks at a BigCommerce store."""

    topics = TOPICS

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every webhook that delivers to this service, all pages, also those that are stopped."""
        found: list[Subscription] = []
        page, pages = 1, 1
        while page <= pages:
            query = {"limit": str(LIMIT), "page": str(page)}
            try:
                answer = yield from ask(connection, "GET", HOOKS, operation="webhooks", query=query)
            except NotThere:
                raise PlatformUnavailable("The shop does not list its webhooks (404).") from None
            with understood():
                found += [_subscription(each) for each in answer.told["data"] if OURS.search(str(each["destination"]))]
                pages = int(answer.told["meta"]["pagination"]["total_pages"])
            page += 1
        return tuple(found)

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change; PlatformRejected with the shop's own words when it will not."""
        match change:
            case Subscribe():
                yield from _subscribe(connection, change)
            case Mend():
                path = f"{HOOKS}/{change.subscription.id}"
                try:
                    yield from ask(connection, "PUT", path, operation="mend webhook", body={"is_active": True})
                except NotThere:
                    raise PlatformUnavailable("The webhook was removed while it was to be mended.") from None
            case Unsubscribe():
                path = f"{HOOKS}/{change.subscription.id}"
                try:
                    yield from ask(connection, "DELETE", path, operation="unsubscribe")
                except NotThere:
                    return


def _subscribe(connection: Connection, change: Subscribe) -> Reading[None]:
    """Order a topic. A second order of the same is refused, in words that are not known, so that it is looked for then."""
    wanted = {"scope": change.topic, "destination": change.address, "is_active": True}
    try:
        yield from ask(connection, "POST", HOOKS, operation="subscribe", body=wanted)
    except NotThere:
        raise PlatformUnavailable("The shop takes no webhooks (404).") from None
    except PlatformRejected:
        ordered = yield from Subscriptions().all(connection)
        if not any((each.topic, each.address, each.active) == (change.topic, change.address, True) for each in ordered):
            raise


def _subscription(webhook: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=identity(webhook["id"]),
        topic=Topic(str(webhook["scope"])),
        address=str(webhook["destination"]),
        active=webhook["is_active"] is True,
    )
