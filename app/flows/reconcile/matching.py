"""Matching: finding variants on Orderchamp by their SKUs, once; afterwards the stored ids count."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.conflict import BoundTo, Choice, Conflict, Found, Holder, folded
from app.domain.ids import Sku, SourceVariantId, TargetId, TargetVariantId
from app.domain.matching import Match, Wait, judge, may_adopt
from app.domain.plan import worth_finding
from app.domain.state import Binding, DesiredVariant, Observed
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, Blocked, Work, told_of
from app.flows.reconcile.keeper import Keeper, Matched
from app.flows.reconcile.sight import Sight, seen
from app.ports import TargetRecord, Told


@dataclass(frozen=True, slots=True)
class Wanted:
    """A variant whose SKU is looked for. ``bound``: it is on Orderchamp and is to be renamed."""

    work: Work
    variant: DesiredVariant
    bound: bool


async def find(run: LaneRun, batch: Batch, keeper: Keeper) -> None:
    """Look for the SKUs of variants that are not bound, or are to be renamed; all of the batch together."""
    wanted = {each.variant.sku: each for work in batch.works.values() for each in _wanted(run, batch, work)}
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    products = {each.id: each for each in await keeper.market.find(tuple(wanted))}
    if not products:
        return
    async with keeper.reading() as tx:
        stored = await tx.targets.known(run.application.account_id, tuple(products))
        bound_to = await tx.conflicts.bound_to(
            run.application.account_id, [variant for each in products.values() for variant in each.variants]
        )
        choices = await tx.conflicts.choices(run.application.account_id, {folded(sku) for sku in wanted})
    sight = Sight(at=run.now())
    for target_id, observed in products.items():
        batch.targets[target_id] = _merged(batch.targets.get(target_id), stored.get(target_id), observed, sight)
    found = _by_sku(products.values(), bound_to)
    matches = [
        match
        for each in wanted.values()
        for match in _judged(run, batch, each, found=found, choices=choices, products=products)
    ]
    if matches or sight.told_anything:
        await keeper.matched(batch, matches, sight)


def _wanted(run: LaneRun, batch: Batch, work: Work) -> Iterable[Wanted]:
    shown = _shown_skus(batch, work)
    wanted = [each for each in work.due.desired.variants if shown.get(each.source_id) != each.sku]
    if not work.going_on or not wanted:
        return
    situation = batch.situation(run, work)
    if not worth_finding(situation):
        return
    apart = work.apart
    for variant in wanted:
        bound = variant.source_id in work.bindings
        renamed = not situation.only_stock and variant.source_id in shown
        if variant.source_id not in apart and (renamed or not bound):
            yield Wanted(work, variant, bound=bound)


def _shown_skus(batch: Batch, work: Work) -> Mapping[SourceVariantId, Sku]:
    """Return the SKU that Orderchamp shows for each variant; those that are not bound, or not known, are absent."""
    return {
        variant_id: shown.sku
        for variant_id, binding in work.bindings.items()
        if (observed := batch.targets[binding.target_id].observed) is not None
        and (shown := observed.variants.get(binding.target_variant_id)) is not None
    }


def _merged(known: TargetRecord | None, stored: TargetRecord | None, observed: Observed, sight: Sight) -> TargetRecord:
    """Add what a look-up showed to what is known of the target: a look-up shows only the variants asked for.

    Of a target that is bound to something and not known, that is too little: it is read whole. What is ``stored`` of one that
    the batch did not know was read after the look-up, and may be newer: only variants are added to that.
    """
    before = known or stored
    if before is None:
        return TargetRecord(target_id=observed.id, observed=observed)
    if before.observed is None:
        return before
    variants = {**observed.variants, **before.observed.variants}
    if known is None:
        return replace(before, observed=replace(before.observed, variants=variants))
    return seen(before, replace(observed, variants=variants), sight)


def _by_sku(
    products: Iterable[Observed], bound_to: Mapping[TargetVariantId, BoundTo]
) -> Mapping[str, tuple[Found, ...]]:
    found: dict[str, tuple[Found, ...]] = {}
    for product in products:
        for variant in product.variants.values():
            each = Found(
                target_id=product.id,
                target_variant_id=variant.id,
                sku=variant.sku,
                title=product.title,
                bound_to=bound_to.get(variant.id),
            )
            found[folded(variant.sku)] = (*found.get(folded(variant.sku), ()), each)
    return found


def _judged(
    run: LaneRun,
    batch: Batch,
    wanted: Wanted,
    *,
    found: Mapping[str, tuple[Found, ...]],
    choices: Mapping[str, Choice],
    products: Mapping[TargetId, Observed],
) -> Iterable[Matched]:
    """Act on what was found for one variant: match it, have it wait, or keep it apart."""
    work, variant = wanted.work, wanted.variant
    key = folded(variant.sku)
    holder = Holder(
        application_id=run.application.id,
        source_id=work.due.source_id,
        source_variant_id=variant.source_id,
        sku=variant.sku,
        title=work.due.desired.title,
    )
    choice = choices.get(key)
    named = choice is not None and choice.source_variant_id == variant.source_id
    match judge(holder, found.get(key, ()), bound=wanted.bound, choice=choice if named else None):
        case Match() as verdict if not _adoptable(work, verdict.found, products):
            work.foreign[variant.source_id] = verdict.found
        case Match() as verdict:
            binding = Binding(
                source_variant_id=variant.source_id,
                target_id=verdict.found.target_id,
                target_variant_id=verdict.found.target_variant_id,
            )
            yield Matched(work, variant.sku, binding, verdict.takes_over)
        case Wait() as verdict:
            batch.occupants[verdict.found.target_variant_id] = verdict.found.target_id
        case Conflict() as conflict:
            work.conflicts[variant.source_id] = conflict
        case None:
            pass


def _adoptable(work: Work, found: Found, products: Mapping[TargetId, Observed]) -> bool:
    """After a creation of unknown outcome, only what that can have made is taken for ours."""
    if work.due.creating_since is None:
        return True
    if work.bindings:
        return found.target_id in {each.target_id for each in work.bindings.values()}
    return may_adopt(
        products[found.target_id],
        claimed=[each.sku for each in work.due.desired.variants if each.source_id not in work.apart],
        since=work.due.creating_since,
        bound=found.bound_to is not None,
    )


def take_in_matches(batch: Batch, matches: Sequence[Matched], bound: Collection[SourceVariantId]) -> Sequence[Told]:
    """Have the batch know which matches came to a binding, and return the sentences that follow. The others lost their SKU."""
    told = []
    holders = {binding.target_variant_id: work for work in batch.works.values() for binding in work.bindings.values()}
    for each in matches:
        if each.binding.source_variant_id in bound:
            _leave_to(each, holders.get(each.binding.target_variant_id))
            holders[each.binding.target_variant_id] = each.work
            each.work.matched = True
            each.work.bindings[each.binding.source_variant_id] = each.binding
            sentence = f"Variant {each.sku} matched by its SKU to a variant on Orderchamp."
            told.append(told_of(each.work, "matched", sentence))
        else:
            sentence = f"The SKU {each.sku} is on Orderchamp already, on a variant that is another one's."
            each.work.blocked[each.binding.source_variant_id] = Blocked(each.sku, sentence)
    return told


def _leave_to(matched: Matched, holder: Work | None) -> None:
    """Have another product of the batch forget a target variant that one has taken over, so that they do not fight."""
    if holder is None or holder is matched.work:
        return
    for variant, binding in list(holder.bindings.items()):
        if binding.target_variant_id == matched.binding.target_variant_id:
            del holder.bindings[variant]
