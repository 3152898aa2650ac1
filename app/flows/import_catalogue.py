"""Import: reading the shop's whole catalogue, a page and a transaction at a time, and then bringing it about.

The cursor is kept with the page, so that a crash costs one page read again. A notice that arrives during the import wins
over an older page. What has to change on Orderchamp waits until everything is read: then an SKU that two products share is
known before either of them is matched or created, the guard sees everything that is to be hidden at once, and SKUs are
looked up in full pages. Notices do not wait.

Its phases: ``reading`` the pages; ``listing`` what the shop has by now, since products may appear, change and vanish meanwhile;
having the ``missing`` ones read; ``sending``, which is reconciling like any other and ends with the last product.
"""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from app.domain.errors import PlatformRejected, RunOver, TemporaryError
from app.domain.ids import ApplicationId
from app.domain.importing import Import
from app.domain.product import Snapshot
from app.domain.projection import Projected, ReadRequest, SourceProduct, project_page
from app.domain.retry import GiveUp
from app.domain.structs import replace
from app.flows import poll_changes, survey
from app.flows.lane import LaneRun
from app.flows.retrying import failures, next_try
from app.flows.services import Services
from app.platforms.adapter import Page
from app.ports import Told, Transaction

logger = structlog.get_logger(__name__)

LOOK_AGAIN = timedelta(seconds=1)
"""How long the end of the reading waits at least for products that are read by themselves; otherwise until one is due."""


async def catch_up(services: Services, tx: Transaction, application_id: ApplicationId) -> None:
    """Have the shop's whole catalogue read from now on, for what may have been missed until now."""
    await tx.imports.start(services.new_id(), application_id)
    await tx.imports.rewind(application_id)


async def import_page(run: LaneRun) -> bool:
    """Take the next step of an import, which is due; False when it cannot go on now."""
    if run.adapter.catalogue is None and run.adapter.changes is None:
        return False
    async with run.services.store.reading() as tx:
        running = await tx.imports.running(run.application.id)
    if running is None:
        return False
    try:
        match running.phase:
            case "reading" if run.adapter.catalogue is None:
                await _poll(run, running)
            case "reading":
                await _read(run, running)
            case "listing":
                await _list(run, running)
            case "missing":
                await _ask_for_missing(run, running)
            case "sending":
                return False
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, running, error)
        return False
    return True


async def _read(run: LaneRun, running: Import) -> None:
    assert run.adapter.catalogue is not None  # noqa: S101 - the caller has looked
    page = await run.services.ask_shop(run.adapter.catalogue.page(run.connection, running.cursor))
    async with run.services.store.transaction(run.claim) as tx:
        if not await tx.imports.goes_on(running.id):
            # What it changes would wait for an import that nobody goes on with.
            return
        await _take_in(run, tx, running, page)
        after = running.counted(
            {
                "pages": 1,
                "read": len(page.snapshots) + len(page.incomplete),
                "variants": sum(len(each.variants) for each in page.snapshots),
            }
        )
        after = replace(after, cursor=page.next, total=running.total if page.total is None else page.total, reason="")
        if page.next is None:
            after = replace(after, phase="listing", total=after.counters["read"])
        await tx.imports.advance(after.progressed(), wait=page.wait, lists=page.next is None)


async def _poll(run: LaneRun, running: Import) -> None:
    """Ask a shop that has no catalogue to read what changed, until there is nothing more; what it told before is known.

    Every product that was deleted on Orderchamp by hand may be created again then, as after any import.
    """
    async with run.services.store.reading() as tx:
        polling = await tx.polls.of(run.application.id)
    if polling.receipt is not None:
        await poll_changes.hand_back(run, polling)
        return
    polled = await poll_changes.ask(run, polling)
    async with run.services.store.transaction(run.claim) as tx:
        goes_on = await tx.imports.goes_on(running.id)
        # The shop does not tell it again: what came for an import that was cancelled meanwhile is brought about at once.
        await poll_changes.take_in(run, tx, polling, polled, import_id=running.id if goes_on else None)
        if not goes_on:
            return
        after = replace(running.counted({"pages": 1, "read": len(polled.facts)}), reason="")
        if polled.more:
            await tx.imports.advance(after)
            return
        await tx.products.reattach(run.application.id, None, import_id=running.id)
        await _release(run, tx, after)


