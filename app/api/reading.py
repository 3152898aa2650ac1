"""Reads a request as it was sent, byte for byte, and no more of it than is accepted."""

import asyncio
from collections.abc import Mapping
from datetime import datetime

from starlette.types import Message, Receive, Scope

from app.api.errors import TooLarge, TooSlow
from app.domain.http import Delivery

SECRET_HEADERS = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
"""Headers that carry a caller's own secrets; they are not kept."""


async def read_delivery(
    scope: Scope, receive: Receive, *, limit: int, seconds: float, received_at: datetime, token: str = ""
) -> Delivery:
    """Return the request as a delivery. ``token``: the last part of its path, which is a secret and left out of its address.

    TooLarge as soon as its body has more than ``limit`` bytes; TooSlow when it does not come whole within ``seconds``.
    """
    headers = _headers(scope)
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge
    message = _at_hand(receive)
    if message is None or message.get("more_body"):
        body = await _rest_of_body(message, receive, limit, seconds)
    else:
        body = _part(message, limit)
    return Delivery(
        method=scope["method"],
        url=_url(scope, headers, secret_end=bool(token)),
        headers=headers,
        body=body,
        received_at=received_at,
        token=token,
    )


async def _rest_of_body(message: Message | None, receive: Receive, limit: int, seconds: float) -> bytes:
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = message or await receive()
                body += _part(message, limit - len(body))
                if not message.get("more_body"):
                    return bytes(body)
                message = None
    except TimeoutError:
        raise TooSlow from None


def _at_hand(receive: Receive) -> Message | None:
    """Return the next message of a request if it is there already; None: it has to be waited for.

    Most bodies come together with their headers, and a time limit on a wait that never happens costs as much as the
    signature does.
    """
    waiting = receive()
    try:
        waiting.send(None)  # type: ignore[attr-defined]
    except StopIteration as there:
        message: Message = there.value
        return message
    waiting.close()  # type: ignore[attr-defined]
    return None


def _part(message: Message, room: int) -> bytes:
    if message["type"] == "http.disconnect":
        raise TooSlow
    part: bytes = message.get("body", b"")
    if len(part) > room:
        raise TooLarge
    return part


def _headers(scope: Scope) -> Mapping[str, str]:
    """Return the headers by lower-case name; of those that are sent twice, the first."""
    # The server lets no name pass that is not ASCII, and hardly any value is not: that is decoded several times as fast.
    return {
        name.decode(): value.decode() if value.isascii() else value.decode("latin-1")
        for name, value in reversed(scope["headers"])
        if name not in SECRET_HEADERS
    }


def _url(scope: Scope, headers: Mapping[str, str], *, secret_end: bool) -> str:
    """Return the address that was called, as it was written; ``secret_end``: without the last part of its path."""
    path = scope["raw_path"].decode()
    if secret_end:
        path = path.rpartition("/")[0]
    query = scope["query_string"]
    return f"{scope['scheme']}://{headers.get('host', '')}{path}" + (f"?{query.decode('latin-1')}" if query else "")
