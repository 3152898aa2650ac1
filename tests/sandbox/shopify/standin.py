"""A stand-in Shopify under test: its controls and Admin API as a client sees them."""

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "oak-and-ash.myshopify.com"
TOKEN = "shpat_test"
SECRET = "shopify-client-secret"

SUBSCRIBE = (
    "mutation subscribe($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) "
    "{ webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) "
    "{ webhookSubscription { id topic uri name } userErrors { field message } } }"
)


class StandIn(Controlled):
    """A running stand-in and one shop in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"token": TOKEN}

    async def post(
        self, document: str, variables: Mapping[str, Any] | None = None, *, token: str = TOKEN, shop: str = SHOP
    ) -> httpx.Response:
        return await self.client.post(
            f"/shops/{shop}/admin/api/2026-10/graphql.json",
            json={"query": document, "variables": variables or {}},
            headers={"X-Shopify-Access-Token": token},
        )

    async def whole(self, document: str, /, **variables: Any) -> Thing:
        answer = await self.post(document, variables)
        assert answer.status_code == 200, answer.text
        whole: Thing = answer.json()
        return whole

    async def ask(self, document: str, /, **variables: Any) -> Thing:
        """Ask the Admin API and return the data of an answer without errors."""
        whole = await self.whole(document, **variables)
        assert "errors" not in whole, whole
        data: Thing = whole["data"]
        return data

    async def subscribe(self, topic: str, uri: str, **given: Any) -> Thing:
        """Subscribe to a topic, in GraphQL's spelling; returns the payload."""
        data = await self.ask(SUBSCRIBE, topic=topic, given={"uri": uri, **given})
        payload: Thing = data["webhookSubscriptionCreate"]
        return payload

    async def deliveries(self) -> list[Thing]:
        found: list[Thing] = await self.do("GET", "/deliveries")
        return found
