"""A stand-in Orderchamp without sockets, with a clock that stands still until it is moved."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from app.sandbox.orderchamp.server import create_app

MUG = {
    "title": "Mug",
    "option1": "Color",
    "variants": [
        {"sku": "MUG-RED", "price": "4.5", "inventoryQuantity": 3, "option1": "Red"},
        {"sku": "MUG-BLUE", "price": 5, "msrp": "9.999", "option1": "Blue"},
    ],
}


START = 1_800_000_000.0


@dataclass
class Clock:
    seconds: float = START

    def __call__(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


@dataclass
class Orderchamp:
    """A client of the stand-in, with the token of one account."""

    client: httpx.AsyncClient
    clock: Clock
    token: str = "token"
    storefronts: tuple[str, ...] = ()

    def as_(self, token: str) -> "Orderchamp":
        return Orderchamp(client=self.client, clock=self.clock, token=token)

    async def open(self, **body: Any) -> dict[str, Any]:
        found: dict[str, Any] = await self.control("PUT", f"/accounts/{self.token}", body)
        self.storefronts = tuple(each["id"] for each in found["storefronts"])
        return found

    async def post(self, query: str, variables: dict[str, Any] | None = None) -> httpx.Response:
        return await self.client.post(
            "/v1/graphql",
            json={"query": query, "variables": variables},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """The whole answer of a request that came through."""
        answer = await self.post(query, variables)
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def data(self, query: str, **variables: Any) -> Any:
        body = await self.ask(query, **variables)
        assert "errors" not in body, body["errors"]
        return body["data"]

    async def errors(self, query: str, **variables: Any) -> list[str]:
        """The top-level messages of a request that was refused or went wrong."""
        return [each["message"] for each in (await self.ask(query, **variables))["errors"]]

    async def do(self, mutation: str, selection: str = "userErrors { field message name }", **given: Any) -> Any:
        """The payload of one mutation."""
        kind = mutation[0].upper() + mutation[1:]
        document = f"mutation($input: {kind}Input!) {{ {mutation}(input: $input) {{ {selection} }} }}"
        return (await self.data(document, input=given))[mutation]

    async def refused(self, mutation: str, **given: Any) -> list[tuple[str, str]]:
        """The user errors of one mutation: path and message."""
        payload = await self.do(mutation, **given)
        return [(".".join(each["field"]), each["message"]) for each in payload["userErrors"]]

    async def create(self, **changes: Any) -> str:
        payload = await self.do("productCreate", "product { id } userErrors { message }", **{**MUG, **changes})
        assert payload["userErrors"] == []
        made: str = payload["product"]["id"]
        return made

    async def variant(self, sku: str) -> str:
        found = await self.data("query($sku: String!) { productVariantBySku(sku: $sku) { id } }", sku=sku)
        variant_id: str = found["productVariantBySku"]["id"]
        return variant_id

    async def control(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.client.request(method, f"/_sandbox{path}", json=body)
        assert answer.is_success, answer.text
        return answer.json()

    async def switch(self, **switches: Any) -> None:
        await self.control("PUT", "/switches", switches)

    async def fault(self, kind: str, **more: Any) -> None:
        await self.control("POST", "/faults", {"kind": kind, **more})

    async def shown(self, product_id: str) -> dict[str, Any]:
        found: dict[str, Any] = await self.control("GET", f"/products/{product_id}")
        return found

    async def calls(self) -> dict[str, Any]:
        found: dict[str, Any] = await self.control("GET", "/calls")
        return found


@pytest.fixture(scope="session")
def stand_in() -> tuple[Clock, httpx.ASGITransport]:
    """One server for all tests, since making one takes longer than most of them; each test begins with a wipe."""
    clock = Clock()
    return clock, httpx.ASGITransport(app=create_app(clock=clock))


@pytest.fixture
async def orderchamp(stand_in: tuple[Clock, httpx.ASGITransport]) -> AsyncIterator[Orderchamp]:
    clock, transport = stand_in
    clock.seconds = START
    async with httpx.AsyncClient(transport=transport, base_url="http://orderchamp") as client:
        opened = Orderchamp(client=client, clock=clock)
        await opened.control("DELETE", "")
        await opened.open(name="Oak & Ash", storefronts=[{"name": "Main"}, {"name": "Outlet"}])
        yield opened
