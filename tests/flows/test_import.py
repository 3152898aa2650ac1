"""An import from its first page to its last product: what it counts, what goes before it, and what it leaves behind."""

import dataclasses
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest

from app.domain.application import Application
from app.domain.errors import PlatformUnavailable
from app.domain.event import StockFact
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId, StockItemId
from app.domain.importing import Import
from app.domain.plan import Change, CreateProduct
from app.domain.product import Snapshot, StockLevel
from app.domain.settings import ApplicationSettings, GuardSettings
from app.domain.structs import replace
from app.flows.operate import cancel_import, resume, start_import
from app.flows.run_lane import claim_lane, run_lane
from app.platforms.adapter import Connection, Page, VersionPage
from tests.fakes.interrupting import Interrupted
from tests.fakes.shop import EPOCH, HOME, product, variant
from tests.fakes.stage import Stage


async def latest(stage: Stage, application: Application) -> Import:
    async with stage.store.transaction() as tx:
        found = await tx.imports.latest(application.id)
    assert found is not None
    return found


@dataclass
class Between:
    """A catalogue in which something happens before each page."""

    stage: Stage
    happens: dict[int, object] = field(default_factory=dict)
    pages: int = 0

    def __post_init__(self) -> None:
        self._inner = self.stage.shop.adapter().catalogue
        adapter = dataclasses.replace(self.stage.shop.adapter(), catalogue=self)
        self.stage.services = dataclasses.replace(self.stage.services, adapters={"fake": adapter})

    def product(self, connection: Connection, source_id: SourceId) -> Reading[Snapshot | None]:
        assert self._inner is not None
        return self._inner.product(connection, source_id)

    def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
        assert self._inner is not None
        self.pages += 1
        happening = self.happens.get(self.pages)
        if isinstance(happening, Exception):
            self.happens.pop(self.pages)
            self.pages -= 1
            raise happening
        if callable(happening):
            happening()
        return (yield from self._inner.page(connection, cursor))


async def test_an_import_counts_what_became_of_the_products(stage: Stage) -> None:
    stage.orderchamp.add("There", {"1-A": 1})
    twice = variant("same", variant_id="v-5"), variant("same", variant_id="v-6")
    stage.shop.put(
        product("1"), product("2"), product("3", variant(None)), product("5", twice[0]), product("6", twice[1])
    )
    application = await stage.install()
    await stage.settle()
    done = await latest(stage, application)
    assert (done.state, done.phase, done.progress) == ("done", "sending", 1.0)
    assert done.counters == {
        "pages": 3,
        "read": 5,
        "variants": 5,
        "wanted": 5,
        "tried": 5,
        "matched": 1,
        "updated": 1,
        "created": 1,
        "skipped": 1,
        "conflicts": 2,
    }
    assert (
        done.reason
        == "The whole catalogue was read, 5 product(s): 1 matched, 1 created, 1 updated, 1 skipped, 2 in conflicts."
    )


async def test_progress_never_falls_and_ends_at_one(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(9)))
    Between(stage, happens={n: PlatformUnavailable("Down for now.") for n in range(1, 8)})
    application = await stage.install()
    seen = []
    while (now := await latest(stage, application)).state == "running":
        seen.append(now.progress)
        held = await claim_lane(stage.services)
        assert held is not None
        await run_lane(stage.services, held)
        await stage.hurry()
    assert seen == sorted(seen)
    assert len(set(seen)) > 3
    assert now.progress == 1.0


@pytest.mark.policy("import_reads_first")
async def test_an_sku_that_two_products_share_is_seen_before_either_is_created(stage: Stage) -> None:
    products = [product(str(n)) for n in range(6)]
    stage.shop.put(*products, product("9", variant("0-A", variant_id="v-9")))
    await stage.install()
    await stage.settle()
    created = {each.source_id for each in stage.orderchamp.applied if isinstance(each, CreateProduct)}
    assert created == {"1", "2", "3", "4", "5"}


@pytest.mark.policy("import_reads_first")
async def test_the_guard_sees_all_that_an_import_would_hide_at_once(stage: Stage) -> None:
    settings = ApplicationSettings(price_kind="wholesale", guard=GuardSettings(share=0.2, number=3))
    stage.shop.put(*(product(str(n)) for n in range(10)))
    application = await stage.install(settings=settings)
    await stage.settle()
    stage.shop.put(*(product(str(n), at=1, published=False, status="draft") for n in range(6)))
    await start_import(stage.services, application.id)
    await stage.settle()
    assert all(each.published for each in stage.orderchamp.products.values())
    assert (await stage.problem(application, "guard")).source_ids == ("0", "1", "2", "3", "4", "5")


