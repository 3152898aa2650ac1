"""The inbox gives deliveries back in the order they came, byte for byte, until something has become of them."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

from app.domain.application import Application
from app.domain.ids import DeliveryId, EventId, SourceId, Topic
from app.domain.structs import replace
from app.platforms.adapter import substitute_id
from app.ports import Arrival, InboxEntry, Settled, Transaction
from tests.fakes.shop import delivery, product
from tests.fakes.stage import Stage

BYTES = bytes(range(256))


async def arrive(stage: Stage, *events: str) -> None:
    application = (await installed(stage))[0]
    sent = replace(delivery(product("1")), body=BYTES, headers={"x-a": "1", "x-ü": "ü"}, url="/webhooks/fake?a=1&a=2")
    for event in events:
        arrival = Arrival(
            application_id=application.id,
            revision=application.revision,
            event_id=EventId(event),
            topic=Topic("snapshot"),
            delivery=sent,
        )
        await stage.store.accept([arrival])


async def installed(stage: Stage) -> tuple[Application, ...]:
    async with stage.store.transaction() as tx:
        return await tx.applications.list(supplier_id=None, platform=None, state=None, after=None, limit=10)


async def test_fresh_deliveries_come_oldest_first_as_they_were_sent(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, "b", "a", "c", "b")
    async with stage.store.transaction() as tx:
        fresh = await tx.inbox.fresh(application.id, limit=2, size=10**6)
        entries = await tx.inbox.of(application.id, before=None, limit=10, topic=None, outcome="waiting")
    assert [each.event_id for each in entries] == ["c", "a", "b"]
    assert [each.id for each in fresh] == [entries[2].id, entries[1].id]
    got = fresh[0].delivery
    assert (got.body, got.headers, got.url) == (BYTES, {"x-a": "1", "x-ü": "ü"}, "/webhooks/fake?a=1&a=2")


async def test_the_newest_are_told_first_whether_something_has_become_of_them_or_not(stage: Stage) -> None:
    """They stand in two indexes, and a page has of both."""
    application = await stage.install()
    await arrive(stage, "a", "b", "c", "d", "e")
    await stage.execute("UPDATE delivery SET outcome = 'applied' WHERE event_id IN ('b', 'd')")

    async def page(before: int | None) -> list[str]:
        async with stage.store.reading() as tx:
            found = await tx.inbox.of(application.id, before=before, limit=2, topic=None, outcome=None)
        pages.append(found)
        return [each.event_id for each in found]

    pages: list[Sequence[InboxEntry]] = []
    assert await page(None) == ["e", "d"]
    assert await page(pages[-1][-1].id) == ["c", "b"]
    assert await page(pages[-1][-1].id) == ["a"]
    await stage.execute("UPDATE delivery SET received_at = '2026-01-01T00:00:00Z' WHERE event_id = 'e'")
    async with stage.store.reading() as tx:
        assert await tx.inbox.last_received(application.id) == datetime(2026, 1, 1, tzinfo=UTC)


async def test_fresh_deliveries_come_in_portions_of_what_their_bodies_take_and_one_at_least(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, "a", "b", "c")

    async def fresh(*, limit: int, size: int) -> int:
        async with stage.store.reading() as tx:
            return len(await tx.inbox.fresh(application.id, limit=limit, size=size))

    assert await fresh(limit=10, size=1) == 1
    assert await fresh(limit=10, size=len(BYTES)) == 1
    assert await fresh(limit=10, size=len(BYTES) + 1) == 2
    assert await fresh(limit=10, size=10**6) == 3
    assert await fresh(limit=2, size=10**6) == 2
    await stage.execute("DELETE FROM delivery_body")
    assert await fresh(limit=10, size=1) == 3, "what retention left takes nothing"


async def test_what_became_of_a_delivery_is_kept_and_it_is_fresh_no_more(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, "a", "b")
    async with stage.store.transaction() as tx:
        first, second = await tx.inbox.fresh(application.id, limit=10, size=10**6)
        done = Settled(delivery_id=first.id, outcome="applied", reason="New\x00.", source_id=SourceId("1"))
        await tx.inbox.settle([done])
        await tx.inbox.settle([])
    async with stage.store.transaction() as tx:
        assert [each.id for each in await tx.inbox.fresh(application.id, limit=10, size=10**6)] == [second.id]
        found = await tx.inbox.one(first.id)
        assert await tx.inbox.one(DeliveryId(10**9)) is None
    assert found is not None
    entry, kept = found
    assert (entry.outcome, entry.reason, entry.source_id) == ("applied", "New.", "1")
    assert entry.settled_at is not None
    assert kept.body == BYTES


async def test_a_redelivery_of_what_was_settled_stays_settled(stage: Stage) -> None:
    application = await stage.install()
    await stage.settle()
    await arrive(stage, "a")
    async with stage.store.transaction() as tx:
        (first,) = await tx.inbox.fresh(application.id, limit=10, size=10**6)
        await tx.inbox.settle([Settled(delivery_id=first.id, outcome="applied", reason="")])
        await tx.lanes.wake(application.id)
    await stage.run_lanes()
    await arrive(stage, "a")
    assert await stage.count("delivery") == 1
    assert await stage.run_lanes() == 0, "a redelivery wakes the lane"


async def test_pages_go_back_in_time(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, *(str(n) for n in range(5)))
    seen: list[str] = []
    before: int | None = None
    async with stage.store.transaction() as tx:
        while page := await tx.inbox.of(application.id, before=before, limit=2, topic="snapshot", outcome=None):
            before = page[-1].id
            seen += [each.event_id for each in page]
        assert await tx.inbox.of(application.id, before=None, limit=9, topic="other", outcome=None) == ()
    assert seen == ["4", "3", "2", "1", "0"]


async def test_what_is_about_no_application_is_kept_and_never_fresh(stage: Stage) -> None:
    async with stage.store.transaction() as tx:
        stray = replace(delivery(product("1")), headers={"x": "\x00\ud800"})
        await tx.inbox.keep_unowned(EventId("e\x00"), Topic("t"), stray, reason="Nobody has this shop.")
    assert await stage.execute("SELECT event_id || outcome FROM delivery") == "eignored"
    assert await stage.execute("SELECT body FROM delivery_body") is None, "what nobody can erase later is not kept"


ALIKE = substitute_id(Topic("product.updated"), b'{"id":1}')


async def waiting(stage: Stage, application: Application) -> list[DeliveryId]:
    async with stage.store.reading() as tx:
        return [each.id for each in await tx.inbox.fresh(application.id, limit=10, size=10**6)]


async def settle(tx: Transaction, *deliveries: DeliveryId) -> None:
    await tx.inbox.settle([Settled(delivery_id=each, outcome="reading", reason="Read.") for each in deliveries])


async def somebody_waits_for_a_lock(stage: Stage) -> bool:
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    async with stage.store.pool.connection() as connection:
        return bool((await connection.execute(waiting)).scalar())


async def test_deliveries_that_are_alike_are_one_event_until_something_has_become_of_it(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, ALIKE, ALIKE)
    (first,) = await waiting(stage, application)
    async with stage.store.transaction() as tx:
        await settle(tx, first)
    await arrive(stage, ALIKE, ALIKE)
    (second,) = await waiting(stage, application)
    assert second != first
    async with stage.store.transaction() as tx:
        await settle(tx, first, second)
        entries = await tx.inbox.of(application.id, before=None, limit=10, topic=None, outcome=None)
    assert [each.event_id for each in entries] == [f"{ALIKE}#{second}", f"{ALIKE}#{first}"]


async def test_a_delivery_that_comes_while_one_like_it_is_being_settled_is_kept(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, ALIKE)
    (first,) = await waiting(stage, application)
    async with stage.store.transaction() as tx:
        await settle(tx, first)
        arriving = asyncio.create_task(arrive(stage, ALIKE))
        while not arriving.done() and not await somebody_waits_for_a_lock(stage):
            pass
        assert not arriving.done()
    await arriving
    (second,) = await waiting(stage, application)
    assert second != first


async def test_a_redelivery_by_the_platforms_own_id_stays_one(stage: Stage) -> None:
    application = await stage.install()
    await arrive(stage, "theirs")
    async with stage.store.transaction() as tx:
        (first,) = await tx.inbox.fresh(application.id, limit=10, size=10**6)
        await settle(tx, first.id)
    await arrive(stage, "theirs")
    assert await waiting(stage, application) == []
