"""A stand-in WooCommerce under test: its controls and REST API as a client sees them."""

from dataclasses import dataclass
from typing import Any

import httpx

SHOP = "oak-and-ash.example"
KEY, KEY_SECRET = "ck_test", "cs_test"
SECRET = "WebhookSecret1"
PATIENCE = 5.0

Thing = dict[str, Any]


@dataclass
class StandIn:
    """A running stand-in and one shop in it."""

    client: httpx.AsyncClient

    async def do(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Use a control of the shop."""
        answer = await self.client.request(method, f"/_sandbox/shops/{SHOP}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, **given: Any) -> Thing:
        credentials = {"consumer_key": KEY, "consumer_secret": KEY_SECRET}
        opened: Thing = await self.do("PUT", "", {"credentials": credentials, **given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        """Put a product into the shop."""
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

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

    async def quiet(self) -> None:
        """Wait until no webhook is under way."""
        assert (await self.do("GET", f"/quiet?within={PATIENCE}"))["pending"] == 0
