from collections.abc import AsyncIterator

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
    async with StandIn.served(APP, at="http://shopware") as standin:
        await standin.log_in()
        yield standin


@pytest.fixture
def sandbox(shopware: StandIn) -> Sandbox:
    """What the stand-in is made of."""
    found: Sandbox = APP.state.sandbox
    return found
