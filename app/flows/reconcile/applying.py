"""Applying: the next stage of every plan, claimed and written down before the calls start."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from app.domain.changes import (
    EDITS,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Outcome,
    Publish,
    RefreshListing,
    Unpublish,
)
from app.domain.errors import CredentialsRefused, TemporaryError
from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId
from app.domain.plan import makes_way, next_stage
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.reconcile.batch import Batch, Blocked
from app.flows.reconcile.recording import Made, came_of
from app.ports import TargetRecord, Transaction

SINGLES = 5
"""Changes that need a call each: so few go out between two looks at whether the Application was paused."""


def stage(run: LaneRun, batch: Batch) -> tuple[Change, ...]:
    """Return what to do next for the whole batch; each product contributes the next stage of its own plan."""
    changes: list[Change] = []
    aimed: set[tuple[type[Change], TargetId]] = set()
    singles = 0
    for change in plan(run, batch):
        if type(change) in EDITS:
            changes.append(change)
            continue
        if isinstance(change, Publish | Unpublish | RefreshListing):
            # Two source products may share a target; what is done to it once is done for both.
            if (type(change), change.target_id) in aimed:
                continue
            aimed.add((type(change), change.target_id))
        singles += not isinstance(change, Unpublish)
        if isinstance(change, Unpublish) or singles <= SINGLES:
            changes.append(change)
    if not batch.occupants:
        return tuple(changes)
    # What gives up an SKU by itself needs nobody to make way for it; and when nothing does, one step may untie all of them.
    return tuple(each for each in changes if not makes_way(each)) or tuple(changes[:1])


def plan(run: LaneRun, batch: Batch) -> Sequence[Change]:
    """Return the next stage of each product, one behind the other; the batch knows then for which nothing is left to do."""
    batch.through = {}
    changes: list[Change] = []
    for work in batch.works.values():
        if work.going_on:
            situation = batch.situation(run, work)
            if following := next_stage(situation):
                changes += following
            else:
                batch.through[work.due.source_id] = situation
    return changes


async def apply(run: LaneRun, batch: Batch, changes: tuple[Change, ...]) -> Made:
    """Claim, write down, call; return what came of it, which is still to be written down."""
    services, application = run.services, run.application
    async with run.tenure.holding_on() as (tx, ends):
        until = run.now() + (ends - services.clock()) + services.pace.settle
        await run.require_current(tx)
        steps = [each for each in changes if type(each) not in EDITS]
        if steps:
            possible = await _possible(run, tx, batch, steps)
            changes = tuple(each for each in changes if type(each) in EDITS or each in possible)
        await tx.products.start_calls(
            application.id,
            token=run.claim.token,
            until=until,
            calls={change.source_id: type(change).__name__ for change in changes},
        )
        await _begin(run, tx, batch, [each for each in changes if type(each) not in EDITS], until=until)
    run.tenure.writes_end = ends
    began = run.now()
    outcomes = await run.marketplace.apply(changes, before=ends) if changes else ()
    run.tenure.writes_end = None
    excused = await _one_operation(run, batch, changes, outcomes)
    return came_of(run, batch, changes, outcomes, began=began, excused=excused)


async def _possible(run: LaneRun, tx: Transaction, batch: Batch, steps: Sequence[Change]) -> Collection[Change]:
    """Claim the SKUs of what is to be created, and return the steps that nobody else makes impossible."""
    ours = await tx.targets.claim_skus(run.application.id, run.application.account_id, _skus(steps))
    return frozenset(await _unraced(run, tx, batch, _claimed(batch, steps, ours)))


async def _unraced(run: LaneRun, tx: Transaction, batch: Batch, changes: Sequence[Change]) -> Sequence[Change]:
    """Drop the publications of targets that another Application of the account is publishing, or has just published.

    The targets are locked until the commit that says that they are being published, so one of two comes first. What is
    dropped is planned again from what is stored now.
    """
    showing = [each for each in changes if isinstance(each, Publish | RefreshListing)]
    if not showing:
        return changes
    stored = await tx.targets.known(run.application.account_id, [each.target_id for each in showing], lock=True)
    raced = {each.target_id for each in showing if _is_raced(each, stored.get(each.target_id))}
    for target_id in raced:
        record = stored[target_id]
        on_its_way = record.publishing_since is not None
        batch.targets[target_id] = replace(record, observed=None) if on_its_way else record
    return [each for each in changes if not (isinstance(each, Publish | RefreshListing) and each.target_id in raced)]


def _is_raced(change: Publish | RefreshListing, stored: TargetRecord | None) -> bool:
    if stored is None:
        return False
    if stored.publishing_since is not None or stored.observed is None:
        return True
    return stored.observed.published if isinstance(change, Publish) else not stored.refresh_listing


async def _begin(run: LaneRun, tx: Transaction, batch: Batch, changes: Sequence[Change], *, until: datetime) -> None:
    """Write down which of these must not be done twice, so that whoever finds it unfinished looks first."""
    account_id = run.application.account_id
    creating: dict[SourceId, Mapping[Sku, SourceVariantId]] = {}
    for each in changes:
        if isinstance(each, CreateProduct | CreateVariant):
            creating[each.source_id] = {**creating.get(each.source_id, {}), **_skus([each])}
    hiding = [each.target_id for each in changes if isinstance(each, Unpublish)]
    showing: dict[TargetId, StorefrontId | None] = {
        each.target_id: each.storefront_id if isinstance(each, Publish) else None
        for each in changes
        if isinstance(each, Publish | RefreshListing)
    }
    if creating:
        await tx.products.begin_creating(run.application.id, creating)
    if hiding:
        await tx.targets.begin_hiding(account_id, hiding)
    if showing:
        await tx.targets.begin_publishing(account_id, showing, until=until)
    for target_id in hiding:
        record = batch.targets[target_id]
        batch.targets[target_id] = replace(record, left_published=None, generation=record.generation + 1)
    for target_id in showing:
        record = batch.targets[target_id]
        batch.targets[target_id] = replace(
            record,
            left_published=None,
            publishing_since=run.now(),
            publishing_until=until,
            generation=record.generation + 1,
        )


async def _one_operation(run: LaneRun, batch: Batch, changes: Sequence[Change], outcomes: Sequence[Outcome]) -> bool:
    """Tell whether what was refused is one kind of call, while the credentials work; that kind is left out from now on."""
    refused = next(
        (
            change
            for change, outcome in zip(changes, outcomes, strict=True)
            if isinstance(outcome, NotSent) and isinstance(outcome.error, CredentialsRefused)
        ),
        None,
    )
    if refused is None:
        return False
    try:
        await run.marketplace.account()
    except (CredentialsRefused, TemporaryError):
        return False
    batch.not_permitted.add(type(refused))
    return True


def _skus(changes: Sequence[Change]) -> Mapping[Sku, SourceVariantId]:
    created = [
        each.variants if isinstance(each, CreateProduct) else (each.variant,)
        for each in changes
        if isinstance(each, CreateProduct | CreateVariant)
    ]
    return {variant.sku: variant.source_id for variants in created for variant in variants}


def _claimed(batch: Batch, changes: Sequence[Change], ours: frozenset[Sku]) -> Sequence[Change]:
    """Drop the creations whose SKU somebody else claimed; those variants stay out of the next plans."""
    kept: list[Change] = []
    for change in changes:
        if not isinstance(change, CreateProduct | CreateVariant):
            kept.append(change)
            continue
        variants = change.variants if isinstance(change, CreateProduct) else (change.variant,)
        lost = [variant for variant in variants if variant.sku not in ours]
        for variant in lost:
            sentence = f"The SKU {variant.sku} is claimed by another product of this Orderchamp account."
            batch.works[change.source_id].blocked[variant.source_id] = Blocked(variant.sku, sentence)
        if not lost:
            kept.append(change)
    return kept
