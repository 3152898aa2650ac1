"""Looking Applications up: many at once, and strangers leave nothing behind."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

import pytest

from app.domain.errors import NotStored
from app.domain.ids import ApplicationId
from app.flows.directory import ASKED, Directory
from app.ports import Addressee, Arrival

SECONDS = 60.0


@dataclass
class FakeEntrance:
    """Knows some Applications, and answers when it is ``open``; ``away`` is raised instead."""

    known: dict[ApplicationId, Addressee] = field(default_factory=dict)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[list[ApplicationId]] = field(default_factory=list)
    away: Exception | None = None

    def add(self, revision: int = 1) -> ApplicationId:
        identity = ApplicationId(uuid4())
        self.known[identity] = Addressee(id=identity, platform="fake", revision=revision, secrets={})
        return identity

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        self.asked.append(list(application_ids))
        await self.open.wait()
        if self.away is not None:
            raise self.away
        return {each: self.known[each] for each in application_ids if each in self.known}

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        raise AssertionError("looking up keeps nothing")


@pytest.fixture
def store() -> FakeEntrance:
    return FakeEntrance()


async def look_up(directory: Directory, *names: object) -> list[asyncio.Task[object]]:
    """Ask for these and return once all wait."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    tasks = [asyncio.create_task(_look_up(directory, str(name), deadline)) for name in names]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def _look_up(directory: Directory, name: str, deadline: float) -> object:
    return await directory.look_up(name, deadline=deadline)


async def test_whoever_is_asked_for_meanwhile_is_asked_for_together(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    ids = [store.add() for _ in range(20)]
    tasks = await look_up(directory, ids[0])
    tasks += await look_up(directory, *ids[1:], *ids[1:])
    store.open.set()
    assert all(await asyncio.gather(*tasks))
    assert [len(each) for each in store.asked] == [1, 19]


async def test_a_question_on_its_way_does_not_answer_who_asks_later(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    identity = store.add()
    tasks = await look_up(directory, identity) + await look_up(directory, identity)
    store.open.set()
    await asyncio.gather(*tasks)
    assert store.asked == [[identity], [identity]]


async def test_strangers_are_not_remembered(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    store.open.set()
    strangers = [str(uuid4()) for _ in range(10)] + ["nonsense", "1"]
    assert await asyncio.gather(*await look_up(directory, *strangers)) == [None] * 12
    assert [each for each in strangers if directory.remembered(each) is not None] == []


async def test_one_application_is_remembered_under_one_spelling(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    identity = store.add()
    store.open.set()
    (found,) = await asyncio.gather(*await look_up(directory, str(identity).upper()))
    assert found is not None
    assert directory.remembered(str(identity).upper()) is None


async def test_the_first_to_be_remembered_is_the_first_to_be_forgotten(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: (), most=2)
    store.open.set()
    ids = [store.add() for _ in range(3)]
    for each in ids:
        await asyncio.gather(*await look_up(directory, each))
    assert [directory.remembered(str(each)) is not None for each in ids] == [False, True, True]


async def test_one_that_has_left_is_forgotten(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    store.open.set()
    identity = store.add()
    await asyncio.gather(*await look_up(directory, identity))
    del store.known[identity]
    await asyncio.gather(*await look_up(directory, identity))
    assert directory.remembered(str(identity)) is None


async def test_while_the_database_is_away_everybody_is_told_so(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    store.away = NotStored("away")
    tasks = await look_up(directory, uuid4()) + await look_up(directory, *(uuid4() for _ in range(500)))
    store.open.set()
    assert {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)} == {NotStored}
    assert len(store.asked) == 1


async def test_a_bug_in_the_store_leaves_nobody_without_an_answer(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    store.away = RuntimeError("bug")
    store.open.set()
    tasks = await look_up(directory, uuid4(), uuid4())
    async with asyncio.timeout(5):
        assert {type(each) for each in await asyncio.gather(*tasks, return_exceptions=True)} == {NotStored}


async def test_a_flood_of_strangers_is_bounded(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    tasks = await look_up(directory, uuid4()) + await look_up(directory, *(uuid4() for _ in range(ASKED + 10)))
    refused = [each for each in tasks if each.done()]
    store.open.set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(refused) == 10


async def test_who_goes_away_takes_the_answer_from_nobody(store: FakeEntrance) -> None:
    directory = Directory(store, lambda _: ())
    identity = store.add()
    blocked, gone, stays = await look_up(directory, uuid4(), identity, identity)
    gone.cancel()
    store.open.set()
    await blocked
    assert await stays is not None
