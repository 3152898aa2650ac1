"""The stand-in BigCommerce as a server: stores under ``/shops/{hash}``, the login host, and its controls under ``/_sandbox``.

For the service, the base URL of the store ``abc123`` is ``http://…/shops/abc123``.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import RedirectResponse, Response

from app.sandbox.bigcommerce import controls as own
from app.sandbox.bigcommerce import login
from app.sandbox.bigcommerce.here import Here
from app.sandbox.bigcommerce.sandbox import App, Sandbox
from app.sandbox.shop import controls
from app.sandbox.shop.server import serve

METHODS = ["GET", "POST", "PUT", "DELETE"]

routes = APIRouter()


@routes.api_route("/shops/{shop}/{path:path}", methods=METHODS)
async def api(sandbox: Here, shop: str, path: str, request: Request) -> Response:
    return await sandbox.api.answer(shop, path, request)


@routes.get("/app/install")
async def install_page(sandbox: Here, callback: str) -> Response:
    """Show the app's page; ``callback`` is the address that the app has registered."""
    return login.page(sandbox, callback)


@routes.post("/app/install")
async def install(sandbox: Here, shop: str, callback: str) -> Response:
    return RedirectResponse(login.approved(sandbox, sandbox.shop(shop), callback), 303)


@routes.post("/oauth2/token")
async def exchange(sandbox: Here, request: Request) -> Response:
    return await login.exchanged(sandbox, request)


def create_app(state_path: Path | None = None, app: App | None = None) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    sandbox = Sandbox(state_path, app or App(client_id="client-id", client_secret="client-secret"))
    return serve("Sandbox BigCommerce", sandbox, routes, own.routes, controls.routes)
