"""What passes through the metered ports is counted, and what strangers write becomes no label."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest
from prometheus_client import CollectorRegistry

from app.domain.errors import AddressRefused, NoAnswer, NotStored
from app.domain.http import Delivery, Request, Response
from app.domain.ids import ApplicationId, EventId, Topic
from app.metrics.edges import (
    Answers,
    MeteredBudget,
    MeteredEntrance,
    MeteredMarketplaces,
    MeteredTransport,
    MeteringObserver,
    count_answers,
    count_orderchamp_calls,
    count_shop_calls,
    time_orderchamp_calls,
)
from app.metrics.meters import Meters
from app.ports import Arrival, Budget, Marketplace

SOON = timedelta(seconds=1)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def meters(registry: CollectorRegistry) -> Meters:
    return Meters(registry)


def samples(registry: CollectorRegistry, name: str) -> dict[tuple[str, ...], float]:
    """The values of a metric that are not 0, by its labels in the order of their names."""
    return {
        tuple(value for _, value in sorted(each.labels.items())): each.value
        for family in registry.collect()
        for each in family.samples
        if each.name == name and each.value
    }


async def test_deliveries_are_counted_by_platform_and_answer_and_strange_platforms_together(
    registry: CollectorRegistry, meters: Meters
) -> None:
    answered = Answers(meters, platforms=("shopify",))
    for platform, answer in [
        *[("shopify", "stored")] * 2,
        ("shopify", "invalid signature"),
        ("../etc", "unknown application"),
        ("x" * 99, "unknown application"),
    ]:
        answered(platform, answer)
    answered.count()
    answered.count()
    assert samples(registry, "oca_deliveries_total") == {
        ("stored", "shopify"): 2,
        ("invalid signature", "shopify"): 1,
        ("unknown application", "unknown"): 2,
    }


class Door:
    """An entrance that takes what it is given, or refuses it."""

    refuses: NotStored | None = None

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> dict[ApplicationId, object]:
        return {}

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        if self.refuses is not None:
            raise self.refuses
        return frozenset({(arrivals[0].application_id, 1)})


def arrival() -> Arrival:
    now = datetime.now(UTC)
    delivery = Delivery(method="POST", url="/", headers={}, body=b"", received_at=now)
    return Arrival(
        application_id=ApplicationId(uuid4()), revision=1, event_id=EventId("e"), topic=Topic("t"), delivery=delivery
    )


async def test_batches_are_measured_until_they_are_committed(registry: CollectorRegistry, meters: Meters) -> None:
    door = Door()
    metered = MeteredEntrance(door, meters)  # type: ignore[arg-type]
    arrivals = [arrival(), arrival(), arrival()]
    assert await metered.accept(arrivals) == {(arrivals[0].application_id, 1)}
    assert samples(registry, "oca_intake_batch_deliveries_sum") == {(): 3}
    assert samples(registry, "oca_intake_commit_seconds_count") == {(): 1}
    assert samples(registry, "oca_intake_commit_seconds_sum")[()] > 0
    door.refuses = NotStored("away", concerns="everybody")
    with pytest.raises(NotStored):
        await metered.accept(arrivals)
    assert samples(registry, "oca_intake_refused_batches_total") == {("everybody",): 1}
    assert samples(registry, "oca_intake_commit_seconds_count") == {(): 1}


class Shop:
    """A transport that answers, or raises."""

    def __init__(self, answer: int | Exception) -> None:
        self._answer = answer

    async def send(self, request: Request, *, within: timedelta) -> Response:
        if isinstance(self._answer, Exception):
            raise self._answer
        return Response(status=self._answer)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (200, "ok"),
        (404, "refused"),
        (429, "throttled"),
        (503, "error"),
        (NoAnswer("nothing", maybe_executed=False), "no answer"),
        (AddressRefused("private"), "not called"),
        (RuntimeError("a bug"), "error"),
    ],
)
async def test_calls_of_shops_are_counted_by_what_was_asked_and_what_came_of_it(
    registry: CollectorRegistry, meters: Meters, answer: int | Exception, result: str
) -> None:
    request = Request(method="GET", url="https://x", operation="Shopify product page")
    metered = MeteredTransport(Shop(answer), count_shop_calls(meters))
    if isinstance(answer, int):
        assert (await metered.send(request, within=SOON)).status == answer
    else:
        with pytest.raises(type(answer)):
            await metered.send(request, within=SOON)
    assert samples(registry, "oca_shop_calls_total") == {("product page", "shopify", result): 1}
    assert samples(registry, "oca_shop_call_seconds_count") == {("shopify",): 1}
    assert samples(registry, "oca_shop_call_seconds_sum")["shopify",] > 0


async def test_calls_of_orderchamp_are_timed_and_counted_with_their_cost(
    registry: CollectorRegistry, meters: Meters
) -> None:
    request = Request(method="POST", url="https://x", operation="Orderchamp find")
    await MeteredTransport(Shop(200), time_orderchamp_calls(meters)).send(request, within=SOON)
    count = count_answers(meters)
    count("find", 30, "ok")
    count("find", 30, "throttled")
    assert samples(registry, "oca_orderchamp_call_seconds_count") == {(): 1}
    assert samples(registry, "oca_orderchamp_calls_total") == {("find", "ok"): 1, ("find", "throttled"): 1}
    assert samples(registry, "oca_orderchamp_cost_points_total") == {("find", "ok"): 30, ("find", "throttled"): 30}
    token = Request(method="POST", url="https://x", operation="Orderchamp token")
    await MeteredTransport(Shop(400), count_orderchamp_calls(meters)).send(token, within=SOON)
    assert samples(registry, "oca_orderchamp_calls_total")["token", "refused"] == 1
    assert samples(registry, "oca_orderchamp_call_seconds_count") == {(): 2}


class Purse:
    """A budget that is empty once."""

    def __init__(self) -> None:
        self.told: list[timedelta] = []
        self._waits = [timedelta(seconds=2), timedelta(0)]

    async def draw(self, cost: int) -> timedelta:
        return self._waits.pop(0)

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        self.told.append(timedelta(seconds=limit))

    async def block(self, wait: timedelta) -> None:
        self.told.append(wait)


class Bank:
    """Marketplaces of which only the budget is seen with which they are opened."""

    def open(self, token: str, budget: Budget) -> Marketplace:
        return cast(Marketplace, budget)


async def test_waits_for_a_budget_are_counted(registry: CollectorRegistry, meters: Meters) -> None:
    purse = Purse()
    budget = MeteredMarketplaces(Bank(), meters).open("token", purse)
    assert isinstance(budget, MeteredBudget)
    assert [await budget.draw(5), await budget.draw(5)] == [timedelta(seconds=2), timedelta(0)]
    await budget.block(SOON)
    await budget.report(limit=7, remaining=1, restore_rate=1, unused=0)
    assert purse.told == [SOON, timedelta(seconds=7)]
    assert samples(registry, "oca_budget_waits_total") == {(): 1}
    assert samples(registry, "oca_budget_wait_seconds_total") == {(): 2}
    assert samples(registry, "oca_account_blocks_total") == {(): 1}


def test_what_flows_tell_is_counted(registry: CollectorRegistry, meters: Meters) -> None:
    observer = MeteringObserver(meters)
    observer.settled("shopify", ["applied", "ignored", "applied"])
    observer.replayed("shopify", ["ignored"])
    observer.reconciled("shopify", ["published"])
    observer.alarmed(ApplicationId(uuid4()), 70)
    observer.taken_over()
    observer.ran("done", 0.3)
    assert samples(registry, "oca_delivery_outcomes_total") == {("applied", "shopify"): 2, ("ignored", "shopify"): 1}
    assert samples(registry, "oca_replayed_deliveries_total") == {("ignored", "shopify"): 1}
    assert samples(registry, "oca_product_outcomes_total") == {("shopify", "published"): 1}
    assert samples(registry, "oca_failure_alarms_total") == {("70",): 1}
    assert samples(registry, "oca_lane_takeovers_total") == {(): 1}
    assert samples(registry, "oca_lane_runs_total") == {("done",): 1}
    assert samples(registry, "oca_lane_run_seconds_sum") == {(): 0.3}
