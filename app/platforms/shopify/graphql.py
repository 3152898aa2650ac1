"""Shopify's Admin GraphQL API: one request, and what its answer means.

https://shopify.dev/docs/api/usage/rate-limits: a query costs points, and a throttled one answers 200 with the code
THROTTLED (a 429 was seen, too). Legacy answers carry ``errors`` as text.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from app.domain.errors import CredentialsRefused, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Reading, Request, Response
from app.platforms.adapter import Connection
from app.platforms.asking import ask_patiently
from app.platforms.bodies import json_if_any, read_json

API_VERSION = "2026-10"
TOKEN_HEADER = "X-Shopify-Access-Token"  # noqa: S105 - the name of a header
COST_LIMIT = 1000
"""Points that one query may ask for."""

DEFAULT_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(days=1)


def ask(
    connection: Connection, operation: str, document: str, variables: Mapping[str, Any], *, cost: int = 1
) -> Reading[Mapping[str, Any]]:
    """Send one document, again after the wait when the shop asks for one, and return its ``data``.

    CredentialsRefused: the token is not accepted, or may not do this. RateLimited: asked too often to wait.
    PlatformUnavailable: the shop is closed, or did not answer as it should. PlatformRejected: it never will.
    """
    data, _ = yield from ask_at_a_price(connection, operation, document, variables, cost=cost)
    return data


def ask_at_a_price(
    connection: Connection, operation: str, document: str, variables: Mapping[str, Any], *, cost: int = 1
) -> Reading[tuple[Mapping[str, Any], timedelta | None]]:
    """As ``ask``, and tell how long the shop takes to give back the points that it charged; None: it does not say."""
    request = Request(
        method="POST",
        url=f"{connection.base_url}/admin/api/{API_VERSION}/graphql.json",
        operation=f"Shopify {operation}",
        headers={TOKEN_HEADER: connection.credentials.get("access_token", ""), "Content-Type": "application/json"},
        body=json.dumps({"query": document, "variables": variables, "operationName": operation}).encode(),
        cost=cost,
    )
    return (
        yield from ask_patiently(
            request, lambda response: (read_answer(response), _load(response)), default_wait=DEFAULT_WAIT
        )
    )


def read_answer(response: Response) -> Mapping[str, Any]:
    """Return the ``data`` of an answer; see ``ask`` for what is raised."""
    _read_status(response)
    body = json_if_any(response.body)
    if not isinstance(body, dict):
        raise PlatformUnavailable("The shop answered with something that is not JSON.")
    errors = body.get("errors")
    if errors:
        _raise_errors(errors, body)
    data = body.get("data")
    if not isinstance(data, dict):
        raise PlatformUnavailable("The shop answered without data.")
    return data


def _read_status(response: Response) -> None:
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        raise CredentialsRefused("shop", "The access token is not accepted (401).")
    if status == HTTPStatus.FORBIDDEN:
        raise CredentialsRefused("shop", "The access token may not do this (403).")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = _seconds(response.headers.get("retry-after"))
        raise RateLimited("The shop asked to slow down (429).", retry_after=wait)
    if status in (HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.NOT_FOUND, HTTPStatus.LOCKED):
        raise PlatformUnavailable(f"The shop is closed, frozen or does not exist ({status}).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"The shop answered {status}.")
    if status != HTTPStatus.OK:
        raise PlatformRejected(f"The shop answered {status}.")


def _raise_errors(errors: object, body: Mapping[str, Any]) -> None:
    if not isinstance(errors, list):
        raise PlatformUnavailable(f"The shop answered with an error: {str(errors)[:300]}")
    codes = {_part(each, "extensions").get("code") for each in errors}
    messages = "; ".join(str(_mapping(each).get("message")) for each in errors)[:500]
    if "THROTTLED" in codes or messages == "Throttled":
        raise RateLimited("The shop asked to slow down.", retry_after=_wait(body))
    if "ACCESS_DENIED" in codes:
        raise CredentialsRefused("shop", f"The access token may not do this: {messages}")
    if "INTERNAL_SERVER_ERROR" in codes or "TIMEOUT" in codes:
        raise PlatformUnavailable(f"The shop answered with an error: {messages}")
    raise PlatformRejected(f"The shop refused: {messages}")


def _wait(body: Mapping[str, Any]) -> timedelta:
    """Return how long it takes until the bucket has what the query costs, at least a tenth of a second."""
    cost = _part(_part(body, "extensions"), "cost")
    status = _part(cost, "throttleStatus")
    try:
        missing = float(cost["requestedQueryCost"]) - float(status["currentlyAvailable"])
        return _seconds(max(missing / float(status["restoreRate"]), 0.1))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return DEFAULT_WAIT


def _load(response: Response) -> timedelta | None:
    """Return how long it takes until the points that were charged are there again; None when the answer does not tell."""
    cost = _part(_part(read_json(response.body), "extensions"), "cost")
    try:
        return _seconds(float(cost["actualQueryCost"]) / float(_part(cost, "throttleStatus")["restoreRate"]))
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _seconds(given: str | float | None) -> timedelta:
    try:
        seconds = float(given or "")
        return timedelta(seconds=min(max(seconds, 0), LONGEST_WAIT.total_seconds()))
    except ValueError:
        return DEFAULT_WAIT


def _part(whole: object, name: str) -> Mapping[str, Any]:
    return _mapping(_mapping(whole).get(name))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def refuse_user_errors(payload: Mapping[str, Any] | None, *, done: Sequence[str] = ()) -> None:
    """PlatformRejected with the shop's words, unless each of them says that it is ``done`` already.

    PlatformUnavailable when there is no payload, since then nobody knows that anything was done.
    """
    if payload is None:
        raise PlatformUnavailable("The shop did not tell what became of the request.")
    errors = [str(each["message"]) for each in payload["userErrors"]]
    left = [each for each in errors if not any(part in each.lower() for part in done)]
    if left:
        raise PlatformRejected("The shop refused: " + "; ".join(left))
