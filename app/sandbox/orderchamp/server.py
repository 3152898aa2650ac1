"""The stand-in as a web application."""

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from fastapi import FastAPI, Request, Response
from starlette.types import Receive, Scope, Send

from app.sandbox.orderchamp.behaviour import behaviour_routes, count_routes
from app.sandbox.orderchamp.consent import Consent, consent_routes
from app.sandbox.orderchamp.controls import account_routes, look_routes, product_routes, stock_routes
from app.sandbox.orderchamp.faults import TRANSPORT
from app.sandbox.orderchamp.sandbox import Sandbox


class Server(FastAPI):
    """An application that knows the transport of each connection, so that it can break one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; uvicorn's ``send`` belongs to the object that has the transport."""
        transport = getattr(getattr(send, "__self__", None), "transport", None)
        if transport is not None:
            scope[TRANSPORT] = transport
        await super().__call__(scope, receive, send)


def create_app(
    state_path: Path | None = None,
    *,
    clock: Callable[[], float] = time.time,
    client_id: str = "sandbox",
    client_secret: str = "sandbox",  # noqa: S107 - no secret
) -> FastAPI:
    """Return a server; without a path nothing survives it. StateUnreadable when the file is not one of ours.

    ``clock`` gives seconds since 1970: by it images arrive, buckets fill, and things are dated. The other two are those of
    the one app that suppliers can let in.
    """
    sandbox = Sandbox(state_path, clock, app_secret=client_secret)
    consent = Consent(sandbox.market, client_id=client_id, client_secret=client_secret)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        await sandbox.close()

    app = Server(title="Sandbox Orderchamp", lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.sandbox = sandbox

    @app.post("/v1/graphql")
    async def graphql(request: Request) -> Response:
        return await sandbox.desk.answer(request)

    app.include_router(consent_routes(consent))
    for routes in (account_routes, look_routes, product_routes, stock_routes, count_routes, behaviour_routes):
        app.include_router(routes(sandbox))
    return app
