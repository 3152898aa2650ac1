"""Collecting: what the shop has, and what that would make of what is known, as an import finds out.

A page and a transaction at a time. Then the products that we take for living and no page had, and those that a page does not
tell whole, are asked for one by one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from app.domain.errors import PlatformRejected
from app.domain.ids import Cursor, Sku, SourceId, SourceVariantId
from app.domain.previewing import Preview, PreviewItem
from app.domain.product import Snapshot
from app.domain.projection import SourceProduct, project_page, project_read
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.platforms.adapter import Page
from app.ports import Transaction
from app.ports.previews import PreviewedProduct, StandsNow

MISSING = 200
"""Missing products that are looked for in one transaction."""

KNOWN_BYTES = 1_500_000
"""How long the snapshots and desired states are together that are taken as they are known in one transaction."""

ASKED = 10
"""Products that are read by themselves in one step."""

NEW = StandsNow(state="new", hiding="free", creating_since=None, due=False)


async def read_page(run: LaneRun, now: Preview) -> None:
    """Read the next page of the catalogue, and project it on what is known."""
    assert run.adapter.catalogue is not None  # noqa: S101 - the duty has looked
    page = await run.services.ask_shop(run.adapter.catalogue.page(run.connection, now.cursor))
    async with run.services.store.transaction(run.claim) as tx:
        if not await tx.previews.hold(now):
            return
        await _take_in(run, tx, now, page)
        variants = sum(len(each.variants) for each in page.snapshots)
        after = now.counted({"read": len(page.snapshots) + len(page.incomplete), "variants": variants})
        after = replace(after, cursor=page.next, total=now.total if page.total is None else page.total)
        if page.next is None:
            after = replace(after, phase="missing", total=after.counters["read"])
        await tx.previews.advance(after.progressed(), lasts=run.services.pace.preview_lasts, wait=page.wait)


async def _take_in(run: LaneRun, tx: Transaction, now: Preview, page: Page) -> None:
    application = run.application
    ids = list(dict.fromkeys((*(each.source_id for each in page.snapshots), *page.incomplete)))
    known = await tx.products.known(application.id, ids)
    stands = await tx.previews.stands_now(application.id, ids)
    await tx.imports.sight(application.id, now.id, sorted(ids))
    found = []
    for each in page.snapshots:
        before = known.get(each.source_id)
        product = before or SourceProduct(source_id=each.source_id)
        after = project_page(product, each, settings=application.settings, now=run.now()).product
        to_read = after.read is not None and after.read.due_at <= run.now()
        found.append(previewed(before, after, _reattached(stands.get(each.source_id)), to_read=to_read))
    found += [_to_read(known.get(each), each, _reattached(stands.get(each))) for each in page.incomplete]
    await tx.previews.put(now, [each for each in found if each is not None])


def _reattached(stands: StandsNow | None) -> StandsNow:
    """An import creates again what somebody had deleted on Orderchamp."""
    if stands is None:
        return NEW
    return replace(stands, state="new", due=True) if stands.state == "detached" else stands


def previewed(
    before: SourceProduct | None, after: SourceProduct, stands: StandsNow, *, to_read: bool = False
) -> PreviewedProduct | None:
    """Return what differs of a product from what is known; None: nothing does, and nothing would be done for it."""
    due = stands.due or after.generation > (0 if before is None else before.generation)
    if before is not None and after.desired == before.desired and after.gone == before.gone and not (due or to_read):
        return None
    variants = _variants(after)
    moved = before is None or before.gone != after.gone or variants != _variants(before)
    published = after.desired is not None and after.desired.published
    was_published = before is not None and before.desired is not None and before.desired.published
    return PreviewedProduct(
        source_id=after.source_id,
        title="" if after.snapshot is None else after.snapshot.title,
        desired=after.desired,
        gone=after.gone,
        variants=variants if moved else None,
        state=stands.state,
        hiding="free" if published else stands.hiding,
        creating_since=stands.creating_since,
        due=due,
        to_read=to_read,
        flipped=before is not None and (before.gone, was_published) != (after.gone, published),
        shown_again=after.shown_again,
    )


def _variants(product: SourceProduct) -> tuple[tuple[SourceVariantId, Sku | None], ...]:
    return () if product.snapshot is None else tuple((each.id, each.sku) for each in product.snapshot.variants)


def _to_read(before: SourceProduct | None, source_id: SourceId, stands: StandsNow) -> PreviewedProduct | None:
    return previewed(before, before or SourceProduct(source_id=source_id), stands, to_read=True)


async def look_for_missing(run: LaneRun, now: Preview) -> None:
    """Have products asked for that we take for living and no page had; of one product, have that one asked for."""
    async with run.services.store.transaction(run.claim) as tx:
        if not await tx.previews.hold(now):
            return
        cursor = None
        if now.source_id is not None:
            ids: tuple[SourceId, ...] = (now.source_id,)
        else:
            ids = await tx.imports.unseen(
                run.application.id, now.id, listed_from=now.started_at, after=now.cursor or "", limit=MISSING
            )
            cursor = Cursor(ids[-1]) if len(ids) == MISSING else None
        stands = await tx.previews.stands_now(run.application.id, ids)
        async for known in tx.products.in_portions(run.application.id, ids, size=KNOWN_BYTES):
            found = [_to_read(product, each, _asked(now, each, stands)) for each, product in known.items()]
            await tx.previews.put(now, [each for each in found if each is not None])
        after = replace(now, cursor=cursor, phase="missing" if cursor is not None else "asking")
        await tx.previews.advance(after.progressed(), lasts=run.services.pace.preview_lasts)


def _asked(now: Preview, source_id: SourceId, stands: Mapping[SourceId, StandsNow]) -> StandsNow:
    """A product that is previewed by itself is planned whether or not it changed."""
    found = stands.get(source_id, NEW)
    return replace(found, due=True) if source_id == now.source_id else found


async def take_known(run: LaneRun, now: Preview) -> None:
    """Take products as they are known, of a shop whose catalogue cannot be read: what it told last is what it has."""
    async with run.services.store.transaction(run.claim) as tx:
        if not await tx.previews.hold(now):
            return
        if now.source_id is None:
            known = await tx.products.after(run.application.id, now.cursor or "", limit=MISSING, size=KNOWN_BYTES)
        else:
            known = tuple((await tx.products.known(run.application.id, [now.source_id])).values())
        stands = await tx.previews.stands_now(run.application.id, [each.source_id for each in known])
        found = [previewed(each, each, _reattached(_asked(now, each.source_id, stands))) for each in known]
        await tx.previews.put(now, [each for each in found if each is not None])
        after = now.counted({"read": len(known), "variants": sum(len(_variants(each)) for each in known)})
        if now.source_id is None and known:
            after = replace(after, cursor=Cursor(known[-1].source_id))
        else:
            wanted = await tx.previews.follow(now)
            after = replace(after.counted({"wanted": wanted}), phase="planning", cursor=None)
        await tx.previews.advance(after.progressed(), lasts=run.services.pace.preview_lasts)


async def ask_shop(run: LaneRun, now: Preview) -> None:
    """Read some products by themselves; when none is left, have everything planned that follows."""
    async with run.services.store.reading() as tx:
        asked = await tx.previews.to_read(now, limit=ASKED)
    for source_id, stands in asked.items():
        if not run.time_left():
            return
        answer = await _read(run, source_id)
        async with run.services.store.transaction(run.claim) as tx:
            if not await tx.previews.hold(now):
                return
            await _take_in_read(run, tx, now, answer, stands)
    if not asked:
        async with run.services.store.transaction(run.claim) as tx:
            if await tx.previews.hold(now):
                wanted = await tx.previews.follow(now)
                after = replace(now.counted({"wanted": wanted}), phase="planning", cursor=None).progressed()
                await tx.previews.advance(after, lasts=run.services.pace.preview_lasts)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the shop answered for a product: what it has, or why it does not say."""

    source_id: SourceId
    found: Snapshot | None
    refused: str | None = None


