"""``login.bigcommerce.com``: merchants install an app, the app gets its token, and hears when it is removed."""

import json
import secrets
import time
from html import escape
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from fastapi import Request
from fastapi.responses import HTMLResponse, JSONResponse, Response

from app.sandbox.bigcommerce.sandbox import Sandbox
from app.sandbox.bigcommerce.signing import token
from app.sandbox.shop.courier import Letter

Thing = dict[str, Any]

SCOPES = "store_v2_products_read_only store_inventory_read_only"
NEEDED = ("client_id", "client_secret", "code", "scope", "context", "grant_type", "redirect_uri")
PAGE = (
    "<!DOCTYPE html><html><head><title>BigCommerce</title></head><body><h1>Install in which store?</h1>{}</body></html>"
)
FORM = '<form method="post" action="/app/install?{query}"><button>Install in {shop}</button></form>'
DAY = 24 * 3600


def page(sandbox: Sandbox, callback: str) -> Response:
    """Show the app's page, on which its merchants choose a store."""
    forms = []
    for shop in sandbox.records.shops:
        query = urlencode({"shop": shop, "callback": callback})
        forms.append(FORM.format(query=escape(query), shop=escape(shop)))
    return HTMLResponse(PAGE.format("".join(forms)))


def approved(sandbox: Sandbox, shop: Thing, callback: str) -> str:
    """Make a code, which works once, and return where the browser is sent."""
    code = secrets.token_hex(12)
    shop["codes"][code] = callback
    sandbox.changed()
    given = {"code": code, "scope": SCOPES, "context": f"stores/{shop['name']}", "account_uuid": str(uuid4())}
    return f"{callback}?{urlencode(given)}"


async def exchanged(sandbox: Sandbox, request: Request) -> Response:
    """Give the app a token for a code; the one that it had before does not work any more."""
    try:
        given = json.loads(await request.body())
        missing = [name for name in NEEDED if not given[name]]
    except (ValueError, KeyError, TypeError):
        missing = ["something"]
    if missing:
        return JSONResponse({"error": "invalid_request"}, 400)
    if (given["client_id"], given["client_secret"]) != (sandbox.app.client_id, sandbox.app.client_secret):
        return JSONResponse({"error": "invalid_client"}, 401)
    shop = sandbox.records.shops.get(str(given["context"]).removeprefix("stores/"))
    if shop is None or shop["codes"].pop(given["code"], None) != given["redirect_uri"]:
        return JSONResponse({"error": "invalid_grant"}, 400)
    _forget(shop, sandbox.app.client_id)
    made = secrets.token_hex(16)
    shop["accounts"][made] = {"client": sandbox.app.client_id, "secret": sandbox.app.client_secret}
    sandbox.changed()
    user = {"id": 24654, "username": "merchant@example.com", "email": "merchant@example.com"}
    told = {"access_token": made, "scope": given["scope"], "user": user, "owner": user, "context": given["context"]}
    return JSONResponse(told)


async def removed(sandbox: Sandbox, shop: Thing, address: str) -> int | str:
    """Take the token back, delete the app's webhooks, and tell the app; return how it answered."""
    _forget(shop, sandbox.app.client_id)
    for each in [each for each in shop["subscriptions"].values() if each["client_id"] == sandbox.app.client_id]:
        del shop["subscriptions"][str(each["id"])]
    sandbox.changed()
    now = int(time.time())
    claims = {
        "aud": sandbox.app.client_id,
        "iss": "bc",
        "iat": now,
        "nbf": now - 5,
        "exp": now + DAY,
        "jti": str(uuid4()),
        "sub": f"stores/{shop['name']}",
        "user": {"id": 24654, "email": "merchant@example.com", "locale": "nl"},
        "owner": {"id": 24654, "email": "merchant@example.com"},
        "url": "/",
        "channel_id": None,
    }
    signed = urlencode({"signed_payload_jwt": token(sandbox.app.client_secret, claims)})
    return await sandbox.courier.send(f"{address}?{signed}", Letter(body=b"", method="GET"))


def _forget(shop: Thing, client: str) -> None:
    shop["accounts"] = {name: account for name, account in shop["accounts"].items() if account["client"] != client}
