"""Misbehaviour on demand: what networks and servers do, told to happen the next so many times."""

import asyncio
import random
from collections.abc import Collection
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Kind = Literal[
    "latency",
    "http_429",
    "throttled",
    "http_500",
    "http_502_html",
    "lost_answer",
    "hang_before",
    "hang_after",
    "slow_drip",
    "reset",
    "malformed_json",
    "user_error",
    "half_bulk",
]

TRANSPORT = "sandbox.transport"
"""The key in an ASGI scope under which the server puts the connection's transport, if it knows it."""


class Fault(BaseModel):
    """One misbehaviour. ``operation`` and ``token`` None: any; ``times`` None: until it is taken back."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    operation: str | None = None
    times: int | None = Field(default=1, ge=1)
    probability: float = Field(default=1.0, ge=0, le=1)
    seconds: float = Field(default=1.0, ge=0)
    """How long it hangs, or takes to drip; without meaning for the other kinds."""
    token: str | None = None

    def fits(self, *, operations: Collection[str], token: str) -> bool:
        return self.operation in (None, *operations) and self.token in (None, token)


class Faults:
    """The misbehaviours that are in force, the oldest first."""

    def __init__(self) -> None:
        self.active: list[Fault] = []

    def take(self, *, operations: Collection[str], token: str, but: Collection[Kind] = ()) -> list[Fault]:
        """Return what befalls a request: latency and one other fault at most; what is used up is in force no longer.

        ``but``: kinds that cannot befall it.
        """
        taken: dict[bool, Fault] = {}
        for fault in list(self.active):
            is_latency = fault.kind == "latency"
            if is_latency in taken or fault.kind in but or not fault.fits(operations=operations, token=token):
                continue
            if random.random() >= fault.probability:
                continue
            taken[is_latency] = fault
            if fault.times is not None:
                fault.times -= 1
                if fault.times == 0:
                    self.active.remove(fault)
        return sorted(taken.values(), key=lambda each: each.kind != "latency")


class Cut(Response):
    """No answer at all: the connection is closed before the first byte.

    An ASGI application cannot say this: when it sends nothing or raises, the server answers 500 by itself. So the
    connection's transport is taken from under it (``Server`` puts it into the scope). Where there is none, as in a test
    without sockets, the connection breaks by an exception.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Break the connection."""
        transport = scope.get(TRANSPORT)
        if transport is None:
            raise ConnectionResetError("The sandbox closed the connection")
        transport.abort()
        # Returning before the server has noticed would make it complain about the missing answer.
        while (await receive())["type"] != "http.disconnect":
            pass


class Dripping(Response):
    """An answer that comes in small pieces over so many seconds."""

    PIECES = 20

    def __init__(self, whole: Response, seconds: float) -> None:
        super().__init__(bytes(whole.body), status_code=whole.status_code, media_type=whole.media_type)
        self.raw_headers = list(whole.raw_headers)
        self._pause = seconds / self.PIECES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the answer piece by piece."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = bytes(self.body)
        size = max(len(body) // self.PIECES, 1)
        for start in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(self._pause)
        await send({"type": "http.response.body", "body": b"", "more_body": False})
