"""Misbehaviour on demand: what networks and servers do, told to happen the next so many times."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

Kind = Literal[
    "latency",
    "http_429",
    "throttled",
    "http_500",
    "http_502_html",
    "http_403_html",
    "http_406_html",
    "http_429_html",
    "http_503_html",
    "http_200_html",
    "lost_answer",
    "hang_before",
    "hang_after",
    "slow_drip",
    "reset",
    "malformed_json",
    "user_error",
    "half_bulk",
    "token_revoked",
]


OF_FIREWALLS: dict[Kind, int] = {
    "http_403_html": 403,
    "http_406_html": 406,
    "http_429_html": 429,
    "http_503_html": 503,
    "http_200_html": 200,
}
"""What stands before a shop and answers in its place, with a page for people."""


class Fault(BaseModel):
    """One misbehaviour. ``operation`` None: any; ``times`` None: until it is taken back."""

    kind: Kind
    operation: str | None = None
    times: int | None = 1
    probability: float = 1.0
    seconds: float = 1.0


class Broken(Response):
    """An answer that breaks off: fewer bytes than announced, then the connection is closed.

    A server framework answers 500 by itself when no answer was begun, so a lost answer has to be begun and broken off.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Begin an answer and break the connection."""
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1000")]})
        await send({"type": "http.response.body", "body": b"{", "more_body": False})


class Dripping(Response):
    """An answer that comes a byte at a time."""

    def __init__(self, inner: Response, seconds: float) -> None:
        super().__init__()
        self._inner = inner
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send the answer over so many seconds."""
        body = bytes(self._inner.body)
        headers = [(b"content-length", str(len(body)).encode()), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        pause = self._seconds / max(len(body), 1)
        for n in range(len(body)):
            await send({"type": "http.response.body", "body": body[n : n + 1], "more_body": n + 1 < len(body)})
            await asyncio.sleep(pause)


@dataclass
class Faults:
    """The misbehaviours that are in force."""

    active: list[Fault]

    def next(self, operations: Sequence[str], *kinds: Kind) -> Fault | None:
        """Take the next misbehaviour of these kinds for one of these operations; None: behave."""
        for fault in self.active:
            if fault.kind not in kinds or (fault.operation is not None and fault.operation not in operations):
                continue
            if random.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self.active.remove(fault)
            return fault
        return None

    async def answer(self, operations: Sequence[str], execute: Callable[[], Awaitable[Response]]) -> Response:
        """Return what ``execute`` answers, or what the misbehaviour in force makes of it."""
        fault = self.next(
            operations,
            "latency",
            "http_429",
            "http_500",
            "http_502_html",
            *OF_FIREWALLS,
            "lost_answer",
            "hang_before",
            "hang_after",
            "slow_drip",
            "reset",
            "malformed_json",
        )
        if fault is None:
            return await execute()
        before = await _before(fault)
        if before is not None:
            return before
        response = await execute()
        return await _after(fault, response)


async def _before(fault: Fault) -> Response | None:
    """What happens instead of executing; None: it is executed."""
    if fault.kind in OF_FIREWALLS:
        page = "<!DOCTYPE html><html><body><h1>Are you a robot?</h1></body></html>"
        return Response(page, status_code=OF_FIREWALLS[fault.kind], media_type="text/html")
    match fault.kind:
        case "latency":
            await asyncio.sleep(fault.seconds)
        case "http_429":
            return PlainTextResponse("Too many requests", status_code=429)
        case "http_500":
            return PlainTextResponse("Internal server error", status_code=500)
        case "http_502_html":
            return Response("<html><h1>502 Bad Gateway</h1></html>", status_code=502, media_type="text/html")
        case "hang_before":
            await asyncio.sleep(fault.seconds)
            return Broken()
        case "reset":
            return Broken()
        case _:
            pass
    return None


async def _after(fault: Fault, response: Response) -> Response:
    """What becomes of the answer after it was executed."""
    match fault.kind:
        case "lost_answer":
            return Broken()
        case "hang_after":
            await asyncio.sleep(fault.seconds)
            return Broken()
        case "malformed_json":
            return Response(bytes(response.body)[:-3], media_type="application/json")
        case "slow_drip":
            return Dripping(response, fault.seconds)
        case _:
            return response
