"""What a supplier enters for ChannelEngine: the subdomain, and the key of the channel.

The key is shown on the Orderchamp channel in ChannelEngine, under "Channel API access". It is neither the merchant's key nor can
it expire; ChannelEngine tells nobody when it is taken back.
"""

import re
from collections.abc import Mapping

from app.domain.errors import InvalidInstallation
from app.domain.http import Reading
from app.platforms.adapter import Connection, Secret, SecretKind
from app.platforms.channelengine.rest import API_KEY, ask

DOMAIN = ".channelengine.net"
SUBDOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Installation:
    """What a supplier enters for ChannelEngine."""

    app_keys: Mapping[str, str] = {}
    by_hand: Mapping[str, str] = {
        API_KEY: "The Channel API key, which ChannelEngine shows on the Orderchamp channel under “Channel API access”.",
    }

    def shop(self, shop: str) -> str:
        """Return ``<subdomain>.channelengine.net``, of which the subdomain is enough; InvalidInstallation if it cannot be."""
        name = shop.strip().lower().removeprefix("https://").rstrip("/").removesuffix(DOMAIN)
        if SUBDOMAIN.fullmatch(name) is None:
            reason = f"It must be the subdomain, such as the first part of oak-and-ash{DOMAIN}."
            raise InvalidInstallation("The shop is not one of ChannelEngine's.", reasons=[("shop", reason)])
        return name + DOMAIN

    def base_url(self, shop: str) -> str:
        """Return where the API of this subdomain answers."""
        return f"https://{shop}/api"

    def credentials(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Return the key; InvalidInstallation when it is missing, or something unknown is given."""
        key = given.get(API_KEY, "").strip()
        reasons = [(f"credentials.{name}", "It is not known here.") for name in given if name != API_KEY]
        if not key:
            reasons.append((f"credentials.{API_KEY}", f"It is missing. {self.by_hand[API_KEY]}"))
        elif not key.isascii() or not key.isprintable():
            reasons.append((f"credentials.{API_KEY}", "It has printable ASCII characters only."))
        if reasons:
            raise InvalidInstallation("The credentials are not complete.", reasons=reasons)
        return {API_KEY: key}

    def secrets(self, credentials: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - it signs nothing
        """Return that ChannelEngine signs nothing."""
        return ()

    def app_secrets(self, app: Mapping[str, str]) -> tuple[Secret, ...]:  # noqa: ARG002 - there is no app
        """Return that ChannelEngine signs nothing."""
        return ()

    def secret_kind(self, credentials: Mapping[str, str]) -> SecretKind:  # noqa: ARG002 - the same for everybody
        """Return that the address is the secret, as ChannelEngine's own extension for Adobe Commerce has it."""
        return "address"

    def probe(self, connection: Connection) -> Reading[Mapping[str, str]]:
        """Try the key; there are no details to keep. What is asked for stays to be told."""
        yield from ask(connection, "GET", "v2/products/data", operation="probe", query={"maxCount": "1"})
        return {}
