"""``/api/…``: the Admin API as Shopware answers it, or as a fault in force has it."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.shop.gate import Gate
from app.sandbox.shopware import shown
from app.sandbox.shopware.access import Access, Denied, Limited, lacking
from app.sandbox.shopware.records import OWN_CURRENCY, Thing, new_id
from app.sandbox.shopware.searching import Refused, search
from app.sandbox.shopware.shops import Shops

PRODUCT_FIELDS = (
    *("id", "parentId", "autoIncrement", "childCount", "productNumber", "ean", "active", "isCloseout", "stock"),
    *("availableStock", "available", "name", "description", "manufacturerId", "createdAt", "updatedAt"),
)
WEBHOOK_FIELDS = ("id", "name", "eventName", "url", "errorCount", "active", "appId")
WRITABLE = frozenset({"id", "name", "eventName", "url", "active", "onlyLiveVersion"})


class Missing(Exception):
    """The integration lacks privileges."""

    def __init__(self, privileges: list[str]) -> None:
        super().__init__(json.dumps({"message": "Missing privilege", "missingPrivileges": privileges}))


class Absent(Exception):
    """There is no such entity."""


def error(status: int, code: str, detail: str, *, meta: Thing | None = None, headers: Thing | None = None) -> Response:
    """Return an error as https://jsonapi.org/format/#errors."""
    told: Thing = {
        "code": code,
        "status": str(status),
        "title": detail,
        "detail": detail,
        "meta": meta or {"parameters": []},
    }
    return JSONResponse({"errors": [told]}, status_code=status, headers=headers)


DENIED = "The resource owner or authorization server denied the request."


