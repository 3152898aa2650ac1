"""The stand-in Shopify as a server: the Admin API under ``/shops/{shop}``, and its controls under ``/_sandbox``.

For the service, the base URL of ``oak-and-ash.myshopify.com`` is ``http://…/shops/oak-and-ash.myshopify.com``.
"""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.shopify import controls, oversight
from app.sandbox.shopify.here import Here
from app.sandbox.shopify.making import Impossible
from app.sandbox.shopify.sandbox import Sandbox


def create_app(state_path: Path | None = None, client_secret: str = "sandbox") -> FastAPI:  # noqa: S107 - no secret
    """Return the server; what it knows survives a restart in the file, if one is given."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sandbox: Sandbox = app.state.sandbox
        sandbox.start()
        yield
        await sandbox.stop()

    app = FastAPI(title="Sandbox Shopify", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = Sandbox(state_path, client_secret)

    @app.exception_handler(Impossible)
    async def impossible(_: Request, problem: Impossible) -> Response:
        return JSONResponse({"detail": str(problem)}, status_code=422)

    @app.post("/shops/{shop}/admin/api/{version}/graphql.json")
    async def graphql(sandbox: Here, shop: str, version: str, request: Request) -> Response:  # noqa: ARG001 - any version
        return await sandbox.admin.answer(shop, request)

    app.include_router(controls.routes)
    app.include_router(oversight.routes)
    return app
