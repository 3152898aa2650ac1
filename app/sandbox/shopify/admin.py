"""``POST /admin/api/{version}/graphql.json`` as Shopify answers it, with its costs, or as a fault in force has it."""

import json
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from graphql import DocumentNode, FieldNode, GraphQLError, execute, parse, validate
from graphql.execution import ExecutionResult

from app.sandbox.shop.gate import Answers, Gate
from app.sandbox.shopify.api import Root, resolve
from app.sandbox.shopify.bulk import BulkOperations
from app.sandbox.shopify.cost import SCHEMA, Refused, charged, cost, operation_of
from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.switches import Switches

BUCKET_SECONDS = 20
"""A shop's bucket holds what comes back in this time: 2,000 points at 100 a second, the standard plan's rate."""

MAX_COST = 1000
INVALID_TOKEN = "[API] Invalid API key or access token (unrecognized login or wrong password)"


class Admin:
    """The Admin API of all shops. ``switches`` gives those of a shop, ``accepts`` tells which tokens it takes.

    ``clock`` counts seconds.
    """

    def __init__(
        self,
        shops: Shops,
        gate: Gate,
        switches: Callable[[str], Switches],
        accepts: Callable[[Thing, str], bool],
        clock: Callable[[], float] = time.monotonic,
        *,
        bulk: BulkOperations | None = None,
    ) -> None:
        self._shops = shops
        self._gate = gate
        self._bulk = bulk
        self._switches = switches
        self._accepts = accepts
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    async def answer(self, domain: str, request: Request) -> Response:
        """Answer one request, as Shopify does or as a misbehaviour in force has it."""
        shop = self._shops.shops.get(domain)
        if shop is None:
            return JSONResponse({"errors": "Not Found"}, status_code=404)
        if shop["frozen"]:
            return JSONResponse({"errors": "Unavailable Shop"}, status_code=402)
        if not self._accepts(shop, request.headers.get("x-shopify-access-token", "")):
            return JSONResponse({"errors": INVALID_TOKEN}, status_code=401)
        try:
            asked = Asked(json.loads(await request.body()))
        except (ValueError, KeyError, TypeError):
            return JSONResponse({"errors": {"query": "Required parameter missing or invalid"}}, status_code=400)

        async def run() -> Response:
            return self._run(shop, asked, str(request.base_url))

        own: Answers = {
            "throttled": lambda: self._throttled(shop, MAX_COST),
            "token_revoked": lambda: JSONResponse({"errors": INVALID_TOKEN}, status_code=401),
        }
        return await self._gate.answer(domain, asked.fields, run, own)

    def _run(self, shop: Thing, asked: "Asked", base_url: str) -> Response:
        if asked.document is None or asked.problems:
            return JSONResponse({"errors": [each.formatted for each in asked.problems]})
        try:
            points = cost(asked.document, asked.variables, asked.name)
        except Refused as refused:
            return JSONResponse({"errors": [{"message": str(refused)}]})
        if points > MAX_COST:
            message = f"Query cost is {points}, which exceeds the single query max cost limit ({MAX_COST})."
            error = {
                "message": message,
                "extensions": {"code": "MAX_COST_EXCEEDED", "cost": points, "maxCost": MAX_COST},
            }
            return JSONResponse({"errors": [error]})
        if self.available(shop) < points:
            return self._throttled(shop, points)
        self._gate.count(shop["domain"], asked.fields, asked.name or "")
        return JSONResponse(self._execute(shop, asked, asked.document, points, base_url))

    def _execute(self, shop: Thing, asked: "Asked", document: DocumentNode, points: int, base_url: str) -> Thing:
        allow_http = self._switches(shop["domain"]).allow_http_callbacks
        root = Root(self._shops, shop, bulk=self._bulk, base_url=base_url, allow_http=allow_http)
        result = execute(
            SCHEMA,
            document,
            root_value=root,
            variable_values=asked.variables,
            operation_name=asked.name,
            field_resolver=resolve,
        )
        assert isinstance(result, ExecutionResult)  # noqa: S101 - every resolver is synchronous
        actual = points if asked.mutates else charged(result.data, points)
        self.charge(shop, actual)
        answer: Thing = {"data": result.data, "extensions": {"cost": self._cost(shop, points, actual)}}
        if result.errors:
            answer["errors"] = [each.formatted for each in result.errors]
        return answer

    # Throttling

    def available(self, shop: Thing) -> float:
        """Return the points that a shop's bucket has now."""
        rate = self._switches(shop["domain"]).restore_rate
        size = rate * BUCKET_SECONDS
        level, at = self._buckets.get(shop["domain"], (size, self._clock()))
        return min(size, level + (self._clock() - at) * rate)

    def charge(self, shop: Thing, points: int) -> None:
        self._buckets[shop["domain"]] = (self.available(shop) - points, self._clock())

    def _cost(self, shop: Thing, requested: int, actual: int | None) -> Thing:
        rate = self._switches(shop["domain"]).restore_rate
        status = {
            "maximumAvailable": rate * BUCKET_SECONDS,
            "currentlyAvailable": int(self.available(shop)),
            "restoreRate": rate,
        }
        return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}

    def _throttled(self, shop: Thing, points: int) -> Response:
        """Refuse for now: Shopify answers 200; a 429 was seen, too, and is a switch."""
        error = {"message": "Throttled", "extensions": {"code": "THROTTLED"}}
        body = {"errors": [error], "extensions": {"cost": self._cost(shop, points, None)}}
        status = self._switches(shop["domain"]).throttled_status
        headers = {"Retry-After": "2.0"} if status != 200 else {}  # noqa: PLR2004
        self._gate.calls[shop["domain"]]["throttled"] += 1
        return JSONResponse(body, status_code=status, headers=headers)


class Asked:
    """One request: KeyError, TypeError or ValueError if it is none."""

    def __init__(self, body: Any) -> None:
        self.document, self.problems = parsed(body["query"])
        self.variables: Thing = dict(body.get("variables") or {})
        self.name: str | None = body.get("operationName")
        self.fields: list[str] = []
        self.mutates = False
        if self.document is None or self.problems:
            return
        try:
            operation = operation_of(self.document, self.name)
        except Refused:
            return
        self.name = operation.name.value if operation.name else None
        self.mutates = operation.operation.value == "mutation"
        self.fields = [each.name.value for each in operation.selection_set.selections if isinstance(each, FieldNode)]


@lru_cache(maxsize=500)
def parsed(query: str) -> tuple[DocumentNode | None, list[GraphQLError]]:
    """Return a document, and what is wrong with it."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return None, [error]
    return document, validate(SCHEMA, document)
