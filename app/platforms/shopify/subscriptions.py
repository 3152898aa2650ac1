"""Shop-specific webhook subscriptions, made with the shop's token.

https://shopify.dev/docs/api/admin-graphql/latest/mutations/webhookSubscriptionCreate. The list shows only those that this
app made. The compliance topics are configured with the app, not here.
"""

from collections.abc import Mapping
from typing import Any

from app.domain.http import Reading
from app.domain.ids import Topic
from app.platforms.adapter import Connection, Mend, Subscription, SubscriptionChange, Unsubscribe
from app.platforms.asking import understood
from app.platforms.shopify.graphql import ask, refuse_user_errors

TOPICS = {
    Topic("products/create"): "PRODUCTS_CREATE",
    Topic("products/update"): "PRODUCTS_UPDATE",
    Topic("products/delete"): "PRODUCTS_DELETE",
    Topic("inventory_levels/update"): "INVENTORY_LEVELS_UPDATE",
    Topic("inventory_levels/connect"): "INVENTORY_LEVELS_CONNECT",
    Topic("inventory_levels/disconnect"): "INVENTORY_LEVELS_DISCONNECT",
    Topic("inventory_items/update"): "INVENTORY_ITEMS_UPDATE",
    Topic("app/uninstalled"): "APP_UNINSTALLED",
}
"""The topics that we need, with their names in GraphQL."""

_NAMES = {name: topic for topic, name in TOPICS.items()}

LIST = (
    "query subscriptions($after: String) { webhookSubscriptions(first: 250, after: $after) "
    "{ nodes { id topic uri } pageInfo { hasNextPage endCursor } } }"
)
CREATE = (
    "mutation subscribe($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) "
    "{ webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) "
    "{ userErrors { field message } } }"
)
DELETE = (
    "mutation unsubscribe($id: ID!) { webhookSubscriptionDelete(id: $id) "
    "{ deletedWebhookSubscriptionId userErrors { field message } } }"
)


class Subscriptions:
    """Our standing orders at a Shopify shop."""

    topics = tuple(TOPICS)

    def all(self, connection: Connection) -> Reading[tuple[Subscription, ...]]:
        """Read every subscription that this app made, all pages."""
        found: list[Subscription] = []
        after = None
        while True:
            data = yield from ask(connection, "subscriptions", LIST, {"after": after}, cost=250)
            with understood():
                page = data["webhookSubscriptions"]
                found += [_subscription(node) for node in page["nodes"]]
                if not page["pageInfo"]["hasNextPage"]:
                    return tuple(found)
                after = page["pageInfo"]["endCursor"]

    def change(self, connection: Connection, change: SubscriptionChange) -> Reading[None]:
        """Make one change; PlatformRejected with the shop's own words when it will not.

        There is nothing to mend: Shopify removes a subscription that fails, and signs with the app's secret.
        """
        if isinstance(change, Mend):
            return
        if isinstance(change, Unsubscribe):
            given: dict[str, Any] = {"id": change.subscription.id}
            data = yield from ask(connection, "unsubscribe", DELETE, given, cost=10)
            with understood():
                refuse_user_errors(data["webhookSubscriptionDelete"], done=("not found", "does not exist"))
            return
        given = {"topic": TOPICS[change.topic], "given": {"uri": change.address, "format": "JSON"}}
        data = yield from ask(connection, "subscribe", CREATE, given, cost=10)
        with understood():
            refuse_user_errors(data["webhookSubscriptionCreate"], done=("already been taken",))


def _subscription(node: Mapping[str, Any]) -> Subscription:
    topic = _NAMES.get(node["topic"], Topic(node["topic"].lower()))
    return Subscription(id=node["id"], topic=topic, address=node["uri"] or "")
