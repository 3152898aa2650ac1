"""Replays: stored deliveries are worked through again, at a limited rate, and never bring an old state back."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import permutations
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from app.domain.application import Application
from app.domain.errors import ApplicationNotFound, DeliveryNotFound, NotPossibleNow, Unreadable
from app.domain.event import Erasure, Fact, Incomplete, StockFact, Tombstone, Uninstalled
from app.domain.http import Delivery
from app.domain.ids import AccountId, ApplicationId, DeliveryId, LocationId, SourceId, StockItemId, SupplierId, Topic
from app.domain.product import StockLevel
from app.domain.replay import DEAD_LETTER, Replay, Selection
from app.flows import replay
from app.flows.operate import pause, resume, uninstall
from app.flows.replay import cancel_replay, drop_dead_letter, start_replay
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.killing import Killer, live_through
from tests.fakes.listening import Listening
from tests.fakes.shop import EPOCH, HOME, delivery, product, variant
from tests.fakes.stage import PACE, Stage

ME = "the key of a person"


@dataclass
class Archive:
    """The stage, with words for what was delivered and is replayed."""

    stage: Stage

    async def ids(self, application: Application) -> Sequence[DeliveryId]:
        """The Application's deliveries, oldest first."""
        async with self.stage.store.transaction() as tx:
            found = await tx.inbox.of(application.id, before=None, limit=1000, topic=None, outcome=None)
        return sorted(each.id for each in found)

    async def start(self, supplier_id: str | None = None, **selection: Any) -> Replay:
        supplier = None if supplier_id is None else SupplierId(supplier_id)
        return await start_replay(self.stage.services, Selection(**selection), supplier_id=supplier, by=ME)

    async def look(self, replay: Replay) -> Replay:
        async with self.stage.store.transaction() as tx:
            found = await tx.replays.one(replay.id)
        assert found is not None
        return found

    async def whole(self, **selection: Any) -> Replay:
        """Replay and wait for the end."""
        started = await self.start(**selection)
        await self.stage.settle()
        ended = await self.look(started)
        assert ended.state == "done"
        return ended

    async def filled(self, deliveries: int) -> Application:
        """Install a shop of one product and have it tell so many times that it changed; all of that is worked through."""
        self.stage.shop.put(product("1"))
        application = await self.stage.install()
        await self.stage.settle()
        await self.stage.hear(application, *(product("1", at=n) for n in range(1, deliveries + 1)))
        await self.stage.settle()
        return application

    async def outcomes(self, delivery_id: DeliveryId) -> list[tuple[str, str]]:
        async with self.stage.store.transaction() as tx:
            return [(each.outcome, each.by) for each in await tx.replays.of_delivery(delivery_id)]

    async def dead_letters(self, application: Application) -> list[DeliveryId]:
        async with self.stage.store.transaction() as tx:
            found = await tx.inbox.of(application.id, before=None, limit=1000, topic=None, outcome=DEAD_LETTER)
        return sorted(each.id for each in found)

    async def execute(self, statement: str, **given: object) -> None:
        async with self.stage.store.pool.transaction() as connection:
            await connection.execute(statement, given)

    def pace(self, **changes: Any) -> None:
        self.stage.services = replace(self.stage.services, pace=replace(PACE, **changes))


class Illiterate:
    """Webhooks of which nothing can be read, as before a bug was mended. ``bug``: what is raised instead of Unreadable."""

    def __init__(self, webhooks: Any, bug: Exception | None = None) -> None:
        self._webhooks = webhooks
        self._bug = bug

    def __getattr__(self, name: str) -> Any:
        return getattr(self._webhooks, name)

    def read(self, given: Delivery) -> tuple[Fact, ...]:
        raise self._bug or Unreadable(f"The body cannot be read ({len(given.body)} bytes).")


@pytest.fixture
def archive(stage: Stage) -> Archive:
    return Archive(stage)


def counted(replay: Replay) -> Mapping[str, int]:
    counters: dict[str, int] = {}
    for share in replay.shares:
        for outcome, count in share.counters.items():
            counters[outcome] = counters.get(outcome, 0) + count
    return counters


LAST = product("1", variant("1-A", stock=2), variant("1-B"), at=3, title="Renamed")
LIFE: tuple[Fact, ...] = (
    product("1", variant("1-A", stock=9)),
    product("1", variant("1-A", stock=9), at=1, published=False, status="draft"),
    StockFact(
        stock_item_id=StockItemId("item-v-1-A"),
        level=StockLevel(location_id=HOME, quantity=7, version=EPOCH - timedelta(seconds=5)),
    ),
    Tombstone(source_id=SourceId("1")),
)


