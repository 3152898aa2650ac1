"""Lanes: whose turn it is, for how long, and what is left for the next holder."""

import asyncio
import dataclasses
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.application import Application
from app.domain.errors import ChangedMeanwhile, CredentialsRefused, LeaseLost, OrderchampUnavailable
from app.domain.ids import AccountId, SourceId, SupplierId
from app.domain.plan import NotSent, SetStock
from app.domain.structs import replace
from app.flows.run_lane import HeldLane, claim_lane, let_go, next_due, rest_lane, run_lane
from app.flows.services import Services
from app.flows.tenure import Stopping
from tests.fakes.gated import Gated
from tests.fakes.listening import Listening
from tests.fakes.marketplace import unclear
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

MOST_ROUND_TRIPS = 30
"""What a run takes that has one event and one call, besides the claim and the account's budget."""


async def installed(stage: Stage, *, products: int = 1, shop: str = "shop.example", at: int = 0) -> Application:
    """An Application whose products are on Orderchamp."""
    stage.orderchamp.account_id = AccountId(f"account of {shop}")
    made = [product(f"{shop}-{n}", variant(f"{shop}-{n}"), at=at) for n in range(products)]
    stage.shop.put(*made)
    application = await stage.install(supplier_id=SupplierId(f"supplier of {shop}"), shop=shop)
    await stage.settle()
    stage.shop.products.clear()
    stage.orderchamp.calls.clear()
    stage.orderchamp.applied.clear()
    await stage.enrich()
    return application


async def sell(stage: Stage, application: Application, n: int = 0, *, left: int = 1, at: int = 1) -> None:
    """The shop says that stock has changed."""
    name = f"{application.shop}-{n}"
    made = variant(name, stock=left)
    assert made.levels is not None
    level = replace(made.levels[0], version=made.levels[0].version + timedelta(seconds=at))
    await stage.hear(application, product(name, replace(made, levels=(level,)), at=at))


async def claim(services: Services) -> HeldLane:
    held = await claim_lane(services)
    assert held is not None
    return held


@dataclass
class Gate:
    """Stops at a call until it is let through."""

    at: str
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    calls: list[str] = field(default_factory=list)

    async def step(self, call: str) -> None:
        self.calls.append(call)
        if call == self.at:
            self.reached.set()
            await self.open.wait()


# Whose turn it is


async def test_a_lane_is_one_workers_at_a_time_and_another_ones_once_its_lease_has_ended(stage: Stage) -> None:
    application = await installed(stage)
    await sell(stage, application)
    first = await claim(stage.services)
    assert await claim_lane(stage.services) is None
    await stage.execute("UPDATE lane SET leased_until = now() - interval '1 second'")
    second = await claim(stage.services)
    assert second.claim.token > first.claim.token
    with pytest.raises(LeaseLost):
        async with stage.store.transaction(first.claim) as tx:
            await tx.applications.want_secret_told(application.id, due=True)
    with pytest.raises(LeaseLost):
        async with stage.store.transaction() as tx:
            await tx.lanes.renew(first.claim, stage.services.pace.lease)
    assert await stage.execute("SELECT renew_secret FROM application") is False
    await let_go(stage.services, first)
    assert await stage.execute("SELECT leased_until FROM lane") is not None, "the late holder released another's lane"


async def test_a_take_over_comes_wholly_before_or_wholly_after_what_a_holder_commits(stage: Stage) -> None:
    await sell(stage, await installed(stage))
    held = await claim(stage.services)
    await stage.execute("UPDATE lane SET leased_until = now() - interval '1 second'")
    async with stage.store.transaction() as tx:
        await tx.lanes.confirm(held.claim)
        assert await claim_lane(stage.services) is None, "somebody else begins while the late holder still commits"
    assert await claim_lane(stage.services) is not None


async def test_a_renewed_lease_lasts_from_the_renewal(stage: Stage) -> None:
    await sell(stage, await installed(stage))
    held = await claim(stage.services)
    await stage.execute("UPDATE lane SET leased_until = now() + interval '1 second'")
    async with stage.store.transaction() as tx:
        await tx.lanes.renew(held.claim, timedelta(seconds=100))
    assert await stage.execute("SELECT leased_until > now() + interval '90 seconds' FROM lane") is True


async def test_the_lane_that_waited_longest_is_next_and_goes_to_the_end_after_its_run(stage: Stage) -> None:
    services = dataclasses.replace(stage.services, pace=dataclasses.replace(stage.services.pace, run_products=2))
    many = await installed(stage, products=6, shop="many")
    few = await installed(stage, products=1, shop="few")
    for n in range(6):
        await sell(stage, many, n)
    await sell(stage, few)
    turns = []
    while (held := await claim_lane(services)) is not None:
        turns.append("many" if held.claim.application_id == many.id else "few")
        before = len(stage.orderchamp.applied)
        await run_lane(services, held)
        assert len(stage.orderchamp.applied) - before <= 2
    assert turns == ["many", "few", "many", "many"]
    assert len(stage.orderchamp.applied) == 7


