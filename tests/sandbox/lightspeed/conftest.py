from collections.abc import AsyncIterator

import pytest

from app.sandbox.lightspeed.api import App
from app.sandbox.lightspeed.sandbox import Sandbox
from app.sandbox.lightspeed.server import create_app
from tests.sandbox.lightspeed.standin import APP_KEY, APP_SECRET, StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own shops."""


@pytest.fixture
async def lightspeed() -> AsyncIterator[StandIn]:
    """A stand-in with one empty shop."""
    APP.state.sandbox = Sandbox(None, App(key=APP_KEY, secret=APP_SECRET))
    async with StandIn.served(APP, at="http://lightspeed") as standin:
        yield standin
