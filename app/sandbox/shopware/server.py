"""The stand-in Shopware as a server: the Admin API under ``/shops/{shop}/api``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak-and-ash.example`` is ``http://…/shops/oak-and-ash.example``.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from app.sandbox.shop import controls as merchants
from app.sandbox.shop.server import serve
from app.sandbox.shopware import controls
from app.sandbox.shopware.controls import Here
from app.sandbox.shopware.sandbox import Sandbox

routes = APIRouter()


@routes.api_route("/shops/{shop}/api/{path:path}", methods=["GET", "POST", "PATCH", "PUT", "DELETE"])
async def api(sandbox: Here, shop: str, path: str, request: Request) -> Response:
    return await sandbox.api.answer(shop, path, request)


def create_app(state_path: Path | None = None) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    return serve("Sandbox Shopware", Sandbox(state_path), routes, controls.routes, merchants.routes)
