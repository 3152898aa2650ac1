"""The page on which a merchant approves an app, and the token endpoint behind it, as Shopify has them.

A code works once. Tokens that expire come with a refresh token; using it gives a new pair, and the one used still works until
the new one is first used.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.switches import Switches

CODE_SECONDS = 60
REFRESH_SECONDS = 90 * 24 * 3600


class Consent:
    """What merchants approve, and what an app gets for it. ``clock`` gives seconds since 1970."""

    def __init__(
        self,
        shops: Shops,
        switches: Callable[[str], Switches],
        *,
        client_id: str,
        client_secret: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._shops = shops
        self._switches = switches
        self._client_id = client_id
        self._client_secret = client_secret
        self._clock = clock
        self._codes: dict[str, Thing] = {}

    # In the merchant's browser

    def ask(self, domain: str, asked: dict[str, str]) -> Response:
        """Show the merchant what the app wants; refuse what is not an app that Shopify knows."""
        problem = self._problem(domain, asked)
        if problem is not None:
            return HTMLResponse(f"<h1>Oauth error {escape(problem)}</h1>", status_code=400)
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in asked.items()
            if name in ("client_id", "redirect_uri", "state")
        )
        scopes = "".join(
            f'<li><label><input type="checkbox" name="scope" value="{escape(each)}" checked> {escape(each)}</label></li>'
            for each in asked.get("scope", "").split(",")
        )
        name = escape(self._shops.shops[domain]["name"])
        return HTMLResponse(
            f"<!doctype html><title>Install app</title><h1>Install app in {name}?</h1>"
            f'<form method="post"><ul>{scopes}</ul>{hidden}'
            '<button name="answer" value="install">Install app</button> '
            '<button name="answer" value="cancel">Cancel</button></form>'
        )

    def answer(self, domain: str, given: list[tuple[str, str]]) -> Response:
        """Send the merchant back with a code; or, when they cancel, nowhere, as Shopify does."""
        told = dict(given)
        problem = self._problem(domain, told)
        if problem is not None:
            return HTMLResponse(f"<h1>Oauth error {escape(problem)}</h1>", status_code=400)
        if told.get("answer") != "install":
            return HTMLResponse("<!doctype html><title>Apps</title><h1>The app was not installed.</h1>")
        code = secrets.token_hex(16)
        scopes = [value for name, value in given if name == "scope"]
        self._codes[code] = {"shop": domain, "scopes": scopes, "until": self._clock() + CODE_SECONDS}
        back = {
            "code": code,
            "host": base64.b64encode(f"admin.shopify.com/store/{domain.partition('.')[0]}".encode())
            .decode()
            .rstrip("="),
            "shop": domain,
            "state": told.get("state", ""),
            "timestamp": str(int(self._clock())),
        }
        message = "&".join(f"{name}={quote(value, safe='')}" for name, value in sorted(back.items()))
        digest = hmac.new(self._client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()
        return RedirectResponse(f"{told['redirect_uri']}?{message}&hmac={digest}", status_code=302)

    def _problem(self, domain: str, asked: dict[str, str]) -> str | None:
        if domain not in self._shops.shops:
            return "shop_not_found: there is no such shop."
        if asked.get("client_id") != self._client_id:
            return "invalid_request: there is no app with this client_id."
        if not asked.get("redirect_uri", "").startswith(("https://", "http://127.0.0.1")):
            return "invalid_request: the redirect_uri is not whitelisted."
        return None

    # For the app

    def exchange(self, domain: str, asked: Thing) -> Response:
        """Answer at the token endpoint."""
        shop = self._shops.shops.get(domain)
        if shop is None:
            return JSONResponse({"errors": "Not Found"}, status_code=404)
        if asked.get("client_id") != self._client_id or asked.get("client_secret") != self._client_secret:
            return _refused("invalid_client")
        if asked.get("grant_type") == "refresh_token":
            return self._refresh(shop, str(asked.get("refresh_token", "")))
        code = self._codes.pop(str(asked.get("code", "")), None)
        if code is None or code["shop"] != domain or code["until"] < self._clock():
            return _refused("invalid_request")
        self._shops.open(domain, {"scopes": code["scopes"]})
        if asked.get("expiring"):
            return self._give(shop, former=None)
        return JSONResponse({"access_token": shop["token"], "scope": ",".join(shop["scopes"])})

    def _refresh(self, shop: Thing, given: str) -> Response:
        expiring = shop.get("expiring")
        if not shop["installed"] or expiring is None or given not in (expiring["refresh"], expiring["former"]):
            return _refused("invalid_grant")
        if expiring["until"] < self._clock():
            return _refused("invalid_grant")
        return self._give(shop, former=given)

    def _give(self, shop: Thing, *, former: str | None) -> Response:
        lasts = self._switches(shop["domain"]).token_seconds
        token, refresh = f"shpat_{secrets.token_hex(16)}", f"shprt_{secrets.token_hex(16)}"
        now = self._clock()
        known = {} if former is None else (shop.get("expiring") or {}).get("tokens", {})
        shop["expiring"] = {
            "tokens": {**{each: until for each, until in known.items() if until > now}, token: now + lasts},
            "refresh": refresh,
            "former": former,
            "until": now + REFRESH_SECONDS,
        }
        self._shops.changed()
        return JSONResponse(
            {
                "access_token": token,
                "scope": ",".join(shop["scopes"]),
                "expires_in": lasts,
                "refresh_token": refresh,
                "refresh_token_expires_in": REFRESH_SECONDS,
            }
        )

    def expire(self, shop: Thing) -> int:
        """End every token of a shop that expires, and return how many there were."""
        expiring = shop.get("expiring") or {"tokens": {}}
        ended = len(expiring["tokens"])
        expiring["tokens"].clear()
        self._shops.changed()
        return ended

    def accepts(self, shop: Thing, token: str) -> bool:
        """Tell whether a token lets its bearer into a shop now."""
        if not shop["installed"] or not token:
            return False
        expiring = shop.get("expiring") or {"tokens": {}}
        return bool(token == shop["token"] or expiring["tokens"].get(token, 0) > self._clock())


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, status_code=400)
