"""The HTTP side: the Admin API under ``/shops/{shop}``, and ``/_sandbox`` to live the shops' life."""

import contextlib
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import Body, FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, execute, parse, validate
from graphql.execution import ExecutionResult

from app.sandbox.faults import Fault, Faults
from app.sandbox.saved import SavedState
from app.sandbox.shopify.api import MAX_COST, SCHEMA, Refused, Root, cost, resolve
from app.sandbox.shopify.catalogue import sample
from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.webhooks import Courier

BUCKET, RESTORE = 2000.0, 100.0
INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"


class Sandbox:
    """Everything that the stand-in Shopify is."""

    def __init__(self, state_path: Path | None, client_secret: str) -> None:
        self.saved = SavedState(state_path)
        self.faults = Faults([])
        self.calls: Counter[str] = Counter()
        self.buckets: dict[str, tuple[float, float]] = {}
        self.shops = Shops()
        self.courier = Courier(self.shops, client_secret)
        self.app_url = ""
        saved = self.saved.load()
        if saved is not None:
            self.shops.shops, self.shops.next_id = saved["shops"], saved["next_id"]
            self.courier.deliveries, self.app_url = saved["deliveries"], saved["app_url"]
        self.shops.notify = self.courier.notify
        self.shops.changed = lambda: self.saved.changed(self.dump)

    def dump(self) -> Thing:
        """Return everything as JSON data; of delivered webhooks only the last few."""
        deliveries = self.courier.deliveries
        for each in [key for key, value in deliveries.items() if value["done"]][:-500]:
            del deliveries[each]
        return {
            "shops": self.shops.shops,
            "next_id": self.shops.next_id,
            "deliveries": deliveries,
            "app_url": self.app_url,
        }

    def shop(self, domain: str) -> Thing:
        if domain not in self.shops.shops:
            raise HTTPException(404, "There is no such shop")
        return self.shops.shops[domain]

    def product(self, domain: str, product_id: str) -> tuple[Thing, Thing]:
        shop = self.shop(domain)
        if product_id not in shop["products"]:
            raise HTTPException(404, "There is no such product")
        return shop, shop["products"][product_id]

    def variant(self, domain: str, product_id: str, variant_id: int) -> tuple[Thing, Thing, Thing]:
        shop, product = self.product(domain, product_id)
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                return shop, product, variant
        raise HTTPException(404, "There is no such variant")

    async def answer(self, domain: str, request: Request) -> Response:
        """Answer one GraphQL request, or misbehave."""
        shop = self.shops.shops.get(domain)
        if shop is None:
            return JSONResponse({"errors": "Not Found"}, status_code=404)
        if shop["frozen"]:
            return JSONResponse({"errors": "Unavailable Shop"}, status_code=402)
        if not shop["installed"] or request.headers.get("x-shopify-access-token") != shop["token"]:
            return JSONResponse({"errors": INVALID_TOKEN}, status_code=401)
        try:
            given = json.loads(await request.body())
            document, problems = parsed(given["query"])
            variables = given.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, status_code=400)
        operations = root_fields(document)

        async def run() -> Response:
            return self._run(shop, document, problems, variables)

        if self.faults.next(operations, "throttled") is not None:
            return JSONResponse(self._throttled(shop, 0))
        if self.faults.next(operations, "token_revoked") is not None:
            shop["installed"] = False
            return JSONResponse({"errors": INVALID_TOKEN}, status_code=401)
        return await self.faults.answer(operations, run)

    def _run(
        self, shop: Thing, document: DocumentNode | None, problems: list[GraphQLError], variables: Thing
    ) -> Response:
        if document is None or problems:
            return JSONResponse({"errors": [{"message": each.message} for each in problems]})
        try:
            points = cost(document, variables)
        except Refused as refused:
            return JSONResponse({"errors": [{"message": str(refused)}]})
        if points > MAX_COST:
            message = f"Query cost is {points}, which exceeds the single query max cost limit ({MAX_COST})."
            return JSONResponse({"errors": [{"message": message, "extensions": {"code": "MAX_COST_EXCEEDED"}}]})
        if self._available(shop) < points:
            return JSONResponse(self._throttled(shop, points))
        self.calls.update(root_fields(document))
        root = Root(self.shops, shop)
        result = execute(SCHEMA, document, root_value=root, variable_values=variables, field_resolver=resolve)
        assert isinstance(result, ExecutionResult)  # noqa: S101 - every resolver is synchronous
        answer: Thing = {"data": result.data}
        if result.errors:
            answer["errors"] = [{"message": each.message, "path": each.path} for each in result.errors]
        # What was asked for and was not there is given back: a tenth is charged for pages that are not full.
        actual = max(points // 10, 1)
        self.buckets[shop["domain"]] = (self._available(shop) - actual, time.monotonic())
        answer["extensions"] = {"cost": self._cost(shop, points, actual)}
        return JSONResponse(answer)

    def _available(self, shop: Thing) -> float:
        level, at = self.buckets.get(shop["domain"], (BUCKET, time.monotonic()))
        return min(BUCKET, level + (time.monotonic() - at) * RESTORE)

    def _cost(self, shop: Thing, requested: int, actual: int | None) -> Thing:
        status = {
            "maximumAvailable": BUCKET,
            "currentlyAvailable": int(self._available(shop)),
            "restoreRate": RESTORE,
        }
        return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}

    def _throttled(self, shop: Thing, points: int) -> Thing:
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        return {"errors": [error], "extensions": {"cost": self._cost(shop, points, None)}}


