"""A stand-in ChannelEngine under test: its controls and its API as a client sees them."""

from dataclasses import dataclass
from typing import Any

import httpx

SHOP = "oak-and-ash.channelengine.net"
KEY = "channel-key"

Thing = dict[str, Any]


@dataclass
class StandIn:
    """A running stand-in and one merchant in it."""

    client: httpx.AsyncClient

    async def do(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Use a control of the merchant's."""
        answer = await self.client.request(method, f"/_sandbox/shops/{SHOP}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, **given: Any) -> Thing:
        opened: Thing = await self.do("PUT", "", {"credentials": {"api_key": KEY}, **given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        """Make a product."""
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

    async def call(self, method: str, path: str, body: object = None, *, key: str = KEY) -> httpx.Response:
        return await self.client.request(method, f"/shops/{SHOP}/v2/products/{path}", json=body, params={"apikey": key})

    async def changes(self) -> Thing:
        """Return what was not acknowledged yet."""
        found: Thing = (await self.call("GET", "data")).json()["Content"]
        return found

    async def offers(self) -> list[Thing]:
        found: list[Thing] = (await self.call("GET", "offers")).json()["Content"]
        return found

    async def acknowledge(self, **given: Any) -> None:
        assert (await self.call("POST", "data", given)).json()["Success"] is True
