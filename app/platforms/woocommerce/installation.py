"""Installing with a key of the REST API, and whether it works.

https://woocommerce.github.io/woocommerce-rest-api-docs/#rest-api-keys
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from app.domain.errors import CredentialsRefused, InvalidInstallation
from app.domain.http import Reading
from app.platforms.adapter import CURRENCY, Connection, Secret, SecretKind
from app.platforms.asking import understood
from app.platforms.woocommerce.addresses import normal_form
from app.platforms.woocommerce.products import DIMENSION_UNIT, WEIGHT_UNIT
from app.platforms.woocommerce.rest import (
    ADDRESSING,
    AUTHENTICATION,
    HEADER,
    PARAMETERS,
    PLAIN,
    PRETTY,
    KeyNotSeen,
    NoApi,
    ask,
)

KEY, SECRET = "consumer_key", "consumer_secret"
BEGINS = {KEY: "ck_", SECRET: "cs_"}

CURRENCY_SETTING = "/settings/general/woocommerce_currency"
MEASURING = "/settings/products"
TAX_MODE = "/settings/tax/woocommerce_prices_include_tax"


class Installation:
    """What a supplier enters for a WooCommerce shop."""

    app_keys: Mapping[str, str] = {}
    by_hand: Mapping[str, str] = {
        KEY: "The consumer key (ck_…) with read and write access, of a user who manages the shop.",
        SECRET: "The consumer secret (cs_…) that belongs to it.",
    }

    def shop(self, shop: str) -> str:
        """Return the address of the site as ``host[:port][/path]``; InvalidInstallation if it cannot be one."""
        try:
            return normal_form(shop)
        except ValueError as error:
            raise InvalidInstallation(
                "The shop's address is not one of a website.", reasons=[("shop", str(error))]
            ) from error

    def base_url(self, shop: str) -> str:
        """Return the address of the site."""
        return f"https://{shop}"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing, wrong or unknown one."""
        reasons = [(f"credentials.{name}", "It is not known here.") for name in given if name not in self.by_hand]
        kept = {name: given.get(name, "").strip() for name in self.by_hand}
        for name, value in kept.items():
            if not value:
                reasons.append((f"credentials.{name}", f"It is missing. {self.by_hand[name]}"))
            elif not value.startswith(BEGINS[name]):
                reasons.append((f"credentials.{name}", f"It begins with {BEGINS[name]} in every shop; this does not."))
            elif not value.isascii() or not value.isprintable() or ":" in value or " " in value:
                reasons.append((f"credentials.{name}", "It has letters and digits only."))
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return kept

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - none signs
        """Return that deliveries are signed with none of the credentials."""
        return ()

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - there is no app
        """Return that there is no app whose secret could sign."""
        return ()

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:  # noqa: ARG002 - the same for every shop
        """Return that we choose what a shop signs with."""
        return "ours"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the key, find out how this shop is asked, and return that, its currency and units, and whether prices include tax.

        CredentialsRefused when the key does not work, or may only read.
        """
        connection, currency = yield from _found(connection)
        tax = yield from _setting(connection, TAX_MODE)
        weight = yield from _setting(connection, f"{MEASURING}/woocommerce_weight_unit")
        length = yield from _setting(connection, f"{MEASURING}/woocommerce_dimension_unit")
        yield from _write(connection)
        units = {WEIGHT_UNIT: weight, DIMENSION_UNIT: length}
        return {**connection.details, CURRENCY: currency, "prices_include_tax": tax, **units}


def _found(connection: Connection) -> Reading[tuple[Connection, str]]:
    """Return the connection with how the shop is asked, and the shop's currency."""
    addressing, authentication = PRETTY, HEADER
    while True:
        details = {ADDRESSING: addressing, AUTHENTICATION: authentication}
        tried = replace(connection, details=details)
        try:
            return tried, (yield from _setting(tried, CURRENCY_SETTING))
        except NoApi:
            if addressing == PLAIN:
                raise
            addressing = PLAIN
        except KeyNotSeen:
            # Its host takes the header away.
            if authentication == PARAMETERS:
                raise
            authentication = PARAMETERS


def _setting(connection: Connection, path: str) -> Reading[str]:
    answer = yield from ask(connection, "GET", path, operation="probe")
    with understood():
        setting: Mapping[str, Any] = answer.body
        return str(setting["value"])


def _write(connection: Connection) -> Reading[None]:
    """Make sure that the key may write, by a change of no webhooks at all."""
    try:
        yield from ask(connection, "POST", "/webhooks/batch", operation="probe writing", body={"delete": []})
    except CredentialsRefused as refused:
        message = f"The key may read and not write; it needs both, to order notices of changes: {refused}"
        raise CredentialsRefused("shop", message) from refused
