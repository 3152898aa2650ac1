"""The REST API v3: one request, and what its answer means.

https://woocommerce.github.io/woocommerce-rest-api-docs/. WooCommerce itself sets no rate limit; what stands before it does, and
answers with pages for people, so nothing but JSON is believed. ``probe`` finds out how a shop is asked and writes it down in
the connection's details: plain permalinks have the API at another address, and some hosts take the Authorization header away.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Method, Reading, Request, Response
from app.platforms.adapter import Connection
from app.platforms.asking import ask_patiently
from app.platforms.bodies import read_json

NAMESPACE = "/wc/v3"
AGENT = "Orderchamp-Applications"

ADDRESSING, PRETTY, PLAIN = "rest_api_at", "wp-json", "rest_route"
"""The detail that says where the API is: behind ``/wp-json``, or in a parameter of the first page."""

AUTHENTICATION, HEADER, PARAMETERS = "key_sent_in", "header", "parameters"
"""The detail that says how the key is sent."""

UNCACHED = "uncached"
"""A parameter that nobody reads, with another value in every request, since caches of shops answer by address alone."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Seen before answers of shops one of whose PHP files begins with it."""

NO_ROUTE = "rest_no_route"
NOT_SEEN = "woocommerce_rest_cannot_view"
NOT_THERE = "_invalid_id"
"""Codes of errors: the plugin is not active; whoever asks is nobody, or may not; (at the end) there is no such thing."""

DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)


class NotThere(Exception):
    """The shop says that there is no such thing."""


class KeyNotSeen(CredentialsRefused):
    """The shop says that nobody asked: it did not see the key."""


class NoApi(PlatformUnavailable):
    """There is no REST API of WooCommerce at this address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the API answered: JSON, and how many pages there are of it."""

    body: Any
    pages: int


def ask(
    connection: Connection,
    method: Method,
    path: str,
    *,
    operation: str,
    query: Mapping[str, str] | None = None,
    body: object = None,
) -> Reading[Answer]:
    """Send one request, again after the wait when the shop asks for one.

    NotThere; CredentialsRefused: the key is not accepted, or may not do this. RateLimited: asked too often to wait.
    PlatformUnavailable: the shop, or what stands before it, did not answer as it should. PlatformRejected: it never will.
    """
    request = Request(
        method=method,
        url=_url(connection, path, query or {}),
        operation=f"WooCommerce {operation}",
        headers=_headers(connection, body),
        body=b"" if body is None else json.dumps(body).encode(),
        uncached_by=UNCACHED if method == "GET" else "",
    )
    return (yield from ask_patiently(request, read_answer, default_wait=DEFAULT_WAIT))


def _url(connection: Connection, path: str, query: Mapping[str, str]) -> str:
    if connection.details.get(AUTHENTICATION) == PARAMETERS:
        query = {**query, **connection.credentials}
    if connection.details.get(ADDRESSING) == PLAIN:
        return f"{connection.base_url}/?{urlencode({'rest_route': NAMESPACE + path, **query})}"
    address = f"{connection.base_url}/{PRETTY}{NAMESPACE}{path}"
    return f"{address}?{urlencode(query)}" if query else address


def _headers(connection: Connection, body: object) -> dict[str, str]:
    headers = {"Accept": "application/json", "User-Agent": AGENT}
    if connection.details.get(AUTHENTICATION) != PARAMETERS:
        given = connection.credentials
        key = f"{given.get('consumer_key', '')}:{given.get('consumer_secret', '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(key.encode()).decode()}"
    return headers if body is None else {**headers, "Content-Type": "application/json"}


def read_answer(response: Response) -> Answer:
    """Return what the API answered; see ``ask`` for what is raised."""
    try:
        body = read_json(response.body.removeprefix(BYTE_ORDER_MARK))
    except ValueError:
        raise _page_for_people(response) from None
    if HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(body=body, pages=_pages(response))
    raise _refusal(response, body if isinstance(body, dict) else {})


def _refusal(response: Response, body: Mapping[str, Any]) -> Exception:
    """Return what an error of the API means."""
    status, code = response.status, str(body.get("code", ""))
    words = f"{str(body.get('message', ''))[:300]} ({status}, {code[:100]})"
    if status == HTTPStatus.NOT_FOUND and code.endswith(NOT_THERE):
        return NotThere()
    if status == HTTPStatus.UNAUTHORIZED and code == NOT_SEEN:
        return KeyNotSeen("shop", f"The shop does not see the key: {words}")
    if code == NO_ROUTE:
        return NoApi(f"WooCommerce's REST API is not there; is the plugin active? {words}")
    return _by_status(response, words)


def _page_for_people(response: Response) -> Exception:
    """Return what an answer means that is no JSON: it comes from something that stands before the shop, or instead of it."""
    status = response.status
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        there = _host(response.headers.get("location", ""))
        return PlatformUnavailable(f"The shop's address leads to {there} ({status}); install the address it leads to.")
    if status == HTTPStatus.NOT_FOUND:
        return NoApi("There is no REST API at the shop's address (404); is it the address of the WordPress site?")
    if status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_ACCEPTABLE):
        why = "its host, a firewall or a security plugin has to let the REST API through"
        return PlatformUnavailable(f"Something before the shop answered {status} with a page for people; {why}.")
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return PlatformUnavailable("The shop answered with something that is not JSON.")
    return _by_status(response, f"a page for people ({status})")


def _host(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "elsewhere")[:100]
    except ValueError:
        return "elsewhere"


def _by_status(response: Response, words: str) -> Exception:
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        return CredentialsRefused("shop", f"The shop does not accept the key: {words}")
    if status == HTTPStatus.FORBIDDEN:
        return CredentialsRefused("shop", f"The key may not do this; its user has to manage the shop: {words}")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited("The shop asked to slow down (429).", retry_after=_seconds(response))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return PlatformUnavailable(f"The shop answered {words}.", retry_after=_seconds(response))
    return PlatformRejected(f"The shop refused: {words}")


def _seconds(response: Response) -> timedelta | None:
    """Return the wait that the shop asks for; None when it does not say, or names a time of day."""
    given = response.headers.get("retry-after", "")
    if not given.isascii() or not given.isdigit():
        return None
    return timedelta(seconds=min(int(given[:9]), LONGEST_WAIT.total_seconds()))


def _pages(response: Response) -> int:
    given = response.headers.get("x-wp-totalpages", "")
    return int(given[:9]) if given.isascii() and given.isdigit() else 1
