"""The load generator counts what was answered, and how."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import UUID

import pytest

from app.bench.ack import BODY_BYTES, signed_request
from app.bench.given import Installed
from app.bench.load import EVENT_ID, Answered, Generator, Load
from app.domain.http import Delivery
from app.domain.ids import ApplicationId
from app.platforms.adapter import Secret
from app.platforms.registry import ADAPTERS
from tests.fakes.shop import EPOCH

GOOD = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
BAD = b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 6\r\n\r\nsorry!"
REQUEST = f"POST / HTTP/1.1\r\nevent: {EVENT_ID}\r\n\r\n"


class Server:
    """Answers every request, the n-th as told, and remembers the events."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = answers
        self.events: list[bytes] = []

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        async with server:
            yield server.sockets[0].getsockname()[1]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                answer = self.answers[len(self.events) % len(self.answers)]
                self.events.append(head.split(b"event: ")[1].strip())
                for at in range(0, len(answer), 30):
                    writer.write(answer[at : at + 30])
                    await writer.drain()
        writer.close()


async def generated(server: Server, *, rate: float | None = None) -> Answered:
    async with server.serving() as port:
        load = Load(port=port, server=os.getpid(), requests=[REQUEST], run="r", connections=4, seconds=0.2, rate=rate)
        return await asyncio.to_thread(Generator(load).run)


@pytest.mark.parametrize("rate", [None, 200.0])
async def test_every_answer_is_counted_and_every_event_has_an_id_of_its_own(rate: float | None) -> None:
    server = Server(GOOD, GOOD, BAD)
    answered = await generated(server, rate=rate)
    assert answered.good + answered.other == len(server.events) == len(set(server.events))
    assert answered.other == len(server.events) // 3
    assert answered.per_second > 0
    assert answered.p99_seconds > 0


async def test_an_open_loop_sends_at_its_rate_however_quick_the_answers_are() -> None:
    answered = await generated(Server(GOOD), rate=100.0)
    # One on each of 4 connections; warm-up and run: 0.7 s.
    assert 64 <= answered.good <= 75


def test_a_prepared_delivery_carries_its_shops_signature() -> None:
    secret = sha256(b"x").hexdigest().encode()
    application = Installed(id=ApplicationId(UUID(int=1)), shop="bench-1.myshopify.com", secret=secret)
    head, _, body = signed_request(application).partition("\r\n\r\n")
    first, *lines = head.split("\r\n")
    assert first == f"POST /webhooks/shopify/{application.id} HTTP/1.1"
    assert len(body) == BODY_BYTES
    headers = dict(line.split(": ", 1) for line in lines)
    assert headers["x-shopify-webhook-id"] == EVENT_ID
    delivery = Delivery(method="POST", url="", headers=headers, body=body.encode(), received_at=EPOCH)
    webhooks = ADAPTERS["shopify"].webhooks
    assert webhooks is not None
    webhooks.verify(delivery, [Secret(secret)])
