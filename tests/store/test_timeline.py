"""The timeline keeps the order in which things were told, page by page."""

from app.domain.ids import SourceId
from app.ports import Told
from tests.fakes.shop import product
from tests.fakes.stage import Stage

ONE, OTHER = SourceId("1"), SourceId("2")


def told(sentence: str, source_id: SourceId = ONE) -> Told:
    return Told(source_id=source_id, kind="test", sentence=sentence)


async def test_sentences_come_back_in_the_order_they_were_told_with_their_time(stage: Stage) -> None:
    application = await stage.install()
    async with stage.store.transaction() as tx:
        await tx.timeline.add(application.id, [told(f"{n:02}") for n in range(20)])
        await tx.timeline.add(application.id, [])
        await tx.timeline.add(application.id, [told("elsewhere", OTHER), told("20")])
    found: list[Told] = []
    after: int | None = None
    async with stage.store.transaction() as tx:
        while page := await tx.timeline.of(application.id, ONE, after=after, limit=6):
            assert len(page) <= 6
            after = page[-1][0]
            found += [each for _, each in page]
    assert [each.sentence for each in found] == [f"{n:02}" for n in range(21)]
    assert all(each.at is not None and each.at.tzinfo is not None for each in found)


async def test_a_story_is_its_applications_own(stage: Stage) -> None:
    application = await stage.install()
    other = await stage.install(shop="other.example")
    async with stage.store.transaction() as tx:
        await tx.timeline.add(application.id, [told("mine")])
    assert await stage.story(other, "1") == []
    assert await stage.story(application, "1") == ["mine"]


async def test_text_that_postgresql_cannot_hold_is_cleaned_wherever_it_comes_from(stage: Stage) -> None:
    application = await stage.install()
    async with stage.store.transaction() as tx:
        await tx.timeline.add(application.id, [told("a\x00b\ud800", SourceId("1\x00"))])
    assert await stage.story(application, "1") == ["ab?"]


async def test_a_product_is_told_of_with_the_delivery_that_caused_it(stage: Stage) -> None:
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1"))
    await stage.settle()
    async with stage.store.transaction() as tx:
        (entry,) = await tx.inbox.of(application.id, before=None, limit=10, topic=None, outcome=None)
        causes = {each.delivery_id for _, each in await tx.timeline.of(application.id, ONE, after=None, limit=100)}
    assert causes == {entry.id}
