from collections.abc import AsyncIterator

import pytest

from app.sandbox.bigcommerce.sandbox import App, Sandbox
from app.sandbox.bigcommerce.server import create_app
from tests.sandbox.bigcommerce.standin import CLIENT_ID, CLIENT_SECRET, StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own stores."""


@pytest.fixture
async def bigcommerce() -> AsyncIterator[StandIn]:
    """A stand-in with one empty store."""
    APP.state.sandbox = Sandbox(None, App(client_id=CLIENT_ID, client_secret=CLIENT_SECRET))
    async with StandIn.served(APP, at="http://bigcommerce") as standin:
        yield standin
