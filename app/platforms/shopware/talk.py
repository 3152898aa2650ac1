"""Shopware's Admin API: one talk with a shop, and what its answers mean.

https://developer.shopware.com/docs/concepts/api/admin-api.html. Every call needs an access token, which the shop gives for a
key and its secret (OAuth 2, client credentials) and which lasts ten minutes unless the shop is set up otherwise. Shopware's
cloud gives ten tokens a minute to one address, whatever shops they are for, so a token that is kept is used first; one that
the shop refuses is replaced once in a talk.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from app.domain.errors import CredentialsRefused, IntegrationError, PlatformRejected, PlatformUnavailable, RateLimited
from app.domain.http import Method, Reading, Request, Response
from app.platforms.adapter import Connection
from app.platforms.asking import PATIENCE, ask_patiently
from app.platforms.bodies import json_if_any, read_json

KEY_ID, KEY_SECRET, TOKEN = "access_key_id", "secret_access_key", "access_token"
NEW_KEY = "new_key"
"""Set with a key that our app's registration brought and that has given no token yet: it works once the app is switched on."""


DEFAULT_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(days=1)
SHORTEST_LIFE, LONGEST_LIFE = 30.0, 86_400.0
"""Seconds; what a shop says of a token's life is believed within these."""

REDIRECTS = range(300, 400)
LOST = "The shop answered with something that cannot be read."


class TokenRefused(IntegrationError):
    """The access token is not accepted; the key may be."""


class MissingPrivileges(CredentialsRefused):
    """The key may not do this. ``privileges`` are those that it lacks; empty when the shop does not name them."""

    def __init__(self, privileges: Sequence[str]) -> None:
        named = f" It lacks the privilege(s) {', '.join(privileges)}." if privileges else ""
        super().__init__("shop", f"The access key may not do this (403).{named}")
        self.privileges = tuple(privileges)


@dataclass(frozen=True, slots=True)
class Token:
    """An access token, and how long it lasts from now on."""

    value: str = field(repr=False)
    lasts: timedelta


def get_token(connection: Connection) -> Reading[Token]:
    """Get an access token for the key. CredentialsRefused when the shop does not accept it, or not any more."""
    given = {
        "grant_type": "client_credentials",
        "client_id": connection.credentials.get(KEY_ID, ""),
        "client_secret": connection.credentials.get(KEY_SECRET, ""),
    }
    request = Request(
        method="POST",
        url=f"{connection.base_url}/api/oauth/token",
        operation="Shopware token",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(given).encode(),
    )
    is_new = bool(connection.credentials.get(NEW_KEY))
    return (
        yield from ask_patiently(
            request, lambda response: _read_token(response, is_new=is_new), default_wait=DEFAULT_WAIT
        )
    )


def _read_token(response: Response, *, is_new: bool) -> Token:
    if response.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        if is_new:
            raise PlatformUnavailable("The app is not switched on in the shop yet (Extensions, My extensions).")
        raise CredentialsRefused("shop", f"The access key is not accepted ({response.status}).")
    answer = read_answer(response)
    value = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
        raise PlatformUnavailable("The shop answered without an access token.")
    return Token(value, _life(answer.get("expires_in")))


def _life(given: object) -> timedelta:
    try:
        seconds = float(str(given))
    except ValueError:
        seconds = SHORTEST_LIFE
    return timedelta(seconds=min(max(seconds, SHORTEST_LIFE), LONGEST_LIFE))


