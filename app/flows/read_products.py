"""Thin events: reading products from the shop that a notice named, but did not tell in full."""

from collections.abc import Sequence
from datetime import timedelta

from app.domain.errors import CredentialsRefused, PlatformRejected, RateLimited, RunOver, TemporaryError
from app.domain.ids import SourceId
from app.domain.product import Snapshot
from app.domain.projection import Projected, SourceProduct, project_read
from app.domain.retry import GiveUp, decide
from app.domain.structs import replace
from app.flows.interrupted import Interrupted
from app.flows.lane import LaneRun
from app.flows.retrying import AT_LEAST
from app.ports import Told

BATCH = 10
WITHOUT_A_WORD = timedelta(seconds=5)
"""How long a shop is left alone that asks to slow down and does not say how long."""


async def read_products(run: LaneRun) -> bool:
    """Read some products that are due to be read; False when there were none.

    A shop that does not answer ends the reads of this run: each product is tried again at its own time, and events and
    reconciling go on meanwhile.
    """
    async with run.services.store.reading() as tx:
        asked = await tx.products.to_read(run.application.id, limit=BATCH)
    if run.adapter.catalogue is None:
        await _ask_what_changed(run, asked)
        return bool(asked)
    answered: set[str] = set()
    for product in asked:
        if not run.time_left():
            break
        if product.source_id not in answered and not await _read(run, product, answered):
            break
    return bool(asked)


async def _ask_what_changed(run: LaneRun, asked: Sequence[SourceProduct]) -> None:
    """Ask a shop what changed that cannot be asked for one product: what it told last is what is known."""
    told = [
        Told(
            source_id=each.source_id,
            kind="read",
            sentence="The shop cannot be asked for one product; it is asked for all that changed.",
            delivery_id=each.cause,
        )
        for each in asked
    ]
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.save(run.application.id, [(each, replace(each, read=None)) for each in asked])
        await tx.timeline.add(run.application.id, told)
        await tx.appointments.make(run.application.id, "changes")


async def _read(run: LaneRun, product: SourceProduct, answered: set[str]) -> bool:
    """Read one product; False when the shop is better left alone for now. ``answered`` grows by what else that answers."""
    try:
        found = await _ask(run, product)
    except (CredentialsRefused, RunOver):
        raise
    except Interrupted as interrupted:
        run.services.interrupted_reads.keep(run.application.id, product, interrupted)
        await _leave_alone(run, interrupted)
        return False
    except RateLimited as limited:
        await _leave_alone(run, limited)
        return False
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, product, error)
        return isinstance(error, PlatformRejected)
    if found is not None and found.source_id != product.source_id:
        answered |= await _take_in_of_variant(run, product, found)
    else:
        await _take_in(run, product, found)
    return True


async def _ask(run: LaneRun, product: SourceProduct) -> Snapshot | None:
    assert run.adapter.catalogue is not None  # noqa: S101 - the caller has looked
    interrupted = run.services.interrupted_reads.take(run.application.id, product)
    if interrupted is not None:
        return await run.services.go_on(interrupted)
    return await run.services.ask_shop(run.adapter.catalogue.product(run.connection, product.source_id))


async def _leave_alone(run: LaneRun, limited: RateLimited) -> None:
    """Read nothing of this shop before the wait that it asked for is over. That is no failed attempt at any product."""
    wait = limited.retry_after or WITHOUT_A_WORD * run.services.pace.retry_scale
    async with run.services.store.transaction(run.claim) as tx:
        await tx.products.postpone_reads(run.application.id, until=run.now() + wait)


async def _take_in(run: LaneRun, product: SourceProduct, found: Snapshot | None) -> None:
    projected = project_read(product, found, settings=run.application.settings, now=run.now())
    await _save(run, product, projected, kind="read")


async def _take_in_of_variant(run: LaneRun, variant: SourceProduct, found: Snapshot) -> set[str]:
    """Take in the product to which a variant belongs that was taken for a product; return the ids that this answers.

    Whatever was asked about this product and its variants was asked before this read, so the read answers all of it.
    """
    variants = [SourceId(each.id) for each in found.variants]
    async with run.services.store.transaction(run.claim) as tx:
        before = (await tx.products.known(run.application.id, [found.source_id])).get(found.source_id)
        known = before or SourceProduct(source_id=found.source_id)
        projected = project_read(known, found, settings=run.application.settings, now=run.now(), cause=variant.cause)
        if variant.snapshot is not None:
            # It was a product of its own before the shop made it a variant of this one, which takes it over then.
            alone = project_read(variant, None, settings=run.application.settings, now=run.now())
            await tx.products.save(run.application.id, [(variant, alone.product)])
        await tx.products.save(run.application.id, [(before, projected.product)])
        await tx.products.forget_unread(run.application.id, [variant.source_id, *variants])
        told = Told(
            source_id=found.source_id, kind="read", sentence=projected.sentence, delivery_id=projected.product.cause
        )
        await tx.timeline.add(run.application.id, [told])
    return {found.source_id, variant.source_id, *variants}


async def _postpone(run: LaneRun, product: SourceProduct, error: TemporaryError | PlatformRejected) -> None:
    assert product.read is not None  # noqa: S101 - it was found by its read
    attempts = product.read.attempts + 1
    decision = decide(error, attempts, run.now(), jitter=run.services.jitter())
    if isinstance(decision, GiveUp):
        after = replace(product, read=None)
        sentence = f"The product cannot be read from the shop: {decision.reason}"
    else:
        wait = (decision.when - run.now()) * run.services.pace.retry_scale
        if isinstance(error, TemporaryError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        wait = max(wait, AT_LEAST)
        after = replace(product, read=replace(product.read, attempts=attempts, due_at=run.now() + wait))
        sentence = f"The product could not be read from the shop; tried again later: {error}"
    await _save(run, product, Projected(product=after, outcome="reading", sentence=sentence), kind="read")


async def _save(run: LaneRun, before: SourceProduct, projected: Projected, *, kind: str) -> None:
    async with run.services.store.transaction(run.claim) as tx:
        # While an import reads on, what it asked for waits with the rest of it.
        await tx.products.save(run.application.id, [(before, projected.product)], patient=True)
        told = Told(
            source_id=before.source_id, kind=kind, sentence=projected.sentence, delivery_id=projected.product.cause
        )
        await tx.timeline.add(run.application.id, [told])
