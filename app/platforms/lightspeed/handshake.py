"""Installing our app from Lightspeed's App Store.

https://developers.lightspeedhq.com/ecom/tutorials/build-an-app/. The supplier installs the app there, and Lightspeed sends the
browser back with a token that does not expire. It gives no state back: a call is told by its shop, and the browser's.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.domain.errors import InvalidSignature
from app.domain.http import Delivery, Reading
from app.platforms.adapter import Heard, Ticket
from app.platforms.lightspeed.installation import APP_PAGE, LANGUAGE_CODE, SHOP, TOKEN, Installation
from app.platforms.lightspeed.rest import LANGUAGE
from app.platforms.lightspeed.signatures import CLUSTER, SIGNATURE, message, parameters, signed_with

LONGEST_AGE = timedelta(minutes=10)
"""How old a call may be, or ahead of our clock."""

NEEDED = (LANGUAGE, "shop_id", "timestamp", TOKEN, CLUSTER)


class Handshake:
    """Lightspeed's install: the supplier adds our app to their shop in the App Store."""

    def begin(self, ticket: Ticket, app: Mapping[str, str]) -> str:  # noqa: ARG002 - the page is the same for every shop
        """Return the app's page in the App Store."""
        return app[APP_PAGE]

    def state_of(self, call: Delivery) -> str | None:  # noqa: ARG002 - there is none
        """Return that Lightspeed gives nothing back."""
        return None

    def shop_of(self, call: Delivery) -> str | None:
        """Return the shop that a call is about."""
        return _shop(parameters(call))

    def hear(self, call: Delivery, ticket: Ticket, app: Mapping[str, str], *, now: datetime) -> Heard:
        """Take in the browser's return from the App Store.

        InvalidSignature unless our app's secret signed it not long ago. The cluster is not signed; a wrong one is found out
        when the token is tried there.
        """
        given = parameters(call)
        if not signed_with(message(given), given.get(SIGNATURE, ""), Installation().app_secrets(app)):
            raise InvalidSignature("Lightspeed's call is not signed with the secret of our app.")
        shop = _shop(given)
        if shop is None or any(not given.get(name) for name in NEEDED) or not LANGUAGE_CODE.fullmatch(given[LANGUAGE]):
            raise InvalidSignature("Lightspeed's call does not say which shop it is of, or lacks its token.")
        if ticket.shop is not None and shop != ticket.shop:
            raise InvalidSignature("Lightspeed's call is of another shop than the one that was asked.")
        _check_age(given["timestamp"], now)
        return Heard(shop=shop, credentials=_brought({TOKEN: given[TOKEN], LANGUAGE: given[LANGUAGE]}))


def _shop(given: Mapping[str, str]) -> str | None:
    shop = f"{given.get(CLUSTER, '')}-{given.get('shop_id', '')}"
    return shop if SHOP.fullmatch(shop) else None


def _check_age(timestamp: str, now: datetime) -> None:
    """InvalidSignature unless a call is about as old as it may be."""
    try:
        sent = datetime.fromtimestamp(int(timestamp[:12]), UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidSignature("Lightspeed's call does not say when it was sent.") from None
    if abs(now - sent) > LONGEST_AGE:
        raise InvalidSignature("Lightspeed's call is too old; begin the install anew.")


def _brought(credentials: Mapping[str, str]) -> Reading[Mapping[str, str]]:
    yield from ()
    return credentials
