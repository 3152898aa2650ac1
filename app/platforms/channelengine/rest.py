"""ChannelEngine's API: one request, and what its answer means.

Every answer is an envelope with ``Content``, ``Success`` and ``Message``; a refusal may come with status 200, so ``Success`` is
what counts. Each endpoint has a limit of its own; who is over it gets 429 with ``Retry-After`` in seconds. The key is a parameter
of the address, which therefore must not be shown.
"""

import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Method, Reading, Request, Response
from app.platforms.adapter import Connection
from app.platforms.asking import ask_patiently
from app.platforms.bodies import json_if_any

API_KEY = "api_key"
"""The credential's name."""

PARAMETER = "apikey"
"""The parameter of the address in which the key is sent."""

PATIENCE = 5
"""How often one request is sent when ChannelEngine asks to wait each time."""

DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)

DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


def ask(
    connection: Connection,
    method: Method,
    path: str,
    *,
    operation: str,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Reading[Any]:
    """Return the ``Content`` of the answer; sent again when ChannelEngine asks to wait.

    CredentialsRefused: the key is not accepted, or the channel is closed. RateLimited: asked too often to wait.
    PlatformUnavailable: it did not answer as it should. PlatformRejected: it never will.
    """
    parameters = {**(query or {}), PARAMETER: connection.credentials.get(API_KEY, "")}
    request = Request(
        method=method,
        url=f"{connection.base_url}/{path}?{urlencode(parameters)}",
        operation=f"ChannelEngine {operation}",
        headers={"Accept": "application/json", **({} if body is None else {"Content-Type": "application/json"})},
        body=b"" if body is None else json.dumps(body).encode(),
    )
    return (yield from ask_patiently(request, read_answer, default_wait=DEFAULT_WAIT, patience=PATIENCE))


def read_answer(response: Response) -> Any:
    """Return the ``Content`` of an answer; see ``ask`` for what is raised."""
    status = response.status
    if status in DENIED:
        message = (
            f"ChannelEngine does not accept the key ({status}); is it the Channel API key, and the channel active?"
        )
        raise CredentialsRefused("shop", message)
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("ChannelEngine asked to slow down (429).", retry_after=_wait(response.headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"ChannelEngine answered {status}.")
    told = _envelope(response)
    if status >= HTTPStatus.BAD_REQUEST or told is None or told.get("Success") is not True:
        if told is None and status < HTTPStatus.BAD_REQUEST:
            raise PlatformUnavailable("ChannelEngine answered with something that cannot be read.")
        raise PlatformRejected(f"ChannelEngine answered {status}: {_words(told)}.")
    return told.get("Content")


def _envelope(response: Response) -> Mapping[str, Any] | None:
    told = json_if_any(response.body)
    return told if isinstance(told, dict) else None


def _words(told: Mapping[str, Any] | None) -> str:
    """Return why it refuses, in its own words."""
    words = None if told is None else told.get("Message")
    return str(words)[:300].rstrip(".") if words else "it did not say why"


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    text = headers.get("retry-after", "").strip()
    seconds = int(text[:9]) if text.isascii() and text.isdigit() else 0
    return min(timedelta(seconds=seconds), LONGEST_WAIT) if seconds else None
