"""Reads and who answers them, for tests of adapters: nothing is sent."""

import json
from collections.abc import Callable
from typing import TypeVar

from app.domain.http import Reading, Request, Response

T = TypeVar("T")
Answering = Callable[[Request], Response]


def drive(reading: Reading[T], answering: Answering) -> T:
    """Run a read to its end, answering each of its requests."""
    try:
        request = next(reading)
        while True:
            request = reading.send(answering(request))
    except StopIteration as stop:
        found: T = stop.value
        return found


def answer(body: object = None, *, status: int = 200, **headers: str) -> Response:
    """An answer with this body: bytes as they are, anything else as JSON. Underscores in headers stand for dashes."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(
        status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=written
    )


def in_turn(*answers: Response, asked: list[Request] | None = None) -> Answering:
    """Answer with each of these once, and note what was asked."""
    left = list(answers)

    def answering(request: Request) -> Response:
        if asked is not None:
            asked.append(request)
        return left.pop(0)

    return answering
