"""Sweeps: comparing an Application with its shop and with Orderchamp, and what was found."""

from uuid import UUID

from fastapi import APIRouter

from app.api.bodies import FindingOut, Listed, SweepOut
from app.api.dependencies import Limit, Operator, Position, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.imports import position_in_time
from app.domain.errors import InvalidInstallation, NotPossibleNow
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
    more = len(found) > limit
    return Listed(
        items=[sweep_out(each) for each in found[:limit]],
        next_cursor=found[limit - 1].started_at.isoformat() if more else None,
    )


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
    more = len(found) > limit
    return Listed(
        items=[_finding(each) for _, each in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if more else None,
    )


def position_in_order(cursor: str | None) -> int | None:
    """Return the number that a cursor of a list in the order of numbers means; InvalidInstallation if it means none."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):  # noqa: PLR2004
        reasons = [("cursor", "It is not a cursor of this list.")]
        raise InvalidInstallation("The request is not as documented.", reasons=reasons)
    return None if cursor is None else int(cursor)


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
