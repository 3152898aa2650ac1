"""``/wc-auth/v1``: the page on which a merchant hands a key to an app, and how the app gets it.

https://woocommerce.github.io/woocommerce-rest-api-docs/#rest-api-keys. The key goes to the callback from server to server,
unsigned; if that is not answered 200 it is taken back. Then the browser is sent to the return address.
"""

import html
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.sandbox.shop.courier import Letter
from app.sandbox.woocommerce.courier import Courier
from app.sandbox.woocommerce.posts import Posts

Thing = dict[str, Any]

NEEDED = ("app_name", "user_id", "return_url", "callback_url", "scope")
SCOPES = ("read", "write", "read_write")
WRONG = "<!DOCTYPE html><html><body><p>Error: {}</p></body></html>"
PAGE = """<!DOCTYPE html><html><head><title>{title}</title></head><body>
<h1>{app} would like to connect to your store</h1>
<p>This will give {app} {scope} access which will allow it to view and manage products and webhooks.</p>
<form method="post" action="{approve}"><button>Approve</button></form>
<p><a id="deny" href="{deny}">Deny</a></p></body></html>"""


def page(posts: Posts, shop: Thing, asked: Mapping[str, str]) -> Response:
    """Show the merchant who asks for what."""
    wrong = _wrong(posts, shop, asked)
    if wrong is not None:
        return HTMLResponse(WRONG.format(html.escape(wrong)), status_code=401)
    shown = {
        "title": html.escape(shop["title"]),
        "app": html.escape(asked["app_name"]),
        "scope": asked["scope"].replace("_", "/"),
        "deny": html.escape(_returned(asked, success=False)),
        "approve": html.escape(f"access_granted?{urlencode({name: asked[name] for name in NEEDED})}"),
    }
    return HTMLResponse(PAGE.format(**shown))


async def granted(posts: Posts, courier: Courier, shop: Thing, asked: Mapping[str, str]) -> Response:
    """Make a key, hand it over, and send the browser back; a key that nobody took is taken back."""
    wrong = _wrong(posts, shop, asked)
    if wrong is not None:
        return HTMLResponse(WRONG.format(html.escape(wrong)), status_code=401)
    key, secret = f"ck_{secrets.token_hex(20)}", f"cs_{secrets.token_hex(20)}"
    given = {
        "key_id": posts.add_key(shop, key, secret, asked["scope"]),
        "user_id": asked["user_id"],
        "consumer_key": key,
        "consumer_secret": secret,
        "key_permissions": asked["scope"],
    }
    headers = {"Content-Type": "application/json;charset=UTF-8"}
    answer = await courier.send(asked["callback_url"], Letter(body=json.dumps(given).encode(), headers=headers))
    if answer != 200:  # noqa: PLR2004
        del shop["keys"][key]
        posts.changed()
        wrong = "An error occurred in the request and at the time were unable to send the consumer data"
        return HTMLResponse(WRONG.format(wrong), status_code=401)
    return RedirectResponse(_returned(asked, success=True), status_code=302)


def _returned(asked: Mapping[str, str], *, success: bool) -> str:
    joint = "&" if urlsplit(asked["return_url"]).query else "?"
    return f"{asked['return_url']}{joint}{urlencode({'success': int(success), 'user_id': asked['user_id']})}"


def _wrong(posts: Posts, shop: Thing, asked: Mapping[str, str]) -> str | None:
    missing = [name for name in NEEDED if not asked.get(name)]
    if missing:
        return f"Missing parameter {missing[0]}"
    if asked["scope"] not in SCOPES:
        return f"Invalid scope {asked['scope']}"
    only_https = posts.switches(shop["name"]).only_https_callbacks
    for name in ("return_url", "callback_url"):
        if not asked[name].startswith(("http://", "https://")):
            return f"The {name} is not a valid URL"
    if only_https and not asked["callback_url"].startswith("https://"):
        return "The callback_url needs to be over SSL"
    return None
