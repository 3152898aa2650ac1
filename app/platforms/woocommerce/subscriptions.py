"""Webhooks of a shop, one for each topic.

https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks. A shop has webhooks of other apps, too; ours are known by
the address to which they deliver. Nothing keeps two alike from being made. A webhook that fails for long is disabled in
silence; its secret can be written, but never read.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.http import Reading
from app.domain.ids import Topic
from app.platforms.adapter import Connection, Mend, Subscribe, Subscription, SubscriptionChange, Unsubscribe
from app.platforms.asking import understood
from app.platforms.woocommerce.rest import NotThere, ask
from app.platforms.woocommerce.topics import TOPICS

OURS = re.compile(r"/webhooks/woocommerce/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
"""How the addresses end at which this service takes deliveries."""

ACTIVE = "active"
PAGE = 100


class Subscriptions:
    """Our webhooks at a WooCommerce shop."""

    topics = TOPICS

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every webhook that delivers to this service, all pages, whatever its status."""
        found: list[Subscription] = []
        page = 1
        while True:
            asked = {"per_page": str(PAGE), "page": str(page), "status": "all", "orderby": "id", "order": "asc"}
            answer = yield from ask(connection, "GET", "/webhooks", operation="webhooks", query=asked)
            with understood():
                found += [_subscription(each) for each in answer.body if OURS.search(each["delivery_url"])]
            if page >= answer.pages:
                return tuple(found)
            page += 1

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change; PlatformRejected with the shop's own words when it will not, such as for an unknown topic."""
        match change:
            case Subscribe():
                given = {"name": f"Orderchamp: {change.topic}", "topic": change.topic, "delivery_url": change.address}
                sent = {**given, "status": ACTIVE, **_secret(change)}
                yield from ask(connection, "POST", "/webhooks", operation="subscribe", body=sent)
            case Mend():
                path = f"/webhooks/{change.subscription.id}"
                sent = {"status": ACTIVE, **_secret(change)}
                yield from ask(connection, "PUT", path, operation="mend webhook", body=sent)
            case Unsubscribe():
                path = f"/webhooks/{change.subscription.id}"
                try:
                    yield from ask(connection, "DELETE", path, operation="unsubscribe", query={"force": "true"})
                except NotThere:
                    return


def _secret(change: Subscribe | Mend) -> Mapping[str, str]:
    """Return what a webhook is to sign with from now on; nothing where that stays as it is."""
    return {} if change.secret is None else {"secret": change.secret.value.decode()}


def _subscription(webhook: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=str(webhook["id"]),
        topic=Topic(webhook["topic"]),
        address=webhook["delivery_url"],
        active=webhook["status"] == ACTIVE,
    )
