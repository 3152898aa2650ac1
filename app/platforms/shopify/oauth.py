"""Installing through Shopify's authorization code grant, and renewing the tokens that it gives.

https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/authorization-code-grant and
https://shopify.dev/docs/apps/build/authentication-authorization/access-tokens/offline-access-tokens. A token lasts an hour;
each renewal gives a new one and a new refresh token, and the former refresh token works until the new one is first used, so
an answer that got lost is asked for again.
"""

import json
from collections.abc import Generator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from app.domain.errors import (
    CredentialsRefused,
    InvalidInstallation,
    InvalidSignature,
    PlatformRejected,
    PlatformUnavailable,
    RateLimited,
)
from app.domain.http import Delivery, Reading, Request, Response
from app.platforms.adapter import Connection, Heard, Secret, Ticket, signed_with
from app.platforms.bodies import read_json
from app.platforms.shopify.installation import Installation, missing_scopes

SCOPES = ("read_products", "read_inventory", "read_locations")
SIGNATURE = "hmac"
UNSIGNED = (SIGNATURE, "signature")
"""Parameters of the callback that its signature leaves out."""

LONGEST_AGE = timedelta(minutes=10)
"""How old a callback may be. Shopify's own libraries say 90 seconds; but the state works once, which is what keeps a
callback from being used again, and whoever meets an outage should be able to load the page once more."""

RENEW_BEFORE = timedelta(minutes=10)
"""How long before its end a token is renewed."""

ACCESS_TOKEN, REFRESH_TOKEN = "access_token", "refresh_token"
EXPIRES_AT, REFRESH_EXPIRES_AT = "expires_at", "refresh_expires_at"


class Handshake:
    """Shopify's install: the supplier approves our app in their shop's admin."""

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:
        """Return the page on which the supplier approves. InvalidInstallation without a shop, since each has its own."""
        if ticket.base_url is None:
            reason = "It is missing: the shop's name at Shopify, such as my-shop.myshopify.com."
            raise InvalidInstallation("Shopify asks in the shop itself.", reasons=[("shop", reason)])
        asked = {
            "client_id": app["client_id"],
            "scope": ",".join(SCOPES),
            "redirect_uri": ticket.callback,
            "state": ticket.state,
        }
        return f"{ticket.base_url}/admin/oauth/authorize?{urlencode(asked)}"

    def state_of(self, call: Delivery) -> str | None:
        """Return the state that Shopify gives back."""
        return dict(_pairs(call)).get("state")

    def shop_of(self, call: Delivery) -> str | None:  # noqa: ARG002 - the state is always there
        """Return that a call is told by its state alone."""
        return None

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:
        """Take in the browser's return from the shop.

        InvalidSignature unless our app's secret signed it, for this shop, and not long ago.
        """
        pairs = _pairs(call)
        given = dict(pairs)
        if len(given) != len(pairs):
            raise InvalidSignature("Shopify's answer says something twice.")
        _verify(call, given, Installation().app_secrets(app))
        _check_age(given.get("timestamp", ""), now)
        if ticket.shop is None or ticket.base_url is None or given.get("shop", "").lower() != ticket.shop:
            raise InvalidSignature("Shopify's answer is of another shop than the one that was asked.")
        code = given.get("code")
        if not code:
            return Heard(refused="The app was not approved in the shop, so nothing was installed.")
        asked = {"code": code, "expiring": "1"}
        return Heard(shop=ticket.shop, credentials=_tokens(ticket.base_url, app, asked, now=now))


class Renewal:
    """Tokens that expire are renewed; those that were entered by hand do not expire."""

    def due(self, credentials: Mapping[str, str]) -> datetime | None:
        """Return when the token has to be renewed; None when it lasts."""
        ends = credentials.get(EXPIRES_AT)
        if not ends or not credentials.get(REFRESH_TOKEN):
            return None
        return datetime.fromisoformat(ends) - RENEW_BEFORE

    def renew(self, connection: Connection, *, now: datetime) -> Reading[Mapping[str, str]]:
        """Return all credentials to keep instead. CredentialsRefused when Shopify gives none any more."""
        asked = {"grant_type": "refresh_token", REFRESH_TOKEN: connection.credentials.get(REFRESH_TOKEN, "")}
        renewed = yield from _tokens(connection.base_url, connection.app, asked, now=now)
        return {**connection.credentials, **renewed}


