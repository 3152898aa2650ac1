"""Previews: what an import would do, without doing it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.api.bodies import Listed
from app.api.dependencies import Limit, Operator, Position, Reader, ServicesDep, visible
from app.api.errors import NotFound, documented
from app.api.paging import page_of, position_in_order, position_in_time
from app.api.preview_bodies import FromToOut, PreviewBody, PreviewDetailsOut, PreviewItemOut, PreviewOut
from app.domain.ids import SourceId
from app.domain.previewing import ItemKind, Preview, PreviewItem
from app.flows.preview import cancel_preview, start_preview

router = APIRouter(prefix="/v1/applications", tags=["Previews"], responses=documented(401, 403, 404, 422, 503))

Kind = Annotated[ItemKind | None, Query(description="Only items of this kind.")]
Product = Annotated[str | None, Query(max_length=500, description="Only items of this product of the shop.")]


@router.post("/{application_id}/preview", summary="Preview an import", status_code=202, responses=documented(409))
async def preview(
    application_id: UUID, services: ServicesDep, caller: Operator, body: PreviewBody | None = None
) -> PreviewOut:
    """Find out what an import, and reconciling after it, would do; of one product, what reconciling it now would.

    Nothing is sent to Orderchamp, and nothing that is known of products changes. A preview of the same that is running is
    returned instead. It tells what would be done now: whatever shop or Orderchamp change meanwhile is not in it.
    """
    application = await visible(services, caller, application_id)
    source_id = None if body is None or body.source_id is None else SourceId(body.source_id)
    return preview_out(await start_preview(services, application.id, source_id))


@router.get("/{application_id}/previews", summary="List previews")
async def list_previews(
    application_id: UUID, services: ServicesDep, caller: Reader, limit: Limit = 50, cursor: Position = None
) -> Listed[PreviewOut]:
    """Latest first, without those that have expired."""
    application = await visible(services, caller, application_id)
    async with services.store.reading() as tx:
        found = await tx.previews.list(application.id, before=position_in_time(cursor), limit=limit + 1)
    return page_of(found, limit, shown=preview_out, cursor=lambda last: last.started_at.isoformat())


@router.get("/{application_id}/previews/{preview_id}", summary="Look at a preview")
async def show_preview(
    application_id: UUID,
    preview_id: UUID,
    services: ServicesDep,
    caller: Reader,
    kind: Kind = None,
    source_id: Product = None,
    limit: Limit = 50,
    cursor: Position = None,
) -> PreviewDetailsOut:
    """How far it is, and what it found so far: what would be done, and what would not be, and why."""
    application = await visible(services, caller, application_id)
    after = position_in_order(cursor)
    async with services.store.reading() as tx:
        shown = await tx.previews.one(application.id, preview_id)
        if shown is None:
            raise NotFound("preview")
        product = None if source_id is None else SourceId(source_id)
        found = await tx.previews.items(shown.id, kind=kind, source_id=product, after=after, limit=limit + 1)
    return PreviewDetailsOut(
        **preview_out(shown).model_dump(),
        items=[_item(each) for _, each in found[:limit]],
        next_cursor=str(found[limit - 1][0]) if len(found) > limit else None,
    )


@router.post("/{application_id}/previews/{preview_id}/cancel", summary="Cancel a preview")
async def stop_preview(application_id: UUID, preview_id: UUID, services: ServicesDep, caller: Operator) -> PreviewOut:
    """What it found stays until it expires; a preview that has ended stays as it ended."""
    application = await visible(services, caller, application_id)
    found = await cancel_preview(services, application.id, preview_id)
    if found is None:
        raise NotFound("preview")
    return preview_out(found)


def preview_out(found: Preview) -> PreviewOut:
    """Return a preview as the API shows it."""
    return PreviewOut(
        id=found.id,
        source_id=found.source_id,
        state=found.state,
        phase=found.phase,
        reason=found.reason,
        counters={name: count for name, count in found.counters.items() if count},
        progress=found.progress,
        started_at=found.started_at,
        finished_at=found.finished_at,
        expires_at=found.expires_at,
    )


def _item(found: PreviewItem) -> PreviewItemOut:
    return PreviewItemOut(
        kind=found.kind,
        operation=found.operation,
        source_id=found.source_id,
        source_variant_id=found.source_variant_id,
        sku=found.sku,
        target_id=found.target_id,
        target_variant_id=found.target_variant_id,
        fields={name: FromToOut(from_=each.before, to=each.after) for name, each in found.fields.items()},
        sentence=found.sentence,
    )
