"""Installing with an integration's access key, or with what the app's registration brought, and whether it works.

Settings > System > Integrations in the administration makes a key with its secret, and a role that says what it may do.
https://developer.shopware.com/docs/guides/integrations-api/#authentication
"""

from collections.abc import Mapping

from app.domain.errors import InvalidInstallation
from app.domain.http import Reading
from app.platforms.adapter import Connection, Secret, SecretKind
from app.platforms.asking import understood
from app.platforms.shopware.addresses import normal_form
from app.platforms.shopware.catalogue import SALES_CHANNEL
from app.platforms.shopware.ids import DEFAULT_CURRENCY, is_id
from app.platforms.shopware.products import ASSOCIATIONS, INCLUDES
from app.platforms.shopware.talk import KEY_ID, KEY_SECRET, NEW_KEY, TOKEN, MissingPrivileges, Talk

SHOP_ID, SHOP_SECRET, FORMER_SHOP_SECRET, APP_SECRET = "shop_id", "shop_secret", "former_shop_secret", "app_secret"
BROUGHT = frozenset({SHOP_ID, SHOP_SECRET, FORMER_SHOP_SECRET, APP_SECRET, NEW_KEY})
"""What our app's registration brings besides a key.

What the shop calls itself; what it signs with now, and did before; what it signs with when it registers; and that the key is
new.
"""

KEYS = ("SWIA", "SWUA")
"""How access keys of integrations and of users begin; others are for the storefront's API."""


class Installation:
    """What a supplier enters for a Shopware shop."""

    app_keys: Mapping[str, str] = {}
    by_hand: Mapping[str, str] = {
        KEY_ID: "The access key ID of an integration (Settings, System, Integrations).",
        KEY_SECRET: "Its secret access key.",
        SALES_CHANNEL: "The id of the sales channel whose products are meant, if not those of all of them.",
    }

    def shop(self, shop: str) -> str:
        """Return the shop's host and path for any way of writing its address; InvalidInstallation if it cannot be one."""
        try:
            return normal_form(shop)
        except ValueError:
            reason = "It must be the shop's address, such as shop.example or www.example.com/shop."
            raise InvalidInstallation("The shop's address is not one.", reasons=[("shop", reason)]) from None

    def base_url(self, shop: str) -> str:
        """Return the address under which the shop's API answers."""
        return f"https://{shop}"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the credentials to keep; InvalidInstallation with every missing or unknown one."""
        kept = {name: value.strip() for name, value in given.items() if value.strip()}
        known = BROUGHT | self.by_hand.keys()
        reasons = [(f"credentials.{name}", "It is not known here.") for name in given if name not in known]
        lacking = [name for name in (KEY_ID, KEY_SECRET) if name not in kept]
        reasons += [(f"credentials.{name}", f"It is missing. {self.by_hand[name]}") for name in lacking]
        if not kept.get(KEY_ID, KEYS[0]).startswith(KEYS):
            reasons.append((f"credentials.{KEY_ID}", f"The access key ID of an integration begins with {KEYS[0]}."))
        if not is_id(kept.get(SALES_CHANNEL, DEFAULT_CURRENCY)):
            reasons.append((f"credentials.{SALES_CHANNEL}", "The id of a sales channel has 32 hexadecimal digits."))
        if any(not value.isascii() or not value.isprintable() for value in given.values()):
            reasons.append(("credentials", "Credentials have printable ASCII characters only."))
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return kept

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:
        """Return the secrets of our app in this shop; none for an integration, since Shopware signs for apps only."""
        given = (credentials.get(name) for name in (SHOP_SECRET, FORMER_SHOP_SECRET))
        return tuple(Secret(each.encode()) for each in given if each)

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - there are none
        """Return that nothing is signed for all shops: every supplier has an app of their own."""
        return ()

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:
        """Return that a shop with our app signs, and that one with an integration has a secret address."""
        return "theirs" if credentials.get(SHOP_SECRET) else "address"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the key itself, not a token that it gave before, by what reads need; return the shop's currency."""
        credentials = {name: value for name, value in connection.credentials.items() if name != TOKEN}
        talk = Talk(Connection(base_url=connection.base_url, credentials=credentials))
        criteria = {"limit": 1, "associations": ASSOCIATIONS, "includes": INCLUDES}
        yield from talk.search("product", criteria, operation="probe")
        return (yield from _currency(talk))


def _currency(talk: Talk) -> Reading[Mapping[str, str]]:
    criteria = {"ids": [DEFAULT_CURRENCY], "includes": {"currency": ["isoCode"]}}
    try:
        found = yield from talk.search("currency", criteria, operation="currency")
    except MissingPrivileges:
        # It is for people to look at; prices are told by the currency's id.
        return {}
    with understood():
        own = next(iter(found["data"]), None)
        return {} if own is None else {"currency": str(own["isoCode"])}
