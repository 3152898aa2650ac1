import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from app.sandbox.shopware.sandbox import Sandbox
from app.sandbox.shopware.server import create_app
from tests.sandbox.shopify.standin import Receiver
from tests.sandbox.shopware.standin import StandIn

APP = create_app()
"""One server for all tests; each test has its own shops."""


@pytest.fixture
async def shopware() -> AsyncIterator[StandIn]:
    """A stand-in with one empty shop, and a token for its API."""
    APP.state.sandbox = Sandbox(None)
    transport = httpx.ASGITransport(app=APP)
    async with (
        APP.router.lifespan_context(APP),
        httpx.AsyncClient(transport=transport, base_url="http://shopware") as client,
    ):
        standin = StandIn(client)
        await standin.open()
        await standin.log_in()
        yield standin


@pytest.fixture
def sandbox(shopware: StandIn) -> Sandbox:
    """What the stand-in is made of."""
    found: Sandbox = APP.state.sandbox
    return found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who receives webhooks over a socket of this machine."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}/webhooks/shopware/one/token"
        yield receiver
        await receiver.all_closed()
