"""The web process: ``uvicorn app.main:create_app --factory``, or ``python -m app.cli serve``."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from app.api.application import Api, create_api
from app.composition import configure_logging, open_services, open_store
from app.flows.receive_delivery import Reception
from app.settings import Settings
from app.store.migrations import revisions


def create_app(settings: Settings | None = None) -> Api:
    """Return the web application. It starts without a database and reports that it is not ready until one answers."""
    chosen = settings or Settings()
    configure_logging(chosen.log_level)
    store = open_store(chosen)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(chosen, store) as services:
            app.state.services = services
            app.state.reception = Reception(services)
            yield
        await store.close()

    return create_api(
        lifespan=lifespan,
        unavailable=store.unavailable,
        database_revision=store.revision,
        known_revisions=revisions(),
        max_body_bytes=chosen.max_body_bytes,
        body_seconds=chosen.body_seconds,
        secure_cookies=chosen.environment != "development",
    )
