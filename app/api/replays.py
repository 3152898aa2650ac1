"""Replays: work through stored deliveries again, on purpose."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from app.api.bodies import Listed
from app.api.dependencies import GO_ON, Caller, Limit, Operator, Reader, ServicesDep
from app.api.errors import NotFound, documented
from app.api.paging import page_of
from app.api.selections import EXAMPLES, SelectionBody, told
from app.domain.ids import ApplicationId
from app.domain.replay import Replay, ReplayState, Share, estimate
from app.flows.replay import cancel_replay, start_replay
from app.flows.services import Services

router = APIRouter(prefix="/v1/replays", tags=["Replays"], responses=documented(401, 403, 404, 422, 503))


class ShareOut(BaseModel):
    """How far one Application has come."""

    application_id: UUID
    state: ReplayState
    counters: dict[str, int]
    progress: float = Field(ge=0, le=1)


class ReplayOut(BaseModel):
    """A replay and how far it has come, all Applications together."""

    id: UUID
    state: ReplayState
    by: str = Field(description="Who asked for it.", examples=["the key 1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10"])
    selection: SelectionBody
    created_at: datetime
    finished_at: datetime | None
    worked_through: int = Field(description="Deliveries worked through so far.")
    counters: dict[str, int] = Field(
        description="Those by their new outcome.", examples=[{"ignored": 40, "reading": 2}]
    )
    progress: float = Field(ge=0, le=1, description="From 0 to 1.")
    estimated_total: int | None = Field(description="Deliveries in all; null while nothing lets it be guessed.")
    estimated_seconds: float | None = Field(description="How long it goes on, at least; null as above.")


class ReplayDetailsOut(ReplayOut):
    """A replay, with the share of each Application."""

    applications: list[ShareOut] = Field(description="Their shares; 200 at most, those that still run first.")


@router.post("", summary="Replay deliveries", status_code=202, responses=documented(409))
async def replay(
    body: Annotated[SelectionBody, Body(openapi_examples=EXAMPLES)], services: ServicesDep, caller: Operator
) -> ReplayDetailsOut:
    """Work through stored deliveries again. An old one never brings back an old state: what is news is read from the shop.

    Each Application does its share at a limited rate, beside its other work, and waits while it is paused.
    """
    started = await start_replay(services, body.meant(), supplier_id=caller.supplier_id, by=caller.name)
    return _details(services, started)


@router.get("", summary="List replays")
async def list_replays(
    services: ServicesDep,
    caller: Reader,
    application_id: Annotated[UUID | None, Query(description="Those in which this Application has a share.")] = None,
    state: Annotated[ReplayState | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 50,
    cursor: Annotated[UUID | None, Query(description=GO_ON)] = None,
) -> Listed[ReplayOut]:
    """The newest first; a key that is bound to a supplier sees those that were asked for with keys of that supplier."""
    async with services.store.reading() as tx:
        found = await tx.replays.list(
            supplier_id=caller.supplier_id,
            application_id=None if application_id is None else ApplicationId(application_id),
            state=state,
            before=cursor,
            limit=limit + 1,
        )
    return page_of(found, limit, shown=lambda each: _out(services, each), cursor=lambda last: str(last.id))


@router.get("/{replay_id}", summary="Look at a replay")
async def show_replay(replay_id: UUID, services: ServicesDep, caller: Reader) -> ReplayDetailsOut:
    """How far it has come, and how much is left."""
    async with services.store.transaction() as tx:
        found = await tx.replays.one(replay_id)
    return _details(services, _visible(found, caller))


@router.post("/{replay_id}/cancel", summary="Cancel a replay")
async def stop_replay(replay_id: UUID, services: ServicesDep, caller: Operator) -> ReplayDetailsOut:
    """What was worked through stays; a replay that has ended stays as it ended."""
    async with services.store.transaction() as tx:
        _visible(await tx.replays.one(replay_id), caller)
    return _details(services, _visible(await cancel_replay(services, replay_id), caller))


def _visible(found: Replay | None, caller: Caller) -> Replay:
    if found is None or caller.supplier_id not in (None, found.supplier_id):
        raise NotFound("replay")
    return found


def _out(services: Services, found: Replay) -> ReplayOut:
    now = services.clock()
    guessed = estimate(
        found.shares,
        per_second=services.pace.replay_per_second,
        running_for=(now - found.created_at).total_seconds(),
    )
    counters: dict[str, int] = {}
    for share in found.shares:
        for outcome, count in share.counters.items():
            counters[outcome] = counters.get(outcome, 0) + count
    return ReplayOut(
        id=found.id,
        state=found.state,
        by=found.by,
        selection=told(found.selection),
        created_at=found.created_at,
        finished_at=found.finished_at,
        worked_through=sum(counters.values()),
        counters=counters,
        progress=sum(share.progress for share in found.shares) / len(found.shares) if found.shares else 1.0,
        estimated_total=guessed.deliveries,
        estimated_seconds=guessed.seconds,
    )


def _details(services: Services, found: Replay) -> ReplayDetailsOut:
    shares = sorted(found.shares, key=lambda one: one.state != "running")[:200]
    return ReplayDetailsOut(
        **_out(services, found).model_dump(exclude={"selection"}),
        selection=told(found.selection),
        applications=[_share_out(each) for each in shares],
    )


def _share_out(share: Share) -> ShareOut:
    return ShareOut(
        application_id=share.application_id, state=share.state, counters=dict(share.counters), progress=share.progress
    )