async def test_a_run_ends_after_its_time_and_what_is_left_goes_on_at_once(stage: Stage) -> None:
    ahead = 0.0

    async def slow(call: str) -> None:
        nonlocal ahead
        ahead += 1.1

    slowly = dataclasses.replace(
        stage.services,
        monotonic=lambda: time.monotonic() + ahead,
        marketplaces=Gated(stage.orderchamp, slow),
        pace=dataclasses.replace(stage.services.pace, run=timedelta(seconds=2), lease=timedelta(seconds=100)),
    )
    application = await installed(stage)
    # A new product: created, given its stock, published, each after a look at what is there.
    await stage.hear(application, product("new"))
    runs = 0
    while (held := await claim_lane(slowly)) is not None:
        runs += 1
        ahead = 0.0
        await run_lane(slowly, held)
        assert ahead < 3.4, "a run began something when its time was over"
    assert runs > 1
    assert stage.orderchamp.by_sku("new-A").published


async def test_two_workers_never_take_the_same_lane(stage: Stage) -> None:
    for application in [await installed(stage, shop=f"{n}.example") for n in range(4)]:
        await sell(stage, application)
    found = await asyncio.gather(*(claim_lane(stage.services) for _ in range(5)))
    held = [each.claim.application_id for each in found if each is not None]
    assert len(set(held)) == len(held)
    while (one := await claim_lane(stage.services)) is not None:
        held.append(one.claim.application_id)
    assert len(set(held)) == len(held) == 4


# Take-over


async def test_a_frozen_holders_calls_are_waited_out_and_looked_up_and_its_late_write_is_refused(stage: Stage) -> None:
    application = await installed(stage)
    await sell(stage, application, left=3)
    gate = Gate(at="SetStock")
    frozen = dataclasses.replace(stage.services, marketplaces=Gated(stage.orderchamp, gate.step))
    late = asyncio.create_task(run_lane(frozen, await claim(frozen)))
    await gate.reached.wait()
    # The lease ends, but the call may still take effect.
    await stage.execute("UPDATE lane SET leased_until = now() - interval '1 second'")
    stage.orderchamp.calls.clear()
    await stage.run_lanes()
    assert stage.orderchamp.calls == [], "the product was touched while a call for it was on its way"
    until = await stage.execute("SELECT until FROM in_flight")
    assert await stage.execute("SELECT due_at FROM lane") == until
    # The call takes effect after all, and what its holder has to say of that comes too late.
    gate.open.set()
    assert await late == "lost"
    assert len(stage.orderchamp.applied) == 1
    assert await stage.count("in_flight") == 1, "the late holder ended calls that are another's to wait for"
    await stage.hurry()
    stage.orderchamp.calls.clear()
    await stage.run_lanes()
    assert stage.orderchamp.calls == ["read"], "what Orderchamp shows was believed instead of read"
    assert stage.orderchamp.stock("shop.example-0") == 3
    assert await stage.count("in_flight") == 0


async def test_a_killed_workers_lane_goes_on_with_what_is_not_on_its_way(stage: Stage) -> None:
    application = await installed(stage, products=2)
    stage.orderchamp.after = unclear
    await sell(stage, application, 0, left=3)
    await stage.run_lanes()
    stage.orderchamp.after = lambda _: None
    await stage.execute("UPDATE in_flight SET until = now() + interval '1 hour'")
    await sell(stage, application, 1, left=4)
    await stage.run_lanes()
    assert stage.orderchamp.stock("shop.example-1") == 4
    assert [each.source_id for each in stage.orderchamp.applied] == [
        SourceId("shop.example-0"),
        SourceId("shop.example-1"),
    ]


# Time


async def test_a_retry_comes_at_its_time_by_the_databases_clock(stage: Stage) -> None:
    application = await installed(stage)
    # A worker whose own clocks are far off.
    wrong = dataclasses.replace(
        stage.services,
        clock=lambda: datetime.now(UTC) + timedelta(days=3),
        monotonic=lambda: time.monotonic() + 1e6,
        pace=dataclasses.replace(stage.services.pace, retry_scale=1.0),
    )
    stage.orderchamp.verdict = lambda _: NotSent(OrderchampUnavailable())
    await sell(stage, application)
    await run_lane(wrong, await claim(wrong))
    wait = await stage.execute("SELECT extract(epoch FROM due_at - now()) FROM source_product")
    assert 3 < wait <= 5, "the first retry comes after five seconds"
    assert await stage.run_lanes() == 0
    due = await next_due(stage.services)
    assert due is not None
    assert timedelta(seconds=2) < due <= timedelta(seconds=5)
    await stage.execute("UPDATE lane SET due_at = now() - interval '1 ms'")
    assert await claim_lane(stage.services) is not None


async def test_only_a_lane_that_its_holder_did_not_let_go_of_counts_as_taken_over(stage: Stage) -> None:
    told = Listening()
    services = dataclasses.replace(stage.services, observer=told)
    application = await installed(stage)
    await sell(stage, application)
    await claim(services)
    assert told.take_overs == 0
    await stage.execute("UPDATE lane SET leased_until = now() - interval '1 second'")
    await let_go(services, await claim(services))
    assert told.take_overs == 1
    await claim(services)
    assert told.take_overs == 1


