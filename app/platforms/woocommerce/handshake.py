"""Installing through the shop's own page, on which its manager hands us a key.

https://woocommerce.github.io/woocommerce-rest-api-docs/#rest-api-keys. The key comes from the shop's server, unsigned, and names
the install by the state that only this shop was given; the browser comes back afterwards, or when the manager denied.
"""

from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from app.domain.errors import InvalidInstallation, InvalidSignature
from app.domain.http import Delivery, Reading, Response
from app.platforms.adapter import Heard, Ticket
from app.platforms.bodies import read_json
from app.platforms.woocommerce.installation import KEY, SECRET

APP_NAME = "Orderchamp"
SCOPE = "read_write"
STATE = "user_id"
"""What WooCommerce calls the name by which we know whose key it is."""


class Handshake:
    """WooCommerce's authorisation page."""

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:  # noqa: ARG002 - there is no app
        """Return the page in the shop; InvalidInstallation without a shop, since each has its own."""
        if ticket.base_url is None:
            reason = "It is missing: the address of the WordPress site."
            raise InvalidInstallation("WooCommerce asks in the shop itself.", reasons=[("shop", reason)])
        asked = {
            "app_name": APP_NAME,
            "scope": SCOPE,
            STATE: ticket.state,
            "return_url": ticket.callback,
            "callback_url": ticket.callback,
        }
        return f"{ticket.base_url}/wc-auth/v1/authorize?{urlencode(asked)}"

    def state_of(self, call: Delivery) -> str | None:
        """Return the state that the shop gives back, in the body of its own call or in the address of the browser's."""
        state = _given(call).get(STATE)
        return state if isinstance(state, str) and state else None

    def shop_of(self, call: Delivery) -> str | None:  # noqa: ARG002 - the state is always there
        """Return that a call is told by its state alone."""
        return None

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:  # noqa: ARG002
        """Take in the shop's call with the key, or the browser's return.

        InvalidSignature for a call that is neither; it proves nothing else, since WooCommerce signs none of this.
        """
        given = _given(call)
        if call.method == "POST":
            key, secret = given.get(KEY), given.get(SECRET)
            if not isinstance(key, str) or not isinstance(secret, str):
                raise InvalidSignature("The call brings no key.")
            # Anything but 200 has the shop take the key back.
            return Heard(reply=Response(status=HTTPStatus.OK), shop=ticket.shop, credentials=_at_hand(key, secret))
        if given.get("success") == "0":
            return Heard(refused="The key was denied in the shop, so nothing was installed.")
        return Heard()


def _at_hand(key: str, secret: str) -> Reading[Mapping[str, str]]:
    """Return credentials that need no request."""
    yield from ()
    return {KEY: key, SECRET: secret}


def _given(call: Delivery) -> Mapping[str, Any]:
    """Return what a call says: the shop's own in its body, the browser's in its address."""
    if call.method != "POST":
        return {name: values[-1] for name, values in parse_qs(urlsplit(call.url).query).items()}
    try:
        body = read_json(call.body)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
