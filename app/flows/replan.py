"""Replanning: settings changed, or the Application is leaving, so every desired state is computed afresh."""

from app.domain.projection import SourceProduct, describe, want
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.ports import Told

BATCH = 200

BATCH_BYTES = 1_500_000
"""How long the snapshots and desired states of a batch are together; the last product may go beyond that."""


async def replan(run: LaneRun) -> bool:
    """Compute the next batch of desired states; False when nothing is left to replan."""
    application, services = run.application, run.services
    async with services.store.transaction() as tx:
        after = await tx.applications.replan_after(application.id)
        if after is None:
            return False
        products = await tx.products.after(application.id, after, limit=BATCH, size=BATCH_BYTES)
    leaving = application.state == "uninstalling"
    changes = [(each, _leave(each) if leaving else _again(run, each)) for each in products]
    changed = [(before, now) for before, now in changes if before != now]
    why = "The Application is being uninstalled" if leaving else "The settings of the Application changed"
    async with services.store.transaction(run.claim) as tx:
        if not await tx.applications.is_current(application):
            # What was computed holds for settings of yesterday; the next run begins again with those of today.
            run.ended = True
            return True
        await tx.products.save(application.id, changed)
        # A setting may matter without showing in the desired state: a field switched on must be compared again.
        await tx.products.make_due(application.id, [each.source_id for each in products])
        await tx.timeline.add(
            application.id,
            [
                Told(source_id=now.source_id, kind="replanned", sentence=f"{why}: {describe(before, now)}")
                for before, now in changed
            ],
        )
        await tx.applications.replan(application.id, after=products[-1].source_id if products else None)
    return True


def _again(run: LaneRun, product: SourceProduct) -> SourceProduct:
    return want(product, settings=run.application.settings, now=run.now(), cause=product.cause)


def _leave(product: SourceProduct) -> SourceProduct:
    if product.desired is None or not product.desired.published:
        return product
    desired = replace(product.desired, published=False, reason="the Application was uninstalled")
    return replace(product, desired=desired, generation=product.generation + 1)
