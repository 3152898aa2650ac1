"""Replays: work through stored deliveries again, on purpose."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body
from fastapi.openapi.models import Example
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from app.api.dependencies import Caller, Operator, Reader, ServicesDep
from app.api.errors import NotFound, documented
from app.domain.ids import ApplicationId, DeliveryId, SourceId, Topic
from app.domain.replay import Replay, ReplayState, Selection, Share, estimate
from app.flows.replay import cancel_replay, start_replay
from app.flows.services import Services

router = APIRouter(prefix="/v1/replays", tags=["Replays"], responses=documented(401, 403, 404, 422, 503))

EXAMPLES = {
    "one": Example(summary="Some deliveries", value={"delivery_ids": ["4711", "4712"]}),
    "dead_letters": Example(
        summary="The dead letters of an Application",
        value={"application_id": "1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10", "outcome": "dead-letter"},
    ),
    "time_range": Example(
        summary="A topic within an hour",
        value={
            "topic": "products/update",
            "received_from": "2026-11-20T12:00:00Z",
            "received_until": "2026-11-20T13:00:00Z",
        },
    ),
}

Words = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[^\x00]+$")]
DeliveryName = Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]


class ReplayBody(BaseModel):
    """Which deliveries; everything that is given has to hold. Those on which nothing was decided yet are left out."""

    model_config = ConfigDict(extra="forbid")

    delivery_ids: list[DeliveryName] | None = Field(default=None, min_length=1, max_length=1000)
    application_id: UUID | None = Field(default=None, description="Without it, every Application that the key may see.")
    topic: Words | None = None
    outcome: Words | None = Field(
        default=None,
        description="What became of them first, such as `unreadable`; or `dead-letter`: what no replay has mended since.",
    )
    source_id: Words | None = Field(default=None, description="The product that they were found to be about.")
    received_from: AwareDatetime | None = None
    received_until: AwareDatetime | None = Field(default=None, description="Up to this time, which is not included.")

    @model_validator(mode="after")
    def _say_something(self) -> "ReplayBody":
        if not self.model_dump(exclude_none=True):
            raise ValueError("Say which deliveries: all of them is never meant.")
        return self


class ShareOut(BaseModel):
    """How far one Application has come."""

    application_id: UUID
    state: ReplayState
    counters: dict[str, int]
    progress: float = Field(ge=0, le=1)


class ReplayOut(BaseModel):
    """A replay and how far it has come."""

    id: UUID
    state: ReplayState
    by: str = Field(description="Who asked for it.", examples=["the key 1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10"])
    selection: ReplayBody
    created_at: datetime
    finished_at: datetime | None
    worked_through: int = Field(description="Deliveries worked through so far.")
    counters: dict[str, int] = Field(
        description="Those by their new outcome.", examples=[{"ignored": 40, "reading": 2}]
    )
    progress: float = Field(ge=0, le=1, description="From 0 to 1.")
    estimated_total: int | None = Field(description="Deliveries in all; null while nothing lets it be guessed.")
    estimated_seconds: float | None = Field(description="How long it goes on, at least; null as above.")
    applications: list[ShareOut] = Field(description="Their shares; 200 at most, those that still run first.")


@router.post("", summary="Replay deliveries", status_code=202, responses=documented(409))
async def replay(
    body: Annotated[ReplayBody, Body(openapi_examples=EXAMPLES)], services: ServicesDep, caller: Operator
) -> ReplayOut:
    """Work through stored deliveries again. An old one never brings back an old state: what is news is read from the shop.

    Each Application does its share at a limited rate, beside its other work, and waits while it is paused.
    """
    started = await start_replay(services, _selection(body), supplier_id=caller.supplier_id, by=caller.name)
    return _out(services, started)


@router.get("/{replay_id}", summary="Look at a replay")
async def show_replay(replay_id: UUID, services: ServicesDep, caller: Reader) -> ReplayOut:
    """How far it has come, and how much is left."""
    async with services.store.transaction() as tx:
        found = await tx.replays.one(replay_id)
    return _out(services, _visible(found, caller))


@router.post("/{replay_id}/cancel", summary="Cancel a replay")
async def stop_replay(replay_id: UUID, services: ServicesDep, caller: Operator) -> ReplayOut:
    """What was worked through stays; a replay that has ended stays as it ended."""
    async with services.store.transaction() as tx:
        _visible(await tx.replays.one(replay_id), caller)
    return _out(services, _visible(await cancel_replay(services, replay_id), caller))


def _visible(found: Replay | None, caller: Caller) -> Replay:
    if found is None or caller.supplier_id not in (None, found.supplier_id):
        raise NotFound("replay")
    return found


def _selection(body: ReplayBody) -> Selection:
    return Selection(
        delivery_ids=None if body.delivery_ids is None else tuple(DeliveryId(int(each)) for each in body.delivery_ids),
        application_id=None if body.application_id is None else ApplicationId(body.application_id),
        topic=None if body.topic is None else Topic(body.topic),
        outcome=body.outcome,
        source_id=None if body.source_id is None else SourceId(body.source_id),
        received_from=body.received_from,
        received_until=body.received_until,
    )


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
    ids = found.selection.delivery_ids
    return ReplayOut(
        id=found.id,
        state=found.state,
        by=found.by,
        selection=ReplayBody.model_construct(
            delivery_ids=None if ids is None else [str(each) for each in ids],
            application_id=found.selection.application_id,
            topic=found.selection.topic,
            outcome=found.selection.outcome,
            source_id=found.selection.source_id,
            received_from=found.selection.received_from,
            received_until=found.selection.received_until,
        ),
        created_at=found.created_at,
        finished_at=found.finished_at,
        worked_through=sum(counters.values()),
        counters=counters,
        progress=sum(share.progress for share in found.shares) / len(found.shares) if found.shares else 1.0,
        estimated_total=guessed.deliveries,
        estimated_seconds=guessed.seconds,
        applications=[_share_out(each) for each in sorted(found.shares, key=lambda one: one.state != "running")[:200]],
    )


def _share_out(share: Share) -> ShareOut:
    return ShareOut(
        application_id=share.application_id, state=share.state, counters=dict(share.counters), progress=share.progress
    )
