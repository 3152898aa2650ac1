"""``POST /v1/graphql`` as the real one answers: token, document, misbehaviour, cost, execution."""

import asyncio
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.calls import Calls
from app.sandbox.orderchamp.cost import PageMissing, Tariff
from app.sandbox.orderchamp.executing import Document, Invalid, priced, read, run
from app.sandbox.orderchamp.faults import Cut, Dripping, Fault, Faults, Kind
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.throttle import SIZES, Buckets
from app.sandbox.orderchamp.visit import Visit

FOR_MUTATIONS: tuple[Kind, ...] = ("user_error", "half_bulk")
BULK = "inventoryLevelBulkAdjust"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request of a known token for a valid document."""

    token: str
    catalogue: Catalogue
    document: Document
    variables: dict[str, Any]

    @property
    def operations(self) -> list[str]:
        """The queries or mutations that are asked for."""
        return [name for _, name in self.document.fields]


class Desk:
    """Answers GraphQL requests."""

    def __init__(self, *, market: Market, buckets: Buckets, faults: Faults, calls: Calls) -> None:
        self._market = market
        self._buckets = buckets
        self._faults = faults
        self._calls = calls

    async def answer(self, request: Request) -> Response:
        """Answer a request, or misbehave."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        catalogue = self._market.of_token(token) if scheme.lower() == "bearer" else None
        if catalogue is None:
            return JSONResponse({"message": "Unauthenticated."}, status_code=401)
        try:
            query, variables, name = _read_body(await request.body())
        except ValueError as error:
            return JSONResponse({"errors": [{"message": str(error)}]}, status_code=400)
        try:
            document = read(query, name)
        except Invalid as invalid:
            self._calls.requested(at=self._market.now(), token=token, operations=())
            return self._refused(token, invalid.messages)
        return await self._answer(Ask(token=token, catalogue=catalogue, document=document, variables=variables))

    async def _answer(self, ask: Ask) -> Response:
        but = () if ask.document.is_mutation else FOR_MUTATIONS
        faults = self._faults.take(operations=ask.operations, token=ask.token, but=but)
        kinds = [each.kind for each in faults]
        self._calls.requested(at=self._market.now(), token=ask.token, operations=ask.operations, faults=kinds)
        for fault in faults:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
            else:
                return await self._misbehave(fault, ask)
        return self._execute(ask)

    async def _misbehave(self, fault: Fault, ask: Ask) -> Response:
        match fault.kind:
            case "http_429":
                return self._too_many()
            case "throttled":
                return self._throttled(ask.token, 0)
            case "http_502_html":
                return Response("<html><h1>502 Bad Gateway</h1></html>", status_code=502, media_type="text/html")
            case "hang_before":
                await asyncio.sleep(fault.seconds)
                return Cut()
            case "reset":
                return Cut()
            case "user_error":
                return self._execute(ask, refuse=_alias(ask, fault.operation))
            case "half_bulk":
                self._execute_half(ask)
            case "http_500":
                pass
            case _:
                return await _spoil(fault, self._execute(ask))
        return PlainTextResponse("Internal server error", status_code=500)

    def _execute_half(self, ask: Ask) -> None:
        """Execute the first half of the mutations, or of the lines of one bulk; of any other single mutation nothing."""
        if ask.operations == [BULK]:
            self._execute(ask, halve_bulk=True)
        elif len(ask.operations) > 1:
            self._execute(dataclasses.replace(ask, document=ask.document.first_half()))

    def _execute(self, ask: Ask, *, refuse: str | None = None, halve_bulk: bool = False) -> Response:
        """Execute a document if its cost may be asked for and can be paid."""
        switches = self._market.switches
        tariff = Tariff(mutation=switches.mutation_cost, payload=switches.payload_cost)
        cost = priced(ask.document, ask.variables, tariff)
        try:
            requested = cost.requested()
        except PageMissing as missing:
            return self._refused(ask.token, [str(missing)])
        # What a full bucket cannot pay would be throttled for ever.
        most = min(switches.max_cost, SIZES[switches.bucket][0])
        if requested > most:
            message = f"The query costs {requested} points, and at most {most} are allowed"
            return self._refused(ask.token, [message], requested=requested)
        if not self._buckets.take(ask.token, switches.bucket, requested):
            return self._throttled(ask.token, requested)
        visit = Visit(
            market=self._market,
            catalogue=ask.catalogue,
            of_app=self._market.tokens[ask.token].of_app,
            refuse=refuse,
            halve_bulk=halve_bulk,
        )
        result = run(ask.document, ask.variables, visit)
        actual = min(requested, cost.actual(result.data))
        self._buckets.give_back(ask.token, switches.bucket, requested - actual)
        self._calls.executed(ask.operations, cost=actual)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [{"message": each.message, "path": each.path} for each in result.errors]
        answer["extensions"] = self._extensions(ask.token, requested=requested, actual=actual)
        return JSONResponse(answer)

    def _refused(self, token: str, messages: Sequence[str], *, requested: int = 0) -> Response:
        errors = [{"message": each} for each in messages]
        return JSONResponse({"errors": errors, "extensions": self._extensions(token, requested=requested, actual=0)})

    def _throttled(self, token: str, requested: int) -> Response:
        self._calls.throttled()
        if self._market.switches.throttle_form == "http_429_text":
            return self._too_many()
        return self._refused(token, ["Throttled"], requested=requested)

    def _too_many(self) -> Response:
        wait = self._market.switches.retry_after_seconds
        headers = {} if wait is None else {"Retry-After": str(wait)}
        return PlainTextResponse("Too Many Requests", status_code=429, headers=headers)

    def _extensions(self, token: str, *, requested: int, actual: int) -> dict[str, Any]:
        bucket = self._market.switches.bucket
        limit, rate = SIZES[bucket]
        remaining = int(self._buckets.remaining(token, bucket))
        costs = {"requestedCost": requested, "actualCost": actual}
        return {"throttle": {**costs, "limit": limit, "remaining": remaining, "restoreRate": rate}}


async def _spoil(fault: Fault, answer: Response) -> Response:
    """Return what becomes of an answer after the request was executed."""
    match fault.kind:
        case "hang_after":
            await asyncio.sleep(fault.seconds)
            return Cut()
        case "lost_answer":
            return Cut()
        case "malformed_json":
            return Response(bytes(answer.body)[:-3], media_type="application/json")
        case "slow_drip":
            return Dripping(answer, fault.seconds)
        case _:
            return answer


def _alias(ask: Ask, operation: str | None) -> str:
    """Return the alias of the first mutation of this name, or of any when none is named."""
    return next(alias for alias, name in ask.document.fields if operation in (None, name))


def _read_body(body: bytes) -> tuple[str, dict[str, Any], str | None]:
    """Return query, variables and operation name; ValueError, fit to be shown, for anything else."""
    try:
        given = json.loads(body)
    except ValueError as error:
        raise ValueError("The request is not JSON") from error
    if not isinstance(given, dict) or not isinstance(given.get("query"), str):
        raise ValueError("The request has no query")  # noqa: TRY004 - one kind of error for all that is wrong here
    variables, name = given.get("variables"), given.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(name, str | None):
        raise ValueError("variables must be an object, and operationName a text")  # noqa: TRY004
    return given["query"], variables or {}, name or None
