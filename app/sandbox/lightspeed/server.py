"""The stand-in Lightspeed as a server: shops under ``/shops/{shop}``, the App Store, and its controls under ``/_sandbox``.

For the service, the base URL of ``eu1-123456`` is ``http://…/shops/eu1-123456``.
"""

from html import escape
from pathlib import Path
from urllib.parse import urlencode

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from app.sandbox.lightspeed import controls as own
from app.sandbox.lightspeed import store
from app.sandbox.lightspeed.api import App
from app.sandbox.lightspeed.here import Here
from app.sandbox.lightspeed.sandbox import Sandbox
from app.sandbox.shop import controls
from app.sandbox.shop.server import serve

METHODS = ["GET", "POST", "PUT", "DELETE"]
PAGE = "<!DOCTYPE html><html><head><title>App Store</title></head><body><h1>Install in which shop?</h1>{}</body></html>"
FORM = '<form method="post" action="/app-store/install?{query}"><button>Install in {shop}</button></form>'

routes = APIRouter()


@routes.api_route("/shops/{shop}/{language}/{path:path}", methods=METHODS)
async def api(sandbox: Here, shop: str, language: str, path: str, request: Request) -> Response:
    return await sandbox.api.answer(shop, language, path, request)


@routes.get("/app-store")
async def app_store(sandbox: Here, success: str) -> Response:
    """Show the app's page, on which its merchants choose a shop; ``success`` is the app's own address."""
    forms = []
    for shop in sandbox.records.shops:
        query = urlencode({"shop": shop, "success": success})
        forms.append(FORM.format(query=escape(query), shop=escape(shop)))
    return HTMLResponse(PAGE.format("".join(forms)))


@routes.post("/app-store/install")
async def install(sandbox: Here, shop: str, success: str) -> Response:
    return RedirectResponse(store.installed(sandbox, sandbox.shop(shop), success), 303)


def create_app(state_path: Path | None = None, app: App | None = None) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    sandbox = Sandbox(state_path, app or App(key="app-key", secret="app-secret"))
    return serve("Sandbox Lightspeed", sandbox, routes, own.routes, controls.routes)
