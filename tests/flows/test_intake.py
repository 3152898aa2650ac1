"""The intake: who is kept together, who waits for whom, and what happens when the store is slow, away or refuses."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from app.domain.errors import NotStored
from app.domain.http import Delivery
from app.domain.ids import ApplicationId, EventId, Topic
from app.flows.intake import BATCH, OVERHEAD, ROOM, SMALL_BATCH, STATEMENT_SECONDS, Intake
from app.ports import Addressee, Arrival
from tests.fakes.shop import EPOCH

LATER = STATEMENT_SECONDS + 60
FLOODER, QUIET = ApplicationId(UUID(int=1)), ApplicationId(UUID(int=2))


@dataclass
class FakeEntrance:
    """A store that keeps nothing until it is ``open``, and then what ``refuse`` does not refuse."""

    refuse: Callable[[Sequence[Arrival]], NotStored | None] = lambda _: None
    changed: frozenset[tuple[ApplicationId, int | None]] = frozenset()
    open: asyncio.Event = field(default_factory=asyncio.Event)
    batches: list[list[Arrival]] = field(default_factory=list)

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        raise AssertionError("the intake knows already who a delivery is for")

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        self.batches.append(list(arrivals))
        await self.open.wait()
        refused = self.refuse(arrivals)
        if refused is not None:
            raise refused
        return self.changed


def arrival(application_id: ApplicationId, event: object = "e", *, body: bytes = b"") -> Arrival:
    delivery = Delivery(method="POST", url="", headers={}, body=body, received_at=EPOCH)
    return Arrival(
        application_id=application_id, revision=1, event_id=EventId(str(event)), topic=Topic("t"), delivery=delivery
    )


class Counter:
    """The intake behind a fake store, and what becomes of what is handed in."""

    def __init__(self, store: FakeEntrance) -> None:
        self.store = store
        self.intake = Intake(store)

    async def hand_in(self, *arrivals: Arrival, seconds: float = LATER) -> list[asyncio.Task[bool]]:
        """Hand these in, one after the other, and return once each waits or is answered."""
        deadline = asyncio.get_running_loop().time() + seconds
        tasks = [asyncio.create_task(self._keep(each, deadline)) for each in arrivals]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return tasks

    async def _keep(self, arrival: Arrival, deadline: float) -> bool:
        return await self.intake.keep(arrival, deadline=deadline)


@pytest.fixture
def counter() -> Counter:
    return Counter(FakeEntrance())


async def results(tasks: Sequence[asyncio.Task[bool]]) -> list[bool | str]:
    found = await asyncio.gather(*tasks, return_exceptions=True)
    return [each if isinstance(each, bool) else str(each) for each in found]


@pytest.mark.parametrize(
    ("others", "batches"),
    [
        pytest.param(SMALL_BATCH, [1, SMALL_BATCH], id="few are kept by the next"),
        pytest.param(49, [1, 25, 24], id="of many, half are answered while the other half are kept"),
        pytest.param(2 * BATCH + 100, [1, BATCH, BATCH, 100], id="the largest batch is the limit"),
    ],
)
async def test_what_arrives_while_a_batch_is_kept_is_kept_together(
    counter: Counter, others: int, batches: list[int]
) -> None:
    first = await counter.hand_in(arrival(QUIET, "first"))
    more = await counter.hand_in(*(arrival(QUIET, n) for n in range(others)))
    assert [len(each) for each in counter.store.batches] == [1]
    counter.store.open.set()
    assert await results(first + more) == [True] * (1 + others)
    assert [len(each) for each in counter.store.batches] == batches


async def test_the_first_is_kept_at_once_and_the_few_that_follow_on_it_are_kept_together(counter: Counter) -> None:
    counter.store.open.set()
    (first,) = await counter.hand_in(arrival(QUIET, "first"))
    assert await first
    tasks = []
    for n in range(3):
        # Each would have been a batch of its own, since nobody is being kept when it comes.
        tasks += await counter.hand_in(arrival(QUIET, n))
    assert await results(tasks) == [True] * 3
    assert [len(each) for each in counter.store.batches] == [1, 3]


async def test_nobody_is_answered_before_the_commit(counter: Counter) -> None:
    (waiting,) = await counter.hand_in(arrival(QUIET))
    assert counter.store.batches
    assert not waiting.done()
    counter.store.open.set()
    assert await waiting


async def test_in_a_flood_of_5000_one_of_another_shop_is_in_the_very_next_batch(counter: Counter) -> None:
    flood = await counter.hand_in(*(arrival(FLOODER, n, body=bytes(1024)) for n in range(5000)))
    single = await counter.hand_in(arrival(QUIET))
    counter.store.open.set()
    assert await results(single) == [True]
    in_flight, following = counter.store.batches[:2]
    assert {each.application_id for each in in_flight} == {FLOODER}
    assert QUIET in {each.application_id for each in following}
    assert await results(flood) == [True] * 5000
    assert max(len(each) for each in counter.store.batches) == BATCH


async def test_many_shops_take_turns_when_a_batch_cannot_hold_them_all(counter: Counter) -> None:
    await counter.hand_in(arrival(FLOODER))
    shops = [ApplicationId(UUID(int=n + 10)) for n in range(BATCH + 50)]
    tasks = await counter.hand_in(*(arrival(shop, n) for n in range(2) for shop in shops))
    counter.store.open.set()
    assert await results(tasks) == [True] * len(tasks)
    served = [each.application_id for batch in counter.store.batches[1:] for each in batch]
    assert len(set(served[: len(shops)])) == len(shops), "somebody had a second turn before others had their first"


async def test_one_flood_takes_half_of_the_room_and_is_told_at_once_that_it_is_full(counter: Counter) -> None:
    size = 1024 * 1024
    await counter.hand_in(arrival(FLOODER))
    flood = await counter.hand_in(*(arrival(FLOODER, n, body=bytes(size)) for n in range(ROOM // size)))
    refused = [each for each in flood if each.done()]
    kept = (len(flood) - len(refused)) * (size + OVERHEAD)
    assert ROOM / 2 <= kept < ROOM / 2 + 2 * size
    (single,) = await counter.hand_in(arrival(QUIET, body=bytes(size)))
    assert not single.done()
    counter.store.open.set()
    assert await single
    assert await results(refused) == ["Too many deliveries are waiting to be stored."] * len(refused)


async def test_whoever_is_kept_gives_the_room_back(counter: Counter) -> None:
    counter.store.open.set()
    large = bytes(ROOM // 4)
    for n in range(9):
        (kept,) = await counter.hand_in(arrival(FLOODER, n, body=large))
        assert await kept


async def test_while_the_database_is_away_nobody_waits_for_a_try_of_their_own(counter: Counter) -> None:
    counter.store.refuse = lambda _: NotStored("away")
    tasks = await counter.hand_in(*(arrival(FLOODER, n) for n in range(1000)))
    counter.store.open.set()
    assert await results(tasks) == ["away"] * 1000
    assert len(counter.store.batches) == 1
    counter.store.refuse = lambda _: None
    assert await results(await counter.hand_in(arrival(QUIET))) == [True], "it does not recover"


async def test_a_poisonous_delivery_costs_none_of_its_neighbours(counter: Counter) -> None:
    def refuse(batch: Sequence[Arrival]) -> NotStored | None:
        poisoned = any(each.event_id == "poison" for each in batch)
        return NotStored("poisonous", concerns="delivery") if poisoned else None

    counter.store.refuse = refuse
    counter.store.open.set()
    first = await counter.hand_in(arrival(FLOODER, "first"))
    events = [(FLOODER, 1), (FLOODER, "poison"), (QUIET, 1), (FLOODER, 2), (QUIET, 2)]
    tasks = await counter.hand_in(*(arrival(shop, event) for shop, event in events))
    assert await results(first + tasks) == [True, True, "poisonous", True, True, True]


async def test_a_lane_that_somebody_holds_on_to_costs_its_own_deliveries_alone(counter: Counter) -> None:
    def refuse(batch: Sequence[Arrival]) -> NotStored | None:
        held = any(each.application_id == FLOODER for each in batch)
        return NotStored("held", concerns="application") if held else None

    counter.store.refuse = refuse
    first = await counter.hand_in(arrival(QUIET))
    tasks = await counter.hand_in(*(arrival(FLOODER, n) for n in range(SMALL_BATCH - 1)), arrival(QUIET))
    counter.store.open.set()
    assert await results(first + tasks) == [True, *["held"] * (SMALL_BATCH - 1), True]
    assert len(counter.store.batches) == 4, "the deliveries of a held lane were tried one by one"


async def test_what_cannot_be_kept_in_time_is_told_so_and_not_kept(counter: Counter) -> None:
    counter.store.open.set()
    late = await counter.hand_in(arrival(QUIET), seconds=STATEMENT_SECONDS / 2)
    assert await results(late) == ["The delivery could not be stored in time."]
    assert counter.store.batches == []


async def test_a_delivery_whose_application_has_changed_is_given_back(counter: Counter) -> None:
    counter.store.changed = frozenset({(QUIET, 1)})
    counter.store.open.set()
    assert await results(await counter.hand_in(arrival(QUIET), arrival(FLOODER))) == [False, True]


async def test_what_a_caller_brought_who_went_away_is_kept_and_the_others_are_answered(counter: Counter) -> None:
    gone, stays = await counter.hand_in(arrival(QUIET, 1), arrival(QUIET, 2))
    gone.cancel()
    counter.store.open.set()
    assert await stays
    assert {each.event_id for batch in counter.store.batches for each in batch} == {"1", "2"}


async def test_a_bug_in_the_store_leaves_nobody_without_an_answer(counter: Counter) -> None:
    def broken(_: Sequence[Arrival]) -> NotStored | None:
        raise ZeroDivisionError

    counter.store.refuse = broken
    counter.store.open.set()
    assert await results(await counter.hand_in(arrival(QUIET))) == ["The delivery could not be stored."]
    counter.store.refuse = lambda _: None
    assert await results(await counter.hand_in(arrival(QUIET))) == [True]
