"""Installing with an app's token or a shop's own key, and whether it works.

A shop is known by its number and the cluster on which it runs: numbers of two clusters may be the same.
https://developers.lightspeedhq.com/ecom/introduction/introduction/ (clusters, authentication)
"""

import re
from collections.abc import Mapping

from app.domain.errors import CredentialsRefused, InvalidInstallation
from app.domain.http import Reading
from app.platforms.adapter import Connection, Secret, SecretKind
from app.platforms.asking import understood
from app.platforms.lightspeed.rest import LANGUAGE, Forbidden, NotThere, ask

CLUSTERS: Mapping[str, str] = {"eu1": "https://api.webshopapp.com", "us1": "https://api.shoplightspeed.com"}
"""Where the API of each cluster answers."""

SHOP = re.compile(rf"({'|'.join(CLUSTERS)})-([1-9][0-9]{{0,17}})")
DEFAULT_CLUSTER = "eu1"

API_KEY, API_SECRET, TOKEN = "api_key", "api_secret", "token"
APP_KEY, APP_SECRET, APP_PAGE = "app_key", "app_secret", "app_page"

LANGUAGE_CODE = re.compile(r"[a-z]{2}")


class Installation:
    """What a supplier enters for a Lightspeed shop."""

    app_keys: Mapping[str, str] = {
        APP_KEY: "The key of our app.",
        APP_SECRET: "Its secret.",
        APP_PAGE: "The address of its page in Lightspeed's App Store, where a supplier installs it.",
    }
    by_hand: Mapping[str, str] = {
        API_KEY: "The API key that the supplier made in the shop's back office (Settings, Developers).",
        API_SECRET: "Its secret.",
        LANGUAGE: "The language, such as nl, in which products are read; it has to be active in the shop.",
    }

    def shop(self, shop: str) -> str:
        """Return ``<cluster>-<number>``; InvalidInstallation if it cannot be one. Without a cluster, Europe's is meant."""
        name = shop.strip().lower()
        if name.isascii() and name.isdigit():
            name = f"{DEFAULT_CLUSTER}-{name}"
        if SHOP.fullmatch(name) is None:
            reason = f"It must be the cluster and the shop's number, such as {DEFAULT_CLUSTER}-123456."
            raise InvalidInstallation("The shop is not one of Lightspeed eCom's.", reasons=[("shop", reason)])
        return name

    def base_url(self, shop: str) -> str:
        """Return where the API of the shop's cluster answers."""
        return CLUSTERS[shop.partition("-")[0]]

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""
        kept = {name: value.strip() for name, value in given.items() if value.strip()}
        known = {TOKEN, *self.by_hand}
        reasons = [(f"credentials.{name}", "It is not known here.") for name in given if name not in known]
        needed = (LANGUAGE,) if TOKEN in kept else tuple(self.by_hand)
        reasons += [
            (f"credentials.{name}", f"It is missing. {self.by_hand[name]}") for name in needed if name not in kept
        ]
        if LANGUAGE_CODE.fullmatch(kept.get(LANGUAGE, "nl")) is None:
            reasons.append((f"credentials.{LANGUAGE}", "A language is named by two small letters, such as nl."))
        if any(not value.isascii() or not value.isprintable() for value in given.values()):
            reasons.append(("credentials", "Credentials have printable ASCII characters only."))
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return kept

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - they sign nothing
        """Return that a shop signs with nothing of its own."""
        return ()

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the secret of our app, with which Lightspeed signs what the app ordered."""
        secret = app.get(APP_SECRET, "")
        return (Secret(secret.encode()),) if secret else ()

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:  # noqa: ARG002 - the same for every shop
        """Return that addresses are secret: what a shop's own key ordered is unsigned, and the signature is a weak one."""
        return "address"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the key in the language that was given; return the shop's number, name and currency.

        CredentialsRefused, too, when products may not be read, or the language is not active in the shop.
        """
        try:
            told = yield from ask(connection, "GET", "shop.json", operation="probe")
            yield from ask(connection, "GET", "products/count.json", operation="probe products")
        except Forbidden as error:
            raise CredentialsRefused("shop", str(error)) from error
        except NotThere:
            language = connection.credentials.get(LANGUAGE, "")
            message = f"The shop does not answer in the language “{language}”; is it active there?"
            raise CredentialsRefused("shop", message) from None
        with understood():
            shop = told["shop"]
            currency = shop.get("currency") or {}
            details = {"number": str(shop["id"]), "name": str(shop.get("subDomain") or "")}
            shown = currency.get("shortcode") if isinstance(currency, dict) else None
            return {**details, "currency": str(shown).upper()} if shown else details
