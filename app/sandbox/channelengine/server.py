"""The stand-in ChannelEngine as a server: merchants under ``/shops/{shop}``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak.channelengine.net`` is ``http://…/shops/oak.channelengine.net``.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from app.sandbox.channelengine import controls as own
from app.sandbox.channelengine.here import Here
from app.sandbox.channelengine.sandbox import Sandbox
from app.sandbox.shop import controls
from app.sandbox.shop.server import serve

routes = APIRouter()


@routes.api_route("/shops/{shop}/{path:path}", methods=["GET", "POST"])
async def api(sandbox: Here, shop: str, path: str, request: Request) -> Response:
    return await sandbox.api.answer(shop, path, request)


def create_app(state_path: Path | None = None) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    return serve("Sandbox ChannelEngine", Sandbox(state_path), routes, own.routes, controls.routes)
