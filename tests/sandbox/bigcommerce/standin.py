"""A stand-in BigCommerce under test: its controls, its API and its logins as a client sees them."""

from dataclasses import dataclass
from typing import Any

import httpx

SHOP = "abc123"
TOKEN, SECRET = "t" * 31, "s" * 64
CLIENT_ID, CLIENT_SECRET = "test-client-id", "test-bigcommerce-client-secret"

Thing = dict[str, Any]


@dataclass
class StandIn:
    """A running stand-in and one store in it."""

    client: httpx.AsyncClient

    async def do(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Use a control of the store."""
        answer = await self.client.request(method, f"/_sandbox/shops/{SHOP}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, **given: Any) -> Thing:
        credentials = {"access_token": TOKEN, "client_secret": SECRET}
        opened: Thing = await self.do("PUT", "", {"credentials": credentials, **given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        """Put a product into the store."""
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

    async def call(self, method: str, path: str, body: object = None, *, token: str = TOKEN) -> httpx.Response:
        """Call the API."""
        return await self.client.request(method, f"/shops/{SHOP}/{path}", json=body, headers={"X-Auth-Token": token})

    async def get(self, path: str, *, token: str = TOKEN) -> Any:
        answer = await self.call("GET", path, token=token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def subscribe(self, scope: str, address: str, *, token: str = TOKEN, **more: Any) -> Thing:
        answer = await self.call("POST", "v3/hooks", {"scope": scope, "destination": address, **more}, token=token)
        assert answer.status_code == 200, answer.text
        made: Thing = answer.json()["data"]
        return made
