import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.sandbox.receiver import Receiver


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """Somebody who receives webhooks over a socket of this machine."""
    receiver = Receiver()
    async with await asyncio.start_server(receiver.answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        receiver.url = f"http://127.0.0.1:{port}/webhooks/one"
        yield receiver
        await receiver.all_closed()
