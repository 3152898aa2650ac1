"""A stand-in ChannelEngine under test: its controls and its API as a client sees them."""

from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "oak-and-ash.channelengine.net"
KEY = "channel-key"


class StandIn(Controlled):
    """A running stand-in and one merchant in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"credentials": {"api_key": KEY}}

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
