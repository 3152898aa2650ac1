"""Installing through BigCommerce's authorization code grant.

https://developer.bigcommerce.com/docs/integrations/apps/guide/auth and, for installs that begin outside a control panel,
https://developer.bigcommerce.com/docs/integrations/apps/guide/buttons. The merchant installs the app on a page that is the
same for every store, and BigCommerce sends the browser back with a code. It gives no state back and signs nothing, so that a
call counts only for what its own browser has begun, and only for the store that was named then; that the code is good for a
token of this store proves the rest. An install that begins in a control panel shows its answer in a frame there, where no
browser sends our cookie, so it has to begin with us.
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from app.domain.errors import (
    CredentialsRefused,
    InvalidInstallation,
    InvalidSignature,
    PlatformUnavailable,
    RateLimited,
)
from app.domain.http import Delivery, Reading, Request, Response
from app.platforms.adapter import Heard, Ticket
from app.platforms.bigcommerce.installation import APP_PAGE, CLIENT_ID, CLIENT_SECRET, OF_OUR_APP, SHOP
from app.platforms.bigcommerce.rest import TOKEN
from app.platforms.bodies import read_json

CONTEXT = "stores/"
"""How a call, and the answer with the token, name a store: this and its hash."""

TOO_MANY = timedelta(seconds=5)


class Handshake:
    """BigCommerce's install: the merchant approves our app for their store."""

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:
        """Return the page on which the app is installed. InvalidInstallation without a store, since any might answer then."""
        if ticket.shop is None:
            reason = "It is missing: the store's hash, such as abc123 of store-abc123.mybigcommerce.com."
            raise InvalidInstallation(
                "BigCommerce asks for any store, so it has to be named.", reasons=[("shop", reason)]
            )
        return app[APP_PAGE]

    def state_of(self, call: Delivery) -> str | None:  # noqa: ARG002 - there is none
        """Return that BigCommerce gives nothing back."""
        return None

    def shop_of(self, call: Delivery) -> str | None:  # noqa: ARG002 - what a call says of its store anybody can say
        """Return that a call is told by the browser alone that brings it."""
        return None

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:  # noqa: ARG002
        """Take in the browser's return with a code, which is exchanged for a token.

        InvalidSignature for a call that brings none, or is of another store than the one that was asked.
        """
        given = _given(call)
        shop = _shop(given.get("context", ""))
        if call.method != "GET" or shop is None or not given.get("code"):
            raise InvalidSignature("BigCommerce's call does not say which store it is of, or lacks its code.")
        if ticket.shop != shop or ticket.base_url is None:
            raise InvalidSignature("BigCommerce's call is of another store than the one that was asked.")
        asked = {
            CLIENT_ID: app[CLIENT_ID],
            # During a rotation the new one is used.
            CLIENT_SECRET: app[CLIENT_SECRET].split(",")[0].strip(),
            "code": given["code"],
            "scope": given.get("scope", ""),
            "context": f"{CONTEXT}{shop}",
            "grant_type": "authorization_code",
            "redirect_uri": ticket.callback,
        }
        return Heard(shop=shop, credentials=_token(login(ticket.base_url), asked))


def login(base_url: str) -> str:
    """Return where BigCommerce's logins are: at the host beside that of its API."""
    parts = urlsplit(base_url)
    host = parts.netloc
    return f"{parts.scheme}://{host.replace('api.', 'login.', 1) if host.startswith('api.') else host}"


def _token(address: str, asked: Mapping[str, str]) -> Reading[Mapping[str, str]]:
    """Exchange a code for a token. It lasts until the app is removed."""
    response = yield Request(
        method="POST",
        url=f"{address}/oauth2/token",
        operation="BigCommerce token",
        headers={"Content-Type": "application/json", "Accept": "application/json"},
        body=json.dumps(asked).encode(),
    )
    told = _read(response)
    token = told.get("access_token")
    if not isinstance(token, str) or not token:
        raise PlatformUnavailable("BigCommerce's answer holds no token.")
    if told.get("context") != asked["context"]:
        raise CredentialsRefused("shop", "BigCommerce gave a token of another store than the one that was asked.")
    return {TOKEN: token, OF_OUR_APP: "yes"}


def _read(response: Response) -> Mapping[str, object]:
    status = response.status
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        raise RateLimited("BigCommerce asked to slow down (429).", retry_after=TOO_MANY)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise PlatformUnavailable(f"BigCommerce answered {status}.")
    try:
        told = read_json(response.body)
    except ValueError:
        told = None
    if status != HTTPStatus.OK:
        error = told.get("error") if isinstance(told, dict) else None
        why = error if isinstance(error, str) and error.isidentifier() else str(status)
        raise CredentialsRefused("shop", f"BigCommerce gives no token ({why}).")
    if not isinstance(told, dict):
        raise PlatformUnavailable("BigCommerce's answer holds no token.")
    return told


def _shop(context: str) -> str | None:
    shop = context.removeprefix(CONTEXT)
    return shop if context.startswith(CONTEXT) and SHOP.fullmatch(shop) else None


def _given(call: Delivery) -> Mapping[str, str]:
    """Return the parameters of a call's address; one that is there twice says nothing, since nobody knows which is meant."""
    found = parse_qs(urlsplit(call.url).query, errors="replace")
    return {name: values[0] for name, values in found.items() if len(values) == 1}
