from collections.abc import AsyncIterator

import pytest

from app.sandbox.shopify.sandbox import Sandbox
from app.sandbox.shopify.server import create_app
from tests.sandbox.shopify.standin import SECRET, StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own shops."""


@pytest.fixture
async def shopify() -> AsyncIterator[StandIn]:
    """A stand-in with one empty shop."""
    APP.state.sandbox = Sandbox(None, SECRET)
    async with StandIn.served(APP, at="http://shopify") as standin:
        yield standin
