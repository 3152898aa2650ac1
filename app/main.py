"""The web process: ``uvicorn app.main:create_app --factory``, or ``python -m app.cli serve``."""

import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI

from app.api.application import Api, create_api
from app.api.state import ApiState
from app.composition import open_services, open_store
from app.flows.receive_delivery import Reception
from app.flows.receive_ring import ORDERCHAMP
from app.logs import configure_logging
from app.metrics import Metrics
from app.metrics.edges import Answers, MeteredEntrance
from app.metrics.overview import Watch
from app.platforms.registry import ADAPTERS
from app.serving import settle_in
from app.settings import Settings
from app.store.migrations import revisions


def create_app(settings: Settings | None = None) -> Api:
    """Return the web application. It starts without a database and reports that it is not ready until one answers."""
    chosen = settings or Settings()
    metrics = Metrics(folder=chosen.prometheus_multiproc_dir)
    configure_logging(chosen.log_level, metrics.count_event)
    store = open_store(chosen)
    answers = Answers(metrics.meters, platforms=(*ADAPTERS, ORDERCHAMP))
    overview = Watch(store.overview, unavailable=store.unavailable)

    async def shown() -> bytes:
        answers.count()
        return await metrics.whole(overview)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_services(chosen, store, metrics) as services:
            app.state.services = services
            app.state.reception = Reception(services, MeteredEntrance(store, metrics.meters))
            yield
        await store.close()

    created = create_api(
        lifespan=lifespan,
        unavailable=store.unavailable,
        state=ApiState(
            database_revision=store.revision,
            known_revisions=revisions(),
            max_body_bytes=chosen.max_body_bytes,
            body_seconds=chosen.body_seconds,
            secure_cookies=chosen.environment != "development",
            answered=answers,
            metrics=shown,
        ),
    )
    settle_in()
    return created
