"""Ordering a preview, and stopping it."""

from uuid import UUID

from app.domain.errors import ApplicationNotFound, NotPossibleNow
from app.domain.ids import ApplicationId, SourceId
from app.domain.previewing import Preview
from app.flows.services import Services


async def start_preview(services: Services, application_id: ApplicationId, source_id: SourceId | None) -> Preview:
    """Begin a preview of one product or (None) of everything; if one of the same is running, return it."""
    async with services.store.transaction() as tx:
        application = await tx.applications.one(application_id, lock=True)
        if application is None:
            raise ApplicationNotFound
        if application.state in ("uninstalling", "uninstalled"):
            raise NotPossibleNow(f"The Application is {application.state}; nothing would be done for it.")
        started = await tx.previews.start(
            services.new_id(), application_id, source_id, lasts=services.pace.preview_lasts
        )
        await tx.lanes.wake(application_id)
        return started


async def cancel_preview(services: Services, application_id: ApplicationId, preview_id: UUID) -> Preview | None:
    """Stop a preview where it is; what it found stays until it expires. None when there is no such preview."""
    async with services.store.transaction() as tx:
        await tx.previews.end(
            application_id,
            preview_id,
            "cancelled",
            reason="Cancelled by a person.",
            lasts=services.pace.preview_lasts,
        )
        return await tx.previews.one(application_id, preview_id)
