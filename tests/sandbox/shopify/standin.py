"""A stand-in Shopify under test: its controls and Admin API as a client sees them, and somebody who receives webhooks."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

SHOP = "oak-and-ash.myshopify.com"
TOKEN = "shpat_test"
SECRET = "shopify-client-secret"
PATIENCE = 5.0

Thing = dict[str, Any]

SUBSCRIBE = (
    "mutation subscribe($topic: WebhookSubscriptionTopic!, $given: WebhookSubscriptionInput!) "
    "{ webhookSubscriptionCreate(topic: $topic, webhookSubscription: $given) "
    "{ webhookSubscription { id topic uri name } userErrors { field message } } }"
)


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
        opened: Thing = await self.do("PUT", "", {"token": TOKEN, **given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

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

    async def quiet(self) -> None:
        """Wait until no webhook is under way."""
        assert (await self.do("GET", f"/quiet?within={PATIENCE}"))["pending"] == 0

    async def deliveries(self) -> list[Thing]:
        found: list[Thing] = await self.do("GET", "/deliveries")
        return found


@dataclass
class Received:
    """A webhook as it came in."""

    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def topic(self) -> str:
        return self.headers["x-shopify-topic"]


@dataclass
class Receiver:
    """Takes webhooks and answers with the next of ``statuses``, at last with the last one."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: int = 0

    async def all_closed(self) -> None:
        """Wait until no socket is open any more."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: self.open == 0)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request from a socket."""
        self.open += 1
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            async with self.changed:
                self.open -= 1
                self.changed.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        _, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        content = await reader.readexactly(int(headers["content-length"]))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        async with self.changed:
            self.received.append(Received(headers, content))
            self.changed.notify_all()
        writer.write(f"HTTP/1.1 {status} So\r\nlocation: /elsewhere\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()

    async def until(self, count: int) -> list[Received]:
        """Wait for so many webhooks."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= count)
        return self.received

    def topics(self) -> list[str]:
        return [each.topic for each in self.received]
