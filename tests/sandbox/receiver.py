"""Somebody who receives webhooks over a socket of this machine."""

import asyncio
import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 5.0


@dataclass
class Received:
    """A webhook as it came in."""

    headers: Mapping[str, str]
    content: bytes
    path: str = "/"

    @property
    def body(self) -> Any:
        return json.loads(self.content)

    @property
    def topic(self) -> str:
        """The topic, in whichever header the platform has it; empty when there is none."""
        return next((value for name, value in self.headers.items() if name.endswith("-topic")), "")


@dataclass
class Receiver:
    """Takes webhooks and answers with the next of ``statuses``, at last with the last one."""

    url: str = ""
    statuses: list[int] = field(default_factory=lambda: [200])
    received: list[Received] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    open: int = 0
    _gate: asyncio.Event | None = None

    def hold(self) -> asyncio.Event:
        """Answer nothing until the event that is returned is set."""
        self._gate = asyncio.Event()
        return self._gate

    async def all_closed(self) -> None:
        """Wait until no socket is open any more."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: self.open == 0)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request from a socket."""
        self.open += 1
        try:
            await self._answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
            async with self.changed:
                self.open -= 1
                self.changed.notify_all()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
        pairs = (line.split(": ", 1) for line in lines)
        headers = {name.lower(): value for name, value in pairs}
        content = await reader.readexactly(int(headers.get("content-length", 0)))
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        async with self.changed:
            self.received.append(Received(headers, content, first.split(" ")[1]))
            self.changed.notify_all()
        if self._gate is not None:
            await self._gate.wait()
        writer.write(f"HTTP/1.1 {status} So\r\nlocation: /elsewhere\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()

    async def until(self, count: int) -> list[Received]:
        """Wait for so many webhooks."""
        async with asyncio.timeout(PATIENCE), self.changed:
            await self.changed.wait_for(lambda: len(self.received) >= count)
        return self.received

    def topics(self) -> list[str]:
        return [each.topic for each in self.received]
