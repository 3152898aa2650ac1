"""A stand-in Shopware under test: its controls and Admin API as a client sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

SHOP = "oak-and-ash.example"
KEY, SECRET = "SWIATEST", "key-secret"
PATIENCE = 5.0

Thing = dict[str, Any]


@dataclass
class StandIn:
    """A running stand-in and one shop in it."""

    client: httpx.AsyncClient
    token: str = ""

    async def do(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Use a control of the shop."""
        answer = await self.client.request(method, f"/_sandbox/shops/{SHOP}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, **credentials: str) -> Thing:
        given = {"access_key_id": KEY, "secret_access_key": SECRET, **credentials}
        opened: Thing = await self.do("PUT", "", {"credentials": given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

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

    async def quiet(self) -> None:
        """Wait until no webhook is under way."""
        assert (await self.do("GET", f"/quiet?within={PATIENCE}"))["pending"] == 0
