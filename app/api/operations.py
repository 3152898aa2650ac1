"""For operators: is the process alive, can it work, and what does it count."""

import asyncio
from typing import Literal

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel, Field

from app.api.errors import documented, problem

router = APIRouter(tags=["Operations"])

READY_SECONDS = 1.0
"""How long the database may take to answer until it counts as away."""


class Health(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(BaseModel):
    """The process can work."""

    status: Literal["ready"] = "ready"
    schema_: str = Field(alias="schema", description="The migration that the database is at.", examples=["0001"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> Health:
    """Answers as long as the process does; asks nobody else."""
    return Health()


@router.get("/readyz", summary="Can it work?", responses=documented(503), response_model=Readiness)
async def readyz(request: Request) -> Response | Readiness:
    """Whether the database answers and its tables are at least what this code needs."""
    state = request.app.state
    async with asyncio.timeout(READY_SECONDS):
        revision: str | None = await state.database_revision()
    if revision is None or (revision in state.known_revisions and revision != state.known_revisions[-1]):
        detail = f"The database is at {revision or 'no migration'}, this code needs {state.known_revisions[-1]}; run `migrate`."
        return problem(503, "not-migrated", detail, headers={"Retry-After": "5"})
    return Readiness(schema=revision)


@router.get(
    "/metrics",
    summary="What does it count?",
    response_class=Response,
    responses={200: {"content": {"text/plain": {}}, "description": "Prometheus' text format."}},
)
async def metrics(request: Request) -> Response:
    """What web processes count, and what waits in the database."""
    return Response(await request.app.state.metrics(), media_type=CONTENT_TYPE_LATEST)
