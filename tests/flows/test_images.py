"""Images are sent only when they changed and looked for later; where they did not arrive, earlier ones or another try follow."""

from copy import deepcopy

import pytest

from app.domain.application import Application
from app.domain.changes import CreateProduct, UpdateProduct
from app.domain.errors import OrderchampUnavailable
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from app.domain.images import TRIES
from app.domain.product import Snapshot
from app.domain.resolution import Plain
from app.domain.settings import FieldSwitches
from app.flows.operate import Revision, change, look_again, start_import
from app.flows.resolve import resolve
from tests.fakes.killing import Killer, live_through
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

ONE, TWO, THREE, FOUR = (f"https://cdn.example/{n}.jpg?v=1" for n in (1, 2, 3, 4))

EARLIER = "“Product 1” keeps its earlier images on Orderchamp: none of those that the shop has now arrived there."


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
    assert "Orderchamp shows none of the images that it was sent; those of the shop are sent again." in story


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


async def switch_images(stage: Stage, application: Application, *, on: bool) -> None:
    fields = FieldSwitches(images=on)
    await change(
        stage.services, application.id, Revision(settings=application.settings.model_copy(update={"fields": fields}))
    )
    await stage.settle()


async def failed(stage: Stage) -> Application:
    """The first set arrived; of the second, nothing did, and the first stands in for it."""
    application = await installed(stage, ONE)
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    await stage.hear(application, pictured(TWO, at=1))
    await stage.settle()
    assert sent(stage) == [(ONE,), (TWO,)]
    await look(stage)
    return application


@pytest.mark.policy("images_missing")
async def test_in_place_of_a_set_of_which_nothing_arrived_the_last_one_that_did_is_sent_and_there_is_no_write_war(
    stage: Stage,
) -> None:
    application = await failed(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)]
    assert (await stage.problem(application, "images_missing")).sentence == EARLIER
    said = "Orderchamp shows none of the images that it was sent; the last ones that arrived are sent in their place."
    assert said in await stage.story(application, "1")
    await look(stage)
    await start_import(stage.services, application.id)
    await stage.settle()
    await stage.hear(application, product("1", variant("1-A", stock=1), at=2, title="New", images=(TWO,)))
    await stage.settle()
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)]
    assert stage.orderchamp.by_sku("1-A").images == (ONE,)
    assert (await stage.problem(application, "images_missing")).source_ids == ("1",)


@pytest.mark.policy("images_missing")
@pytest.mark.parametrize("asked", ["the problem", "the product"])
async def test_a_person_has_the_set_that_failed_tried_again(stage: Stage, asked: str) -> None:
    application = await failed(stage)
    await look(stage)
    stage.orderchamp.lost_images.clear()
    stage.shop.put(pictured(TWO, at=1))
    if asked == "the problem":
        problem = await stage.problem(application, "images_missing")
        await resolve(stage.services, problem.id, Plain("try_again"))
    else:
        assert await look_again(stage.services, application.id, SourceId("1"))
    await stage.settle()
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,), (TWO,)]
    assert await stage.problems(application) == ()


@pytest.mark.policy("images_missing")
async def test_another_set_is_tried_at_once_even_while_the_earlier_one_is_on_its_way(stage: Stage) -> None:
    application = await failed(stage)
    stage.orderchamp.lost_images.add(THREE)

    async def shop_says(*images: str, at: int) -> None:
        await stage.hear(application, pictured(*images, at=at))
        await stage.settle()

    await shop_says(THREE, at=2)
    await look(stage)
    assert sent(stage)[3:] == [(THREE,), (ONE,)], "it failed, too, so the one that arrived stands in for it"
    await shop_says(FOUR, at=3)
    await look(stage)
    assert sent(stage)[5:] == [(FOUR,)]
    assert await stage.problems(application) == ()
    await shop_says(THREE, at=4)
    await look(stage)
    assert sent(stage)[6:] == [(THREE,), (FOUR,)], "it is tried again, and another one stands in for it now"
    await shop_says(FOUR, at=5)
    assert await stage.problems(application) == (), "the shop has those itself again"
    assert len(sent(stage)) == 8


@pytest.mark.policy("images_missing")
async def test_a_set_that_failed_is_tried_again_when_the_shop_has_it_again_after_the_earlier_one(stage: Stage) -> None:
    application = await failed(stage)
    await look(stage)
    await stage.hear(application, pictured(ONE, at=2))
    await stage.settle()
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)], "it is there already"
    assert await stage.problems(application) == ()
    stage.orderchamp.lost_images.clear()
    await stage.hear(application, pictured(TWO, at=3))
    await stage.settle()
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,), (TWO,)]
    assert await stage.problems(application) == ()


