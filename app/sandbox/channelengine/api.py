"""``/v2/products/…``: requests as the Channel API answers them, or as a misbehaviour in force has them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.channelengine import channel
from app.sandbox.channelengine.courier import Courier
from app.sandbox.channelengine.records import Records
from app.sandbox.shop.gate import Answers, Gate

Thing = dict[str, Any]


class Refused(Exception):
    """A request that the API refuses."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request."""

    shop: Thing
    query: Mapping[str, str]
    given: Any


class Api:
    """The Channel API of all merchants."""

    def __init__(self, records: Records, courier: Courier, gate: Gate) -> None:
        self.records = records
        self._courier = courier
        self._gate = gate

    async def answer(self, name: str, path: str, request: Request) -> Response:
        """Answer a request for a path such as ``v2/products/data``."""
        operation = f"{request.method} {path}"

        async def run() -> Response:
            return await self._run(name, operation, request)

        own: Answers = {"token_revoked": lambda: _refused(Refused(401, "The API key is not valid."))}
        return await self._gate.answer(name, [operation], run, own)

    async def _run(self, name: str, operation: str, request: Request) -> Response:
        try:
            shop = self._admitted(name, request.query_params.get("apikey", ""))
            asked = Asked(shop=shop, query=dict(request.query_params), given=await _given(request))
            found = ROUTES.get(operation, _nothing_there)(self, asked)
        except Refused as refused:
            return _refused(refused)
        self._gate.count(name, [operation], operation)
        self.records.changed()
        return JSONResponse(_envelope(found, status=200))

    def _admitted(self, name: str, key: str) -> Thing:
        shop = self.records.shops.get(name)
        if shop is None or not key or key != shop["keys"].get("api_key"):
            raise Refused(401, "The API key is not valid.")
        switches = self._courier.switches[name]
        if switches.throttle_next > 0:
            switches.throttle_next -= 1
            self._gate.count(name, ["throttled"], "throttled")
            headers = {"retry-after": str(switches.retry_after), "x-rate-limit-remaining": "0"}
            raise Refused(429, "Too many requests.", headers)
        if switches.refuses_politely:
            raise Refused(200, "The channel is not active.")
        return shop

    def data(self, asked: Asked) -> object:
        return channel.changes(asked.shop, int(asked.query.get("maxCount", "100")))

    def offers(self, asked: Asked) -> object:
        return channel.offers(asked.shop, int(asked.query.get("page", "1")), int(asked.query.get("pageSize", "100")))

    def acknowledge(self, asked: Asked) -> object:
        if not isinstance(asked.given, dict):
            raise Refused(400, "The body must be an object.")
        if not self._courier.switches[asked.shop["name"]].forgets_acknowledgements:
            channel.acknowledge(asked.shop, asked.given)
        return None

    def acknowledge_offers(self, asked: Asked) -> object:
        if not isinstance(asked.given, list):
            raise Refused(400, "The body must be a list.")
        if not self._courier.switches[asked.shop["name"]].forgets_acknowledgements:
            channel.acknowledge_offers(asked.shop, [str(each) for each in asked.given])
        return None


Route = Callable[[Api, Asked], object]

ROUTES: Mapping[str, Route] = {
    "GET v2/products/data": Api.data,
    "POST v2/products/data": Api.acknowledge,
    "GET v2/products/offers": Api.offers,
    "POST v2/products/offers": Api.acknowledge_offers,
}


def _nothing_there(_api: Api, _asked: Asked) -> object:
    raise Refused(404, "There is no such endpoint.")


async def _given(request: Request) -> Any:
    body = await request.body()
    if not body:
        return None
    try:
        return json.loads(body)
    except ValueError:
        raise Refused(400, "The body must be JSON.") from None


def _envelope(found: object, *, status: int, message: str | None = None) -> Thing:
    return {
        "Content": found,
        "StatusCode": status,
        "RequestId": None,
        "LogId": None,
        "Success": message is None,
        "Message": message,
        "ValidationErrors": {},
    }


def _refused(refused: Refused) -> Response:
    return JSONResponse(_envelope(None, status=refused.status, message=str(refused)), refused.status, refused.headers)
