"""``/{language}/{resource}.json``: requests as the API answers them, or as a misbehaviour in force has them."""

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.lightspeed.courier import Courier
from app.sandbox.lightspeed.limits import Limits
from app.sandbox.lightspeed.records import (
    Records,
    next_id,
    shown_images,
    shown_product,
    shown_variant,
    shown_whole,
    told,
)
from app.sandbox.lightspeed.refusals import Refused, missing
from app.sandbox.lightspeed.signing import of_text
from app.sandbox.shop.gate import Answers, Gate

Thing = dict[str, Any]

MOST = 250
GROUPS = ("customers", "invoices", "orders", "products", "quotes", "reviews", "shipments", "subscriptions", "tickets")
GROUPS_OF_WEBHOOKS = (*GROUPS, "variants", "returns")
ACTIONS = ("created", "updated", "deleted", "paid", "shipped", "answered", "*")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that shops may install: what it is called by, and its secret."""

    key: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``by_app``: with the app's key. ``values`` are the parts of its path that vary."""

    shop: Thing
    language: str
    by_app: bool
    query: Mapping[str, str]
    given: Thing
    values: tuple[str, ...]

    @property
    def item(self) -> str:
        return self.values[0]


Route = Callable[["Api", Asked], object]


class Api:
    """The API of all shops."""

    def __init__(self, records: Records, courier: Courier, gate: Gate, app: App) -> None:
        self.records = records
        self._courier = courier
        self._gate = gate
        self._app = app
        self._limits = Limits()

    async def answer(self, name: str, language: str, path: str, request: Request) -> Response:
        """Answer a request for a path such as ``products/5.json``."""
        operation, values = _operation(request.method, path)

        async def run() -> Response:
            return await self._run(name, language, operation, values, request)

        own: Answers = {"token_revoked": lambda: _refused(Refused(401, "Unauthorized."))}
        return await self._gate.answer(name, [operation], run, own)

    async def _run(
        self, name: str, language: str, operation: str, values: tuple[str, ...], request: Request
    ) -> Response:
        try:
            user, limits = self._admitted(name, request.headers.get("authorization", ""))
            given = await _given(request)
        except Refused as refused:
            return _refused(refused)
        shop = self.records.shops[name]
        asked = Asked(
            shop=shop,
            language=language,
            by_app=user == self._app.key,
            query=dict(request.query_params),
            given=given,
            values=values,
        )
        route = ROUTES.get(operation) if language in shop["languages"] else None
        try:
            found = _nothing_there() if route is None else route(self, asked)
        except Refused as refused:
            refused.headers |= limits
            return _refused(refused)
        self._gate.count(name, [operation], operation)
        if found is None:
            return Response(status_code=204, headers=dict(limits))
        return JSONResponse(found, 201 if request.method == "POST" else 200, dict(limits))

    def _admitted(self, name: str, authorization: str) -> tuple[str, Mapping[str, str]]:
        """Return who asks, and the headers that tell how often they still may; Refused who may not."""
        user, password = _credentials(authorization)
        shop = self.records.shops.get(name)
        if shop is None or not self._admits(shop, user, password):
            raise Refused(401, "Unauthorized.")
        passes, limits = self._limits.spend(f"{name}{user}", self._courier.switches[name].limits)
        if not passes:
            self._gate.count(name, ["throttled"], "throttled")
            raise Refused(429, "Too many requests.", limits)
        return user, limits

    def _admits(self, shop: Thing, user: str, password: str) -> bool:
        keys = shop["keys"]
        if keys and (user, password) == (keys.get("api_key"), keys.get("api_secret")):
            return True
        token = shop["token"]
        return token is not None and (user, password) == (self._app.key, of_text(token, self._app.secret))

    # Reading

    def shop(self, asked: Asked) -> object:
        shop = asked.shop
        currency = {"shortcode": shop["currency"].lower(), "title": shop["currency"]}
        return {"shop": {"id": shop["number"], "status": "live", "subDomain": shop["name"], "currency": currency}}

    def products(self, asked: Asked) -> object:
        found = self._page(asked, asked.shop["products"].values())
        return {"products": [shown_product(asked.shop, each) for each in found]}

    def count(self, asked: Asked) -> object:
        return {"count": len(asked.shop["products"])}

    def product(self, asked: Asked) -> object:
        return {"product": shown_product(asked.shop, self._product(asked))}

    def images(self, asked: Asked) -> object:
        return {"productImages": shown_images(self._product(asked))}

    def brand(self, asked: Asked) -> object:
        title = next((title for title, number in asked.shop["brands"].items() if str(number) == asked.item), None)
        if title is None:
            raise missing()
        return {"brand": {"id": int(asked.item), "title": title}}

    def variants(self, asked: Asked) -> object:
        of = asked.query.get("product")
        found = [each for each in asked.shop["variants"].values() if of in (None, str(each["product"]))]
        return {"variants": [shown_variant(each) for each in self._page(asked, found)]}

    def variant(self, asked: Asked) -> object:
        if asked.item not in asked.shop["variants"]:
            raise missing()
        return {"variant": shown_variant(asked.shop["variants"][asked.item])}

    def catalog(self, asked: Asked) -> object:
        whole = self._courier.switches[asked.shop["name"]].catalog_is_whole
        show = shown_whole if whole else shown_product
        return {"products": [show(asked.shop, each) for each in self._page(asked, asked.shop["products"].values())]}

    def _product(self, asked: Asked) -> Thing:
        if asked.item not in asked.shop["products"]:
            raise missing()
        product: Thing = asked.shop["products"][asked.item]
        return product

    def _page(self, asked: Asked, nodes: Any) -> list[Thing]:
        limit = min(int(asked.query.get("limit", "50")), MOST)
        since = int(asked.query.get("since_id", "0"))
        found = sorted((each for each in nodes if each["id"] > since), key=lambda each: each["id"])
        start = (int(asked.query.get("page", "1")) - 1) * limit
        return found[start : start + limit]

    # Webhooks

    def webhooks(self, asked: Asked) -> object:
        found = self._page(asked, asked.shop["subscriptions"].values())
        return {"webhooks": [_shown_webhook(each) for each in found]}

    def subscribe(self, asked: Asked) -> object:
        """Make a webhook; nothing keeps two alike from being made."""
        given = asked.given.get("webhook") or {}
        if given.get("itemGroup") not in GROUPS_OF_WEBHOOKS or given.get("itemAction") not in ACTIONS:
            raise Refused(400, "itemGroup and itemAction must be ones that there are.")
        if not str(given.get("address", "")).startswith(("http://", "https://")):
            raise Refused(400, "address must be an address.")
        webhook: Thing = {
            "id": next_id(asked.shop),
            "createdAt": told(),
            "updatedAt": told(),
            "isActive": bool(given.get("isActive", True)),
            "itemGroup": given["itemGroup"],
            "itemAction": given["itemAction"],
            "language": given.get("language", asked.language),
            "format": given.get("format", "json"),
            "address": given["address"],
            "by_app": asked.by_app,
            "failures": 0,
        }
        asked.shop["subscriptions"][str(webhook["id"])] = webhook
        self.records.changed()
        return {"webhook": _shown_webhook(webhook)}

    def change_webhook(self, asked: Asked) -> object:
        webhook = self._webhook(asked)
        given = asked.given.get("webhook") or {}
        webhook |= {name: given[name] for name in ("isActive", "address") if name in given}
        self.records.changed()
        return {"webhook": _shown_webhook(webhook)}

    def unsubscribe(self, asked: Asked) -> object:
        del asked.shop["subscriptions"][str(self._webhook(asked)["id"])]
        self.records.changed()
        return None

    def _webhook(self, asked: Asked) -> Thing:
        if asked.item not in asked.shop["subscriptions"]:
            raise missing()
        webhook: Thing = asked.shop["subscriptions"][asked.item]
        return webhook


