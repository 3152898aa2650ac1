"""Import: reading the shop's whole catalogue, a page and a transaction at a time.

The cursor is kept with the page, so that a crash costs one page read again. A notice that arrives during the import wins
over an older page, because a page is taken in like any other read.
"""

from collections.abc import Mapping
from datetime import timedelta

from app.domain.errors import PlatformRejected, RateLimited, RunOver, TemporaryError
from app.domain.ids import ApplicationId
from app.domain.projection import Projected, ReadRequest, SourceProduct, project_read
from app.domain.retry import GiveUp, decide
from app.domain.structs import replace
from app.flows.lane import LaneRun
from app.flows.services import Services
from app.platforms.adapter import Page
from app.ports import Import, Told, Transaction


async def catch_up(services: Services, tx: Transaction, application_id: ApplicationId) -> None:
    """Have the shop's whole catalogue read from now on, for what may have been missed until now."""
    await tx.imports.start(services.new_id(), application_id)
    await tx.imports.rewind(application_id)


async def import_page(run: LaneRun) -> bool:
    """Import one page; False when no import is running or its time has not come."""
    if run.adapter.catalogue is None:
        return False
    async with run.services.store.reading() as tx:
        running = await tx.imports.running(run.application.id)
    if running is None or running.due_at > run.now():
        return False
    try:
        page = await run.services.ask_shop(run.adapter.catalogue.page(run.connection, running.cursor))
    except RunOver:
        raise
    except (TemporaryError, PlatformRejected) as error:
        await _postpone(run, running, error)
        return False
    await _take_in(run, running, page)
    return True


async def _take_in(run: LaneRun, running: Import, page: Page) -> None:
    application = run.application
    ids = (*(each.source_id for each in page.snapshots), *page.incomplete)
    async with run.services.store.transaction(run.claim) as tx:
        known = await tx.products.known(application.id, ids)
        projected = [
            (
                known.get(snapshot.source_id),
                project_read(
                    known.get(snapshot.source_id) or SourceProduct(source_id=snapshot.source_id),
                    snapshot,
                    settings=application.settings,
                    now=run.now(),
                ),
            )
            for snapshot in page.snapshots
        ]
        projected += [
            (known.get(each), _to_read(run, known.get(each) or SourceProduct(source_id=each)))
            for each in page.incomplete
        ]
        await tx.products.reattach(application.id, ids)
        await tx.products.save(application.id, [(before, each.product) for before, each in projected])
        await tx.timeline.add(
            application.id,
            [
                Told(source_id=each.product.source_id, kind="import", sentence=f"Import: {each.sentence}")
                for before, each in projected
                if before is None or each.product != before
            ],
        )
        await tx.imports.advance(running.id, cursor=page.next, counters=_counted(running.counters, page))
        if page.next is None:
            await tx.imports.end(running.id, "done", reason="The whole catalogue was read.")


def _to_read(run: LaneRun, product: SourceProduct) -> Projected:
    reason = "it is too large for a page of the catalogue"
    asked = product if product.read is not None else replace(product, read=ReadRequest(due_at=run.now(), reason=reason))
    return Projected(product=asked, outcome="reading", sentence=f"The product is read from the shop, because {reason}.")


def _counted(counters: Mapping[str, int], page: Page) -> Mapping[str, int]:
    return {
        "pages": counters.get("pages", 0) + 1,
        "products": counters.get("products", 0) + len(page.snapshots) + len(page.incomplete),
        "variants": counters.get("variants", 0) + sum(len(each.variants) for each in page.snapshots),
    }


async def _postpone(run: LaneRun, running: Import, error: TemporaryError | PlatformRejected) -> None:
    # Being asked to wait is no failure.
    attempts = running.attempts + (0 if isinstance(error, RateLimited) else 1)
    decision = decide(error, max(attempts, 1), run.now(), jitter=run.services.jitter())
    async with run.services.store.transaction(run.claim) as tx:
        if isinstance(decision, GiveUp):
            await tx.imports.end(running.id, "failed", reason=decision.reason)
            return
        wait = max((decision.when - run.now()) * run.services.pace.retry_scale, timedelta(milliseconds=50))
        if isinstance(error, TemporaryError) and error.retry_after is not None:
            wait = max(error.retry_after, timedelta(milliseconds=50))
        await tx.imports.retry(running.id, attempts=attempts, wait=wait, reason=str(error))
