"""A stand-in WooCommerce under test: its controls and REST API as a client sees them."""

from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "oak-and-ash.example"
KEY, KEY_SECRET = "ck_test", "cs_test"
SECRET = "WebhookSecret1"


class StandIn(Controlled):
    """A running stand-in and one shop in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"credentials": {"consumer_key": KEY, "consumer_secret": KEY_SECRET}}

    async def sized(self, *skus: str) -> Thing:
        """Put a product with a variation for each of these SKUs into the shop."""
        return await self.add(*({"sku": each, "options": [each]} for each in skus), options=["Size"])

    async def call(
        self, method: str, path: str, body: object = None, *, auth: tuple[str, str] | None = (KEY, KEY_SECRET)
    ) -> httpx.Response:
        """Call the REST API."""
        url = f"/shops/{SHOP}/wp-json/wc/v3{path}"
        return await self.client.request(method, url, json=body, auth=auth or httpx.USE_CLIENT_DEFAULT)

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def subscribe(self, topic: str, url: str, **given: Any) -> Thing:
        """Make a webhook."""
        webhook = {"name": "ours", "topic": topic, "delivery_url": url, "secret": SECRET, **given}
        answer = await self.call("POST", "/webhooks", webhook)
        assert answer.status_code == 201, answer.text
        made: Thing = answer.json()
        return made
