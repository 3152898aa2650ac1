"""Images are sent only when they changed, looked for later, and sent again or told of when they did not arrive."""

import pytest

from app.domain.application import Application
from app.domain.changes import CreateProduct, UpdateProduct
from app.domain.errors import OrderchampUnavailable
from app.domain.ids import SourceId, TargetId
from app.domain.images import TRIES, Sent, Verdict, judge
from app.domain.product import Snapshot
from app.domain.resolution import Plain
from app.flows.resolve import resolve
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

ONE, TWO, THREE = (f"https://cdn.example/{n}.jpg?v=1" for n in (1, 2, 3))


def pictured(*images: str, at: int = 0) -> Snapshot:
    return product("1", at=at, images=images)


def sent(stage: Stage) -> list[tuple[str, ...]]:
    """The sets of images that were sent, one after the other."""
    made = [each for each in stage.orderchamp.applied if isinstance(each, CreateProduct | UpdateProduct)]
    return [each.images for each in made if each.images]


async def installed(stage: Stage, *images: str) -> Application:
    stage.shop.put(pictured(*images))
    application = await stage.install()
    await stage.settle()
    return application


async def look(stage: Stage) -> None:
    """The time comes at which images should have arrived."""
    await stage.execute("UPDATE target SET images_check_at = now() WHERE images_check_at IS NOT NULL")
    await stage.keep_appointment("images")


async def test_images_are_sent_again_only_when_an_address_or_the_version_in_it_changed(stage: Stage) -> None:
    application = await installed(stage, ONE, TWO)
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1, title="New", images=(ONE, TWO)))
    await stage.settle()
    assert sent(stage) == [(ONE, TWO)]
    newer = ONE.replace("v=1", "v=2")
    await stage.hear(application, pictured(newer, TWO, at=2))
    await stage.settle()
    assert sent(stage) == [(ONE, TWO), (newer, TWO)]
    await stage.hear(application, pictured(at=3))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").images == (newer, TWO), "a product is never left without images"


@pytest.mark.policy("images_missing")
async def test_images_that_have_arrived_are_looked_at_once(stage: Stage) -> None:
    application = await installed(stage, ONE, TWO)
    await look(stage)
    await look(stage)
    assert stage.orderchamp.calls.count("count_images") == 1
    async with stage.store.reading() as tx:
        assert await tx.appointments.of(application.id, "images") is None
    assert sent(stage) == [(ONE, TWO)]


@pytest.mark.policy("images_missing")
async def test_a_set_of_which_nothing_arrived_is_sent_again_and_then_a_problem(stage: Stage) -> None:
    stage.orderchamp.lost_images = {ONE, TWO}
    application = await installed(stage, ONE, TWO)
    for n in range(1, TRIES):
        await look(stage)
        assert len(sent(stage)) == n + 1
        assert await stage.problems(application) == ()
    await look(stage)
    assert len(sent(stage)) == TRIES
    problem = await stage.problem(application, "images_missing")
    assert problem.sentence == "“Product 1” does not show all of its images on Orderchamp."
    assert (await stage.product(application, "1")).state == "published"
    stage.orderchamp.lost_images.clear()
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert len(sent(stage)) == TRIES + 1
    await look(stage)
    assert await stage.problems(application) == ()
    story = await stage.story(application, "1")
    assert "Orderchamp shows none of the images that it was sent; they are sent again." in story


@pytest.mark.policy("images_missing")
async def test_a_set_that_arrived_in_part_is_a_problem_until_a_whole_one_arrives(stage: Stage) -> None:
    stage.orderchamp.lost_images = {TWO}
    application = await installed(stage, ONE, TWO)
    await look(stage)
    assert sent(stage) == [(ONE, TWO)], "what is there is not taken away"
    assert (await stage.problem(application, "images_missing")).source_ids == ("1",)
    await stage.hear(application, pictured(ONE, THREE, at=1))
    await stage.settle()
    await look(stage)
    assert await stage.problems(application) == ()


@pytest.mark.policy("images_missing")
async def test_a_product_that_was_deleted_on_orderchamp_needs_no_images(stage: Stage) -> None:
    application = await installed(stage, ONE)
    stage.orderchamp.products.clear()
    await look(stage)
    assert await stage.problems(application) == ()


@pytest.mark.parametrize(
    ("count", "shown", "tries", "verdict"),
    [
        (2, 2, 0, "arrived"),
        (2, 3, 0, "arrived"),
        (60, 50, 0, "arrived"),
        (0, 0, 0, "arrived"),
        (2, 0, 0, "again"),
        (2, 0, TRIES - 1, "missing"),
        (2, 1, 0, "missing"),
    ],
)
def test_what_follows_when_so_many_are_shown(count: int, shown: int, tries: int, verdict: Verdict) -> None:
    sent = Sent(target_id=TargetId("t"), count=count, tries=tries, missing=False, source_ids=(SourceId("1"),))
    assert judge(sent, shown) == verdict


async def test_orderchamp_that_does_not_tell_of_images_is_asked_later_and_keeps_nothing_waiting(stage: Stage) -> None:
    application = await installed(stage, ONE)
    stage.orderchamp.refuses["count_images"] = OrderchampUnavailable("It does not tell.")
    await look(stage)
    async with stage.store.reading() as tx:
        again = await tx.appointments.of(application.id, "images")
    assert again is not None
    assert again.due_at > stage.services.clock()
    await stage.hear(application, pictured(ONE, TWO, at=1))
    await stage.settle()
    assert sent(stage) == [(ONE,), (ONE, TWO)]
