"""Installing with a token of an app or of an API account of the store, and whether it works.

https://developer.bigcommerce.com/docs/start/authentication/api-accounts. A store is known by its hash, which is in the address of
its API and of its control panel; the number in webhooks is another one.
"""

import re
from collections.abc import Mapping

from app.domain.errors import CredentialsRefused, InvalidInstallation, PlatformUnavailable
from app.domain.http import Reading
from app.platforms.adapter import CURRENCY, Connection, Secret, SecretKind
from app.platforms.asking import understood
from app.platforms.bigcommerce.products import DIMENSION_UNIT, WEIGHT_UNIT
from app.platforms.bigcommerce.rest import TOKEN, Forbidden, NotThere, ask

SHOP = re.compile(r"[a-z0-9]{3,40}")
WRITTEN = (
    re.compile(r"(?:https?://)?api\.bigcommerce\.com/stores/([a-z0-9]+)(?:/v[23])?/?"),
    re.compile(r"(?:https?://)?store-([a-z0-9]+)(?:-[0-9]+)?\.mybigcommerce\.com(?:/.*)?"),
    re.compile(r"stores/([a-z0-9]+)"),
)
"""Where else a store's hash is found: in its API's path, its permanent address (a channel's has a number, too), and in calls."""

API = "https://api.bigcommerce.com/stores"

CLIENT_ID, CLIENT_SECRET, APP_PAGE = "client_id", "client_secret", "app_page"
OF_OUR_APP = "of_our_app"
"""A credential beside a token that our app was given: then the app's secret signs, and no other is needed."""

DETAILS = ("name", "domain", CURRENCY, WEIGHT_UNIT, DIMENSION_UNIT)
"""What is worth keeping of a store; it is called the same there."""

PROBES: Mapping[str, str] = {
    "/v3/catalog/products": "Products (read-only)",
    "/v3/inventory/items": "Store Inventory (read-only)",
}
"""What is asked to try a token, each with the OAuth scope that it needs, in the words of the control panel."""


class Installation:
    """What a supplier enters for a BigCommerce store."""

    app_keys: Mapping[str, str] = {
        CLIENT_ID: "The client id of our app.",
        CLIENT_SECRET: "Its client secret; during a rotation the new one and the old one, separated by a comma.",
        APP_PAGE: "Where a merchant installs it: https://login.bigcommerce.com/app/<client id>/install.",
    }
    by_hand: Mapping[str, str] = {
        TOKEN: "The access token of an API account of the store (Settings, Store-level API accounts).",
        CLIENT_SECRET: "The client secret that was shown with it, with which BigCommerce signs.",
    }

    def shop(self, shop: str) -> str:
        """Return the store's hash for any way of writing it; InvalidInstallation if it cannot be one."""
        name = shop.strip().lower()
        for each in WRITTEN:
            found = each.fullmatch(name)
            name = found[1] if found else name
        if SHOP.fullmatch(name) is None:
            reason = "It must be the store's hash, such as abc123 of store-abc123.mybigcommerce.com."
            raise InvalidInstallation("The store is not one of BigCommerce's.", reasons=[("shop", reason)])
        return name

    def base_url(self, shop: str) -> str:
        """Return the address under which the store's API answers."""
        return f"{API}/{shop}"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""
        kept = {name: value.strip() for name, value in given.items() if value.strip()}
        known = {OF_OUR_APP, *self.by_hand}
        reasons = [(f"credentials.{name}", "It is not known here.") for name in given if name not in known]
        needed = (TOKEN,) if OF_OUR_APP in kept else tuple(self.by_hand)
        lacking = [name for name in needed if name not in kept]
        reasons += [(f"credentials.{name}", f"It is missing. {self.by_hand[name]}") for name in lacking]
        if any(not value.isascii() or not value.isprintable() for value in given.values()):
            reasons.append(("credentials", "Credentials have printable ASCII characters only."))
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return kept

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the client secret of the store's own API account."""
        secret = credentials.get(CLIENT_SECRET)
        return () if secret is None else (Secret(secret.encode()),)

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the client secrets of our app."""
        given = (each.strip() for each in app.get(CLIENT_SECRET, "").split(","))
        return tuple(Secret(each.encode()) for each in given if each)

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:  # noqa: ARG002 - the same for every store
        """Return that addresses are secret, since not every store may sign; the client secret counts besides where one does."""
        return "address"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the token on all that it is needed for; return the store's name, domain, currency and units if it may see them.

        CredentialsRefused when the token does not work, or lacks a scope.
        """
        for path, scope in PROBES.items():
            try:
                yield from ask(connection, "GET", path, operation="probe", query={"limit": "1"})
            except Forbidden as error:
                raise CredentialsRefused("shop", f"{error} It lacks the scope {scope}.") from error
            except NotThere:
                raise PlatformUnavailable("There is no such store (404).") from None
        try:
            store = (yield from ask(connection, "GET", "/v2/store", operation="probe store")).told
        except (Forbidden, NotThere):
            return {}
        with understood():
            return {name: str(store[name]) for name in DETAILS if store.get(name)}
