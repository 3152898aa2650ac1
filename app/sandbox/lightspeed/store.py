"""The App Store: shops install the app, cancel it, and have it removed."""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from app.sandbox.lightspeed.sandbox import Sandbox
from app.sandbox.lightspeed.signing import of_parameters
from app.sandbox.shop.courier import Letter

Thing = dict[str, Any]


def installed(sandbox: Sandbox, shop: Thing, address: str) -> str:
    """Give the app a token for a shop, the same one as before if it has one, and return where the browser is sent."""
    shop["token"] = shop["token"] or secrets.token_hex(16)
    sandbox.changed()
    return _signed(sandbox, shop, address, token=shop["token"])


async def removed(sandbox: Sandbox, shop: Thing, address: str) -> int | str:
    """Take the token back, remove the app's webhooks, and tell the app; return how it answered."""
    shop["token"] = None
    for each in [each for each in shop["subscriptions"].values() if each["by_app"]]:
        del shop["subscriptions"][str(each["id"])]
    sandbox.changed()
    return await sandbox.courier.send(_signed(sandbox, shop, address), Letter(body=b"", method="GET"))


def _signed(sandbox: Sandbox, shop: Thing, address: str, **more: str) -> str:
    given = {
        "language": shop["languages"][0],
        "shop_id": str(shop["number"]),
        "timestamp": str(int(time.time())),
        **more,
    }
    signature = of_parameters(given, sandbox.app.secret)
    return f"{address}?{urlencode({**given, 'cluster_id': shop['cluster'], 'signature': signature})}"
