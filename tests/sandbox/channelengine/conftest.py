from collections.abc import AsyncIterator

import httpx
import pytest

from app.sandbox.channelengine.sandbox import Sandbox
from app.sandbox.channelengine.server import create_app
from tests.sandbox.channelengine.standin import StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own merchants."""


@pytest.fixture
async def channelengine() -> AsyncIterator[StandIn]:
    """A stand-in with one merchant, whose channel is empty."""
    APP.state.sandbox = Sandbox(None)
    transport = httpx.ASGITransport(app=APP)
    async with (
        APP.router.lifespan_context(APP),
        httpx.AsyncClient(transport=transport, base_url="http://channelengine") as client,
    ):
        standin = StandIn(client)
        await standin.open()
        yield standin
