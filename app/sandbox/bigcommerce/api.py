"""``/v2`` and ``/v3``: requests as the API answers them, or as a misbehaviour in force has them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.bigcommerce.courier import Courier
from app.sandbox.bigcommerce.quota import Quota
from app.sandbox.bigcommerce.records import Records, next_id
from app.sandbox.bigcommerce.refusals import Refused, missing
from app.sandbox.bigcommerce.shown import shown_images, shown_items, shown_product, shown_variant
from app.sandbox.shop.gate import Answers, Gate

Thing = dict[str, Any]

DEFAULT_LIMIT, MOST, MOST_ITEMS = 50, 250, 1000
HOOKS_OF_A_SCOPE = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. ``account`` is who asks; ``item`` the number in its path, empty where there is none."""

    shop: Thing
    account: Thing
    query: Mapping[str, str]
    given: Thing
    item: str


Route = Callable[["Api", Asked], object]


class Api:
    """The API of all stores."""

    def __init__(self, records: Records, courier: Courier, gate: Gate) -> None:
        self.records = records
        self._courier = courier
        self._gate = gate
        self._quota = Quota()

    async def answer(self, name: str, path: str, request: Request) -> Response:
        """Answer a request for a path such as ``v3/catalog/products/5``."""
        numbers = _NUMBER.findall(path)
        operation = f"{request.method} {_NUMBER.sub('{}', path)}"

        async def run() -> Response:
            return await self._run(name, operation, numbers[0] if numbers else "", request)

        own: Answers = {"token_revoked": lambda: _refused(_unauthorized())}
        return await self._gate.answer(name, [operation], run, own)

    async def _run(self, name: str, operation: str, item: str, request: Request) -> Response:
        try:
            account = self._admitted(name, request.headers.get("x-auth-token", ""))
            limits = self._spent(name)
            given = await _given(request)
        except Refused as refused:
            return _refused(refused)
        asked = Asked(
            shop=self.records.shops[name], account=account, query=dict(request.query_params), given=given, item=item
        )
        try:
            route = ROUTES.get(operation)
            if route is None:
                raise missing("resource")
            found = route(self, asked)
        except Refused as refused:
            return _refused(refused.with_headers(limits))
        self._gate.count(name, [operation], operation)
        return JSONResponse(found, 200, dict(limits))

    def _admitted(self, name: str, token: str) -> Thing:
        shop = self.records.shops.get(name)
        account = None if shop is None else shop["accounts"].get(token)
        if account is None:
            raise _unauthorized()
        found: Thing = account
        return found

    def _spent(self, name: str) -> Mapping[str, str]:
        passes, limits = self._quota.spend(name, self._courier.switches[name].quota)
        if not passes:
            self._gate.count(name, ["throttled"], "throttled")
            raise Refused(429, "Too many requests.").with_headers(limits)
        return limits

    # Reading

    def store(self, asked: Asked) -> object:
        shop = asked.shop
        domain = f"store-{shop['name']}.mybigcommerce.com"
        units = {"weight_units": "KGS", "dimension_units": "Centimeters"}
        return {"id": shop["name"], "name": shop["title"], "domain": domain, "currency": shop["currency"], **units}

    def products(self, asked: Asked) -> object:
        query = asked.query
        found = sorted(asked.shop["products"].values(), key=lambda each: each["id"])
        found = [each for each in found if each["id"] > int(query.get("id:greater", 0))]
        if "id:in" in query:
            found = [each for each in found if str(each["id"]) in query["id:in"].split(",")]
        most = 10 if {"options", "modifiers"} & set(query.get("include", "").split(",")) else MOST
        return _page(asked, found, lambda each: self._shown(asked, each), most=most)

    def product(self, asked: Asked) -> object:
        if asked.item not in asked.shop["products"]:
            raise missing("product")
        return {"data": self._shown(asked, asked.shop["products"][asked.item]), "meta": {}}

    def _shown(self, asked: Asked, product: Thing) -> Thing:
        """Return a product with what was asked for besides, or without what was not."""
        lag = self._courier.switches[asked.shop["name"]].catalogue_lag_seconds
        shown = shown_product(product, lag=lag)
        fields = asked.query.get("include_fields")
        if fields is not None:
            shown = {name: value for name, value in shown.items() if name == "id" or name in fields.split(",")}
        included = asked.query.get("include", "").split(",")
        if "variants" in included:
            shown["variants"] = [shown_variant(product, each, lag=lag) for each in product["variants"].values()]
        if "images" in included:
            shown["images"] = shown_images(product)
        return shown

    def brands(self, asked: Asked) -> object:
        wanted = asked.query.get("id:in", "").split(",")
        found = [{"id": number, "name": name} for name, number in asked.shop["brands"].items() if str(number) in wanted]
        return _page(asked, found, dict)

    def items(self, asked: Asked) -> object:
        wanted = asked.query.get("product_id:in")
        found = [
            item
            for product in asked.shop["products"].values()
            if wanted is None or str(product["id"]) in wanted.split(",")
            for item in shown_items(product)
        ]
        return _page(asked, found, dict, most=MOST_ITEMS)

    # Webhooks

    def hooks(self, asked: Asked) -> object:
        return _page(asked, self._own_hooks(asked), _shown_hook)

    def hook(self, asked: Asked) -> object:
        return {"data": _shown_hook(self._hook(asked)), "meta": {}}

    def subscribe(self, asked: Asked) -> object:
        """Make a webhook; of one scope and destination there is no second one."""
        scope, destination = str(asked.given.get("scope", "")), str(asked.given.get("destination", ""))
        if not scope.startswith("store/") or not destination.startswith(("http://", "https://")):
            raise Refused(422, "JSON data is missing or invalid", errors={"scope": "or destination is not one."})
        alike = [each for each in self._own_hooks(asked) if each["scope"] == scope]
        if any(each["destination"] == destination for each in alike) or len(alike) >= HOOKS_OF_A_SCOPE:
            raise Refused(422, "There is such a webhook, or there are too many of this scope.")
        hook: Thing = {
            "id": next_id(asked.shop),
            "client_id": asked.account["client"],
            "secret": asked.account["secret"],
            "scope": scope,
            "destination": destination,
            "headers": asked.given.get("headers"),
            "is_active": bool(asked.given.get("is_active", True)),
        }
        asked.shop["subscriptions"][str(hook["id"])] = hook
        self.records.changed()
        return {"data": _shown_hook(hook), "meta": {}}

    def change_hook(self, asked: Asked) -> object:
        hook = self._hook(asked)
        hook |= {name: asked.given[name] for name in ("destination", "is_active", "headers") if name in asked.given}
        self.records.changed()
        return {"data": _shown_hook(hook), "meta": {}}

    def unsubscribe(self, asked: Asked) -> object:
        hook = self._hook(asked)
        del asked.shop["subscriptions"][str(hook["id"])]
        self.records.changed()
        return {"data": _shown_hook(hook), "meta": {}}

    def _own_hooks(self, asked: Asked) -> list[Thing]:
        """Return the webhooks that whoever asks has made; those of others are not to be seen."""
        found = asked.shop["subscriptions"].values()
        return [each for each in found if each["client_id"] == asked.account["client"]]

    def _hook(self, asked: Asked) -> Thing:
        found = next((each for each in self._own_hooks(asked) if str(each["id"]) == asked.item), None)
        if found is None:
            raise Refused(404, f"Webhook with id {asked.item} not found")
        return found