class Talk:
    """Some calls to one shop, with one access token: the one that is kept, else one that this talk gets for itself."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._token = connection.credentials.get(TOKEN, "")

    def search(self, entity: str, criteria: Mapping[str, Any], *, operation: str) -> Reading[Mapping[str, Any]]:
        """Return what the shop answers to a search: ``data`` is the list of what it found."""
        found = yield from self.call("POST", f"/search/{entity}", criteria, operation=operation)
        if not isinstance(found, dict) or not isinstance(found.get("data"), list):
            raise PlatformUnavailable(LOST)
        return found

    def call(self, method: Method, path: str, body: object = None, *, operation: str) -> Reading[object]:
        """Return what the answer's JSON says, None for an empty one; sent again when the shop asks to wait.

        CredentialsRefused: the key is not accepted, or (MissingPrivileges) may not do this. RateLimited: asked too often to
        wait. PlatformUnavailable: the shop did not answer as it should. PlatformRejected: it never will.
        """
        fresh = not self._token
        after = timedelta(0)
        for _ in range(PATIENCE):
            if not self._token:
                self._token = (yield from get_token(self._connection)).value
            try:
                return read_answer((yield self._request(method, path, body, operation, after)))
            except RateLimited as error:
                after = DEFAULT_WAIT if error.retry_after is None else error.retry_after
            except TokenRefused as error:
                if fresh:
                    raise CredentialsRefused("shop", str(error)) from error
                self._token, fresh = "", True
        raise RateLimited("The shop asks to slow down, again and again.", retry_after=after)

    def _request(self, method: Method, path: str, body: object, operation: str, after: timedelta) -> Request:
        return Request(
            method=method,
            url=f"{self._connection.base_url}/api{path}",
            operation=f"Shopware {operation}",
            headers={
                "Authorization": f"Bearer {self._token}",
                # Without it the answer is JSON:API, which tells the same in another shape.
                "Accept": "application/json",
                "Content-Type": "application/json",
            },
            body=b"" if body is None else json.dumps(body).encode(),
            after=after,
        )


def read_answer(response: Response) -> Any:
    """Return what an answer's JSON says, None for an empty one; TokenRefused, or what ``Talk.call`` raises."""
    status = response.status
    if status == HTTPStatus.UNAUTHORIZED:
        raise TokenRefused("The access token is not accepted (401).")
    if status == HTTPStatus.FORBIDDEN:
        raise MissingPrivileges(_missing(response))
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("The shop asked to slow down (429).", retry_after=_wait(response))
    if status in REDIRECTS:
        raise PlatformUnavailable(_redirect(response))
    if status == HTTPStatus.NOT_FOUND and not _errors(response):
        raise PlatformUnavailable("There is no Shopware shop at this address (404).")
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"The shop answered {status}.")
    if status >= HTTPStatus.BAD_REQUEST:
        raise PlatformRejected(f"The shop answered {status}: {_words(response) or 'it did not say why'}.")
    if not response.body:
        return None
    try:
        return read_json(response.body)
    except ValueError:
        raise PlatformUnavailable(LOST) from None


def _errors(response: Response) -> Sequence[Mapping[str, Any]]:
    """Return the errors that an answer names, as in https://jsonapi.org/format/#errors."""
    body = json_if_any(response.body)
    errors = body.get("errors") if isinstance(body, dict) else None
    return [each for each in errors if isinstance(each, dict)] if isinstance(errors, list) else ()


def _words(response: Response) -> str:
    told = (each.get("detail") or each.get("title") for each in _errors(response))
    return "; ".join(str(each).strip().rstrip(".") for each in told if each)[:500]


def _missing(response: Response) -> Sequence[str]:
    """Return the privileges that a refusal names: they are JSON within the text of the error."""
    for error in _errors(response):
        detail = json_if_any(str(error.get("detail")).encode())
        named = detail.get("missingPrivileges") if isinstance(detail, dict) else None
        if isinstance(named, list):
            return [str(each)[:100] for each in named[:20]]
    return ()


def _wait(response: Response) -> timedelta | None:
    """Return how long the shop asks to wait: its cloud says so in a header, shops of their own in the error."""
    told: list[object] = [response.headers.get("retry-after")]
    for error in _errors(response):
        meta = error.get("meta")
        parameters = meta.get("parameters") if isinstance(meta, dict) else None
        told.append(parameters.get("seconds") if isinstance(parameters, dict) else None)
    for each in told:
        try:
            return timedelta(seconds=min(max(float(str(each)), 0), LONGEST_WAIT.total_seconds()))
        except ValueError:
            continue
    return None


def _redirect(response: Response) -> str:
    where = "".join(each for each in response.headers.get("location", "") if each.isprintable())[:200]
    return f"The shop redirects to {where or 'nowhere'}; it has to be installed under the address that answers itself."
