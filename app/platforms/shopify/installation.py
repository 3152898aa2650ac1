"""Installing with an access token, and whether it works.

https://shopify.dev/docs/api/usage/access-scopes
"""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime

from app.domain.errors import CredentialsRefused, InvalidInstallation
from app.domain.http import Reading
from app.platforms.adapter import Connection, Secret, SecretKind
from app.platforms.asking import understood
from app.platforms.shopify.graphql import ask

SHOP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*\.myshopify\.com")
ENDS = ("expires_at", "refresh_expires_at")
RENEWED = ("refresh_token", *ENDS)
"""Credentials that come with tokens that expire; see ``oauth``."""

NEEDED_SCOPES = {
    "read_products": {"read_products", "write_products"},
    "read_inventory": {"read_inventory", "write_inventory"},
}
"""Each scope that is needed, with those that include it."""

PROBE = "query probe { shop { name myshopifyDomain currencyCode } currentAppInstallation { accessScopes { handle } } }"


class Installation:
    """What a supplier enters for a Shopify shop."""

    app_keys: Mapping[str, str] = {
        "client_id": "The client id of our app.",
        "client_secret": "Its client secret; during a rotation the new one and the old one, separated by a comma.",
    }
    by_hand: Mapping[str, str] = {
        "access_token": "The access token of the app in this shop.",
        "client_secret": "The client secret of the app, if it is the shop's own app.",
    }

    def shop(self, shop: str) -> str:
        """Return ``<name>.myshopify.com`` for any way of writing it; InvalidInstallation if it cannot be one."""
        name = shop.strip().lower().removeprefix("https://").removeprefix("http://").rstrip("/")
        name = name.removeprefix("admin.shopify.com/store/")
        if "." not in name:
            name += ".myshopify.com"
        if SHOP_NAME.fullmatch(name) is None:
            reason = "It must be the shop's name at Shopify, such as my-shop.myshopify.com."
            raise InvalidInstallation("The shop's address is not one of a Shopify shop.", reasons=[("shop", reason)])
        return name

    def base_url(self, shop: str) -> str:
        """Return the address under which the shop's API answers."""
        return f"https://{shop}"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""
        reasons = [
            (f"credentials.{name}", "It is not known here.") for name in given if name not in (*self.by_hand, *RENEWED)
        ]
        if not given.get("access_token", "").strip():
            reasons.append(("credentials.access_token", f"It is missing. {self.by_hand['access_token']}"))
        if any(not value.isascii() or not value.isprintable() for value in given.values()):
            reasons.append(("credentials", "Credentials have printable ASCII characters only."))
        reasons += [
            (f"credentials.{name}", "It is not a time with an offset, such as 2026-11-20T13:00:00+00:00.")
            for name in ENDS
            if name in given and not _is_time(given[name])
        ]
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return {name: value.strip() for name, value in given.items() if value.strip()}

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the client secret, where the shop has an app of its own."""
        secret = credentials.get("client_secret")
        return () if secret is None else (Secret(secret.encode()),)

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the client secrets of our app."""
        given = (each.strip() for each in app.get("client_secret", "").split(","))
        return tuple(Secret(each.encode()) for each in given if each)

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:  # noqa: ARG002 - the same for every shop
        """Return that Shopify signs with the app's secret."""
        return "theirs"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the token and return the shop's name, domain and currency."""
        data = yield from ask(connection, "probe", PROBE, {}, cost=3)
        with understood():
            shop = data["shop"]
            details = {"name": shop["name"], "domain": shop["myshopifyDomain"], "currency": shop["currencyCode"]}
            granted = {each["handle"] for each in data["currentAppInstallation"]["accessScopes"]}
        missing = missing_scopes(granted)
        if missing:
            message = f"The access token lacks the scope(s) {', '.join(missing)}."
            raise CredentialsRefused("shop", message)
        return details


def _is_time(given: str) -> bool:
    try:
        return datetime.fromisoformat(given.strip()).tzinfo is not None
    except ValueError:
        return False


def missing_scopes(granted: Iterable[str]) -> list[str]:
    """Return the scopes that are needed and not among those ``granted``, nor included in one of them."""
    has = {each.strip() for each in granted}
    return [name for name, including in NEEDED_SCOPES.items() if not has & including]