async def _take_in(run: LaneRun, tx: Transaction, running: Import, page: Page) -> None:
    application = run.application
    ids = (*(each.source_id for each in page.snapshots), *page.incomplete)
    known = await tx.products.known(application.id, ids)
    projected = [_projected(run, known.get(each.source_id), each) for each in page.snapshots]
    projected += [_to_read(run, known.get(each) or SourceProduct(source_id=each)) for each in page.incomplete]
    await tx.products.reattach(application.id, ids, import_id=running.id)
    changed = [(known.get(each.product.source_id), each) for each in projected]
    changed = [(before, each) for before, each in changed if before is None or each.product != before]
    await tx.products.save(application.id, [(before, each.product) for before, each in changed], import_id=running.id)
    await tx.timeline.add(application.id, _told(changed))


def _projected(run: LaneRun, known: SourceProduct | None, found: Snapshot) -> Projected:
    product = known or SourceProduct(source_id=found.source_id)
    return project_page(product, found, settings=run.application.settings, now=run.now())


def _told(changed: Sequence[tuple[SourceProduct | None, Projected]]) -> list[Told]:
    return [
        Told(source_id=each.product.source_id, kind="import", sentence=f"Import: {each.sentence}")
        for _, each in changed
    ]


def _to_read(run: LaneRun, product: SourceProduct) -> Projected:
    reason = "it is too large for a page of the catalogue"
    asked = product if product.read is not None else replace(product, read=ReadRequest(due_at=run.now(), reason=reason))
    return Projected(product=asked, outcome="reading", sentence=f"The product is read from the shop, because {reason}.")


async def _list(run: LaneRun, running: Import) -> None:
    page = await survey.list_page(run, running.cursor)
    await survey.hear_first(run)
    async with run.services.store.transaction(run.claim) as tx:
        found = await survey.take_in(run, tx, page, reading_id=running.id, import_id=running.id)
        await tx.timeline.add(run.application.id, _closing(found))
        after = replace(running, cursor=found.next, phase="listing" if found.next is not None else "missing")
        await tx.imports.advance(after.progressed())


async def _ask_for_missing(run: LaneRun, running: Import) -> None:
    """Have vanished products read, one batch after the other; when all that was asked for is read, release everything."""
    assert running.listed_from is not None  # noqa: S101 - set with the list's first page
    async with run.services.store.transaction(run.claim) as tx:
        found = await survey.take_in_missing(
            run, tx, running.cursor, reading_id=running.id, listed_from=running.listed_from, import_id=running.id
        )
        await tx.timeline.add(run.application.id, _closing(found))
        if found.next is not None:
            await tx.imports.advance(replace(running, cursor=found.next))
        elif (wait := await tx.imports.next_read(run.application.id, running.id)) is not None:
            await tx.imports.advance(running, wait=max(wait, LOOK_AGAIN * run.services.pace.retry_scale))
        else:
            await _release(run, tx, running)


async def _release(run: LaneRun, tx: Transaction, running: Import) -> None:
    left = await tx.imports.release(run.application.id, running.id)
    after = running.counted({"wanted": left + running.counters.get("tried", 0)})
    after = replace(after, phase="sending", cursor=None).progressed()
    await tx.imports.advance(after)
    if left == 0:
        await tx.imports.end(running.id, "done", reason=after.summary())


def _closing(found: survey.Surveyed) -> list[Told]:
    return [Told(source_id=each.source_id, kind="import", sentence=f"Import: {each.sentence}") for each in found.drifts]


async def _postpone(run: LaneRun, running: Import, error: TemporaryError | PlatformRejected) -> None:
    attempts = failures(running.attempts, error)
    wait = next_try(run, error, attempts)
    async with run.services.store.transaction(run.claim) as tx:
        if not isinstance(wait, GiveUp):
            await tx.imports.retry(running.id, attempts=attempts, wait=wait, reason=str(error))
            return
        await tx.imports.end(running.id, "failed", reason=wait.reason)
    logger.warning(
        "import_failed", application_id=str(run.application.id), import_id=str(running.id), reason=wait.reason
    )