@pytest.mark.policy("import_reads_first")
async def test_a_notice_does_not_wait_for_an_import(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(6)))
    application = await stage.install()
    await stage.settle()
    level = StockLevel(location_id=HOME, quantity=2, version=EPOCH + timedelta(seconds=9))
    fact = StockFact(stock_item_id=StockItemId("item-v-0-A"), level=level)
    stage.shop.put(product("0", replace(variant("0-A"), levels=(level,), quantity=2)))
    Between(stage, happens={2: PlatformUnavailable("Down for now.")})
    await start_import(stage.services, application.id)
    await stage.hear(application, fact)
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)
    assert (await latest(stage, application)).phase == "reading"
    assert stage.orderchamp.stock("0-A") == 2


@pytest.mark.policy("notice_beats_page")
async def test_a_notice_that_came_while_a_page_was_under_way_wins(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    newer = product("1", variant("1-A", stock=1), at=5, title="Newer")
    await stage.hear(application, newer)
    await stage.settle()
    await start_import(stage.services, application.id)
    await stage.run_lanes()
    # The product is read once more in five seconds; the end of the reading waits for that, and does not keep asking.
    wait = await stage.execute("SELECT due_at - now() FROM import WHERE state = 'running'")
    assert timedelta(seconds=2) < wait <= timedelta(seconds=5)
    await stage.settle()
    assert (await latest(stage, application)).state == "done"
    assert stage.orderchamp.by_sku("1-A").title == "Newer"
    assert stage.orderchamp.stock("1-A") == 1


@pytest.mark.policy("notice_beats_page")
async def test_a_page_does_not_bring_back_what_was_deleted(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    old = stage.shop.products.pop(SourceId("1"))
    await start_import(stage.services, application.id)
    await stage.settle()
    assert (await stage.product(application, "1")).state == "deleted"

    class Old(Between):
        """Pages that are older than the deletion."""

        def page(self, connection: Connection, cursor: Cursor | None) -> Reading[Page]:
            yield from ()
            return Page(snapshots=(old,), next=None)

    Old(stage)
    await start_import(stage.services, application.id)
    await stage.settle()
    assert (await stage.product(application, "1")).state == "deleted"
    assert not stage.orderchamp.by_sku("1-A").published


@pytest.mark.policy("unlisted_is_read")
async def test_what_vanishes_while_paging_is_found_by_the_closing_list(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(6)))
    Between(stage, happens={3: lambda: stage.shop.products.pop(SourceId("0"))})
    application = await stage.install()
    await stage.settle()
    assert stage.shop.reads == ["0"]
    assert (await stage.product(application, "0")).state == "deleted"
    assert len(stage.orderchamp.products) == 5


async def test_what_appears_behind_the_cursor_while_paging_is_found_by_the_closing_list(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(1, 6)))
    Between(stage, happens={3: lambda: stage.shop.put(product("0"))})
    application = await stage.install()
    await stage.settle()
    assert (await stage.product(application, "0")).state == "published"
    assert "Import: The shop has the product, and no notice of it came." in await stage.story(application, "0")


@pytest.mark.policy("import_reads_first")
async def test_who_gets_an_sku_that_a_page_gave_up_waits_until_everything_is_read(stage: Stage) -> None:
    """Otherwise what vanished from the shop, too, would be created first, and then hidden."""
    stage.shop.put(product("1", variant("same", variant_id="v-1")), product("2", variant("same", variant_id="v-2")))
    application = await stage.install()
    await stage.settle()
    assert stage.orderchamp.products == {}
    stage.shop.put(product("1", variant("own", variant_id="v-1"), at=1))
    del stage.shop.products[SourceId("2")]
    await start_import(stage.services, application.id)
    await stage.settle()
    assert [type(each).__name__ for each in stage.orderchamp.applied] == ["CreateProduct", "Publish"]
    assert stage.orderchamp.by_sku("own").published