def _pairs(call: Delivery) -> list[tuple[str, str]]:
    return parse_qsl(urlsplit(call.url).query, keep_blank_values=True, errors="surrogateescape")


def _verify(call: Delivery, given: Mapping[str, str], secrets: Sequence[Secret]) -> None:
    """InvalidSignature unless one of ``secrets`` signed the parameters, sorted by name.

    Shopify's own libraries do not agree on which characters are escaped in what is signed, so both the parameters as they
    were sent and the strictest way to write them count. Neither can be read in two ways.
    """
    try:
        signature = bytes.fromhex(given.get(SIGNATURE, ""))
    except ValueError:
        signature = b""
    sent = [part for part in urlsplit(call.url).query.split("&") if part.partition("=")[0] not in UNSIGNED]
    strict = [f"{_strict(name)}={_strict(value)}" for name, value in sorted(given.items()) if name not in UNSIGNED]
    as_sent = "&".join(sorted(sent, key=lambda part: part.partition("=")[0]))
    if not any(
        signed_with(message.encode("utf-8", "replace"), signature, secrets) for message in (as_sent, "&".join(strict))
    ):
        raise InvalidSignature("Shopify's answer is not signed with the secret of our app.")


def _strict(value: str) -> str:
    return quote(value, safe="", errors="surrogateescape")


def _check_age(timestamp: str, now: datetime) -> None:
    try:
        sent = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidSignature("Shopify's answer has no time that can be read.") from None
    if abs(now - sent) > LONGEST_AGE:
        raise InvalidSignature("Shopify's answer is too old.")


def _tokens(
    base_url: str, app: Mapping[str, str], asked: Mapping[str, str], *, now: datetime
) -> Generator[Request, Response, Mapping[str, str]]:
    """Ask Shopify's token endpoint and return what it gives as credentials.

    During a rotation of our secret the new one is used: Shopify takes either.
    """
    if not app:
        raise PlatformUnavailable("The keys of our app at Shopify are missing here (PLATFORM_APPS).")
    secret = app["client_secret"].split(",")[0].strip()
    body = {"client_id": app["client_id"], "client_secret": secret, **asked}
    response = yield Request(
        method="POST",
        url=f"{base_url}/admin/oauth/access_token",
        operation="Shopify access_token",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(body).encode(),
    )
    return _read_tokens(_read(response), now)


def _read(response: Response) -> Mapping[str, Any]:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("The shop asked to slow down (429).", retry_after=timedelta(seconds=2))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"The shop answered {status}.")
    try:
        body = read_json(response.body)
    except ValueError:
        body = None
    if status != HTTPStatus.OK:
        error = body.get("error") if isinstance(body, dict) else None
        why = error if isinstance(error, str) and error.isidentifier() else str(status)
        raise CredentialsRefused("shop", f"Shopify gives no token ({why}).")
    if not isinstance(body, dict):
        raise PlatformUnavailable("Shopify's answer holds no token.")
    return body


def _read_tokens(body: Mapping[str, Any], now: datetime) -> Mapping[str, str]:
    token = body.get("access_token")
    if not isinstance(token, str) or not token:
        raise PlatformUnavailable("Shopify's answer holds no token.")
    missing = missing_scopes(str(body.get("scope", "")).split(","))
    if missing:
        raise CredentialsRefused("shop", f"The app was approved without the scope(s) {', '.join(missing)}.")
    credentials = {ACCESS_TOKEN: token}
    refresh = body.get("refresh_token")
    if isinstance(refresh, str) and refresh:
        credentials[REFRESH_TOKEN] = refresh
        credentials[EXPIRES_AT] = _ends(body.get("expires_in"), now)
        if body.get("refresh_token_expires_in") is not None:
            credentials[REFRESH_EXPIRES_AT] = _ends(body["refresh_token_expires_in"], now)
    return credentials


def _ends(seconds: object, now: datetime) -> str:
    try:
        return (now + timedelta(seconds=float(str(seconds)))).isoformat()
    except (ValueError, OverflowError):
        raise PlatformRejected("Shopify does not say for how long its token lasts.") from None
