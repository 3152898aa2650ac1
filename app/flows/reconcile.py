"""Reconcile: bring what Orderchamp shows to the desired state, whatever happened before.

A batch of due products goes through the same loop until nothing is left to do: plan from what is known, write down that
calls are on their way, make them, write down what came of them. After a crash the next holder of the lane waits out the
calls that were on their way, looks at Orderchamp, and goes through the same loop.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from app.domain.errors import (
    CredentialsRefused,
    IntegrationError,
    LeaseLost,
    OutcomeUnknown,
    RateLimited,
    TemporaryError,
)
from app.domain.ids import Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.plan import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Outcome,
    Publish,
    RefreshListing,
    Refused,
    Situation,
    TargetMissing,
    Unclear,
    Unpublish,
    next_stage,
    sent,
    unbound_variants,
    worth_finding,
)
from app.domain.retry import GiveUp, decide
from app.domain.state import Binding, Observed, ObservedVariant, Target
from app.domain.story import done, standing
from app.flows.lane import LaneRun
from app.ports import BoundVariant, DueProduct, Reconciled, Sibling, TargetRecord, Told

BATCH = 100
SINGLES = 5
"""Changes that need a call each: so few go out between two looks at whether the Application was paused."""


class ChangedMeanwhile(TemporaryError):
    """The Application was paused, changed or uninstalled while its lane was running."""


@dataclass(slots=True)
class Work:
    """One due product on its way through the loop."""

    due: DueProduct
    bindings: dict[SourceVariantId, Binding]
    off_limits: set[Change] = field(default_factory=set)
    blocked: dict[SourceVariantId, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)
    error: IntegrationError | None = None
    unclear: bool = False
    written: bool = False

    @property
    def going_on(self) -> bool:
        return self.error is None and not self.unclear


@dataclass(slots=True)
class Batch:
    """The due products, what is known of their targets, and who else is bound to those."""

    works: dict[SourceId, Work]
    targets: dict[TargetId, TargetRecord]
    siblings: tuple[Sibling, ...]

    def situation(self, run: LaneRun, work: Work) -> Situation:
        """Return all that planning for one product needs to know now."""
        source_id = work.due.source_id
        ids = dict.fromkeys(binding.target_id for binding in work.bindings.values())
        return Situation(
            desired=work.due.desired,
            settings=run.application.settings,
            bindings=work.bindings,
            targets={target_id: self._target(target_id, source_id) for target_id in ids},
            fallback_storefront_id=run.fallback_storefront_id,
            off_limits=frozenset(work.off_limits),
            blocked=frozenset(work.blocked),
            may_create=not work.due.detached,
        )

    def _target(self, target_id: TargetId, source_id: SourceId) -> Target:
        record = self.targets.get(target_id) or TargetRecord(target_id=target_id, observed=None)
        others = [each for each in self.siblings if each.target_id == target_id and each.source_id != source_id]
        older = [each for each in self.siblings if each.target_id == target_id and each.living]
        return Target(
            id=target_id,
            observed=record.observed,
            last_storefront_id=record.last_storefront_id,
            owner=not older or older[0].source_id == source_id or all(each.source_id != source_id for each in older),
            published_by_others=any(each.wants_published and each.living for each in others),
            refresh_listing=record.refresh_listing,
        )


async def reconcile(run: LaneRun) -> int:
    """Reconcile a batch of due products and return how many there were."""
    batch = await _load(run)
    if not batch.works:
        return 0
    try:
        await _look(run, batch)
        await _find(run, batch)
        while changes := _stage(run, batch):
            await _apply(run, batch, changes)
            await _look(run, batch)
            if not run.time_left():
                break
        await _finish(run, batch)
    except LeaseLost:
        raise
    except (TemporaryError, CredentialsRefused) as error:
        await _give_back(run, batch, error)
    return len(batch.works)


async def _load(run: LaneRun) -> Batch:
    application = run.application
    async with run.services.store.transaction() as tx:
        due = await tx.products.due(application.id, limit=min(BATCH, run.services.pace.run_products))
        bindings = await tx.products.bindings(application.id, [each.source_id for each in due])
        ids = tuple({binding.target_id for each in bindings.values() for binding in each})
        targets = await tx.products.targets(application.account_id, ids)
        siblings = await tx.products.siblings(application.id, ids)
    works = {
        each.source_id: Work(
            due=each, bindings={binding.source_variant_id: binding for binding in bindings.get(each.source_id, ())}
        )
        for each in due
    }
    return Batch(works=works, targets=dict(targets), siblings=siblings)


async def _look(run: LaneRun, batch: Batch) -> None:
    """Read the targets of which it is not known what Orderchamp shows."""
    wanted = {
        binding.target_id
        for work in batch.works.values()
        if work.going_on
        for binding in work.bindings.values()
        if binding.target_id not in batch.targets or batch.targets[binding.target_id].observed is None
    }
    if not wanted:
        return
    await run.hold(run.services.pace.call * 2)
    found = await run.marketplace.read(tuple(sorted(wanted)))
    gone = [target_id for target_id, observed in found.items() if observed is None]
    for target_id, observed in found.items():
        if observed is not None:
            batch.targets[target_id] = _seen(batch.targets.get(target_id), observed)
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.record_targets(
            run.application.account_id, [batch.targets[each] for each, seen in found.items() if seen is not None]
        )
        for target_id in gone:
            await tx.products.unbind(run.application.account_id, target_id)
        await tx.timeline.add(run.application.id, _detach(batch, gone))


def _seen(before: TargetRecord | None, observed: Observed) -> TargetRecord:
    record = before or TargetRecord(target_id=observed.id, observed=None)
    return replace(record, observed=replace(observed, images=record.sent_images))


def _detach(batch: Batch, gone: Sequence[TargetId]) -> list[Told]:
    told = []
    for work in batch.works.values():
        lost = [variant for variant, binding in work.bindings.items() if binding.target_id in gone]
        for variant in lost:
            del work.bindings[variant]
        if lost and not work.bindings:
            work.due = replace(work.due, detached=True)
            sentence = "The product does not exist on Orderchamp any more: somebody deleted it there."
            told.append(Told(source_id=work.due.source_id, kind="observed", sentence=sentence))
    for target_id in gone:
        batch.targets.pop(target_id, None)
    return told


async def _find(run: LaneRun, batch: Batch) -> None:
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
        stored = await tx.products.targets(application.account_id, tuple({each.target_id for _, _, each in matches}))
        for target_id, before in stored.items():
            record = batch.targets[target_id]
            batch.targets[target_id] = replace(
                record,
                last_storefront_id=record.last_storefront_id or before.last_storefront_id,
                sent_images=before.sent_images,
            )
        bound = await tx.products.bind(
            application.id,
            application.account_id,
            [BoundVariant(source_id=work.due.source_id, binding=binding) for work, _, binding in matches],
        )
        await tx.products.record_targets(
            application.account_id, [batch.targets[each] for each in {binding.target_id for _, _, binding in matches}]
        )
        told = []
        for work, sku, binding in matches:
            if binding.source_variant_id in bound:
                work.bindings[binding.source_variant_id] = binding
                told.append(_told(work, "matched", f"Variant {sku} matched by its SKU to a variant on Orderchamp."))
            else:
                work.blocked[binding.source_variant_id] = (
                    f"The SKU {sku} is on Orderchamp already, on a variant that belongs to another product of a shop."
                )
        await tx.timeline.add(application.id, told)
        ids = tuple({binding.target_id for _, _, binding in matches})
        known = {(each.target_id, each.source_id) for each in batch.siblings}
        batch.siblings += tuple(
            each
            for each in await tx.products.siblings(application.id, ids)
            if (each.target_id, each.source_id) not in known
        )


def _stage(run: LaneRun, batch: Batch) -> tuple[Change, ...]:
    """Return what to do next for the whole batch; each product contributes the next stage of its own plan."""
    changes: list[Change] = []
    aimed: set[tuple[type[Change], TargetId]] = set()
    singles = 0
    for work in batch.works.values():
        if not work.going_on:
            continue
        for change in next_stage(batch.situation(run, work)):
            if isinstance(change, Publish | Unpublish | RefreshListing):
                # Two source products may share a target; what is done to it once is done for both.
                if (type(change), change.target_id) in aimed:
                    continue
                aimed.add((type(change), change.target_id))
            if isinstance(change, CreateProduct | CreateVariant | Publish | RefreshListing):
                singles += 1
                if singles > SINGLES:
                    continue
            changes.append(change)
    return tuple(changes)


async def _apply(run: LaneRun, batch: Batch, changes: tuple[Change, ...]) -> None:
    services, application = run.services, run.application
    await run.hold(services.pace.call * 2)
    ends = run.lease_ends()
    until = run.now() + (ends - services.clock()) + services.pace.settle
    async with services.store.transaction(run.claim) as tx:
        if not await tx.applications.is_current(application):
            raise ChangedMeanwhile
        ours = await tx.products.claim_skus(application.id, application.account_id, _skus(changes))
        changes = _claimed(batch, changes, ours)
        await tx.products.start_calls(
            application.id,
            token=run.claim.token,
            until=until,
            calls={change.source_id: type(change).__name__ for change in changes},
        )
    outcomes = await run.marketplace.apply(changes, before=ends) if changes else ()
    await _record(run, batch, changes, outcomes)


def _skus(changes: Sequence[Change]) -> Mapping[Sku, SourceVariantId]:
    created = [
        each.variants if isinstance(each, CreateProduct) else (each.variant,)
        for each in changes
        if isinstance(each, CreateProduct | CreateVariant)
    ]
    return {variant.sku: variant.source_id for variants in created for variant in variants}


def _claimed(batch: Batch, changes: tuple[Change, ...], ours: frozenset[Sku]) -> tuple[Change, ...]:
    """Drop the creations whose SKU somebody else claimed; those variants stay out of the next plans."""
    kept: list[Change] = []
    for change in changes:
        if not isinstance(change, CreateProduct | CreateVariant):
            kept.append(change)
            continue
        variants = change.variants if isinstance(change, CreateProduct) else (change.variant,)
        lost = [variant for variant in variants if variant.sku not in ours]
        for variant in lost:
            batch.works[change.source_id].blocked[variant.source_id] = (
                f"The SKU {variant.sku} is claimed by another product of this Orderchamp account; give each its own SKU."
            )
        if not lost:
            kept.append(change)
    return tuple(kept)


async def _record(run: LaneRun, batch: Batch, changes: Sequence[Change], outcomes: Sequence[Outcome]) -> None:
    """Write down what came of the calls: ids first of all, since a created product must never be created again."""
    application = run.application
    bound: list[BoundVariant] = []
    told: list[Told] = []
    touched: set[TargetId] = set()
    for change, outcome in zip(changes, outcomes, strict=True):
        work = batch.works[change.source_id]
        if isinstance(outcome, Applied):
            work.written = True
            bound += _take_over(batch, work, change, outcome, touched)
            told.append(_told(work, "sent", done(change, work.due.desired.reason, run.storefronts)))
        else:
            told += _failed(batch, work, change, outcome, touched)
    unclear = {work.due.source_id for work in batch.works.values() if work.unclear}
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.bind(application.id, application.account_id, bound)
        await tx.products.record_targets(application.account_id, [batch.targets[each] for each in sorted(touched)])
        # A call whose outcome nobody knows stays on its way until it is waited out; then Orderchamp is looked at.
        await tx.products.end_calls(application.id, list({each.source_id for each in changes} - unclear))
        await tx.timeline.add(application.id, told)


def _take_over(
    batch: Batch, work: Work, change: Change, outcome: Applied, touched: set[TargetId]
) -> list[BoundVariant]:
    """Keep what an applied change made of the target, and return the bindings that a creation brought."""
    bound: list[BoundVariant] = []
    if isinstance(change, CreateProduct) and isinstance(outcome.observed, Observed):
        observed = outcome.observed
        batch.targets[observed.id] = TargetRecord(target_id=observed.id, observed=observed, sent_images=observed.images)
        by_sku = {variant.sku: variant.id for variant in observed.variants.values()}
        touched.add(observed.id)
        return [
            _bind(work, variant.source_id, observed.id, by_sku[variant.sku])
            for variant in change.variants
            if variant.sku in by_sku
        ]
    assert not isinstance(change, CreateProduct)  # noqa: S101 - an applied creation shows what it created
    record = batch.targets[change.target_id]
    assert record.observed is not None  # noqa: S101 - nothing is planned for a target that was not seen
    observed = sent(record.observed, [change])
    if isinstance(change, CreateVariant) and isinstance(outcome.observed, ObservedVariant):
        created = outcome.observed
        observed = replace(observed, variants={**observed.variants, created.id: created})
        bound.append(_bind(work, change.variant.source_id, change.target_id, created.id))
        record = replace(record, refresh_listing=observed.published)
    if isinstance(change, Publish):
        record = replace(record, last_storefront_id=change.storefront_id)
    if isinstance(change, Publish | RefreshListing | Unpublish):
        record = replace(record, refresh_listing=False)
    batch.targets[change.target_id] = replace(record, observed=observed, sent_images=observed.images)
    touched.add(change.target_id)
    return bound


def _bind(
    work: Work, variant: SourceVariantId, target_id: TargetId, target_variant_id: TargetVariantId
) -> BoundVariant:
    binding = Binding(source_variant_id=variant, target_id=target_id, target_variant_id=target_variant_id)
    work.bindings[variant] = binding
    return BoundVariant(source_id=work.due.source_id, binding=binding)


def _failed(batch: Batch, work: Work, change: Change, outcome: Outcome, touched: set[TargetId]) -> list[Told]:
    match outcome:
        case Refused():
            work.off_limits.add(change)
            work.refusals.append(f"Orderchamp refused {_named(change)}: {'; '.join(outcome.reasons)}.")
            return [_told(work, "refused", work.refusals[-1])]
        case TargetMissing():
            work.off_limits.add(change)
            _forget(batch, change, touched)
            return []
        case Unclear():
            work.unclear = True
            work.error = OutcomeUnknown(outcome.reason)
            _forget(batch, change, touched)
            return [_told(work, "unclear", f"It is not known whether {_named(change)} was done: {outcome.reason}.")]
        case NotSent():
            work.error = outcome.error
            return []
        case _:
            return []


def _forget(batch: Batch, change: Change, touched: set[TargetId]) -> None:
    if not isinstance(change, CreateProduct) and change.target_id in batch.targets:
        batch.targets[change.target_id] = replace(batch.targets[change.target_id], observed=None)
        touched.add(change.target_id)


def _named(change: Change) -> str:
    names = {
        "CreateProduct": "creating the product",
        "CreateVariant": "creating a variant",
        "UpdateProduct": "changing the product",
        "UpdateVariant": "changing a variant",
        "SetStock": "setting the stock",
        "Publish": "publishing it",
        "Unpublish": "unpublishing it",
        "RefreshListing": "refreshing its listing",
    }
    return names[type(change).__name__]


def _told(work: Work, kind: str, sentence: str) -> Told:
    return Told(source_id=work.due.source_id, kind=kind, sentence=sentence, delivery_id=work.due.cause)


async def _finish(run: LaneRun, batch: Batch) -> None:
    """Write down how far each product came, and end the run if somebody asked us to wait."""
    reconciled, told = [], []
    for work in batch.works.values():
        if work.error is None and next_stage(batch.situation(run, work)):
            continue  # The run was over before the product was finished; it stays due.
        result = _result(run, batch, work)
        reconciled.append(result)
        if result.state in ("problem", "failed", "skipped", "detached", "draft"):
            told.append(_told(work, result.state, result.why))
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.record(run.application.id, reconciled)
        await tx.timeline.add(run.application.id, told)
    errors = [work.error for work in batch.works.values() if work.error is not None]
    for error in errors:
        if isinstance(error, CredentialsRefused):
            raise error
        if isinstance(error, ChangedMeanwhile):
            run.ended = True
        if isinstance(error, RateLimited):
            run.wait(error.retry_after or timedelta(seconds=1))


def _result(run: LaneRun, batch: Batch, work: Work) -> Reconciled:
    due = work.due
    if work.error is None:
        where = standing(batch.situation(run, work), [*work.blocked.values(), *work.refusals])
        return Reconciled(
            source_id=due.source_id,
            generation=due.generation,
            state=where.state,
            why=where.why,
            written=work.written,
        )
    waiting = isinstance(work.error, RateLimited | CredentialsRefused | ChangedMeanwhile)
    attempts = due.attempts if waiting else due.attempts + 1
    decision = decide(work.error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp) and not waiting:
        return Reconciled(
            source_id=due.source_id,
            generation=due.generation,
            state="failed",
            why=decision.reason,
            written=work.written,
        )
    wait = timedelta(0) if isinstance(decision, GiveUp) else (decision.when - run.now()) * run.services.pace.retry_scale
    if isinstance(work.error, TemporaryError) and work.error.retry_after is not None:
        wait = max(wait, work.error.retry_after)
    return Reconciled(
        source_id=due.source_id,
        generation=due.generation,
        state="waiting",
        why=f"Tried again later: {work.error}",
        written=work.written,
        retry_at=run.now() + max(wait, timedelta(milliseconds=50)),
        attempts=attempts,
    )


async def _give_back(run: LaneRun, batch: Batch, error: TemporaryError | CredentialsRefused) -> None:
    """Postpone the whole batch, because Orderchamp could not be asked about it."""
    for work in batch.works.values():
        if work.error is None:
            work.error = error
    await _finish(run, batch)