# How a run ends


@pytest.mark.parametrize(
    ("met", "ended"),
    [
        (None, "done"),
        (OrderchampUnavailable("away"), "waits"),
        (CredentialsRefused("orderchamp", "The token was refused (401)."), "refused"),
        (ChangedMeanwhile(), "over"),
    ],
)
async def test_a_run_tells_how_it_ended(stage: Stage, met: Exception | None, ended: str) -> None:
    """What it meets where it asks for itself, and not for a product: here, what became of a creation that was left behind."""
    application = await installed(stage)
    stage.orderchamp.after = unclear
    await stage.hear(application, product("new"))
    await stage.run_lanes()
    await stage.execute("UPDATE in_flight SET until = now() - interval '1 second' RETURNING 1")
    await stage.execute("UPDATE lane SET due_at = now()")

    async def step(_: str) -> None:
        if met is not None:
            raise met

    services = dataclasses.replace(stage.services, marketplaces=Gated(stage.orderchamp, step))
    assert await run_lane(services, await claim(services)) == ended


# Stopping


async def test_a_run_that_is_told_to_stop_finishes_its_call_and_leaves_the_rest_to_others(stage: Stage) -> None:
    application = await installed(stage, products=3)
    for n in range(3):
        await sell(stage, application, n, left=2)
    gate, stopping = Gate(at="SetStock"), Stopping()
    services = dataclasses.replace(stage.services, marketplaces=Gated(stage.orderchamp, gate.step))
    running = asyncio.create_task(run_lane(services, await claim(services), stopping))
    await gate.reached.wait()
    stopping.told = stopping.over = True
    gate.open.set()
    await running
    assert gate.calls.count("SetStock") == 1
    assert len(stage.orderchamp.applied) == 1
    assert await stage.execute("SELECT leased_until FROM lane") is None
    assert await stage.execute("SELECT max(attempts) FROM source_product") == 0, "a stop counts as a failed attempt"
    stage.orderchamp.calls.clear()
    await stage.run_lanes()
    assert len(stage.orderchamp.applied) == 3, "what was left did not go on at once"
    assert all(isinstance(each, SetStock) for each in stage.orderchamp.applied)


# Failing


@pytest.mark.policy("lane_failed")
async def test_a_lane_that_fails_rests_ever_longer_shows_it_and_leaves_the_others_alone(stage: Stage) -> None:
    broken = await installed(stage, shop="broken")
    sound = await installed(stage, shop="sound")
    await sell(stage, broken)
    rests = []
    slow = dataclasses.replace(stage.services, pace=dataclasses.replace(stage.services.pace, retry_scale=1.0))
    for times in range(1, 4):
        await stage.execute("UPDATE lane SET rests_until = NULL")
        held = await claim(stage.services)
        assert held.claim.failures == times - 1
        await rest_lane(slow, held, ZeroDivisionError("secret"))
        rests.append(
            await stage.execute("SELECT round(extract(epoch FROM rests_until - now())) FROM lane WHERE failures > 0")
        )
        # Whatever comes meanwhile does not shorten the rest.
        await sell(stage, broken, at=times + 1)
        assert await claim_lane(stage.services) is None
    assert rests == [5, 10, 20]
    await sell(stage, sound)
    assert await stage.run_lanes() == 1
    problem = await stage.problem(broken, "lane_failed")
    assert problem.times_seen == 3
    assert "3 time(s)" in problem.sentence
    assert "ZeroDivisionError" in problem.sentence
    assert "secret" not in problem.sentence
    async with stage.store.transaction() as tx:
        await tx.lanes.wake_up(broken.id)
    await stage.run_lanes()
    assert await stage.problems(broken) == ()
    assert await stage.execute("SELECT sum(failures) FROM lane") == 0


async def test_a_failure_of_a_lane_that_was_taken_over_says_nothing_of_its_new_holder(stage: Stage) -> None:
    application = await installed(stage)
    await sell(stage, application)
    held = await claim(stage.services)
    await stage.execute("UPDATE lane SET leased_until = now() - interval '1 second'")
    await claim(stage.services)
    with pytest.raises(LeaseLost):
        await rest_lane(stage.services, held, ZeroDivisionError())
    assert await stage.problems(application) == ()


# What a run costs


async def test_a_run_that_brings_one_change_about_makes_few_round_trips_to_the_database(stage: Stage) -> None:
    application = await installed(stage)
    await sell(stage, application, left=1, at=1)
    await stage.run_lanes()
    await sell(stage, application, left=2, at=2)
    held = await claim(stage.services)
    asked: list[str] = []
    for each in stage.store.connections():
        each.add_query_logger(lambda query: asked.append(query.query))
    await run_lane(stage.services, held)
    await asyncio.sleep(0)  # What is asked is told in the next turn of the loop.
    assert stage.orderchamp.stock("shop.example-0") == 2
    # With many lanes a change waits for the runs of the others, and these are mostly round trips.
    assert len(asked) <= MOST_ROUND_TRIPS, "\n".join(asked)
    assert any("UPDATE lane SET done" in each for each in asked), "not everything was counted"
