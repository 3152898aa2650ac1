"""BigCommerce's REST API: one request, and what its answer means.

https://developer.bigcommerce.com/docs/start/about. All apps of a store share its quota, 150 requests in 30 seconds on smaller
plans; the answer to one too many says when the next window begins (https://developer.bigcommerce.com/docs/start/best-practices/api-rate-limits).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Method, Reading, Request, Response
from app.platforms.adapter import Connection
from app.platforms.asking import ask_patiently
from app.platforms.bodies import json_if_any

TOKEN = "access_token"  # noqa: S105 - the name of a credential
AUTHENTICATION = "X-Auth-Token"

WINDOW, RESET, QUOTA = "x-rate-limit-time-window-ms", "x-rate-limit-time-reset-ms", "x-rate-limit-requests-quota"
"""Headers of answers: how long a window is, when the next one begins, and how many requests one allows."""

DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)

LOST = "The shop answered with something that cannot be read."


class NotThere(Exception):
    """The shop says that there is no such thing."""


class Forbidden(PlatformRejected):
    """The token may not do this."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer's JSON says, and how long the shop takes to give one request of its quota back; None: it does not tell."""

    told: Mapping[str, Any]
    load: timedelta | None


def ask(
    connection: Connection,
    method: Method,
    path: str,
    *,
    operation: str,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Reading[Answer]:
    """Return the answer; the request is sent again when the shop asks to wait.

    NotThere; CredentialsRefused: the token is not accepted. RateLimited: asked too often to wait. PlatformUnavailable: the shop
    did not answer as it should. PlatformRejected (Forbidden): it never will.
    """
    address = f"{connection.base_url}{path}"
    given = {"Content-Type": "application/json"} if body is not None else {}
    request = Request(
        method=method,
        url=f"{address}?{urlencode(query, safe=':,')}" if query else address,
        operation=f"BigCommerce {operation}",
        headers={AUTHENTICATION: connection.credentials.get(TOKEN, ""), "Accept": "application/json", **given},
        body=b"" if body is None else json.dumps(body).encode(),
    )
    return (yield from ask_patiently(request, read_answer, default_wait=DEFAULT_WAIT))


def read_answer(response: Response) -> Answer:
    """Return what an answer says; see ``ask`` for what is raised."""
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        raise CredentialsRefused("shop", "The shop does not accept the access token (401); is it of this store?")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("The shop asked to slow down (429).", retry_after=_wait(response.headers))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"The shop answered {status}.")
    told = json_if_any(response.body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise _refusal(status, told)
    if response.body and not isinstance(told, dict):
        raise PlatformUnavailable(LOST)
    return Answer(told if isinstance(told, dict) else {}, _load(response.headers))


def _refusal(status: int, told: object) -> Exception:
    """Return what a refusal means; only the API itself refuses with JSON."""
    if status == HTTPStatus.NOT_FOUND:
        return NotThere() if isinstance(told, dict) else PlatformUnavailable("There is no API at this address (404).")
    if status == HTTPStatus.FORBIDDEN:
        return Forbidden(f"The access token may not do this (403): {_words(told)}.")
    return PlatformRejected(f"The shop answered {status}: {_words(told)}.")


def _words(told: object) -> str:
    """Return why the shop refuses, in its own words: ``{"status", "title", "errors": {field: reason}}``."""
    if not isinstance(told, dict) or not told.get("title"):
        return "it did not say why"
    errors = told.get("errors")
    named = [f"{name}: {why}" for name, why in errors.items()] if isinstance(errors, dict) else []
    return "; ".join([str(told["title"]).rstrip("."), *named])[:300].rstrip(".")


def _wait(headers: Mapping[str, str]) -> timedelta | None:
    """Return how long the shop asks to wait; None when it does not say."""
    told = _milliseconds(headers.get(RESET, ""))
    return None if told is None else min(told, LONGEST_WAIT)


def _load(headers: Mapping[str, str]) -> timedelta | None:
    window, quota = _milliseconds(headers.get(WINDOW, "")), headers.get(QUOTA, "")
    if window is None or not (quota.isascii() and quota.isdigit()) or not int(quota[:9]):
        return None
    return window / int(quota[:9])


def _milliseconds(text: str) -> timedelta | None:
    return timedelta(milliseconds=int(text[:12])) if text.isascii() and text.isdigit() else None
