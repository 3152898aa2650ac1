"""The HTTP side: ``POST /v1/graphql`` as the real one answers, and ``/_sandbox`` to set things up and look at them."""

import contextlib
import json
from collections import Counter
from collections.abc import AsyncIterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from graphql import DocumentNode, FieldNode, GraphQLError, OperationDefinitionNode, execute, parse, validate
from graphql.execution import ExecutionResult
from pydantic import BaseModel

from app.sandbox.faults import Fault, Faults
from app.sandbox.orderchamp.api import SCHEMA, Root, resolve
from app.sandbox.orderchamp.cost import MISSING_FIRST, Cost, PageMissing
from app.sandbox.orderchamp.market import HalfDone, Market, Switches, Thing
from app.sandbox.orderchamp.throttle import SIZES, Buckets
from app.sandbox.saved import SavedState


class AccountBody(BaseModel):
    """An account to be made. ``same_account_as``: another token of the account that this token has."""

    name: str = "Sandbox supplier"
    storefronts: list[dict[str, Any]] = [{"name": "Main"}]
    same_account_as: str | None = None


class Sandbox:
    """Everything that one stand-in Orderchamp is."""

    def __init__(self, state_path: Path | None) -> None:
        self.saved = SavedState(state_path)
        self.buckets = Buckets()
        self.faults = Faults([])
        self.calls: Counter[str] = Counter()
        self.requests = 0
        self.cost = 0
        self.market = Market()
        self.reset(self.saved.load())

    def reset(self, saved: Thing | None) -> None:
        """Begin with what was saved, or with nothing."""
        self.market = Market()
        if saved is not None:
            self.market.load(saved)
        self.market.changed = lambda: self.saved.changed(self.market.dump)

    async def answer(self, request: Request) -> Response:
        """Answer one GraphQL request, or misbehave."""
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        known = self.market.tokens.get(token)
        if known is None or known["revoked"]:
            return JSONResponse({"message": "Unauthenticated."}, status_code=401)
        try:
            body = json.loads(await request.body())
            document, problems = parsed(body["query"])
            variables = body.get("variables") or {}
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": [{"message": "The request is not JSON with a query"}]}, status_code=400)
        operations = root_fields(document)
        self.requests += 1

        async def run() -> Response:
            return self._run(token, known["account_id"], document, problems, variables, body.get("operationName"))

        if self.faults.next(operations, "throttled") is not None:
            return self._throttled(token, 0)
        self.market.half_next = self.faults.next(operations, "half_bulk") is not None
        self.market.user_error_next = self.faults.next(operations, "user_error") is not None
        return await self.faults.answer(operations, run)

    def _run(
        self,
        token: str,
        account_id: str,
        document: DocumentNode | None,
        problems: list[GraphQLError],
        variables: Thing,
        operation_name: str | None,
    ) -> Response:
        if document is None or problems:
            return JSONResponse({"errors": [{"message": each.message} for each in problems]})
        try:
            cost = Cost(SCHEMA, document, variables).total(operation_name)
        except PageMissing:
            return JSONResponse({"errors": [{"message": MISSING_FIRST}]})
        if cost > self.market.switches.max_cost:
            message = f"Query cost {cost} exceeds the maximum of {self.market.switches.max_cost}"
            return JSONResponse({"errors": [{"message": message}], "extensions": self._extensions(token, cost)})
        if not self.buckets.take(token, self.market.switches.bucket, cost):
            return self._throttled(token, cost)
        self.calls.update(root_fields(document))
        self.cost += cost
        try:
            result = execute(
                SCHEMA,
                document,
                root_value=Root(self.market, account_id),
                variable_values=variables,
                operation_name=operation_name,
                field_resolver=resolve,
            )
        except HalfDone:
            return PlainTextResponse("Internal server error", status_code=500)
        assert isinstance(result, ExecutionResult)  # noqa: S101 - every resolver is synchronous
        if any(isinstance(each.original_error, HalfDone) for each in result.errors or ()):
            return PlainTextResponse("Internal server error", status_code=500)
        answer: Thing = {"data": result.data, "extensions": self._extensions(token, cost)}
        if result.errors:
            answer["errors"] = [{"message": each.message, "path": each.path} for each in result.errors]
        return JSONResponse(answer)

    def _extensions(self, token: str, cost: int) -> Thing:
        limit, rate = SIZES[self.market.switches.bucket]
        remaining = self.buckets.remaining(token, self.market.switches.bucket)
        throttle = {"limit": limit, "remaining": int(remaining), "restoreRate": rate}
        return {"throttle": {"requestedCost": cost, "actualCost": cost, **throttle}}

    def _throttled(self, token: str, cost: int) -> Response:
        self.calls["throttled"] += 1
        if self.market.switches.throttle_form == "http_429_text":
            return PlainTextResponse("Too many requests", status_code=429)
        return JSONResponse({"errors": [{"message": "Throttled"}], "extensions": self._extensions(token, cost)})


