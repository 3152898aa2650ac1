"""Matching: finding variants on Orderchamp by their SKUs, once; afterwards the stored ids count."""

from collections.abc import Sequence
from dataclasses import replace

from app.domain.ids import Sku, SourceVariantId
from app.domain.plan import unbound_variants, worth_finding
from app.domain.state import Binding, Observed
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, Work, told_of
from app.ports import BoundVariant, TargetRecord


async def find(run: LaneRun, batch: Batch) -> None:
    """Match variants that are not bound by their SKUs, all of the batch together."""
    wanted: dict[Sku, list[tuple[Work, SourceVariantId]]] = {}
    for work in batch.works.values():
        situation = batch.situation(run, work)
        if worth_finding(situation):
            for variant in unbound_variants(situation):
                wanted.setdefault(variant.sku, []).append((work, variant.source_id))
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    found = await run.marketplace.find(tuple(wanted))
    matches: list[tuple[Work, Sku, Binding]] = []
    for observed in found:
        _merge(batch, observed)
        for seen in observed.variants.values():
            for work, source_variant_id in wanted.get(seen.sku, ()):
                binding = Binding(source_variant_id=source_variant_id, target_id=observed.id, target_variant_id=seen.id)
                matches.append((work, seen.sku, binding))
    if matches:
        await _match(run, batch, matches)


def _merge(batch: Batch, observed: Observed) -> None:
    """Add what a look-up showed to what is known of the target: a look-up shows only the variants asked for."""
    record = batch.targets.get(observed.id) or TargetRecord(target_id=observed.id, observed=None)
    known = record.observed.variants if record.observed is not None else {}
    images = record.observed.images if record.observed is not None else record.sent_images
    merged = replace(observed, variants={**observed.variants, **known}, images=images)
    batch.targets[observed.id] = replace(record, observed=merged)


async def _match(run: LaneRun, batch: Batch, matches: Sequence[tuple[Work, Sku, Binding]]) -> None:
    application = run.application
    async with run.services.store.transaction(run.claim) as tx:
        stored = await tx.targets.known(application.account_id, tuple({each.target_id for _, _, each in matches}))
        for target_id, before in stored.items():
            record = batch.targets[target_id]
            batch.targets[target_id] = replace(
                record,
                last_storefront_id=record.last_storefront_id or before.last_storefront_id,
                sent_images=before.sent_images,
            )
        bound = await tx.targets.bind(
            application.id,
            application.account_id,
            [BoundVariant(source_id=work.due.source_id, binding=binding) for work, _, binding in matches],
        )
        await tx.targets.record(
            application.account_id, [batch.targets[each] for each in {binding.target_id for _, _, binding in matches}]
        )
        told = []
        for work, sku, binding in matches:
            if binding.source_variant_id in bound:
                work.bindings[binding.source_variant_id] = binding
                told.append(told_of(work, "matched", f"Variant {sku} matched by its SKU to a variant on Orderchamp."))
            else:
                work.blocked[binding.source_variant_id] = (
                    f"The SKU {sku} is on Orderchamp already, on a variant that belongs to another product of a shop."
                )
        await tx.timeline.add(application.id, told)
        ids = tuple({binding.target_id for _, _, binding in matches})
        known = {(each.target_id, each.source_id) for each in batch.siblings}
        batch.siblings += tuple(
            each
            for each in await tx.targets.siblings(application.id, ids)
            if (each.target_id, each.source_id) not in known
        )