def _shown_hook(hook: Thing) -> Thing:
    return {name: value for name, value in hook.items() if name != "secret"}


def _page(asked: Asked, found: Sequence[Thing], show: Callable[[Thing], Thing], *, most: int = MOST) -> Thing:
    limit = min(int(asked.query.get("limit", DEFAULT_LIMIT)), most)
    page = int(asked.query.get("page", 1))
    shown = [show(each) for each in found[(page - 1) * limit : page * limit]]
    pagination = {
        "total": len(found),
        "count": len(shown),
        "per_page": limit,
        "current_page": page,
        "total_pages": -(-len(found) // limit),
        "links": {"current": f"?page={page}&limit={limit}"},
    }
    return {"data": shown, "meta": {"pagination": pagination}}


ROUTES: Mapping[str, Route] = {
    "GET v2/store": Api.store,
    "GET v3/catalog/products": Api.products,
    "GET v3/catalog/products/{}": Api.product,
    "GET v3/catalog/brands": Api.brands,
    "GET v3/inventory/items": Api.items,
    "GET v3/hooks": Api.hooks,
    "POST v3/hooks": Api.subscribe,
    "GET v3/hooks/{}": Api.hook,
    "PUT v3/hooks/{}": Api.change_hook,
    "DELETE v3/hooks/{}": Api.unsubscribe,
}

_NUMBER = re.compile(r"(?<=/)[0-9]+(?=/|$)")


async def _given(request: Request) -> Thing:
    body = await request.body()
    if not body:
        return {}
    try:
        given = json.loads(body)
    except ValueError:
        raise Refused(400, "Input is invalid.") from None
    return given if isinstance(given, dict) else {}


def _unauthorized() -> Refused:
    return Refused(401, "Unauthorized - the v3 Auth client ID or token are not a valid combination for this store.")


def _refused(refused: Refused) -> Response:
    return JSONResponse(refused.body, refused.status, refused.headers)