async def _read(run: LaneRun, source_id: SourceId) -> _Answer:
    assert run.adapter.catalogue is not None  # noqa: S101 - the duty has looked
    try:
        return _Answer(source_id, await run.services.ask_shop(run.adapter.catalogue.product(run.connection, source_id)))
    except PlatformRejected as error:
        return _Answer(source_id, None, refused=f"The product cannot be read from the shop: {error}")


async def _take_in_read(run: LaneRun, tx: Transaction, now: Preview, answer: _Answer, stands: StandsNow) -> None:
    source_id, found = answer.source_id, answer.found
    ids = [source_id] if found is None else list(dict.fromkeys((source_id, found.source_id)))
    known = await tx.products.known(run.application.id, ids)
    before = known.get(source_id)
    if answer.refused is not None:
        await tx.previews.add(now, [PreviewItem(kind="waiting", source_id=source_id, sentence=answer.refused)])
        after = now.counted({"waiting": 1})
        await _replace(tx, now, source_id, [_unchanged(before, stands)])
    elif found is None and (before is None or before.snapshot is None):
        sentence = "The shop has no such product, and Orderchamp has none of ours."
        await tx.previews.add(now, [PreviewItem(kind="skipped", source_id=source_id, sentence=sentence)])
        after = now.counted({"skipped": 1})
        await _replace(tx, now, source_id, [])
    else:
        # What a page named was counted with it.
        alone = found is not None and now.source_id is not None
        after = now.counted({"read": int(alone), "variants": len(found.variants) if found is not None and alone else 0})
        await _replace(tx, now, source_id, await _projected(run, tx, known, answer, stands))
    await tx.previews.advance(after, lasts=run.services.pace.preview_lasts)


def _unchanged(before: SourceProduct | None, stands: StandsNow) -> PreviewedProduct | None:
    return None if before is None else previewed(before, before, stands)


async def _projected(
    run: LaneRun, tx: Transaction, known: Mapping[SourceId, SourceProduct], answer: _Answer, stands: StandsNow
) -> Iterable[PreviewedProduct | None]:
    """Return what a read makes of a product; of a variant that was taken for one, of the product to which it belongs, too."""
    settings, now, found = run.application.settings, run.now(), answer.found
    before = known.get(answer.source_id)
    product = before or SourceProduct(source_id=answer.source_id)
    if found is None or found.source_id == answer.source_id:
        after = project_read(product, found, settings=settings, now=now).product
        return [previewed(before, after, stands)]
    parent = known.get(found.source_id)
    stands_parent = (await tx.previews.stands_now(run.application.id, [found.source_id])).get(found.source_id, NEW)
    after = project_read(parent or SourceProduct(source_id=found.source_id), found, settings=settings, now=now).product
    whole = previewed(parent, after, replace(stands_parent, due=stands.due or stands_parent.due))
    if before is None or before.snapshot is None:
        return [whole]
    alone = project_read(before, None, settings=settings, now=now).product
    return [whole, previewed(before, alone, stands)]


async def _replace(
    tx: Transaction, now: Preview, source_id: SourceId, products: Iterable[PreviewedProduct | None]
) -> None:
    """Keep what became of a product that was to be read."""
    await tx.previews.forget(now, [source_id])
    await tx.previews.put(now, [each for each in products if each is not None])
