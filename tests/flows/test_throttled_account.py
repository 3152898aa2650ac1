"""A throttled account: its lanes end their runs with a time, spread, and hold no worker's slot."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from app.domain.application import Application
from app.domain.event import Fact
from app.domain.ids import AccountId, SupplierId
from app.flows.run_lane import claim_lane, run_lane
from app.orderchamp.caller import PATIENCE
from app.orderchamp.client import OrderchampMarketplaces
from tests.fakes.shop import product
from tests.fakes.stage import Stage
from tests.orderchamp.changes import SLOW_DOWN
from tests.orderchamp.scripted import Clock, Scripted

LANES = 4
ASKED = timedelta(seconds=30)


async def installed(stage: Stage, number: int, *, supplier: str = "supplier") -> Application:
    application = await stage.install(shop=f"shop-{number}.example", supplier_id=SupplierId(supplier))
    await stage.settle()
    return application


def on_the_real_client(stage: Stage, transport: Scripted, waits: Clock) -> None:
    """Have the stage's lanes speak to ``transport``; what they would sleep is noted in ``waits``."""
    stage.services = replace(
        stage.services,
        marketplaces=OrderchampMarketplaces(
            transport,
            url="https://orderchamp.test/v1/graphql",
            clock=stage.services.clock,
            sleep=waits.sleep,
            jitter=random.Random(1).random,
        ),
    )


async def run_each_once(stage: Stage) -> int:
    runs = 0
    while (held := await claim_lane(stage.services)) is not None:
        await run_lane(stage.services, held)
        runs += 1
        assert runs <= LANES + 1, "a lane came back before its time"
    return runs


async def rests(stage: Stage, applications: Sequence[Application]) -> list[timedelta]:
    """How long each lane rests beyond the time that Orderchamp asked for."""
    async with stage.store.pool.connection() as connection:
        found = await connection.execute(
            "SELECT lane.application_id, lane.due_at - account.blocked_until, lane.leased_until FROM lane "
            "JOIN application ON application.id = lane.application_id "
            "JOIN account ON account.id = application.account_id"
        )
        rows = {row[0]: row for row in found}
    assert all(row[2] is None for row in rows.values()), "no lane is held"
    return [rows[each.id][1] for each in applications]


def news(number: int) -> Fact:
    return product(str(number))


async def test_a_throttled_account_rests_all_its_lanes_after_one_call(stage: Stage) -> None:
    lanes = [await installed(stage, number) for number in range(LANES)]
    transport, waits = Scripted([SLOW_DOWN]), Clock()
    on_the_real_client(stage, transport, waits)
    for number, lane in enumerate(lanes):
        await stage.hear(lane, news(number))

    assert await run_each_once(stage) == LANES
    assert len(transport.sent) == 1, "the other lanes saw that the account has to rest"
    assert sum(waits.slept) <= PATIENCE.total_seconds() * LANES
    beyond = await rests(stage, lanes)
    assert min(beyond) >= timedelta(0)
    assert max(beyond) < ASKED / 3
    assert max(beyond) - min(beyond) > timedelta(seconds=0.5), "they do not come back at once"
    attempts = [(await stage.product(lane, str(number))).attempts for number, lane in enumerate(lanes)]
    assert attempts == [0] * LANES, "who has to wait has not failed"


async def test_another_accounts_lane_goes_on(stage: Stage) -> None:
    throttled = await installed(stage, 0)
    stage.orderchamp.account_id = AccountId("another")
    free = await installed(stage, 1, supplier="another")
    async with stage.store.pool.transaction() as connection:
        await connection.execute(
            "UPDATE account SET bucket_limit = 9e9, level = 9e9, restore_rate = 9e9, level_at = now()"
        )
    await stage.store.budget(throttled.account_id).block(ASKED)
    transport, waits = Scripted([SLOW_DOWN]), Clock()
    on_the_real_client(stage, transport, waits)
    await stage.hear(throttled, news(0))
    await stage.hear(free, news(1))

    await run_each_once(stage)
    assert len(transport.sent) == 1, "only the free account's lane called"
    assert await stage.store.budget(free.account_id).draw(1) > timedelta(0)
