"""Reads of a product that a shop has wait in their midst."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from app.domain.application import Application
from app.domain.event import Incomplete
from app.domain.http import Reading, Request, Response
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Connection, Page
from tests.fakes.shop import product
from tests.fakes.stage import Stage

LARGE = SourceId("1")
PAGES = 5


@dataclass
class LargeCatalogue:
    """One product of five pages, each of which has to be asked for twice, with a long wait between."""

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        for page in range(PAGES):
            yield Request(method="GET", url=f"https://shop.example/{page}", operation="page")
            yield Request(
                method="GET", url=f"https://shop.example/{page}", operation="page", after=timedelta(seconds=30)
            )
        return product(source_id, title="Large")

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        yield from ()
        return Page(snapshots=(), next=None)


@dataclass
class Pages:
    """A transport that notes what was asked for."""

    asked: list[str] = field(default_factory=list)

    async def send(self, request: Request, *, within: timedelta) -> Response:
        self.asked.append(request.url[-1])
        return Response(status=200)


@pytest.fixture
def pages(stage: Stage) -> Pages:
    """Have the stage's shop answer slowly."""
    pages = Pages()
    adapter = replace(stage.shop.adapter(), catalogue=LargeCatalogue())
    stage.services = replace(stage.services, transport=pages, adapters={"fake": adapter})
    return pages


async def installed(stage: Stage) -> Application:
    application = await stage.install()
    await stage.settle()
    return application


async def test_a_read_goes_on_where_the_shop_interrupted_it(stage: Stage, pages: Pages) -> None:
    application = await installed(stage)
    await stage.hear(application, Incomplete(source_id=LARGE, reason="it is large"))
    await stage.settle()
    assert pages.asked == [each for page in "01234" for each in (page, page)]
    assert stage.orderchamp.by_sku("1-A").title == "Large"


async def test_a_wait_that_the_shop_asks_for_is_no_failed_attempt_and_is_not_undercut(
    stage: Stage, pages: Pages
) -> None:
    application = await installed(stage)
    await stage.hear(application, Incomplete(source_id=LARGE, reason="it is large"))
    await stage.run_lanes()
    read = (await stage.product(application, LARGE)).product.read
    assert read is not None
    assert read.attempts == 0
    assert timedelta(seconds=25) < read.due_at - stage.services.clock() <= timedelta(seconds=30)


async def test_another_worker_begins_an_interrupted_read_anew(stage: Stage, pages: Pages) -> None:
    application = await installed(stage)
    await stage.hear(application, Incomplete(source_id=LARGE, reason="it is large"))
    await stage.run_lanes()
    stage.services = replace(stage.services, interrupted_reads=type(stage.services.interrupted_reads)())
    await stage.settle()
    assert pages.asked == ["0", *(each for page in "01234" for each in (page, page))]
    assert stage.orderchamp.by_sku("1-A").title == "Large"


async def test_a_product_that_the_shop_told_more_of_meanwhile_is_read_anew(stage: Stage, pages: Pages) -> None:
    application = await installed(stage)
    await stage.hear(application, Incomplete(source_id=LARGE, reason="it is large"))
    await stage.run_lanes()
    await stage.hurry()
    await stage.run_lanes()
    assert pages.asked == ["0", "0", "1"]
    await stage.hear(application, Incomplete(source_id=LARGE, reason="it changed"))
    await stage.hurry()
    await stage.run_lanes()
    assert pages.asked == ["0", "0", "1", "0"]


async def test_a_shop_that_asks_to_wait_is_left_alone_for_all_its_products(stage: Stage, pages: Pages) -> None:
    application = await installed(stage)
    await stage.hear(
        application,
        Incomplete(source_id=LARGE, reason="it is large"),
        Incomplete(source_id=SourceId("2"), reason="it is large, too"),
    )
    await stage.run_lanes()
    assert pages.asked == ["0"]
