"""Lightspeed's REST API: one request, and what its answer means.

https://developers.lightspeedhq.com/ecom/introduction/introduction/. Every answer wraps what it tells in its name. A key may ask
300 times in five minutes, 3,000 times in an hour and 12,000 times in a day; ``X-RateLimit-Remaining`` and
``X-RateLimit-Reset`` tell of each window what is left and when it begins anew, in seconds.
"""

import base64
import json
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Method, Reading, Request, Response
from app.platforms.adapter import Connection, Secret
from app.platforms.asking import ask_patiently
from app.platforms.bodies import json_if_any
from app.platforms.lightspeed.signatures import digest

LANGUAGE = "language"
"""The credential that says in which language products are read: it is the first part of every address."""

DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)

LOST = "The shop answered with something that cannot be read."


class NotThere(Exception):
    """The shop says that there is no such thing, or that it does not know the language."""


class Forbidden(PlatformRejected):
    """The key may not do this."""


def ask(
    connection: Connection,
    method: Method,
    path: str,
    *,
    operation: str,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Reading[Mapping[str, Any]]:
    """Return what the answer's JSON says, empty when it says nothing; sent again when the shop asks to wait.

    NotThere; CredentialsRefused: the key is not accepted. RateLimited: asked too often to wait. PlatformUnavailable: the shop
    did not answer as it should. PlatformRejected (Forbidden): it never will.
    """
    address = f"{connection.base_url}/{connection.credentials.get(LANGUAGE, '')}/{path}"
    request = Request(
        method=method,
        url=f"{address}?{urlencode(query)}" if query else address,
        operation=f"Lightspeed {operation}",
        headers={"Authorization": _authorization(connection), "Accept": "application/json", **_typed(body)},
        body=b"" if body is None else json.dumps(body).encode(),
    )
    return (yield from ask_patiently(request, read_answer, default_wait=DEFAULT_WAIT))


def _authorization(connection: Connection) -> str:
    """Return the header of basic authentication: with the app's key and a password of this shop, or with the shop's own key."""
    given, app = connection.credentials, connection.app
    if "token" in given:
        secret = Secret(app.get("app_secret", "").encode())
        key = f"{app.get('app_key', '')}:{digest(given['token'].encode(), secret)}"
    else:
        key = f"{given.get('api_key', '')}:{given.get('api_secret', '')}"
    return f"Basic {base64.b64encode(key.encode()).decode()}"


def _typed(body: object) -> Mapping[str, str]:
    return {} if body is None else {"Content-Type": "application/json"}


def read_answer(response: Response) -> Mapping[str, Any]:
    """Return what an answer's JSON says; see ``ask`` for what is raised."""
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        raise CredentialsRefused("shop", "The shop does not accept the key (401); is it of this shop and cluster?")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("The shop asked to slow down (429).", retry_after=wait(response.headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"The shop answered {status}.")
    told = json_if_any(response.body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(status, told)
    if not response.body:
        return {}
    if not isinstance(told, dict):
        raise PlatformUnavailable(LOST)
    return told


def _refusal(status: int, told: object) -> Exception:
    """Return what a refusal means; only the API itself refuses with JSON."""
    if status == HTTPStatus.NOT_FOUND:
        return NotThere() if isinstance(told, dict) else PlatformUnavailable("There is no API at this address (404).")
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(f"The key may not do this (403): {_words(told)}.")
    return PlatformRejected(f"The shop answered {status}: {_words(told)}.")


def wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long the shop asks to wait: until every window that is used up begins anew; None when it does not say."""
    asked = _whole(headers.get("retry-after", ""))
    left = headers.get("x-ratelimit-remaining", "").split("/")
    resets = headers.get("x-ratelimit-reset", "").split("/")
    windows = [_whole(reset) for rest, reset in zip(left, resets, strict=False) if _whole(rest) == 0]
    seconds = [each for each in (asked, *windows) if each is not None]
    return min(timedelta(seconds=max(seconds)), LONGEST_WAIT) if seconds else None


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text[:9]) if text.isascii() and text.isdigit() else None


def _words(told: object) -> str:
    """Return why the shop refuses, in its own words: ``{"error": {"code", "method", "request", "message"}}``."""
    error = told.get("error") if isinstance(told, dict) else None
    words = error.get("message") if isinstance(error, dict) else None
    return str(words)[:300].rstrip(".") if words else "it did not say why"
