"""The web application: every route, its errors, and its documentation, which loads nothing from outside."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import structlog
from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from starlette.types import Receive, Scope, Send

from app.api import (
    applications,
    deliveries,
    imports,
    installing,
    installs,
    operations,
    previews,
    problems,
    products,
    replays,
    suppliers,
    sweeps,
    webhooks,
)
from app.api.errors import MEDIA_TYPE, add_error_handlers, asked
from app.api.state import ApiState
from app.api.tags import TAGS

logger = structlog.get_logger(__name__)

DESCRIPTION = """
Connects webshops to suppliers' catalogues on Orderchamp. A supplier installs an **Application** (one shop on one
platform); its catalogue is imported, and from then on every change in the shop reaches Orderchamp, one way, variant by
variant.

Calls of the back office carry `Authorization: Bearer <API key>`; roles are `read` < `operate` < `admin`. Errors are
RFC 9457 problems that say what to do. Lists answer `{"items": […], "next_cursor": …}`. Times are UTC.
"""


class Api:
    """The web application. Deliveries of shops are answered before anything else looks at them.

    Routing and what surrounds it would cost more than keeping a delivery. The route documents the address, and gives the
    same answers where it is asked.
    """

    def __init__(self, routes: FastAPI, state: ApiState) -> None:
        self.routes = routes
        self.state = routes.state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if await webhooks.answered(self.state, scope, receive, send):
            return
        try:
            await self.routes(scope, receive, send)
        except Exception:
            # Whoever asked has been answered; here it is told to those who can mend it.
            logger.exception("request_failed", **asked(scope))


def create_api(
    *,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    unavailable: tuple[type[Exception], ...],
    state: ApiState,
) -> Api:
    """Return the application. Its ``lifespan`` puts ``services`` and ``reception`` into its ``state``."""
    app = FastAPIOffline(
        title="Orderchamp Applications",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        redoc_url=None,
    )
    for each in (
        webhooks,
        installing,
        applications,
        imports,
        previews,
        sweeps,
        installs,
        suppliers,
        products,
        problems,
        deliveries,
        replays,
        operations,
    ):
        app.include_router(each.router)
    app.include_router(webhooks.uninstalls)
    add_error_handlers(app, unavailable=unavailable)
    _forget_unused_answers(app)
    return Api(app, state)


def _forget_unused_answers(app: FastAPI) -> None:
    """Document errors as the problems that they are, and not in FastAPI's own form beside them."""
    document = app.openapi()
    for methods in document["paths"].values():
        for operation in methods.values():
            for status, response in tuple(operation["responses"].items()):
                content = response.get("content", {})
                if MEDIA_TYPE in content:
                    content.pop("application/json", None)
                elif status == "422":
                    del operation["responses"][status]
    for name in ("HTTPValidationError", "ValidationError"):
        document["components"]["schemas"].pop(name, None)
