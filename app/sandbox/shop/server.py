"""A stand-in as a server: the platform's own routes, and the controls that all have."""

import contextlib
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response

from app.sandbox.shop import oversight
from app.sandbox.shop.sandbox import Impossible, Sandbox, Unknown


def serve(title: str, sandbox: Sandbox[Any], *routes: APIRouter) -> FastAPI:
    """Return the server. Its ``state.sandbox`` may be exchanged before it is started."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        sandbox: Sandbox[Any] = app.state.sandbox
        sandbox.start()
        yield
        await sandbox.stop()

    app = FastAPI(title=title, lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox

    @app.exception_handler(Impossible)
    async def impossible(_: Request, problem: Impossible) -> Response:
        return JSONResponse({"detail": str(problem)}, status_code=422)

    @app.exception_handler(Unknown)
    async def unknown(_: Request, problem: Unknown) -> Response:
        return JSONResponse({"detail": str(problem)}, status_code=404)

    for each in (*routes, oversight.routes):
        app.include_router(each)
    return app
