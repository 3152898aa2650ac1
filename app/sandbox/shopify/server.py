"""The stand-in Shopify as a server: the Admin API under ``/shops/{shop}``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak-and-ash.myshopify.com`` is ``http://…/shops/oak-and-ash.myshopify.com``.
"""

import json
from pathlib import Path
from urllib.parse import parse_qsl

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from app.sandbox.shop.server import serve
from app.sandbox.shopify import controls, files
from app.sandbox.shopify.here import Here
from app.sandbox.shopify.sandbox import Sandbox

routes = APIRouter()


@routes.post("/shops/{shop}/admin/api/{version}/graphql.json")
async def graphql(sandbox: Here, shop: str, version: str, request: Request) -> Response:  # noqa: ARG001 - any version
    return await sandbox.admin.answer(shop, request)


@routes.get("/shops/{shop}/admin/oauth/authorize")
async def ask(sandbox: Here, shop: str, request: Request) -> Response:
    return sandbox.consent.ask(shop, dict(request.query_params))


@routes.post("/shops/{shop}/admin/oauth/authorize")
async def answer(sandbox: Here, shop: str, request: Request) -> Response:
    return sandbox.consent.answer(shop, parse_qsl((await request.body()).decode(), keep_blank_values=True))


@routes.post("/shops/{shop}/admin/oauth/access_token")
async def exchange(sandbox: Here, shop: str, request: Request) -> Response:
    async def run() -> Response:
        sandbox.gate.count(shop, ["access_token"], "access_token")
        return sandbox.consent.exchange(shop, json.loads(await request.body()))

    return await sandbox.gate.answer(shop, ["access_token"], run, {})


def create_app(
    state_path: Path | None = None,
    client_secret: str = "sandbox",  # noqa: S107 - no secret
    client_id: str = "sandbox",
) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    sandbox = Sandbox(state_path, client_secret, client_id)
    return serve("Sandbox Shopify", sandbox, routes, controls.routes, files.routes)
