"""The stand-in WooCommerce as a server: shops under ``/shops/{shop}``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak-and-ash.example`` is ``http://…/shops/oak-and-ash.example``.
"""

from pathlib import Path

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response

from app.sandbox.shop import controls
from app.sandbox.shop.server import serve
from app.sandbox.woocommerce import authorize
from app.sandbox.woocommerce import controls as own
from app.sandbox.woocommerce.api import NOT_THERE
from app.sandbox.woocommerce.here import Here
from app.sandbox.woocommerce.sandbox import Sandbox

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
HOME = "<!DOCTYPE html><html><head><title>{}</title></head><body><h1>Welcome</h1></body></html>"

routes = APIRouter()


@routes.api_route("/shops/{shop}/wp-json/{route:path}", methods=METHODS)
async def rest(sandbox: Here, shop: str, route: str, request: Request) -> Response:
    if not sandbox.posts.switches(shop).pretty_permalinks:
        return HTMLResponse(NOT_THERE, status_code=404)
    return await sandbox.api.answer(shop, f"/{route}", request)


@routes.api_route("/shops/{shop}/", methods=METHODS)
async def home(sandbox: Here, shop: str, request: Request) -> Response:
    """Answer with the shop's first page, or for the route of the REST API that the request names."""
    route = request.query_params.get("rest_route")
    if route is None:
        return HTMLResponse(HOME.format(sandbox.shop(shop)["title"]))
    return await sandbox.api.answer(shop, route, request)


@routes.get("/shops/{shop}/wc-auth/v1/authorize")
async def ask_merchant(sandbox: Here, shop: str, request: Request) -> Response:
    return authorize.page(sandbox.posts, sandbox.shop(shop), request.query_params)


@routes.api_route("/shops/{shop}/wc-auth/v1/access_granted", methods=["GET", "POST"])
async def granted(sandbox: Here, shop: str, request: Request) -> Response:
    return await authorize.granted(sandbox.posts, sandbox.courier, sandbox.shop(shop), request.query_params)


def create_app(state_path: Path | None = None) -> FastAPI:
    """Return the server; what it knows survives a restart in the file, if one is given."""
    return serve("Sandbox WooCommerce", Sandbox(state_path), routes, own.routes, controls.routes)
