"""A stand-in Lightspeed under test: its controls, its API and its App Store as a client sees them."""

from typing import Any, ClassVar

import httpx

from tests.sandbox.controls import Controlled, Thing

SHOP = "eu1-123456"
KEY, KEY_SECRET = "k" * 32, "s" * 32
APP_KEY, APP_SECRET = "test-app-key", "test-lightspeed-app-secret"


class StandIn(Controlled):
    """A running stand-in and one shop in it."""

    SHOP = SHOP
    OPENED_WITH: ClassVar[Thing] = {"credentials": {"api_key": KEY, "api_secret": KEY_SECRET}}

    async def call(
        self, method: str, path: str, body: object = None, *, auth: tuple[str, str] = (KEY, KEY_SECRET)
    ) -> httpx.Response:
        """Call the API in the shop's first language."""
        return await self.client.request(method, f"/shops/{SHOP}/nl/{path}", json=body, auth=auth)

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def subscribe(self, topic: str, address: str, *, auth: tuple[str, str] = (KEY, KEY_SECRET)) -> Thing:
        group, _, action = topic.partition("/")
        wanted = {"itemGroup": group, "itemAction": action, "address": address, "language": "nl", "format": "json"}
        answer = await self.call("POST", "webhooks.json", {"webhook": wanted}, auth=auth)
        assert answer.status_code == 201, answer.text
        made: Thing = answer.json()["webhook"]
        return made
