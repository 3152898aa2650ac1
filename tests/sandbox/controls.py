"""What the stand-ins of all platforms have in common under test: their controls."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import httpx
from fastapi import FastAPI

PATIENCE = 5.0

Thing = dict[str, Any]


@dataclass
class Controlled:
    """A running stand-in and one shop in it, which is known as ``SHOP`` and opened with ``OPENED_WITH``."""

    SHOP: ClassVar[str]
    OPENED_WITH: ClassVar[Thing]

    client: httpx.AsyncClient

    @classmethod
    @asynccontextmanager
    async def served(cls, app: FastAPI, at: str) -> AsyncIterator[Self]:
        """Serve a stand-in at this address, and open one empty shop in it."""
        transport = httpx.ASGITransport(app=app)
        async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url=at) as client:
            standin = cls(client)
            await standin.open()
            yield standin

    async def do(self, method: str, path: str, body: object = None, *, status: int = 200) -> Any:
        """Use a control of the shop."""
        answer = await self.client.request(method, f"/_sandbox/shops/{self.SHOP}{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def open(self, **given: Any) -> Thing:
        opened: Thing = await self.do("PUT", "", {**self.OPENED_WITH, **given})
        return opened

    async def add(self, *variants: Thing, **fields: Any) -> Thing:
        """Put a product into the shop."""
        made: Thing = await self.do("POST", "/products", {"title": "Oak board", "variants": list(variants), **fields})
        return made

    async def quiet(self) -> None:
        """Wait until no webhook is under way."""
        assert (await self.do("GET", f"/quiet?within={PATIENCE}"))["pending"] == 0
