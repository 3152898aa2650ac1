"""A stand-in BigCommerce under test: its controls, its API and its logins as a client sees them."""

from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "abc123"
TOKEN, SECRET = "t" * 31, "s" * 64
CLIENT_ID, CLIENT_SECRET = "test-client-id", "test-bigcommerce-client-secret"


class StandIn(Controlled):
    """A running stand-in and one store in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"credentials": {"access_token": TOKEN, "client_secret": SECRET}}

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
