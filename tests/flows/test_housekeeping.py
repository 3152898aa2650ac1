"""What is old is dropped: without a pause, never before it was worked through, and never twice by two processes."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import uuid4

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId, Topic
from app.domain.replay import Selection
from app.flows.housekeeping import Periods, keep_house
from app.flows.replay import start_replay
from tests.fakes.shop import product
from tests.fakes.stage import Stage

PERIODS = Periods(
    bodies=timedelta(days=30), keys=timedelta(days=90), timeline=timedelta(days=365), finished=timedelta(days=90)
)
TIMES = {
    "delivery": ("received_at", "settled_at"),
    "timeline": ("at",),
    "import": ("started_at", "finished_at"),
    "replay": ("created_at",),
    "replay_share": ("started_at", "finished_at"),
}


@dataclass
class House:
    """A stage on which time can pass."""

    stage: Stage
    application: Application

    async def days_pass(self, days: int) -> None:
        async with self.stage.store.pool.transaction() as connection:
            for table, columns in TIMES.items():
                earlier = ", ".join(f"{each} = {each} - make_interval(days => {days})" for each in columns)
                await connection.execute(f"UPDATE {table} SET {earlier}")  # noqa: S608

    async def keep(self) -> dict[str, int] | None:
        dropped = await keep_house(self.stage.services, PERIODS)
        return None if dropped is None else {name: count for name, count in dropped.items() if count}

    async def counts(self) -> tuple[int, int]:
        """How many keys and bodies are kept."""
        return await self.stage.count("delivery"), await self.stage.count("delivery_body")


@pytest.fixture
async def house(stage: Stage) -> House:
    stage.shop.put(product("1"), product("2"))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1", at=1, title="Renamed"), Tombstone(source_id=SourceId("2")))
    del stage.shop.products[SourceId("2")]
    stage.shop.put(product("1", at=1, title="Renamed"))
    await stage.settle()
    return House(stage, application)


async def test_bodies_go_before_keys_and_the_timeline_last(house: House) -> None:
    sentences = await house.stage.count("timeline")
    assert await house.keep() == {}
    assert await house.counts() == (2, 2)
    await house.days_pass(31)
    assert await house.keep() == {"bodies": 2}
    assert await house.counts() == (2, 0)
    await house.days_pass(60)
    assert await house.keep() == {"keys": 2}
    assert await house.counts() == (0, 0)
    assert await house.stage.count("timeline") == sentences
    await house.days_pass(275)
    assert await house.keep() == {"sentences": sentences}
    assert (await house.stage.product(house.application, "1")).state == "published"


async def test_a_late_redelivery_has_no_second_effect_with_its_body_gone_nor_with_its_key(house: House) -> None:
    stage, shown = house.stage, str(house.stage.orderchamp.summary())
    for days, kept in ((31, 2), (60, 1)):
        await house.days_pass(days)
        await house.keep()
        assert await stage.count("delivery") == kept
        await stage.hear(
            house.application, product("1", at=1, title="Renamed"), product("1"), Tombstone(source_id=SourceId("2"))
        )
        await stage.settle()
        assert str(stage.orderchamp.summary()) == shown
        assert await stage.count("delivery") == 3


async def test_a_delivery_that_still_waits_keeps_its_body_however_old_it_is(house: House) -> None:
    await house.stage.hear(house.application, product("1", at=9, title="Still waiting"))
    await house.stage.hear(house.application, product("1", at=8))
    await house.days_pass(400)
    assert (await house.keep() or {}).keys() == {"bodies", "keys", "sentences"}
    assert await house.counts() == (2, 2)
    house.stage.shop.put(product("1", at=9, title="Still waiting"))
    await house.stage.settle()
    assert house.stage.orderchamp.by_sku("1-A").title == "Still waiting"


async def test_finished_imports_and_replays_go_but_for_the_last_import(house: House) -> None:
    stage = house.stage
    selection = Selection(topic=Topic("gone"))
    await start_replay(stage.services, selection, supplier_id=None, by="somebody")
    await stage.settle()
    running = await start_replay(stage.services, selection, supplier_id=None, by="somebody")
    async with stage.store.transaction() as tx:
        await tx.imports.start(uuid4(), house.application.id)
    await stage.run_lanes()
    async with stage.store.pool.transaction() as connection:
        await connection.execute(
            "UPDATE replay_share SET state = 'running', finished_at = NULL WHERE replay_id = :id",
            {"id": running.id},
        )
    await house.days_pass(89)
    assert "finished" not in (await house.keep() or {})
    await house.days_pass(2)
    # One import, and one replay with the outcome of its delivery, which went with the key of that delivery.
    assert (await house.keep() or {})["finished"] == 2
    assert (await stage.count("import"), await stage.count("replay")) == (1, 1)


async def test_two_processes_do_not_drop_at_the_same_time(house: House) -> None:
    await house.days_pass(31)
    async with house.stage.store.transaction() as tx:
        assert await tx.retention.alone()
        assert await house.keep() is None
        assert await house.counts() == (2, 2)
    assert await house.keep() == {"bodies": 2}
