"""Comparing what Orderchamp shows of targets with what it showed last, or was last sent; and what follows from differences.

Variants are looked up by their SKUs, many at a time; what is not found whole is read by itself. What somebody changed there is
written down as shown, so that the next change of the product mends it; stock, and what was published although it is not for
sale, is mended at once. Once: what is changed again after that is a person's wish, and a problem.
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from app.domain.drift import Drift, market_drift
from app.domain.ids import SourceId, TargetId
from app.domain.problem import Raised
from app.domain.state import Observed
from app.domain.structs import replace
from app.domain.sweeping import REPAIRED, Finding, is_repaired
from app.flows.lane import LaneRun
from app.flows.reconcile.sight import Sight, keep_sight, seen
from app.ports import TargetRecord, Told, Transaction

VARIANTS = 250
"""Variants that are compared in one step, at most: as many as one look-up may name."""

SHOWN_BYTES = 150_000
"""How long what is known of targets is, of which that many are chosen: of 250 variants it is much shorter."""

Shown = Callable[[Observed, Observed], Observed]
"""Given what was known and what is shown, returns what counts as shown."""


def as_many_as_fit(known: Mapping[TargetId, TargetRecord]) -> Mapping[TargetId, TargetRecord]:
    """Return the first of these targets, in the order in which they come, that one step compares; one at least."""
    chosen: dict[TargetId, TargetRecord] = {}
    variants = 0
    for target_id, record in known.items():
        variants += len(_observed(record).variants)
        if chosen and variants > VARIANTS:
            break
        chosen[target_id] = record
    return chosen


async def compare(
    run: LaneRun,
    records: Mapping[TargetId, TargetRecord],
    holders: Mapping[TargetId, SourceId],
    *,
    sweep_id: UUID | None,
    counts_as_shown: Shown = lambda _, shown: shown,
) -> Sequence[Drift]:
    """Compare these targets, each held by a source product, and follow what differs; return what does.

    ``sweep_id`` None: no sweep looks, but somebody whom Orderchamp has told of a change.
    """
    await run.hold(run.services.pace.call * 2)
    found = await _look_up(run, records)
    shown = {
        target_id: None if there is None else counts_as_shown(_observed(records[target_id]), there)
        for target_id, there in found.items()
    }
    sight = Sight(at=run.now())
    drifts = {
        target_id: market_drift(holders[target_id], _observed(record), shown[target_id])
        for target_id, record in records.items()
    }
    async with run.services.store.transaction(run.claim) as tx:
        differing = {each: found for each, found in drifts.items() if found}
        await _take_over(tx, run, {each: (records[each], shown[each]) for each in differing}, sight)
        all_found = [each for of_target in differing.values() for each in of_target]
        await _follow(tx, run, all_found, sweep_id)
    return all_found


def _observed(record: TargetRecord) -> Observed:
    assert record.observed is not None  # noqa: S101 - others are not compared
    return record.observed


async def _look_up(run: LaneRun, records: Mapping[TargetId, TargetRecord]) -> Mapping[TargetId, Observed | None]:
    """Return what Orderchamp shows of each target, with the variants that we know."""
    skus = {each.sku for record in records.values() for each in _observed(record).variants.values()}
    found = {each.id: each for each in await run.marketplace.find(tuple(skus))}
    shown: dict[TargetId, Observed | None] = {}
    unsure = []
    for target_id, record in records.items():
        there = found.get(target_id)
        if there is not None and set(_observed(record).variants) <= set(there.variants):
            shown[target_id] = there
        else:
            unsure.append(target_id)
    if unsure:
        shown |= await run.marketplace.read(tuple(unsure))
    return shown


async def _take_over(
    tx: Transaction,
    run: LaneRun,
    differing: Mapping[TargetId, tuple[TargetRecord, Observed | None]],
    sight: Sight,
) -> None:
    """Write down what is shown, so that planning goes by it; what is gone is not known any more, and looked for."""
    records = [
        replace(record, observed=None)
        if shown is None
        else seen(record, replace(shown, variants={**_observed(record).variants, **shown.variants}), sight)
        for record, shown in differing.values()
    ]
    await tx.targets.record(run.application.id, run.application.account_id, records)
    await keep_sight(tx, run.application.account_id, sight)


async def _follow(tx: Transaction, run: LaneRun, found: Sequence[Drift], sweep_id: UUID | None) -> None:
    """Report what was found, and have planned again what has to be: what is mended, held or gone."""
    source_ids = list({each.source_id for each in found})
    products = await tx.products.known(run.application.id, source_ids)
    before = await tx.sweeps.repaired_before(run.application.id, source_ids, sweep_id=sweep_id)
    findings, due = [], set[SourceId]()
    for each in found:
        generation = products[each.source_id].generation if each.source_id in products else 0
        again = (each.source_id, each.kind, generation) in before
        repaired = is_repaired(each.kind, run.application.settings.mode, again=again)
        findings.append(Finding(drift=each, side="orderchamp", repaired=repaired, generation=generation))
        if repaired or each.kind in ("unpublished", "deleted"):
            due.add(each.source_id)
        if again and each.kind in REPAIRED:
            await tx.problems.raise_(run.application.id, _fought_over(each))
    await tx.sweeps.report(run.application.id, findings, sweep_id=sweep_id)
    await tx.products.make_due(run.application.id, list(due))
    await tx.timeline.add(run.application.id, [_told(each, sweep_id) for each in findings])


def _told(finding: Finding, sweep_id: UUID | None) -> Told:
    kind, lead = ("observed", "Orderchamp told of a change") if sweep_id is None else ("sweep", "Sweep")
    follows = "" if not finding.repaired else " It is mended."
    return Told(source_id=finding.drift.source_id, kind=kind, sentence=f"{lead}: {finding.drift.sentence}{follows}")


def _fought_over(drift: Drift) -> Raised:
    sentence = f"It was mended before and is so again. {drift.sentence}"
    return Raised(kind="changed_again", subject=drift.source_id, sentence=sentence, details={"kind": drift.kind})
