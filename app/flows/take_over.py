"""Taking over: the calls that an earlier holder of the lane left on their way are waited out, and what they did is looked up.

A creation is looked up by what was sent, not by what the shop says now: SKUs may have changed since, and variants may be
gone. What it created is bound, so that planning can rename it, sell it out or hide it like everything else.
"""

from collections.abc import Iterable, Sequence

from app.domain.ids import SourceId
from app.domain.matching import may_adopt
from app.domain.state import Binding, Observed
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.ports import BoundVariant, Told, UnfinishedCreation


async def take_over(run: LaneRun) -> None:
    """Bind what calls created that are over by now, and forget what was believed about their products."""
    if not run.claim.calls_left:
        return
    application, services = run.application, run.services
    async with services.store.reading() as tx:
        left = await tx.products.calls_left_behind(application.id, token=run.claim.token)
        over = [source_id for source_id, until in left.items() if until <= run.now()]
        unfinished = await tx.products.unfinished_creations(application.id, over) if over else ()
    if not over:
        return
    bound = await _look_up(run, unfinished)
    async with services.store.transaction(run.claim) as tx:
        await tx.targets.bind(application.id, application.account_id, bound)
        await tx.products.forget_observed(application.id, over)
        await tx.products.end_calls(application.id, over)
        await tx.timeline.add(application.id, _told(bound))


async def _look_up(run: LaneRun, unfinished: Sequence[UnfinishedCreation]) -> list[BoundVariant]:
    skus = tuple({sku for each in unfinished for sku in each.sent})
    if not skus:
        return []
    await run.hold(run.services.pace.call * 2)
    found = await run.marketplace.find(skus)
    return [bound for each in unfinished for observed in found for bound in _made(each, observed)]


def _made(creation: UnfinishedCreation, observed: Observed) -> Iterable[BoundVariant]:
    """Return the bindings that follow if this product, or variants of it, are what the creation made."""
    ours = {key: seen for key, seen in observed.variants.items() if seen.sku in creation.sent}
    if creation.bound:
        adopted = observed.id in creation.bound
    else:
        seen = replace(observed, variants=ours)
        adopted = may_adopt(seen, claimed=tuple(creation.sent), since=creation.since, bound=False)
    for variant in ours.values() if adopted else ():
        binding = Binding(
            source_variant_id=creation.sent[variant.sku], target_id=observed.id, target_variant_id=variant.id
        )
        yield BoundVariant(source_id=creation.source_id, binding=binding)


def _told(bound: Sequence[BoundVariant]) -> list[Told]:
    sentence = (
        "What was being created when the answer got lost is on Orderchamp, and was found by the SKUs that were sent."
    )
    source_ids: dict[SourceId, None] = dict.fromkeys(each.source_id for each in bound)
    return [Told(source_id=each, kind="matched", sentence=sentence) for each in source_ids]
