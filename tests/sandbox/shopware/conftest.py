from collections.abc import AsyncIterator

import httpx
import pytest

from app.sandbox.shopware.sandbox import Sandbox
from app.sandbox.shopware.server import create_app
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