@pytest.mark.policy("images_missing")
async def test_where_the_earlier_set_fails_too_the_shops_is_tried_as_often_as_a_first_one(stage: Stage) -> None:
    application = await failed(stage)
    stage.orderchamp.lost_images.add(ONE)
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,), (TWO,)]
    assert await stage.problems(application) == ()
    for _ in range(TRIES):
        await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,), (TWO,), (TWO,)]
    problem = await stage.problem(application, "images_missing")
    assert problem.sentence == "“Product 1” does not show all of its images on Orderchamp."


@pytest.mark.policy("images_missing")
async def test_a_changed_set_that_arrived_in_part_is_not_replaced_by_the_earlier_one(stage: Stage) -> None:
    application = await installed(stage, ONE, FOUR)
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    await stage.hear(application, pictured(TWO, THREE, at=1))
    await stage.settle()
    await look(stage)
    await look(stage)
    assert sent(stage) == [(ONE, FOUR), (TWO, THREE)]
    assert (await stage.problem(application, "images_missing")).source_ids == ("1",)
    stage.orderchamp.lost_images.add(THREE)
    await stage.hear(application, pictured(THREE, at=2))
    await stage.settle()
    await look(stage)
    assert sent(stage)[2:] == [(THREE,), (ONE, FOUR)], "the last set that arrived whole"


@pytest.mark.policy("images_missing")
async def test_the_shop_that_removes_all_images_meanwhile_has_the_earlier_ones_back(stage: Stage) -> None:
    application = await installed(stage, ONE)
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    for images, at in (((TWO,), 1), ((), 2)):
        await stage.hear(application, pictured(*images, at=at))
        await stage.settle()
    await look(stage)
    assert stage.orderchamp.by_sku("1-A").images == (ONE,)
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)]
    assert await stage.problems(application) == ()


@pytest.mark.policy("images_missing")
async def test_nothing_is_sent_while_images_are_switched_off_and_the_earlier_ones_when_they_are_on_again(
    stage: Stage,
) -> None:
    application = await installed(stage, ONE)
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    await stage.hear(application, pictured(TWO, at=1))
    await stage.settle()
    await switch_images(stage, application, on=False)
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,)]
    assert await stage.problems(application) == ()
    story = await stage.story(application, "1")
    assert any(each.endswith("images are not kept up to date any more, so nothing is sent.") for each in story)
    await switch_images(stage, application, on=True)
    assert sent(stage)[2:] == [(ONE,)]
    assert (await stage.problem(application, "images_missing")).sentence == EARLIER


@pytest.mark.policy("images_missing")
async def test_of_two_products_on_one_target_the_owner_has_the_say_on_its_images(stage: Stage) -> None:
    stage.orderchamp.add("Both", {"A": 5, "B": 5}, published_on="front-1")
    stage.shop.put(product("1", variant("A"), images=(ONE,)), product("2", variant("B"), images=(TWO,)))
    application = await stage.install()
    await stage.settle()
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    await stage.hear(application, product("1", variant("A"), at=1, images=(TWO,)))
    await stage.settle()
    await look(stage)
    await look(stage)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)]
    assert (await stage.problem(application, "images_missing")).source_ids == ("1",)
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    del stage.shop.products[SourceId("1")]
    await stage.settle()
    assert len(sent(stage)) == 3, "the one that is left has those that failed, too"
    assert (await stage.problem(application, "images_missing")).source_ids == ("2",)
    await stage.hear(application, product("2", variant("B"), at=1, images=(FOUR,)))
    await stage.settle()
    assert sent(stage)[3:] == [(FOUR,)]
    assert await stage.problems(application) == ()


async def test_images_that_another_application_sent_meanwhile_are_not_judged_by_what_was_seen_before(
    stage: Stage,
) -> None:
    application = await installed(stage, ONE)
    target_id = await stage.execute("SELECT target_id FROM target")
    async with stage.store.transaction() as tx:
        assert await tx.images.settle(application.account_id, {target_id: "again"}) == frozenset()
    await stage.settle()
    await look(stage)
    assert sent(stage) == [(ONE,)]


@pytest.mark.policy("images_missing")
async def test_a_worker_killed_between_any_two_steps_sends_the_earlier_images_all_the_same(stage: Stage) -> None:
    application = await installed(stage, ONE)
    await look(stage)
    stage.orderchamp.lost_images = {TWO}
    await stage.hear(application, pictured(TWO, at=1))
    await stage.settle()
    await stage.execute("UPDATE target SET images_check_at = now()")
    await stage.execute("UPDATE appointment SET due_at = now() WHERE duty = 'images'")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.remember()
    there = deepcopy(stage.orderchamp.__dict__)
    steps = Killer(inside=False)
    await live_through(stage, steps)
    assert sent(stage) == [(ONE,), (TWO,), (ONE,)]
    assert steps.awaits > 10
    for at in range(1, steps.awaits + 1):
        await stage.go_back()
        stage.orderchamp.__dict__.update(deepcopy(there))
        await live_through(stage, Killer(at=at, inside=False))
        assert set(sent(stage)[2:]) == {(ONE,)}, f"killed at step {at}"
        assert (await stage.problem(application, "images_missing")).sentence == EARLIER


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
