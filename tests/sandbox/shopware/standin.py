"""A stand-in Shopware under test: its controls and Admin API as a client sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "oak-and-ash.example"
KEY, SECRET = "SWIATEST", "key-secret"


@dataclass
class StandIn(Controlled):
    """A running stand-in and one shop in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"credentials": {"access_key_id": KEY, "secret_access_key": SECRET}}

    token: str = ""

    async def ask_token(self, key: str = KEY, secret: str = SECRET) -> httpx.Response:
        body = {"grant_type": "client_credentials", "client_id": key, "client_secret": secret}
        return await self.client.post(f"/shops/{SHOP}/api/oauth/token", json=body)

    async def log_in(self, key: str = KEY, secret: str = SECRET) -> None:
        """Get a token and use it from now on."""
        answer = await self.ask_token(key, secret)
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]

    async def call(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        own = {"Authorization": f"Bearer {self.token}", "Accept": "application/json", **(headers or {})}
        return await self.client.request(method, f"/shops/{SHOP}/api{path}", json=body, headers=own)

    async def search(
        self, entity: str = "product", *, headers: Mapping[str, str] | None = None, count: int = 0, **criteria: Any
    ) -> Thing:
        """Search and return the whole answer."""
        given = {"total-count-mode": count, **criteria}
        answer = await self.call("POST", f"/search/{entity}", given, headers)
        assert answer.status_code == 200, answer.text
        found: Thing = answer.json()
        return found

    async def refused(self, entity: str = "product", **criteria: Any) -> tuple[int, str]:
        """Search for something that is refused; return the status and the error's code."""
        answer = await self.call("POST", f"/search/{entity}", criteria)
        return answer.status_code, answer.json()["errors"][0]["code"]

    async def subscribe(self, event: str, url: str) -> None:
        answer = await self.call("POST", "/webhook", {"name": f"Test {event}", "eventName": event, "url": url})
        assert answer.status_code == 204, answer.text

    async def webhooks(self) -> list[Thing]:
        found: list[Thing] = await self.do("GET", "/subscriptions")
        return found
