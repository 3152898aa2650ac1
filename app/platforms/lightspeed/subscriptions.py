"""Webhooks of a shop, one for each group and action.

https://developers.lightspeedhq.com/ecom/endpoints/webhook/. Nothing keeps two alike from being made, and then everything is
told twice. A shop's own key sees webhooks of others, too; ours are known by the address to which they deliver.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.domain.errors import PlatformUnavailable
from app.domain.http import Reading
from app.domain.ids import Topic
from app.platforms.adapter import Connection, Mend, Subscribe, Subscription, SubscriptionChange
from app.platforms.asking import understood
from app.platforms.lightspeed.products import identity
from app.platforms.lightspeed.rest import LANGUAGE, NotThere, ask
from app.platforms.lightspeed.topics import TOPICS

OURS = re.compile(r"/webhooks/lightspeed/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:/|$)")
"""What is in the addresses at which this service takes deliveries."""

LIMIT = 250


class Subscriptions:
    """Our webhooks at a Lightspeed shop."""

    topics = TOPICS

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every webhook that delivers to this service, all pages."""
        found: list[Subscription] = []
        page = 1
        while True:
            query = {"limit": str(LIMIT), "page": str(page)}
            try:
                told = yield from ask(connection, "GET", "webhooks.json", operation="webhooks", query=query)
            except NotThere:
                raise PlatformUnavailable("The shop does not answer in this language any more.") from None
            with understood():
                listed = told["webhooks"] or []
                found += [_subscription(each) for each in listed if OURS.search(str(each["address"]))]
                if len(listed) < LIMIT:
                    return tuple(found)
            page += 1

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change; PlatformRejected with the shop's own words when it will not."""
        match change:
            case Subscribe():
                group, _, action = change.topic.partition("/")
                wanted = {
                    "isActive": True,
                    "itemGroup": group,
                    "itemAction": action,
                    "language": connection.credentials.get(LANGUAGE, ""),
                    "format": "json",
                    "address": change.address,
                }
                yield from ask(connection, "POST", "webhooks.json", operation="subscribe", body={"webhook": wanted})
            case Mend():
                path, active = f"webhooks/{change.subscription.id}.json", {"webhook": {"isActive": True}}
                yield from ask(connection, "PUT", path, operation="mend webhook", body=active)
            case _:
                path = f"webhooks/{change.subscription.id}.json"
                try:
                    yield from ask(connection, "DELETE", path, operation="unsubscribe")
                except NotThere:
                    return


def _subscription(node: Mapping[str, Any]) -> Subscription:
    return Subscription(
        id=identity(node["id"]),
        topic=Topic(f"{node['itemGroup']}/{node['itemAction']}"),
        address=str(node["address"]),
        active=bool(node["isActive"]),
    )
