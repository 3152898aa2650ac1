from collections.abc import AsyncIterator

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
    async with StandIn.served(APP, at="http://channelengine") as standin:
        yield standin