@lru_cache(maxsize=2000)
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


def create_app(state_path: Path | None = None) -> FastAPI:
    """Return the server."""
    sandbox = Sandbox(state_path)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await sandbox.saved.flush()

    app = FastAPI(title="Sandbox Orderchamp", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox

    @app.post("/v1/graphql")
    async def graphql(request: Request) -> Response:
        return await sandbox.answer(request)

    _add_accounts(app, sandbox)
    _add_products(app, sandbox)
    _add_misbehaviour(app, sandbox)
    return app


def _add_accounts(app: FastAPI, sandbox: Sandbox) -> None:
    @app.put("/_sandbox/accounts/{token}")
    async def account(token: str, body: AccountBody) -> Thing:
        found = sandbox.market.account(token, body.name, body.storefronts, body.same_account_as)
        storefronts = [{"id": each["id"], "name": each["name"]} for each in found["storefronts"]]
        return {"account_id": found["id"], "storefronts": storefronts}

    @app.post("/_sandbox/tokens/{token}/{what}")
    async def revoke(token: str, what: str) -> Thing:
        if token not in sandbox.market.tokens or what not in ("revoke", "restore"):
            raise HTTPException(404)
        sandbox.market.tokens[token]["revoked"] = what == "revoke"
        sandbox.market.changed()
        return {"revoked": what == "revoke"}


def _add_products(app: FastAPI, sandbox: Sandbox) -> None:  # noqa: C901 - a list of small routes
    def account_of(token: str) -> str:
        if token not in sandbox.market.tokens:
            raise HTTPException(404, "There is no such token")
        found: str = sandbox.market.tokens[token]["account_id"]
        return found

    def product_of(product_id: str) -> Thing:
        if product_id not in sandbox.market.products:
            raise HTTPException(404, "There is no such product")
        return sandbox.market.products[product_id]

    @app.get("/_sandbox/products")
    async def products(token: str | None = None, sku: str | None = None) -> list[Thing]:
        account_id = None if token is None else account_of(token)
        shown = [
            shown_product(sandbox.market, each)
            for each in sandbox.market.products.values()
            if account_id in (None, each["account_id"])
        ]
        return [each for each in shown if sku is None or any(v["sku"] == sku for v in each["variants"])]

    @app.post("/_sandbox/products")
    async def add(token: str, body: dict[str, Any]) -> Thing:
        publish_on = body.pop("publish_on", None)
        product, errors = sandbox.market.create_product(account_of(token), body)
        if product is None:
            raise HTTPException(422, errors)
        if publish_on is not None:
            sandbox.market.publish(product, publish_on)
        return shown_product(sandbox.market, product)

    @app.patch("/_sandbox/products/{product_id}")
    async def edit(product_id: str, body: dict[str, Any]) -> Thing:
        sandbox.market.update_product(product_of(product_id), body)
        return shown_product(sandbox.market, product_of(product_id))

    @app.delete("/_sandbox/products/{product_id}")
    async def delete(product_id: str) -> Thing:
        sandbox.market.delete_product(product_of(product_id))
        return {"deleted": product_id}

    @app.post("/_sandbox/products/{product_id}/unpublish")
    async def unpublish(product_id: str) -> Thing:
        sandbox.market.unpublish(product_of(product_id))
        return shown_product(sandbox.market, product_of(product_id))

    @app.post("/_sandbox/variants/{variant_id}/reserve")
    async def reserve(variant_id: str, body: dict[str, int]) -> Thing:
        sandbox.market.variants[variant_id]["reserved"] += body["quantity"]
        sandbox.market.changed()
        return sandbox.market.variants[variant_id]


def _add_misbehaviour(app: FastAPI, sandbox: Sandbox) -> None:
    @app.get("/_sandbox/calls")
    async def calls() -> Thing:
        by_operation = dict(sandbox.calls)
        return {
            "total": sum(sandbox.calls.values()),
            "requests": sandbox.requests,
            "cost": sandbox.cost,
            "by_operation": by_operation,
        }

    @app.delete("/_sandbox/calls")
    async def forget_calls() -> Thing:
        sandbox.calls.clear()
        sandbox.requests = sandbox.cost = 0
        return {}

    @app.get("/_sandbox/switches")
    async def switches() -> Switches:
        return sandbox.market.switches

    @app.put("/_sandbox/switches")
    async def switch(body: dict[str, Any]) -> Switches:
        sandbox.market.switches = Switches.model_validate({**sandbox.market.switches.model_dump(), **body})
        sandbox.buckets.levels.clear()
        sandbox.market.changed()
        return sandbox.market.switches

    @app.get("/_sandbox/faults")
    async def faults() -> list[Fault]:
        return sandbox.faults.active

    @app.post("/_sandbox/faults")
    async def add_fault(body: Fault) -> list[Fault]:
        sandbox.faults.active.append(body)
        return sandbox.faults.active

    @app.delete("/_sandbox/faults")
    async def clear_faults() -> Thing:
        sandbox.faults.active.clear()
        return {}

    @app.delete("/_sandbox")
    async def wipe() -> Thing:
        sandbox.reset(None)
        sandbox.market.changed()
        return {}


def shown_product(market: Market, product: Thing) -> Thing:
    """Return what buyers and the supplier see of a product."""
    listing = product["listing"]
    status = "draft" if listing is None else listing["status"].lower()
    storefronts = {each["id"]: each["name"] for each in market.accounts[product["account_id"]]["storefronts"]}
    variants = [market.variants[each] for each in product["variant_ids"]]
    skus = {each["id"]: each["sku"] for each in variants}
    return {
        "id": product["id"],
        "title": product["title"],
        "description": product.get("description"),
        "brand": product.get("brand"),
        "status": status,
        "storefront": None
        if listing is None
        else {"id": listing["storefront_id"], "name": storefronts[listing["storefront_id"]]},
        "published_count": 0 if listing is None else listing.get("publications", 0),
        "listing_variants": [skus[each] for each in listing["variant_ids"] if each in skus]
        if status == "published"
        else [],
        "images": [each["source"] for each in product["images"]],
        "options": [product[axis] for axis in ("option1", "option2", "option3") if product.get(axis)],
        "created_at": product["createdAt"],
        "variants": [
            {
                "id": each["id"],
                "sku": each["sku"],
                "price": each["price"],
                "msrp": each.get("msrp"),
                "quantity": each["quantity"],
                "available_quantity": None if each["quantity"] is None else each["quantity"] - each["reserved"],
                "policy": each["inventoryPolicy"],
                "barcode": each.get("barcode"),
                "option1": each.get("option1"),
                "option2": each.get("option2"),
                "option3": each.get("option3"),
            }
            for each in variants
        ],
    }
