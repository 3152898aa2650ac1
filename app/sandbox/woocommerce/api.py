"""``/wp-json/wc/v3``: requests as the REST API answers them, or as a host, a firewall or a misbehaviour in force has them."""

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response

from app.sandbox.shop.gate import Answers, Gate
from app.sandbox.shop.php import written
from app.sandbox.woocommerce import listing, shown, webhooks
from app.sandbox.woocommerce.courier import Courier
from app.sandbox.woocommerce.keys import AUTHENTICATION, admitted
from app.sandbox.woocommerce.posts import Posts
from app.sandbox.woocommerce.refusals import Refused, invalid_id, no_route

Thing = dict[str, Any]

NAMESPACE = "/wc/v3"
MOST_AT_ONCE = 100
NOT_THERE = "<!DOCTYPE html><html><head><title>Page not found</title></head><body><h1>404</h1></body></html>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request to the REST API. ``user`` is who calls; ``values`` are the parts of its path that vary."""

    shop: Thing
    user: str
    query: Mapping[str, str]
    given: Thing
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What is answered, and with which status and headers."""

    body: object
    status: int = 200
    headers: Mapping[str, str] | None = None


Route = Callable[["Api", Asked], Awaitable[Answered]]


class Api:
    """The REST API of all shops."""

    def __init__(self, posts: Posts, courier: Courier, gate: Gate) -> None:
        self.posts = posts
        self.courier = courier
        self._gate = gate
        self._cache: dict[str, Response] = {}

    async def answer(self, name: str, route: str, request: Request) -> Response:
        """Answer a request for a route of the REST API, such as ``/wc/v3/products``."""
        operation, values = _operation(request.method, route)

        async def run() -> Response:
            return await self._cached(name, operation, route, values, request)

        own: Answers = {"token_revoked": lambda: _json(Refused(401, AUTHENTICATION, "Consumer key is invalid."))}
        return await self._gate.answer(name, [operation], run, own)

    async def _cached(
        self, name: str, operation: str, route: str, values: tuple[str, ...], request: Request
    ) -> Response:
        """Answer from the cache of a shop that has one, whoever asks."""
        key = f"{name}{request.url}"
        caches = request.method == "GET" and self.posts.switches(name).caches_answers
        if caches and key in self._cache:
            return self._cache[key]
        answer = await self._run(name, operation, route, values, request)
        if caches:
            self._cache[key] = answer
        return answer

    async def _run(self, name: str, operation: str, route: str, values: tuple[str, ...], request: Request) -> Response:
        query = dict(request.query_params)
        try:
            if name not in self.posts.shops:
                return HTMLResponse(NOT_THERE, status_code=404)
            if operation not in ROUTES:
                raise no_route()
            shop = self.posts.shops[name]
            user = admitted(self.posts, shop, request.method, request.headers.get("authorization"), query)
            asked = Asked(shop=shop, user=user, query=query, given=await _given(request), values=values)
            found = await ROUTES[operation](self, asked)
        except Refused as refused:
            return _json(refused)
        self._gate.count(name, [operation], route)
        return _written(_fields(found.body, query.get("_fields")), found.status, found.headers)

    # Products

    async def products(self, asked: Asked) -> Answered:
        found = listing.products(asked.shop, asked.query)
        return self._page(asked, found, lambda each: shown.shown(asked.shop, each), "products")

    async def product(self, asked: Asked) -> Answered:
        return Answered(body=shown.shown(asked.shop, _post(asked.shop, asked.values[0])))

    async def variations(self, asked: Asked) -> Answered:
        product = _post(asked.shop, asked.values[0])
        found = listing.variations(asked.shop, product, asked.query)
        return self._page(asked, found, lambda each: shown.shown_variation(asked.shop, each), "variations")

    async def variation(self, asked: Asked) -> Answered:
        post = _post(asked.shop, asked.values[1])
        if str(post["parent_id"]) != asked.values[0]:
            raise invalid_id("product_variation")
        return Answered(body=shown.shown_variation(asked.shop, post))

    def _page(self, asked: Asked, found: list[Thing], show: Callable[[Thing], Thing], what: str) -> Answered:
        here, headers = listing.page(found, asked.query, f"{asked.shop['url']}wp-json{NAMESPACE}/{what}")
        return Answered(body=[show(each) for each in here], headers=headers)

    # Settings

    async def currency(self, asked: Asked) -> Answered:
        return Answered(body={"id": "woocommerce_currency", "label": "Currency", "value": asked.shop["currency"]})

    async def tax_mode(self, asked: Asked) -> Answered:
        value = "yes" if asked.shop["prices_include_tax"] else "no"
        label = "Prices entered with tax"
        return Answered(body={"id": "woocommerce_prices_include_tax", "label": label, "value": value})

    async def weight_unit(self, _asked: Asked) -> Answered:
        return Answered(body={"id": "woocommerce_weight_unit", "label": "Weight unit", "value": "kg"})

    async def dimension_unit(self, _asked: Asked) -> Answered:
        return Answered(body={"id": "woocommerce_dimension_unit", "label": "Dimensions unit", "value": "cm"})

    # Webhooks

    async def webhooks(self, asked: Asked) -> Answered:
        status = asked.query.get("status", "all")
        every = list(asked.shop["subscriptions"].values())
        found = [{**each, "title": each["name"]} for each in every if status in ("all", each["status"])]
        return self._page(asked, listing.ordered(found, asked.query), webhooks.shown, "webhooks")

    async def webhook(self, asked: Asked) -> Answered:
        return Answered(body=webhooks.shown(webhooks.one(asked.shop, asked.values[0])))

    async def create_webhook(self, asked: Asked) -> Answered:
        return Answered(body=await self._create_webhook(asked, asked.given), status=201)

    async def _create_webhook(self, asked: Asked, given: Thing) -> Thing:
        """Make a webhook and ping its address before the caller hears of it."""
        webhook = webhooks.create(self.posts, asked.shop, given, asked.user)
        await self.courier.ping(asked.shop, webhook)
        return webhooks.shown(webhook)

    async def change_webhook(self, asked: Asked) -> Answered:
        return Answered(body=webhooks.shown(webhooks.change(self.posts, asked.shop, asked.values[0], asked.given)))

    async def delete_webhook(self, asked: Asked) -> Answered:
        force = asked.query.get("force", "").lower() in ("true", "1")
        return Answered(body=webhooks.shown(webhooks.delete(self.posts, asked.shop, asked.values[0], force=force)))

    async def batch(self, asked: Asked) -> Answered:
        """Make, change and delete webhooks, each for itself: what is refused stands in its place."""
        wanted = {name: asked.given.get(name) or [] for name in ("create", "update", "delete")}
        if sum(len(each) for each in wanted.values()) > MOST_AT_ONCE:
            message = f"Unable to accept more than {MOST_AT_ONCE} items for this request."
            raise Refused(413, "woocommerce_rest_request_entity_too_large", message)
        answer: dict[str, list[Thing]] = {}
        for name, each_of in wanted.items():
            for each in each_of:
                answer.setdefault(name, []).append(await self._one_of_batch(asked, name, each))
        return Answered(body=answer or [])

    async def _one_of_batch(self, asked: Asked, name: str, each: Any) -> Thing:
        try:
            if name == "create":
                return await self._create_webhook(asked, each)
            if name == "update":
                return webhooks.shown(webhooks.change(self.posts, asked.shop, str(each.get("id")), each))
            return webhooks.shown(webhooks.delete(self.posts, asked.shop, str(each), force=True))
        except Refused as refused:
            return {"id": each if name == "delete" else each.get("id", 0), "error": refused.body}


ROUTES: Mapping[str, Route] = {
    "GET /products": Api.products,
    "GET /products/<id>": Api.product,
    "GET /products/<id>/variations": Api.variations,
    "GET /products/<id>/variations/<id>": Api.variation,
    "GET /settings/general/woocommerce_currency": Api.currency,
    "GET /settings/products/woocommerce_weight_unit": Api.weight_unit,
    "GET /settings/products/woocommerce_dimension_unit": Api.dimension_unit,
    "GET /settings/tax/woocommerce_prices_include_tax": Api.tax_mode,
    "GET /webhooks": Api.webhooks,
    "GET /webhooks/<id>": Api.webhook,
    "POST /webhooks": Api.create_webhook,
    "PUT /webhooks/<id>": Api.change_webhook,
    "DELETE /webhooks/<id>": Api.delete_webhook,
    "POST /webhooks/batch": Api.batch,
}
"""What the API does, by the names under which calls are counted."""

_ID = re.compile(r"(?<=/)\d+(?=/|$)")


def _operation(method: str, route: str) -> tuple[str, tuple[str, ...]]:
    """Return what a request does, and the ids in its path."""
    path = route.removeprefix(NAMESPACE).rstrip("/") if route.startswith(NAMESPACE + "/") else "elsewhere"
    return f"{method} {_ID.sub('<id>', path)}", tuple(_ID.findall(path))


def _post(shop: Thing, post_id: str) -> Thing:
    post: Thing | None = shop["posts"].get(post_id)
    if post is None:
        raise invalid_id("product")
    return post


async def _given(request: Request) -> Thing:
    body = await request.body()
    if not body:
        return {}
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(400, "rest_invalid_json", "Invalid JSON body passed.") from None
    return given if isinstance(given, dict) else {}


def _fields(body: object, named: str | None) -> object:
    """Keep the fields that a request names, of every object in an answer."""
    if not named:
        return body
    names = named.split(",")
    if isinstance(body, list):
        return [_fields(each, named) for each in body]
    return {name: value for name, value in body.items() if name in names} if isinstance(body, dict) else body


def _written(body: object, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(written(body), status_code=status, headers=dict(headers or {}), media_type="application/json")


def _json(refused: Refused) -> Response:
    return _written(refused.body, refused.status)