class Api:
    """The Admin API of all shops."""

    def __init__(self, shops: Shops, gate: Gate, access: Access) -> None:
        self._shops = shops
        self._gate = gate
        self._access = access

    async def answer(self, name: str, path: str, request: Request) -> Response:
        """Answer one request. Faults of the shop come first, then those of all shops (under an empty name)."""
        shop = self._shops.shops.get(name)
        if shop is None:
            return error(404, "0", f'No route found for "{request.method} /api/{path}"')
        try:
            body = json.loads(await request.body() or b"{}")
        except ValueError:
            return error(400, "FRAMEWORK__INVALID_JSON", "The JSON payload is malformed.")
        entity = path.split("/")[1 if path.startswith(("search/", "oauth/")) else 0]

        async def run() -> Response:
            return self._run(shop, path, entity, body, request)

        own = {
            "throttled": lambda: error(
                429, "FRAMEWORK__RATE_LIMIT_EXCEEDED", "Too many requests.", headers={"Retry-After": "1"}
            ),
            "token_revoked": lambda: error(401, "9", DENIED),
        }
        return await self._gate.answer(name, [entity], run, own)  # type: ignore[arg-type]

    def _run(self, shop: Thing, path: str, entity: str, body: Thing, request: Request) -> Response:
        try:
            if path == "oauth/token":
                return self._token(shop, body)
            integration = self._access.enter(shop, request.headers.get("authorization", ""))
            self._gate.count(shop["shop"], [entity], f"{request.method} {entity}")
            if path.startswith("search/") and request.method == "POST":
                return self._search(shop, integration, entity, body, request)
            if entity == "webhook":
                return self._webhook(shop, integration, request.method, path.partition("/")[2], body)
        except Limited as limited:
            return self._limited(shop, limited)
        except Denied as denied:
            return error(401, "9", str(denied))
        except Missing as missing:
            return error(403, "FRAMEWORK__MISSING_PRIVILEGE_ERROR", str(missing))
        except Refused as refused:
            return error(400, refused.code, str(refused))
        except Absent as absent:
            return error(404, "FRAMEWORK__ENTITY_NOT_FOUND", str(absent))
        return error(404, "0", f'No route found for "{request.method} /api/{path}"')

    # Tokens

    def _token(self, shop: Thing, body: Thing) -> Response:
        if body.get("grant_type") != "client_credentials":
            return error(400, "2", "The authorization grant type is not supported by the authorization server.")
        token, lasts = self._access.give(shop, body.get("client_id"), body.get("client_secret"))
        self._gate.count(shop["shop"], ["token"], "POST token")
        return JSONResponse({"token_type": "Bearer", "expires_in": lasts, "access_token": token})

    def _limited(self, shop: Thing, limited: Limited) -> Response:
        self._gate.calls[shop["shop"]]["throttled"] += 1
        code, seconds = "FRAMEWORK__RATE_LIMIT_EXCEEDED", limited.seconds
        if limited.header:
            return error(429, code, str(limited), headers={"Retry-After": str(seconds)})
        return error(429, code, str(limited), meta={"parameters": {"seconds": seconds}})

    # Reading

    def _search(self, shop: Thing, integration: Thing, entity: str, criteria: Thing, request: Request) -> Response:
        associations = criteria.get("associations") or {}
        self._need(integration, {f"{entity}:read"} | (shown.privileges(associations) if entity == "product" else set()))
        inherit = request.headers.get("sw-inheritance") in ("1", "true")
        match entity:
            case "product":
                unknown = set(associations) - set(shown.PARTS)
                if unknown:
                    raise Refused(
                        "FRAMEWORK__ASSOCIATION_NOT_FOUND", f"Can not find association by name {unknown.pop()}"
                    )
                total, found = search(list(shop["products"].values()), criteria, PRODUCT_FIELDS)
                seen = [shown.product(shop, each, associations, inherit=inherit) for each in found]
            case "webhook":
                total, found = search(list(shop["subscriptions"].values()), criteria, WEBHOOK_FIELDS)
                seen = [shown.webhook(each) for each in found]
            case "currency":
                own = {"id": OWN_CURRENCY, "isoCode": shop["currency"], "factor": 1, "apiAlias": "currency"}
                total, seen = search([own], criteria, ("id", "isoCode"))
            case "sales_channel":
                channels = [{"id": key, "name": name} for key, name in shop["sales_channels"].items()]
                total, seen = search(channels, criteria, ("id", "name"))
            case _:
                raise Absent(f'Definition for entity "{entity}" does not exist.')
        kept = [shown.only(each, criteria.get("includes") or {}) for each in seen]
        if "application/json" not in request.headers.get("accept", ""):
            return JSONResponse(_json_api(entity, kept, total), media_type="application/vnd.api+json")
        return JSONResponse({"total": total, "data": kept, "aggregations": []})

    # Webhooks

    def _webhook(self, shop: Thing, integration: Thing, method: str, webhook_id: str, body: Thing) -> Response:
        privilege = {"POST": "create", "PATCH": "update", "DELETE": "delete"}.get(method)
        if privilege is None or bool(webhook_id) is (method == "POST"):
            raise Absent("No route found")
        self._need(integration, {f"webhook:{privilege}"})
        if method == "POST":
            made = self._made(shop, body)
            shop["subscriptions"][made["id"]] = made
        else:
            self._change(shop, self._found(shop, webhook_id), method, body)
        self._shops.changed()
        return Response(status_code=204)

    def _found(self, shop: Thing, webhook_id: str) -> Thing:
        found: Thing | None = shop["subscriptions"].get(webhook_id)
        if found is None:
            raise Absent(f"webhook for id {webhook_id} not found.")
        if found["appId"] is not None and self._access.switches(shop["shop"]).app_webhooks_are_locked:
            raise Refused("FRAMEWORK__WEBHOOK_APP_NOT_MODIFIABLE", "Webhooks of apps can not be modified.")
        return found

    def _change(self, shop: Thing, webhook: Thing, method: str, body: Thing) -> None:
        if method == "DELETE":
            del shop["subscriptions"][webhook["id"]]
            return
        _refuse_protected(body)
        webhook |= body

    def _made(self, shop: Thing, body: Thing) -> Thing:
        _refuse_protected(body)
        for name in ("name", "eventName", "url"):
            if not body.get(name):
                raise Refused("c1051bb4-d103-4f74-8988-acbcafc7fdc3", f"/0/{name}: This value should not be blank.")
        made = {"id": new_id(), "active": True, "onlyLiveVersion": False, **body, "errorCount": 0, "appId": None}
        if made["id"] in shop["subscriptions"]:
            raise Refused("0", "Duplicate entry")
        return made

    @staticmethod
    def _need(integration: Thing, privileges: set[str]) -> None:
        missing = lacking(integration, privileges)
        if missing:
            raise Missing(missing)


def _refuse_protected(body: Mapping[str, Any]) -> None:
    protected = sorted(set(body) - WRITABLE)
    if protected:
        raise Refused("FRAMEWORK__WRITE_PROTECTED", f"This field is write-protected. (Got: {protected[0]})")


def _json_api(entity: str, seen: list[Thing], total: int) -> Thing:
    """Return entities in the shape that callers get who do not ask for plain JSON."""
    data = [
        {"id": each.get("id"), "type": entity, "attributes": {k: v for k, v in each.items() if k != "id"}}
        for each in seen
    ]
    return {"data": data, "included": [], "meta": {"total": total, "totalCountMode": 0}}
