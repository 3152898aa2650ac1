"""A way to the database that can be cut, or fall silent, while the database itself goes on."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from sqlalchemy import URL, make_url


@dataclass
class Relay:
    """Hands bytes to the database and back while ``flowing``; silent otherwise. ``url`` is the database behind it."""

    url: str
    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    _pipes: set[asyncio.Task[None]] = field(default_factory=set)
    _callers: list[asyncio.StreamWriter] = field(default_factory=list)
    _upstream: URL = field(init=False)
    _server: asyncio.Server | None = None
    _port: int = 0

    def __post_init__(self) -> None:
        self._upstream = make_url(self.url)
        self.flowing.set()

    async def open(self) -> None:
        """Let callers in, again at the same port."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        address = self._upstream.set(host="127.0.0.1", port=self._port, query={})
        self.url = address.render_as_string(hide_password=False)

    async def cut(self) -> None:
        """End every connection and let nobody in."""
        if self._server is not None:
            self._server.close()
        for each in self._pipes:
            each.cancel()
        await asyncio.gather(*self._pipes, return_exceptions=True)
        self._pipes.clear()

    def silence(self) -> None:
        """Let nothing pass on the connections there are, for ever and without an error; new ones work."""
        self.flowing.clear()
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def say(self, words: bytes) -> None:
        """Have the database say this to everybody, unasked; return when they have had the time to hear it."""
        for each in self._callers:
            each.write(words)
            await each.drain()
        for _ in range(100):
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host = str(self._upstream.query.get("host") or self._upstream.host)
        port = self._upstream.port or 5432
        if host.startswith("/"):
            there, back = await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        else:
            there, back = await asyncio.open_connection(host, port)
        self._callers.append(writer)
        for source, sink in ((reader, back), (there, writer)):
            self._pipes.add(asyncio.create_task(self._pipe(source, sink)))

    async def _pipe(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        flowing = self.flowing
        try:
            with contextlib.suppress(OSError):
                while data := await source.read(65536):
                    await flowing.wait()
                    sink.write(data)
                    await sink.drain()
        finally:
            sink.close()


@contextlib.asynccontextmanager
async def relay(database_url: str) -> AsyncIterator[Relay]:
    """Give an open relay to this database."""
    opened = Relay(database_url)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.cut()
