"""Who calls: the key of a request, in its Authorization header or among its parameters.

https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from typing import Any

from app.sandbox.woocommerce.posts import Posts
from app.sandbox.woocommerce.refusals import Refused, may_not

Thing = dict[str, Any]

AUTHENTICATION = "woocommerce_rest_authentication_error"
READING = ("read", "read_write")
WRITING = ("write", "read_write")


def admitted(posts: Posts, shop: Thing, method: str, header: str | None, asked: Mapping[str, str]) -> str:
    """Return the user whose key a request carries; Refused for one that may not do what is asked."""
    hears = posts.switches(shop["name"]).hears_authorization
    key, secret = _basic(header) if hears and header else (asked.get("consumer_key"), asked.get("consumer_secret"))
    if not key:
        raise may_not("list resources", known=False)
    known = shop["keys"].get(key)
    if known is None:
        raise Refused(401, AUTHENTICATION, "Consumer key is invalid.")
    if not hmac.compare_digest(known["secret"], secret or ""):
        raise Refused(401, AUTHENTICATION, "Consumer secret is invalid.")
    if known["permissions"] not in (READING if method == "GET" else WRITING):
        what = "read" if method == "GET" else "write"
        raise Refused(401, AUTHENTICATION, f"The API key provided does not have {what} permissions.")
    if not posts.may_manage(shop, known["user"]):
        raise may_not("list resources", known=True)
    user: str = known["user"]
    return user


def _basic(header: str) -> tuple[str | None, str | None]:
    try:
        key, _, secret = base64.b64decode(header.removeprefix("Basic "), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None, None
    return key, secret
