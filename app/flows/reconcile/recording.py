"""Recording: what came of the calls, ids first of all."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.changes import (
    EDITS,
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Outcome,
    Publish,
    RefreshListing,
    Refused,
    TargetMissing,
    Unclear,
    Unpublish,
    UpdateProduct,
    sent,
)
from app.domain.errors import CredentialsRefused, OutcomeUnknown
from app.domain.ids import SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.state import Binding, Observed, ObservedVariant
from app.domain.story import done
from app.domain.structs import replace
from app.flows.check_images import expect_images
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, Work, told_of
from app.flows.reconcile.counting import count_now
from app.ports import BoundVariant, TargetRecord, Told, Transaction


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came of calls and is to be kept: bindings, sentences, targets that are known otherwise now, products created."""

    bound: Sequence[BoundVariant]
    told: Sequence[Told]
    touched: Collection[TargetId]
    fresh: Sequence[Work]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The calls of a stage and what came of them, as the batch knows it by now. They ``began`` then.

    ``over`` are the products whose calls are over, ``created`` those of them for which something was created, as is known.
    """

    taken: TakenIn
    began: datetime
    over: Sequence[SourceId]
    created: Sequence[SourceId]
    published: Mapping[TargetId, datetime | None]
    with_images: list[TargetId]


def came_of(
    run: LaneRun,
    batch: Batch,
    changes: Sequence[Change],
    outcomes: Sequence[Outcome],
    *,
    began: datetime,
    excused: bool,
) -> Made:
    """Have the batch know what came of the calls, and return what is to be written down.

    ``excused``: what was refused with the credentials was one kind of call, so it is no failure of the products.
    """
    taken = take_in(run, batch, changes, outcomes, excused=excused)
    # A call whose outcome nobody knows stays on its way until it is waited out; then Orderchamp is looked at.
    unclear = {work.due.source_id for work in batch.works.values() if work.unclear}
    steps = [pair for pair in zip(changes, outcomes, strict=True) if type(pair[0]) not in EDITS]
    created = {each.source_id for each, _ in steps if isinstance(each, CreateProduct | CreateVariant)}
    return Made(
        taken=taken,
        began=began,
        over=list({each.source_id for each in changes} - unclear),
        created=list(created - unclear),
        published=_published(batch, steps, settled=run.now() + run.services.pace.settle),
        with_images=_with_images(changes, outcomes),
    )


async def record(run: LaneRun, batch: Batch, made: Made) -> None:
    """Write down what came of the calls."""
    async with run.services.store.transaction(run.claim) as tx:
        await write_down(run, tx, batch, made)


async def write_down(run: LaneRun, tx: Transaction, batch: Batch, made: Made) -> None:
    """Write down what came of the calls: ids first of all, since a created product must never be created again."""
    application, taken = run.application, made.taken
    await tx.targets.bind(application.id, application.account_id, taken.bound)
    written = [batch.targets[each] for each in sorted(taken.touched)]
    batch.targets |= await tx.targets.record_written(application.id, application.account_id, written, since=made.began)
    await tx.products.end_calls(application.id, made.over)
    if made.created:
        await tx.products.end_creating(application.id, made.created)
    if made.published:
        await tx.targets.end_publishing(application.account_id, made.published)
    await expect_images(run, tx, made.with_images)
    await tx.timeline.add(application.id, taken.told)
    await count_now(run, tx, taken.fresh, "created")


def take_in(
    run: LaneRun, batch: Batch, changes: Sequence[Change], outcomes: Sequence[Outcome], *, excused: bool = False
) -> TakenIn:
    """Have the batch know what came of the calls, and return what of that is to be kept. ``excused`` as for ``came_of``."""
    bound: list[BoundVariant] = []
    told: list[Told] = []
    touched: set[TargetId] = set()
    fresh: list[Work] = []
    made: dict[SourceId, list[Change]] = {}
    for change, outcome in zip(changes, outcomes, strict=True):
        if isinstance(outcome, Applied):
            made.setdefault(change.source_id, []).append(change)
            if type(change) not in EDITS:
                bound += _take_over(run, batch, batch.works[change.source_id], change, outcome, touched)
            if type(change) is CreateProduct:
                fresh.append(batch.works[change.source_id])
        elif not (excused and isinstance(outcome, NotSent) and isinstance(outcome.error, CredentialsRefused)):
            told += _failed(batch, batch.works[change.source_id], change, outcome, touched)
    for source_id, of_product in made.items():
        work = batch.works[source_id]
        work.written = True
        told += [told_of(work, "sent", each) for each in _sentences(run, batch, work, of_product)]
        _show(batch, of_product, touched)
    return TakenIn(bound, told, touched, fresh)


def _with_images(changes: Sequence[Change], outcomes: Sequence[Outcome]) -> list[TargetId]:
    """Return the targets that were sent images."""
    ids: list[TargetId] = []
    for change, outcome in zip(changes, outcomes, strict=True):
        if not isinstance(outcome, Applied):
            continue
        if type(change) is UpdateProduct and change.images:
            ids.append(change.target_id)
        elif type(change) is CreateProduct and change.images and isinstance(outcome.observed, Observed):
            ids.append(outcome.observed.id)
    return ids


def _published(
    batch: Batch, steps: Iterable[tuple[Change, Outcome]], *, settled: datetime
) -> Mapping[TargetId, datetime | None]:
    """Return the targets of which it is known whether they were published, and until when that may not be seen yet."""
    clear = {
        change.target_id: settled if isinstance(outcome, Applied) else None
        for change, outcome in steps
        if isinstance(change, Publish | RefreshListing) and not isinstance(outcome, Unclear)
    }
    for target_id, until in clear.items():
        batch.targets[target_id] = replace(batch.targets[target_id], publishing_since=None, publishing_until=until)
    return clear


def _take_over(
    run: LaneRun, batch: Batch, work: Work, change: Change, outcome: Applied, touched: set[TargetId]
) -> list[BoundVariant]:
    """Keep what an applied change made of the target, and return the bindings that a creation brought."""
    if isinstance(change, CreateProduct):
        return _created(batch, work, change, outcome, touched)
    bound: list[BoundVariant] = []
    record = batch.targets[change.target_id]
    if isinstance(change, CreateVariant) and isinstance(outcome.observed, ObservedVariant):
        created = outcome.observed
        bound.append(_bind(work, change.variant.source_id, change.target_id, created.id))
        if record.observed is not None:
            observed = replace(record.observed, variants={**record.observed.variants, created.id: created})
            record = replace(record, observed=observed, refresh_listing=observed.published)
    batch.targets[change.target_id] = _left(run, work, record, change)
    return bound


def _show(batch: Batch, changes: Sequence[Change], touched: set[TargetId]) -> None:
    """Have what is known of targets show what was made of them. One that another outcome left in doubt stays unknown."""
    by_target: dict[TargetId, list[Change]] = {}
    for change in changes:
        if not isinstance(change, CreateProduct):
            by_target.setdefault(change.target_id, []).append(change)
    touched.update(by_target)
    for target_id, made in by_target.items():
        record = batch.targets[target_id]
        if record.observed is not None:
            observed = sent(record.observed, made)
            batch.targets[target_id] = replace(record, observed=observed, sent_images=observed.images)


def _sentences(run: LaneRun, batch: Batch, work: Work, changes: Sequence[Change]) -> list[str]:
    by_id = {each.source_id: each.sku for each in work.due.desired.variants}
    skus = {
        binding.target_variant_id: by_id.get(variant_id) or _shown_sku(batch, binding)
        for variant_id, binding in work.bindings.items()
    }
    return done(changes, skus=skus, reason=work.due.desired.reason, storefronts=run.storefronts)


def _shown_sku(batch: Batch, binding: Binding) -> str:
    record = batch.targets.get(binding.target_id)
    shown = (
        None if record is None or record.observed is None else record.observed.variants.get(binding.target_variant_id)
    )
    return "a variant" if shown is None else shown.sku


def _left(run: LaneRun, work: Work, record: TargetRecord, change: Change) -> TargetRecord:
    """Remember how we left the target's publication, and whether anybody approved of that."""
    if isinstance(change, Publish):
        record = replace(record, last_storefront_id=change.storefront_id)
    if isinstance(change, Publish | RefreshListing):
        return replace(record, refresh_listing=False, left_published=True, hidden_at=None)
    if isinstance(change, Unpublish):
        approved = work.due.hiding == "approved" or run.application.state == "uninstalling"
        return replace(record, refresh_listing=False, left_published=False, hidden_at=None if approved else run.now())
    return record


def _created(
    batch: Batch, work: Work, change: CreateProduct, outcome: Applied, touched: set[TargetId]
) -> list[BoundVariant]:
    observed = outcome.observed
    assert isinstance(observed, Observed)  # noqa: S101 - an applied creation shows what it created
    batch.targets[observed.id] = TargetRecord(
        target_id=observed.id, observed=observed, sent_images=observed.images, left_published=False
    )
    touched.add(observed.id)
    work.created = True
    by_sku = {variant.sku: variant.id for variant in observed.variants.values()}
    return [
        _bind(work, variant.source_id, observed.id, by_sku[variant.sku])
        for variant in change.variants
        if variant.sku in by_sku
    ]


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
            work.refusals.append(f"Orderchamp refused {_named(change)}: {'; '.join(outcome.reasons).rstrip('.')}.")
            return [told_of(work, "refused", work.refusals[-1])]
        case TargetMissing():
            work.off_limits.add(change)
            _forget(batch, change, touched)
            return []
        case Unclear():
            work.unclear = True
            work.error = OutcomeUnknown(outcome.reason)
            _forget(batch, change, touched)
            return [told_of(work, "unclear", f"It is not known whether {_named(change)} was done: {outcome.reason}.")]
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