def _shown_webhook(webhook: Thing) -> Thing:
    shown = {name: value for name, value in webhook.items() if name not in ("by_app", "failures")}
    return {**shown, "language": {"id": 1, "code": webhook["language"], "locale": webhook["language"]}}


ROUTES: Mapping[str, Route] = {
    "GET shop": Api.shop,
    "GET products": Api.products,
    "GET products/count": Api.count,
    "GET products/{}": Api.product,
    "GET products/{}/images": Api.images,
    "GET brands/{}": Api.brand,
    "GET variants": Api.variants,
    "GET variants/{}": Api.variant,
    "GET catalog": Api.catalog,
    "GET webhooks": Api.webhooks,
    "POST webhooks": Api.subscribe,
    "PUT webhooks/{}": Api.change_webhook,
    "DELETE webhooks/{}": Api.unsubscribe,
}

_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|$)")


def _operation(method: str, path: str) -> tuple[str, tuple[str, ...]]:
    """Return what a request does, and the numbers in its path."""
    named = path.removesuffix(".json")
    return f"{method} {_NUMBER.sub('{}', named)}", tuple(_NUMBER.findall(named))


def _credentials(header: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


async def _given(request: Request) -> Thing:
    body = await request.body()
    if not body:
        return {}
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(400, "The body must be JSON.") from None
    return given if isinstance(given, dict) else {}


def _nothing_there() -> object:
    raise missing()


def _refused(refused: Refused) -> Response:
    return JSONResponse(refused.body, refused.status, refused.headers)
