"""``/oauth``, as the ``www`` host has it: a supplier lets an app into their account, and the app gets a token for that.

The redirect is signed. What comes when a supplier refuses is not known; here it is an error, the state, and a signature.
"""

import hashlib
import hmac
import json
import secrets
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.records import Token

CODE_SECONDS = 600

Thing = dict[str, Any]


class Consent:
    """What suppliers are asked by the one app that there is, and what it gets."""

    def __init__(self, market: Market, *, client_id: str, client_secret: str) -> None:
        self._market = market
        self._client_id = client_id
        self._client_secret = client_secret
        self._codes: dict[str, tuple[str, float]] = {}

    def ask(self, asked: dict[str, str]) -> Response:
        """Show what the app wants, and ask whose account it may have: in a sandbox everybody is logged in as everybody."""
        problem = self._problem(asked)
        if problem is not None:
            return HTMLResponse(f"<h1>{escape(problem)}</h1>", status_code=400)
        hidden = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(asked.get(name, ""))}">'
            for name in ("client_id", "redirect_uri", "state")
        )
        accounts = "".join(
            f'<option value="{escape(each.account.id)}">{escape(each.account.name)}</option>'
            for each in self._market.catalogues.values()
        )
        scopes = "".join(f"<li>{escape(each)}</li>" for each in asked.get("scope", "").split(","))
        return HTMLResponse(
            "<!doctype html><title>Grant access</title><h1>Grant the app access?</h1>"
            f'<form method="post"><ul>{scopes}</ul>{hidden}'
            f'<label>Account <select name="account_id">{accounts}</select></label> '
            '<button name="answer" value="grant">Grant Access</button> '
            '<button name="answer" value="refuse">Refuse</button></form>'
        )

    def answer(self, given: dict[str, str]) -> Response:
        """Send the supplier back to the app with what they answered."""
        problem = self._problem(given)
        account_id = given.get("account_id", "")
        if problem is None and account_id not in self._market.catalogues:
            problem = "There is no such account."
        if problem is not None:
            return HTMLResponse(f"<h1>{escape(problem)}</h1>", status_code=400)
        now = self._market.now().timestamp()
        back = {"account_id": account_id, "state": given.get("state", ""), "timestamp": str(int(now))}
        if given.get("answer") == "grant":
            back["code"] = secrets.token_urlsafe(16)
            self._codes[back["code"]] = (account_id, now + CODE_SECONDS)
        else:
            back["error"] = "access_denied"
        query = urlencode(sorted(back.items()))
        signature = hmac.new(self._client_secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return RedirectResponse(f"{given['redirect_uri']}?{query}&signature={signature}", status_code=302)

    def exchange(self, asked: Thing) -> Response:
        """Give a token for a code, which works once."""
        known = asked.get("client_id") == self._client_id and asked.get("client_secret") == self._client_secret
        if not known or asked.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "invalid_client"}, status_code=401)
        account_id, until = self._codes.pop(str(asked.get("code")), ("", 0.0))
        if until < self._market.now().timestamp():
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        token = f"oca_{secrets.token_hex(20)}"
        self._market.tokens[token] = Token(account_id=account_id, of_app=True)
        self._market.changed()
        return JSONResponse({"access_token": token, "token_type": "Bearer"})

    def remove(self, account_id: str) -> int:
        """Remove the app from an account, as suppliers do in the back office; return how many tokens died."""
        dying = [each for each in self._market.tokens.values() if each.account_id == account_id and each.of_app]
        for each in dying:
            each.revoked = True
        self._market.changed()
        return len(dying)

    def _problem(self, asked: dict[str, str]) -> str | None:
        if asked.get("client_id") != self._client_id:
            return "There is no app with this client_id."
        if not asked.get("redirect_uri", "").startswith(("https://", "http://127.0.0.1")):
            return "The redirect_uri is not the one of the app."
        return None


def consent_routes(consent: Consent) -> APIRouter:
    """Return the pages, the token endpoint, and the control that removes the app."""
    routes = APIRouter()

    @routes.get("/oauth/authorize")
    async def ask(request: Request) -> Response:
        return consent.ask(dict(request.query_params))

    @routes.post("/oauth/authorize")
    async def answer(request: Request) -> Response:
        return consent.answer(dict(parse_qsl((await request.body()).decode(), keep_blank_values=True)))

    @routes.post("/oauth/access_token")
    async def exchange(request: Request) -> Response:
        return consent.exchange(json.loads(await request.body()))

    @routes.delete("/_sandbox/apps/{account_id}")
    async def remove(account_id: str) -> Thing:
        return {"died": consent.remove(account_id)}

    return routes
