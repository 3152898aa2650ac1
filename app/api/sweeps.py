"""Sweeps: comparing an Application with its shop and with Orderchamp, and what was found."""

from uuid import UUID

from fastapi import APIRouter

from app.api.bodies import FindingOut, Listed, SweepOut
from app.api.dependencies import Limit, Operator, Position, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of, position_in_order, position_in_time
from app.domain.errors import NotPossibleNow
from app.domain.sweeping import Finding, Sweep
from app.flows.sweep import start_sweep

router = APIRouter(prefix="/v1/applications", tags=["Sweeps"], responses=documented(401, 403, 404, 422, 503))


@router.post("/{application_id}/sweeps", summary="Compare everything now", status_code=202, responses=documented(409))
async def sweep(application_id: UUID, services: ServicesDep, caller: Operator) -> SweepOut:
    """Start a sweep, or return the one that is running. They also come by themselves."""
    application = await visible(services, caller, application_id)
    if application.state != "active":
        raise NotPossibleNow(f"The Application is {application.state}; only an active one is compared.")
    return sweep_out(await start_sweep(services, application.id))


@router.get("/{application_id}/sweeps", summary="List sweeps")
async def list_sweeps(
    application_id: UUID, services: ServicesDep, caller: Reader, limit: Limit = 50, cursor: Position = None
) -> Listed[SweepOut]:
    """Latest first."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.sweeps.list(application.id, before=position_in_time(cursor), limit=limit + 1)
    return page_of(found, limit, shown=sweep_out, cursor=lambda last: last.started_at.isoformat())


@router.get("/{application_id}/sweeps/{sweep_id}", summary="Look at a sweep")
async def show_sweep(application_id: UUID, sweep_id: UUID, services: ServicesDep, caller: Reader) -> SweepOut:
    """How far it is, and how much it found."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.sweeps.one(application.id, sweep_id)
    if found is None:
        raise NotFound("sweep")
    return sweep_out(found)


@router.get("/{application_id}/sweeps/{sweep_id}/findings", summary="Read the drift report")
async def list_findings(
    application_id: UUID,
    sweep_id: UUID,
    services: ServicesDep,
    caller: Reader,
    limit: Limit = 50,
    cursor: Position = None,
) -> Listed[FindingOut]:
    """What differed, in the order in which it was found."""
    application = await visible(services, caller, application_id)
    after = position_in_order(cursor)
    async with services.store.reading() as tx:
        if await tx.sweeps.one(application.id, sweep_id) is None:
            raise NotFound("sweep")
        found = await tx.sweeps.findings(application.id, sweep_id, after=after, limit=limit + 1)
    return page_of(found, limit, shown=lambda each: _finding(each[1]), cursor=lambda last: str(last[0]))


def sweep_out(found: Sweep) -> SweepOut:
    """Return a sweep as the API shows it."""
    return SweepOut.model_validate(found, from_attributes=True)


def _finding(found: Finding) -> FindingOut:
    return FindingOut(
        source_id=found.drift.source_id,
        side=found.side,
        kind=found.drift.kind,
        sentence=found.drift.sentence,
        repaired=found.repaired,
        at=found.at,
    )
