"""Rehearsing: the next batch of products, taken through reconciling to its end as if every change had been made."""

from app.domain.ids import Cursor, SourceId, SourceVariantId
from app.domain.previewing import Preview, by_kind
from app.domain.state import Binding
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.preview.items import items_of
from app.flows.preview.rehearsal import Rehearsal
from app.flows.reconcile.applying import stage
from app.flows.reconcile.batch import BATCH, BATCH_BYTES, Batch, StillOnItsWay, Work, gather
from app.flows.reconcile.finishing import Result, left_as_shown, results_of
from app.flows.reconcile.guarding import guard
from app.flows.reconcile.loop import learn
from app.ports import BoundVariant
from app.ports.previews import PlannedProduct, Rehearsed

Bindings = dict[SourceId, dict[SourceVariantId, Binding]]


async def plan_batch(run: LaneRun, now: Preview) -> None:
    """Plan the next products to their end, and keep what would be done for them; the preview is done with the last ones."""
    rehearsal = Rehearsal(run.services.store, now, run.application, run.storefronts, run.marketplace)
    async with rehearsal.reading() as tx:
        due = await tx.previews.due_products(now, limit=BATCH, size=BATCH_BYTES)
        bindings = await tx.targets.bindings(run.application.id, [each.source_id for each in due])
        batch = await gather(run.application, tx, due, bindings)
    if not batch.works:
        await _end(run, now)
        return
    _look_anew(batch, now)
    before: Bindings = {each: dict(work.bindings) for each, work in batch.works.items()}
    await learn(run, batch, rehearsal)
    _wait_for_what_is_on_its_way(batch)
    while changes := stage(run, batch):
        rehearsal.make(run, batch, changes)
        await guard(run, batch, rehearsal)
    rehearsed = _came_to(run, batch, rehearsal, before)
    async with run.services.store.transaction(run.claim) as tx:
        if not await tx.previews.hold(now):
            return
        more = await tx.previews.keep(now, rehearsed)
        await tx.previews.add(now, rehearsed.items)
        after = now.counted(by_kind(rehearsed.items)).counted(more)
        after = replace(after, cursor=Cursor(max(batch.works)))
        await tx.previews.advance(after, lasts=run.services.pace.preview_lasts)


async def _end(run: LaneRun, now: Preview) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        lasts = run.services.pace.preview_lasts
        await tx.previews.end(run.application.id, now.id, "done", reason=now.summary(), lasts=lasts)


def _wait_for_what_is_on_its_way(batch: Batch) -> None:
    """Raise StillOnItsWay while a publication may yet take effect: reconciling waits for it, too, and is no different then."""
    for work in batch.works.values():
        if isinstance(work.error, StillOnItsWay):
            raise work.error


def _look_anew(batch: Batch, now: Preview) -> None:
    """Believe nothing of what Orderchamp shows of a product that is previewed by itself, as when it is reconciled so.

    Nor that images did not arrive there.
    """
    if now.cursor is not None or now.source_id not in batch.works:
        return
    for binding in batch.works[now.source_id].bindings.values():
        record = batch.targets.get(binding.target_id)
        if record is not None:
            batch.targets[binding.target_id] = replace(record, observed=None, failed_images=None)


def _came_to(run: LaneRun, batch: Batch, rehearsal: Rehearsal, before: Bindings) -> Rehearsed:
    results = results_of(run, batch)
    brought = [work for work, result in results if result.problems is not None and work.error is None]
    for record in left_as_shown(batch, brought):
        batch.targets[record.target_id] = record
        rehearsal.touched.add(record.target_id)
    bindings = [
        (work.due.source_id, before[work.due.source_id].get(variant), binding)
        for work in batch.works.values()
        for variant, binding in work.bindings.items()
    ]
    return Rehearsed(
        account_id=run.application.account_id,
        items=[*rehearsal.items, *(item for work, result in results for item in items_of(work, result))],
        products=[_planned(work, result) for work, result in results],
        targets=[batch.targets[each] for each in sorted(rehearsal.touched) if each in batch.targets],
        bound=[
            BoundVariant(source_id=source_id, binding=binding) for source_id, was, binding in bindings if was != binding
        ],
        unbound=[
            (work.due.source_id, variant)
            for work in batch.works.values()
            for variant in before[work.due.source_id]
            if variant not in work.bindings
        ],
        taken_over=sorted(rehearsal.taken_over),
        shared=sorted(rehearsal.shared),
    )


def _planned(work: Work, result: Result) -> PlannedProduct:
    held = work.error is None and work.may_hide is False and work.due.hiding == "free"
    return PlannedProduct(
        source_id=work.due.source_id,
        state=result.reconciled.state,
        hiding="held" if held else work.due.hiding,
    )
