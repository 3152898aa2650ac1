"""Imports: reading a whole catalogue again, how far that is, and stopping it."""

from uuid import UUID

from fastapi import APIRouter

from app.api.bodies import ImportOut, Listed
from app.api.dependencies import Limit, Operator, Position, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of, position_in_time
from app.domain.importing import Import, seconds_left
from app.flows.operate import cancel_import, start_import
from app.flows.services import Services

router = APIRouter(prefix="/v1/applications", tags=["Imports"], responses=documented(401, 403, 404, 422, 503))


@router.post(
    "/{application_id}/imports",
    summary="Import the whole catalogue",
    status_code=202,
    responses=documented(409),
)
async def import_catalogue(application_id: UUID, services: ServicesDep, caller: Operator) -> ImportOut:
    """Start an import, or return the one that is running."""
    application = await visible(services, caller, application_id)
    return import_out(services, await start_import(services, application.id))


@router.get("/{application_id}/imports", summary="List imports")
async def list_imports(
    application_id: UUID, services: ServicesDep, caller: Reader, limit: Limit = 50, cursor: Position = None
) -> Listed[ImportOut]:
    """Latest first."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.imports.list(application.id, before=position_in_time(cursor), limit=limit + 1)
    return page_of(
        found,
        limit,
        shown=lambda each: import_out(services, each),
        cursor=lambda last: last.started_at.isoformat(),
    )


@router.get("/{application_id}/imports/{import_id}", summary="Look at an import")
async def show_import(application_id: UUID, import_id: UUID, services: ServicesDep, caller: Reader) -> ImportOut:
    """How far it has come, what came of it so far, and how long it will still take at this pace."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.imports.one(application.id, import_id)
    if found is None:
        raise NotFound("import")
    return import_out(services, found)


@router.post("/{application_id}/imports/{import_id}/cancel", summary="Cancel an import", responses=documented(409))
async def stop_import(application_id: UUID, import_id: UUID, services: ServicesDep, caller: Operator) -> ImportOut:
    """What was read stays; an import that has ended stays as it ended."""
    application = await visible(services, caller, application_id)
    found = await cancel_import(services, application.id, import_id)
    if found is None:
        raise NotFound("import")
    return import_out(services, found)


def import_out(services: Services, found: Import) -> ImportOut:
    """Return an import as the API shows it."""
    return ImportOut(
        id=found.id,
        state=found.state,
        phase=found.phase,
        reason=found.reason,
        counters=dict(found.counters),
        progress=found.progress,
        estimated_total=found.total,
        estimated_seconds=seconds_left(found, at=services.clock()),
        started_at=found.started_at,
        finished_at=found.finished_at,
    )