async def test_replaying_a_life_in_any_order_brings_no_old_state_back(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1", variant("1-A", stock=9)))
    application = await stage.install()
    await stage.settle()
    stage.shop.put(LAST)
    await stage.hear(application, *LIFE, LAST)
    await stage.settle()
    shown = str(stage.orderchamp.summary())
    assert "'Renamed', True" in shown
    ids = (await archive.ids(application))[: len(LIFE)]
    for order in permutations(ids):
        for each in order:
            await archive.start(delivery_ids=(each,))
            if order[0] % 2:
                await stage.run_lanes()
        await stage.settle()
        assert str(stage.orderchamp.summary()) == shown, f"replayed in the order {order}"


async def test_old_bodies_about_an_unknown_product_are_not_believed_in_any_order(archive: Archive) -> None:
    """What could not be read when it came is replayed later; by then only the shop knows what is true."""
    stage = archive.stage
    application = await stage.install()
    await stage.settle()
    adapter = stage.services.adapters["fake"]
    broken: Any = Illiterate(adapter.webhooks)
    services = stage.services
    stage.services = replace(services, adapters={"fake": replace(adapter, webhooks=broken)})
    await stage.hear(application, *LIFE[:3])
    await stage.settle()
    stage.services = services
    ids = await archive.ids(application)
    assert await archive.dead_letters(application) == ids
    stage.shop.put(LAST)
    await stage.remember()
    untouched = deepcopy(stage.orderchamp.__dict__)
    ended = set()
    for order in permutations(ids):
        await stage.go_back()
        stage.orderchamp.__dict__.update(deepcopy(untouched))
        for each in order:
            await archive.whole(delivery_ids=(each,))
        ended.add(str(stage.orderchamp.summary()))
    assert len(ended) == 1
    assert "'Renamed', True" in ended.pop()


async def test_a_level_at_a_place_that_was_closed_does_not_come_back(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1", variant("1-A", stock=5)))
    application = await stage.install()
    await stage.settle()
    level = StockLevel(location_id=LocationId("elsewhere"), quantity=90, version=EPOCH)
    elsewhere = StockFact(stock_item_id=StockItemId("item-v-1-A"), level=level)
    await stage.hear(application, elsewhere)
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 95
    await stage.hear(
        application, Incomplete(source_id=SourceId("1"), reason="its stock is no longer kept at a location")
    )
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 5
    await archive.whole(delivery_ids=tuple((await archive.ids(application))[:1]))
    assert stage.orderchamp.stock("1-A") == 5


async def test_the_new_outcome_stands_beside_the_first_and_the_timeline_names_who_replayed(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    renamed = product("1", at=1, title="Renamed")
    stage.shop.put(renamed)
    await stage.hear(application, renamed)
    await stage.settle()
    (delivery_id,) = await archive.ids(application)
    told = Listening()
    stage.services = replace(stage.services, observer=told)
    ended = await archive.whole(application_id=application.id)
    assert counted(ended) == {"ignored": 1}
    assert await archive.outcomes(delivery_id) == [("ignored", ME)]
    assert (told.replays, told.outcomes) == (["ignored"], [])
    assert set((await stage.outcomes(application)).values()) == {"applied"}
    assert (await stage.story(application, "1"))[-1] == (f"Replayed by {ME}: snapshot: Ignored: nothing in it is new.")


async def test_dead_letters_are_listed_replayed_and_dropped(archive: Archive) -> None:
    stage = archive.stage
    application = await stage.install()
    await stage.settle()
    services, adapter = stage.services, stage.services.adapters["fake"]
    broken: Any = Illiterate(adapter.webhooks)
    stage.services = replace(services, adapters={"fake": replace(adapter, webhooks=broken)})
    stage.shop.put(product("1"), product("2"))
    await stage.hear(application, product("1"), product("2"))
    await stage.settle()
    first, second = await archive.ids(application)
    assert counted(await archive.whole(outcome=DEAD_LETTER)) == {"unreadable": 2}
    assert await archive.dead_letters(application) == [first, second], "a replay that fails mends nothing"
    stage.services = services
    assert counted(await archive.whole(delivery_ids=(first,))) == {"reading": 1}
    assert stage.orderchamp.by_sku("1-A").published
    assert await archive.dead_letters(application) == [second]
    dropped = await drop_dead_letter(services, second, by=ME)
    assert (dropped.outcome, dropped.reason) == (
        "dropped",
        f"Dropped by {ME}. It was unreadable: The body cannot be read ({len(delivery(product('2')).body)} bytes).",
    )
    assert await archive.dead_letters(application) == []
    assert await drop_dead_letter(services, second, by="somebody else") == dropped
    with pytest.raises(NotPossibleNow):
        await drop_dead_letter(services, first, by=ME)
    assert (await archive.whole(outcome=DEAD_LETTER)).shares[0].worked == 0


async def test_a_bug_in_reading_ends_one_delivery_and_not_its_lane(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    services, adapter = stage.services, stage.services.adapters["fake"]
    broken: Any = Illiterate(adapter.webhooks, ZeroDivisionError("nobody thought of that"))
    stage.services = replace(services, adapters={"fake": replace(adapter, webhooks=broken)})
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    with capture_logs() as logs:
        await stage.run_lanes()
    (delivery_id,) = await archive.dead_letters(application)
    bug, dead = [each for each in logs if each["event"] in ("delivery_not_read", "dead_letters")]
    assert (bug["event"], bug["delivery_id"], bug["log_level"]) == ("delivery_not_read", delivery_id, "error")
    assert (dead["event"], dead["delivery_ids"], dead["application_id"]) == (
        *("dead_letters", [delivery_id], str(application.id)),
    )
    assert set((await stage.outcomes(application)).values()) == {"dead"}
    assert await stage.execute("SELECT failures FROM lane") == 0
    assert counted(await archive.whole(outcome=DEAD_LETTER)) == {"dead": 1}
    stage.services = services
    stage.shop.put(product("1", variant("1-A", stock=1), at=1))
    assert counted(await archive.whole(outcome=DEAD_LETTER)) == {"reading": 1}
    assert stage.orderchamp.stock("1-A") == 1
    assert await archive.dead_letters(application) == []


async def test_a_selection_is_by_application_topic_outcome_product_and_time(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1"), product("2"))
    application = await stage.install()
    other = await stage.install(shop="other.example")
    await stage.settle()
    facts = (product("1", at=1), product("2", at=1), Tombstone(source_id=SourceId("2")))
    await stage.hear(application, *facts)
    await stage.hear(other, product("1", at=5))
    await stage.settle()
    ids = [*await archive.ids(application), *await archive.ids(other)]
    for hours, delivery_id in enumerate(ids):
        await archive.execute(
            "UPDATE delivery SET received_at = CAST(:at AS timestamptz) WHERE id = :id",
            at=EPOCH + timedelta(hours=hours),
            id=delivery_id,
        )

    async def replayed(**selection: Any) -> list[int]:
        ended = await archive.whole(**selection)
        async with stage.store.pool.connection() as connection:
            found = await connection.execute(
                "SELECT delivery_id FROM replayed WHERE replay_id = :id ORDER BY delivery_id", {"id": ended.id}
            )
            return [ids.index(row.delivery_id) for row in found]

    assert await replayed(topic=Topic("snapshot")) == [0, 1, 3]
    assert await replayed(topic=Topic("snapshot"), application_id=application.id) == [0, 1]
    assert await replayed(source_id=SourceId("2")) == [1, 2]
    assert await replayed(outcome="reading") == [2]
    assert await replayed(received_from=EPOCH + timedelta(hours=1)) == [1, 2, 3]
    assert await replayed(received_until=EPOCH + timedelta(hours=1)) == [0]
    around = {"received_from": EPOCH + timedelta(minutes=30), "received_until": EPOCH + timedelta(hours=2, seconds=1)}
    assert await replayed(**around) == [1, 2]
    assert await replayed(delivery_ids=(ids[3], ids[0])) == [0, 3]
    assert await replayed(delivery_ids=(ids[3], ids[0]), topic=Topic("gone")) == []
    assert await replayed(received_from=EPOCH + timedelta(days=1)) == []


async def test_every_application_does_its_share_and_a_suppliers_key_reaches_its_own_only(archive: Archive) -> None:
    stage = archive.stage
    mine = await stage.install()
    also_mine = await stage.install(shop="second.example")
    stage.orderchamp.account_id = AccountId("another account")
    foreign = await stage.install(shop="foreign.example", supplier_id=SupplierId("another"))
    await stage.settle()
    for each in (mine, also_mine, foreign):
        await stage.hear(each, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    everybody = await archive.whole(topic=Topic("gone"))
    assert {share.application_id: share.worked for share in everybody.shares} == {
        mine.id: 1,
        also_mine.id: 1,
        foreign.id: 1,
    }
    own = await archive.whole(topic=Topic("gone"), supplier_id="supplier")
    assert {share.application_id for share in own.shares} == {mine.id, also_mine.id}
    with pytest.raises(DeliveryNotFound):
        await archive.start(delivery_ids=tuple(await archive.ids(foreign)), supplier_id="supplier")
    with pytest.raises(ApplicationNotFound):
        await archive.start(application_id=foreign.id, supplier_id="supplier")
    with pytest.raises(ApplicationNotFound):
        await archive.start(application_id=ApplicationId(uuid4()))
    with pytest.raises(DeliveryNotFound):
        await archive.start(delivery_ids=(DeliveryId(10**9),))


async def test_the_rate_is_limited_by_a_due_time_that_holds_nobody_up(archive: Archive) -> None:
    stage = archive.stage
    application = await archive.filled(5)
    archive.pace(replay_per_second=2)
    started = await archive.start(application_id=application.id)
    behind = await archive.start(application_id=application.id)
    seen = []
    while (held := await claim_lane(stage.services)) is not None:
        await run_lane(stage.services, held)
        share, waiting = (await archive.look(started)).shares[0], (await archive.look(behind)).shares[0]
        seen.append((share.worked, waiting.worked))
    assert seen == [(2, 0)], "a page of a second's worth, and the lane is let go"
    assert timedelta(seconds=0.5) < share.due_at - stage.services.clock() <= timedelta(seconds=1)
    assert 0 < share.progress < 1
    assert await stage.hurry()
    assert await stage.run_lanes() == 1
    assert (await archive.look(started)).shares[0].worked == 4
    await stage.settle()
    assert ((await archive.look(started)).state, (await archive.look(behind)).state) == ("done", "done")
    assert (await archive.look(behind)).shares[0].worked == 5


async def test_large_deliveries_are_replayed_in_pages_of_what_their_bodies_take(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "BATCH_BYTES", 1)
    stage = archive.stage
    application = await archive.filled(3)
    archive.pace(replay_per_second=2)
    started = await archive.start(application_id=application.id)
    await stage.run_lanes()
    assert (await archive.look(started)).shares[0].worked == 1, "one at least, and no second one"
    await stage.settle()
    done = await archive.look(started)
    assert (done.state, done.shares[0].worked) == ("done", 3)


async def test_a_cancelled_replay_ends_where_it_is(archive: Archive) -> None:
    stage = archive.stage
    application = await archive.filled(3)
    archive.pace(replay_per_second=1)
    started = await archive.start(application_id=application.id)
    await stage.run_lanes()
    cancelled = await cancel_replay(stage.services, started.id)
    assert cancelled is not None
    assert (cancelled.state, cancelled.shares[0].worked) == ("cancelled", 1)
    await stage.settle()
    assert await archive.look(started) == cancelled
    done = await archive.whole(delivery_ids=tuple((await archive.ids(application))[:1]))
    assert await cancel_replay(stage.services, done.id) == done


async def test_a_paused_application_replays_when_it_is_resumed_and_an_uninstalled_one_not_at_all(
    archive: Archive,
) -> None:
    stage = archive.stage
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    await pause(stage.services, application.id)
    started = await archive.start(application_id=application.id)
    await stage.settle()
    assert (await archive.look(started)).state == "running"
    await resume(stage.services, application.id)
    await stage.settle()
    assert counted(await archive.look(started)) == {"ignored": 1}
    await pause(stage.services, application.id)
    left_behind = await archive.start(application_id=application.id)
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    assert (await archive.look(left_behind)).state == "cancelled"
    with pytest.raises(NotPossibleNow):
        await archive.start(application_id=application.id)
    assert (await archive.start(topic=Topic("gone"))).shares == ()


async def test_what_is_about_the_installation_is_not_believed_twice(archive: Archive) -> None:
    stage = archive.stage
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, Uninstalled(), Erasure(subject="shop"))
    await stage.settle()
    stage.shop.token = "another"
    assert counted(await archive.whole(application_id=application.id)) == {"ignored": 2}
    assert (await stage.application(application.id)).state == "active"


async def test_a_delivery_without_its_body_still_has_its_product_read(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1", at=1), Incomplete(stock_item_id=StockItemId("unknown"), reason="it is"))
    await stage.settle()
    await archive.execute("DELETE FROM delivery_body")
    stage.shop.put(product("1", at=2, title="Not announced"))
    assert counted(await archive.whole(application_id=application.id)) == {"reading": 1, "ignored": 1}
    assert stage.orderchamp.by_sku("1-A").title == "Not announced"


async def test_a_worker_killed_at_any_await_of_a_replay_works_each_delivery_through_once(archive: Archive) -> None:
    stage = archive.stage
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1", at=1), product("1", at=2), Tombstone(source_id=SourceId("1")))
    await stage.settle()
    stage.shop.put(product("1", at=3, title="Not announced"))
    archive.pace(replay_per_second=2)
    started = await archive.start(application_id=application.id)
    await stage.remember()
    orderchamp = deepcopy(stage.orderchamp.__dict__)

    async def live_on(killer: Killer) -> object:
        await stage.go_back()
        stage.orderchamp.__dict__.update(deepcopy(orderchamp))
        await live_through(stage, killer)
        outcomes = [await archive.outcomes(each) for each in await archive.ids(application)]
        story = [each for each in await stage.story(application, "1") if "Replayed" in each]
        return counted(await archive.look(started)), outcomes, story, stage.orderchamp.summary()

    counting = Killer()
    expected = await live_on(counting)
    assert "Not announced" in str(expected)
    for at in range(1, counting.awaits + 1):
        assert await live_on(Killer(at=at)) == expected, f"killed at await {at}"
    assert counting.awaits > 30
