"""The stand-in Shopify as a server: the Admin API under ``/shops/{shop}``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak-and-ash.myshopify.com`` is ``http://…/shops/oak-and-ash.myshopify.com``.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from app.sandbox.shop.server import serve
from app.sandbox.shopify import controls
from app.sandbox.shopify.here import Here
from app.sandbox.shopify.sandbox import Sandbox

routes = APIRouter()


@routes.post("/shops/{shop}/admin/api/{version}/graphql.json")
async def graphql(sandbox: Here, shop: str, version: str, request: Request) -> Response:  # noqa: ARG001 - any version
    return await sandbox.admin.answer(shop, request)


def create_app(state_path: Path | None = None, client_secret: str = "sandbox") -> FastAPI:  # noqa: S107 - no secret
    """Return the server; what it knows survives a restart in the file, if one is given."""
    return serve("Sandbox Shopify", Sandbox(state_path, client_secret), routes, controls.routes)
