"""Access tokens: they last ten minutes, and are kept so that not every read asks for one.

https://developer.shopware.com/docs/guides/integrations-api/#authentication; limits of the cloud:
https://developer.shopware.com/docs/products/saas.html
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from app.domain.http import Reading
from app.platforms.adapter import Connection
from app.platforms.shopware.installation import FORMER_SHOP_SECRET
from app.platforms.shopware.products import moment
from app.platforms.shopware.talk import NEW_KEY, TOKEN, get_token

RENEW_AT = "renew_access_token_at"
MARGIN = timedelta(seconds=60)
"""How long before its end a token is replaced, so that a read that begins with it can end with it."""

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Renewal:
    """Access tokens of a Shopware shop."""

    def due(self, credentials: Mapping[str, str]) -> datetime | None:
        """Return a minute before the token ends, a third of its life if that is less; long ago when there is none."""
        try:
            return moment(credentials[RENEW_AT])
        except (KeyError, ValueError):
            return LONG_AGO

    def renew(self, connection: Connection, *, now: datetime) -> Reading[Mapping[str, str]]:
        """Return the credentials with another token.

        By then the secret that the shop signed with before is forgotten, and that the key was new.

        CredentialsRefused when the shop does not accept the key any more.
        """
        token = yield from get_token(connection)
        over = (FORMER_SHOP_SECRET, NEW_KEY)
        kept = {name: value for name, value in connection.credentials.items() if name not in over}
        ends = now + token.lasts - min(MARGIN, token.lasts / 3)
        return {**kept, TOKEN: token.value, RENEW_AT: ends.isoformat()}