async def test_a_list_of_versions_is_used_where_the_platform_has_one(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(6)))
    asked: list[Cursor | None] = []

    class Versions:
        def page(self, connection: Connection, cursor: Cursor | None) -> Reading[VersionPage]:
            yield from ()
            asked.append(cursor)
            return VersionPage(seen=(), next=None)

    adapter = dataclasses.replace(stage.shop.adapter(), versions=Versions())
    stage.services = dataclasses.replace(stage.services, adapters={"fake": adapter})
    await stage.install()
    await stage.settle()
    assert asked == [None]
    assert stage.shop.pages == 3
    assert len(stage.shop.reads) == 6, "a list that has nothing has everything read, and believes the reads"
    assert len(stage.orderchamp.products) == 6


async def test_a_cancelled_import_leaves_what_was_read_to_be_brought_about(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(6)))
    Between(stage, happens={2: PlatformUnavailable("Down for now.")})
    application = await stage.install()
    held = await claim_lane(stage.services)
    assert held is not None
    await run_lane(stage.services, held)
    running = await latest(stage, application)
    assert (running.phase, running.reason) == ("reading", "Down for now.")
    assert stage.orderchamp.products == {}
    cancelled = await cancel_import(stage.services, application.id, running.id)
    assert cancelled is not None
    assert cancelled.state == "cancelled"
    await stage.settle()
    assert len(stage.orderchamp.products) == 2
    assert (await stage.application(application.id)).state == "active"


async def test_a_second_import_of_an_unchanged_shop_writes_nothing_and_ends(stage: Stage) -> None:
    stage.shop.put(*(product(str(n)) for n in range(6)))
    application = await stage.install()
    await stage.settle()
    before = list(stage.orderchamp.calls)
    await start_import(stage.services, application.id)
    await stage.settle()
    assert stage.orderchamp.calls == before
    done = await latest(stage, application)
    assert (done.state, done.counters.get("wanted")) == ("done", 0)
    assert done.reason == "The whole catalogue was read, 6 product(s): nothing to change."


async def test_an_import_wants_what_only_had_to_wait_until_it_was_tried(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    stage.shop.put(product("1", variant("1-A", stock=77), at=1))
    stage.orderchamp.tokens.clear()
    await start_import(stage.services, application.id)
    await stage.settle()
    assert (await stage.application(application.id)).state == "paused"
    assert (await latest(stage, application)).state == "running"
    stage.orderchamp.tokens.add("token")
    await resume(stage.services, application.id)
    await stage.settle()
    assert (await latest(stage, application)).state == "done"
    assert stage.orderchamp.stock("1-A") == 77


async def test_what_is_new_is_looked_for_once_however_often_runs_end_before_it_is_created(stage: Stage) -> None:
    stage.shop.put(*(product(str(n), *(variant(f"{n}-{v}") for v in range(100))) for n in range(12)))
    await stage.install()
    clock = [stage.services.monotonic()]

    def tick(_: Change) -> None:
        clock[0] += 0.3

    stage.orderchamp.verdict = tick
    stage.services = dataclasses.replace(
        stage.services,
        monotonic=lambda: clock[0],
        pace=dataclasses.replace(stage.services.pace, run=timedelta(seconds=2)),
    )
    await stage.settle()

    assert all(each.published for each in stage.orderchamp.products.values())
    assert len(stage.orderchamp.products) == 12
    assert set(Counter(stage.orderchamp.looked_for).values()) == {1}


async def test_whenever_an_import_is_cancelled_what_it_has_taken_in_is_brought_about(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    for at in range(1, 20):
        stage.shop.put(product("1", at=at, title=f"New {at}"))
        begun = await start_import(stage.services, application.id)

        async def cancelled(import_id: UUID = begun.id) -> None:
            await cancel_import(stage.services, application.id, import_id)

        store = Interrupted(stage.store, at=at, happening=cancelled)
        held = await claim_lane(stage.services)
        assert held is not None
        await run_lane(dataclasses.replace(stage.services, store=store), held)
        await stage.settle()
        known = (await stage.product(application, "1")).title
        assert stage.orderchamp.by_sku("1-A").title == known, f"cancelled before transaction {at}"
        if store.left > 0:
            return
    raise AssertionError("the import never came to its end before that")


@pytest.mark.policy("deleted_on_orderchamp")
async def test_an_import_creates_again_what_was_deleted_on_orderchamp_by_hand(stage: Stage) -> None:
    application = await stage.install_and_lose(product("1"), product("1", variant("1-A", stock=1), at=1))
    assert stage.orderchamp.products == {}
    await stage.problem(application, "deleted_on_orderchamp")
    await start_import(stage.services, application.id)
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    assert await stage.problems(application) == ()
