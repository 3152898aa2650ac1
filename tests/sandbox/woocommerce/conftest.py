from collections.abc import AsyncIterator

import pytest

from app.sandbox.woocommerce.sandbox import Sandbox
from app.sandbox.woocommerce.server import create_app
from tests.sandbox.woocommerce.standin import StandIn

APP = create_app()
"""One server for all tests, since its routes take longer to make than most tests take; each test has its own shops."""


@pytest.fixture
async def woo() -> AsyncIterator[StandIn]:
    """A stand-in with one empty shop."""
    APP.state.sandbox = Sandbox(None)
    async with StandIn.served(APP, at="http://woo") as standin:
        yield standin