@lru_cache(maxsize=500)
def parsed(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """Return a document, and what is wrong with it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(SCHEMA, document)


def root_fields(document: DocumentNode | None) -> list[str]:
    """Return the names of the queries and mutations that a document asks for."""
    return [
        field.name.value
        for definition in (document.definitions if document else ())
        if isinstance(definition, OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode)
    ]


def create_app(state_path: Path | None = None, client_secret: str = "sandbox") -> FastAPI:  # noqa: S107 - nothing is secret here
    """Return the server."""
    sandbox = Sandbox(state_path, client_secret)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sandbox.courier.resume()
        yield
        await sandbox.courier.aclose()
        await sandbox.saved.flush()

    app = FastAPI(title="Sandbox Shopify", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox

    @app.post("/shops/{shop}/admin/api/{version}/graphql.json")
    async def graphql(shop: str, version: str, request: Request) -> Response:  # noqa: ARG001 - every version is served
        return await sandbox.answer(shop, request)

    _add_shops(app, sandbox)
    _add_products(app, sandbox)
    _add_variants(app, sandbox)
    _add_webhooks(app, sandbox)
    return app


def _add_shops(app: FastAPI, sandbox: Sandbox) -> None:
    @app.put("/_sandbox/shops/{shop}")
    async def open_shop(shop: str, body: dict[str, Any] = Body({})) -> Thing:  # noqa: B008
        known = shop in sandbox.shops.shops
        opened = sandbox.shops.open(shop, body)
        sandbox.app_url = body.get("app_url", sandbox.app_url)
        wanted = body.get("catalogue", "none")
        if not known:
            for each in sample() if wanted == "sample" else wanted if isinstance(wanted, list) else []:
                sandbox.shops.create(opened, each)
        return {key: value for key, value in opened.items() if key != "token"}

    @app.post("/_sandbox/shops/{shop}/uninstall")
    async def uninstall(shop: str) -> Thing:
        found = sandbox.shop(shop)
        happened: Thing = {"id": found["id"], "name": found["name"], "domain": None, "myshopify_domain": None}
        sandbox.courier.notify(shop, "app/uninstalled", happened, "uninstall")
        found["installed"] = False
        found["subscriptions"] = {}
        sandbox.shops.changed()
        return {"installed": False}

    @app.post("/_sandbox/shops/{shop}/reinstall")
    async def reinstall(shop: str, body: dict[str, Any]) -> Thing:
        sandbox.shops.open(shop, body)
        return {"installed": True}

    @app.post("/_sandbox/shops/{shop}/freeze")
    async def freeze(shop: str, body: dict[str, bool]) -> Thing:
        sandbox.shop(shop)["frozen"] = body["frozen"]
        return {"frozen": body["frozen"]}

    @app.post("/_sandbox/shops/{shop}/compliance/{resource}/{what}")
    async def compliance(shop: str, resource: str, what: str) -> Thing:
        found = sandbox.shop(shop)
        happened = {"shop_id": found["id"], "shop_domain": shop}
        address = f"{sandbox.app_url}/webhooks/shopify"
        sandbox.courier.post(shop, f"{resource}/{what}", happened, "compliance", address)
        return {"address": address}


def _add_products(app: FastAPI, sandbox: Sandbox) -> None:
    @app.get("/_sandbox/shops/{shop}/products")
    async def products(shop: str) -> list[Thing]:
        return list(sandbox.shop(shop)["products"].values())

    @app.post("/_sandbox/shops/{shop}/products")
    async def create(shop: str, body: dict[str, Any]) -> Thing:
        return sandbox.shops.create(sandbox.shop(shop), body)

    @app.get("/_sandbox/shops/{shop}/products/{product_id}")
    async def product(shop: str, product_id: str) -> Thing:
        return sandbox.product(shop, product_id)[1]

    @app.patch("/_sandbox/shops/{shop}/products/{product_id}")
    async def update(shop: str, product_id: str, body: dict[str, Any]) -> Thing:
        return sandbox.shops.update(*sandbox.product(shop, product_id), body)

    @app.delete("/_sandbox/shops/{shop}/products/{product_id}")
    async def delete(shop: str, product_id: str) -> Thing:
        sandbox.shops.delete(*sandbox.product(shop, product_id))
        return {"deleted": product_id}

    @app.post("/_sandbox/shops/{shop}/products/{product_id}/publish")
    async def publish(shop: str, product_id: str) -> Thing:
        return sandbox.shops.update(*sandbox.product(shop, product_id), {"status": "active", "published": True})

    @app.post("/_sandbox/shops/{shop}/products/{product_id}/unpublish")
    async def unpublish(shop: str, product_id: str) -> Thing:
        return sandbox.shops.update(*sandbox.product(shop, product_id), {"status": "draft"})


def _add_variants(app: FastAPI, sandbox: Sandbox) -> None:
    @app.post("/_sandbox/shops/{shop}/products/{product_id}/variants")
    async def add(shop: str, product_id: str, body: dict[str, Any]) -> Thing:
        return sandbox.shops.add_variant(*sandbox.product(shop, product_id), body)

    @app.patch("/_sandbox/shops/{shop}/products/{product_id}/variants/{variant_id}")
    async def change(shop: str, product_id: str, variant_id: int, body: dict[str, Any]) -> Thing:
        return sandbox.shops.change_variant(*sandbox.variant(shop, product_id, variant_id), body)

    @app.delete("/_sandbox/shops/{shop}/products/{product_id}/variants/{variant_id}")
    async def remove(shop: str, product_id: str, variant_id: int) -> Thing:
        sandbox.shops.remove_variant(*sandbox.variant(shop, product_id, variant_id))
        return {"deleted": variant_id}

    @app.put("/_sandbox/shops/{shop}/products/{product_id}/variants/{variant_id}/stock")
    async def stock(shop: str, product_id: str, variant_id: int, body: dict[str, Any]) -> Thing:
        found, product, variant = sandbox.variant(shop, product_id, variant_id)
        sandbox.shops.set_stock(found, product, variant, body["quantity"], body.get("location"))
        return variant


def _add_webhooks(app: FastAPI, sandbox: Sandbox) -> None:  # noqa: C901 - a list of small routes
    courier = sandbox.courier

    @app.get("/_sandbox/shops/{shop}/subscriptions")
    async def subscriptions(shop: str) -> list[Thing]:
        return list(sandbox.shop(shop)["subscriptions"].values())

    @app.delete("/_sandbox/shops/{shop}/subscriptions/{subscription_id}")
    async def forget(shop: str, subscription_id: str) -> Thing:
        sandbox.shop(shop)["subscriptions"].pop(subscription_id, None)
        return {"deleted": subscription_id}

    @app.get("/_sandbox/shops/{shop}/deliveries")
    async def deliveries(shop: str) -> list[Thing]:
        return [each for each in courier.deliveries.values() if each["shop"] == shop]

    @app.post("/_sandbox/shops/{shop}/deliveries/{delivery_id}/redeliver")
    async def redeliver(shop: str, delivery_id: str) -> Thing:
        if delivery_id not in courier.deliveries or courier.deliveries[delivery_id]["shop"] != shop:
            raise HTTPException(404)
        courier.start(courier.deliveries[delivery_id])
        return courier.deliveries[delivery_id]

    @app.get("/_sandbox/shops/{shop}/quiet")
    async def quiet(shop: str) -> Thing:
        return {"pending": courier.pending(shop)}

    @app.put("/_sandbox/shops/{shop}/switches")
    async def switches(shop: str, body: dict[str, Any]) -> Thing:
        courier.time_scale = body.pop("time_scale", courier.time_scale)
        found = courier.switches.setdefault(shop, {})
        found |= body
        if not found.get("reorder"):
            courier.release(shop)
        return {**found, "time_scale": courier.time_scale}

    @app.get("/_sandbox/calls")
    async def calls() -> Thing:
        return {"total": sum(sandbox.calls.values()), "by_operation": dict(sandbox.calls)}

    @app.delete("/_sandbox/calls")
    async def forget_calls() -> Thing:
        sandbox.calls.clear()
        return {}

    @app.post("/_sandbox/faults")
    async def add_fault(body: Fault) -> list[Fault]:
        sandbox.faults.active.append(body)
        return sandbox.faults.active

    @app.delete("/_sandbox/faults")
    async def clear_faults() -> Thing:
        sandbox.faults.active.clear()
        return {}
