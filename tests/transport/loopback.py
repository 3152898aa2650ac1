"""A server on a real loopback socket, which does what a test's handler does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from ssl import SSLContext

from app.domain.http import Request


@dataclass(slots=True)
class Server:
    """``connections`` counts those ever made; ``requests`` are the bytes of those that ``take`` has read."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)

    def request(self, path: str = "/", *, body: bytes = b"", **headers: str) -> Request:
        url = f"http://127.0.0.1:{self.port}{path}"
        return Request(method="POST" if body else "GET", url=url, operation="test", headers=headers, body=body)

    async def take(self, reader: asyncio.StreamReader) -> bytes:
        """Read one request; IncompleteReadError when the client has gone."""
        head = await reader.readuntil(b"\r\n\r\n")
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(lengths[0].split(b":")[1])) if lengths else b""
        self.requests.append(head + body)
        return head + body


Handler = Callable[[Server, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(handler: Handler, *, tls: SSLContext | None = None) -> AsyncIterator[Server]:
    """Serve until the end, then drop the handlers that are still at it."""
    served = Server()
    handlers: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handlers.add(task)
        served.connections += 1
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                await handler(served, reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    server = await asyncio.start_server(connected, "127.0.0.1", 0, ssl=tls)
    served.port = server.sockets[0].getsockname()[1]
    try:
        yield served
    finally:
        server.close()
        for task in handlers:
            task.cancel()
        await asyncio.gather(*handlers)
        await server.wait_closed()


def answer(body: bytes = b"", *, status: str = "200 OK", headers: tuple[str, ...] = ()) -> bytes:
    lines = (f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", "")
    return "\r\n".join(lines).encode() + body


def answering(sent: bytes) -> Handler:
    """Answer every request with the same bytes and keep the connection."""

    async def handle(server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await server.take(reader)
            writer.write(sent)
            await writer.drain()

    return handle
