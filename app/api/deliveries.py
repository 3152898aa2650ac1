"""Deliveries: the inbox, and what became of each."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from pydantic import BaseModel, Field

from app.api.bodies import DeliveryDetailsOut, DeliveryOut, Listed, ReplayedOut
from app.api.dependencies import GO_ON, TEXT, Limit, Operator, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of
from app.api.selections import EXAMPLES, SelectionBody
from app.domain.ids import DeliveryId
from app.flows.replay import drop_dead_letter, drop_dead_letters
from app.ports import InboxEntry

router = APIRouter(prefix="/v1", tags=["Deliveries"], responses=documented(401, 403, 404, 422, 503))


DeliveryName = Annotated[int, Path(ge=0, le=2**62)]


@router.get("/applications/{application_id}/deliveries", summary="List deliveries")
async def list_deliveries(
    application_id: UUID,
    services: ServicesDep,
    caller: Reader,
    topic: Annotated[
        str | None,
        Query(max_length=255, pattern=TEXT, description="Only those of this topic of the platform's."),
    ] = None,
    outcome: Annotated[
        str | None,
        Query(
            max_length=40,
            pattern=TEXT,
            description="Such as `applied`; `waiting`: not worked through yet; `dead-letter`: failed for good, and not mended.",
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=0, le=2**62, description=GO_ON)] = None,
) -> Listed[DeliveryOut]:
    """Newest first."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.inbox.of(application.id, before=cursor, limit=limit + 1, topic=topic, outcome=outcome)
    return page_of(found, limit, shown=_delivery, cursor=lambda last: str(last.id))


@router.get("/deliveries/{delivery_id}", summary="Look at a delivery")
async def show_delivery(delivery_id: DeliveryName, services: ServicesDep, caller: Reader) -> DeliveryDetailsOut:
    """Its topic, times, outcome and reason; for `admin` also the headers and the body as they were sent."""
    async with services.store.reading() as tx:
        found = await tx.inbox.one(DeliveryId(delivery_id))
        replayed = await tx.replays.of_delivery(DeliveryId(delivery_id))
    if found is None:
        raise NotFound("delivery")
    entry, delivery = found
    if entry.application_id is not None:
        await visible(services, caller, entry.application_id)
    elif caller.supplier_id is not None:
        raise NotFound("delivery")
    admin = caller.role == "admin"
    return DeliveryDetailsOut(
        **_delivery(entry).model_dump(),
        headers=dict(delivery.headers) if admin else None,
        body=delivery.body.decode("utf-8", "replace") if admin else None,
        replayed=[ReplayedOut.model_validate(each, from_attributes=True) for each in replayed],
    )


@router.post("/deliveries/{delivery_id}/drop", summary="Drop a dead letter", responses=documented(409))
async def drop_delivery(delivery_id: DeliveryName, services: ServicesDep, caller: Operator) -> DeliveryOut:
    """Close a delivery that could not be worked through, so that it is listed as a dead letter no more."""
    async with services.store.transaction() as tx:
        found = await tx.inbox.one(DeliveryId(delivery_id))
    if found is None or found[0].application_id is None:
        raise NotFound("delivery")
    await visible(services, caller, found[0].application_id)
    return _delivery(await drop_dead_letter(services, DeliveryId(delivery_id), by=caller.name))


class DroppedOut(BaseModel):
    """What dropping many came to."""

    dropped: int = Field(description="Dead letters that were closed.")
    more: bool = Field(description="There are more of them; ask again.")


@router.post("/deliveries/drop", summary="Drop many dead letters")
async def drop_deliveries(
    body: Annotated[SelectionBody, Body(openapi_examples=EXAMPLES)], services: ServicesDep, caller: Operator
) -> DroppedOut:
    """Close the dead letters among the deliveries that are meant, the oldest 10,000 at a time; others stay as they are."""
    dropped = await drop_dead_letters(services, body.meant(), supplier_id=caller.supplier_id, by=caller.name)
    return DroppedOut(dropped=dropped.count, more=dropped.more)


def _delivery(entry: InboxEntry) -> DeliveryOut:
    return DeliveryOut(
        id=str(entry.id),
        application_id=entry.application_id,
        event_id=entry.event_id,
        topic=entry.topic,
        received_at=entry.received_at,
        outcome=entry.outcome,
        reason=entry.reason,
        source_id=entry.source_id,
        settled_at=entry.settled_at,
    )
