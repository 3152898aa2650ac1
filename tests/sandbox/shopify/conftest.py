import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.sandbox.shopify.sandbox import Sandbox
from app.sandbox.shopify.server import create_app
from tests.sandbox.shopify.standin import SECRET, Receiver, StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own shops."""


@pytest.fixture
async def shopify() -> AsyncIterator[StandIn]:
    """A stand-in with one empty shop."""
    APP.state.sandbox = Sandbox(None, SECRET)
    transport = httpx.ASGITransport(app=APP)
    async with (
        APP.router.lifespan_context(APP),
        httpx.AsyncClient(transport=transport, base_url="http://shopify") as client,
    ):
        standin = StandIn(client)
        await standin.open()
        yield standin


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who receives webhooks over a socket of this machine."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}/webhooks/shopify/one"
        yield receiver
        await receiver.all_closed()
