"""Unusually many products to unpublish wait for a person; everything else goes on."""

import pytest

from app.domain.application import Application
from app.domain.event import Tombstone
from app.domain.ids import SourceId
from app.domain.resolution import Approve
from app.domain.settings import ApplicationSettings, GuardSettings
from app.flows.operate import uninstall
from app.flows.resolve import resolve
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

CAREFUL = ApplicationSettings(price_kind="wholesale", guard=GuardSettings(number=2, share=0.4))
ALL = ("1", "2", "3", "4", "5", "6")


async def installed(stage: Stage) -> Application:
    stage.shop.put(*(product(each) for each in ALL))
    application = await stage.install(settings=CAREFUL)
    await stage.settle()
    assert published(stage) == set(ALL)
    return application


def published(stage: Stage) -> set[str]:
    return {each for each in ALL if stage.orderchamp.by_sku(f"{each}-A").published}


async def hide(stage: Stage, application: Application, *names: str, at: int = 1) -> None:
    for each in names:
        await stage.hear(application, product(each, at=at, published=False, status="draft"))
    await stage.settle()


@pytest.mark.policy("guard")
async def test_few_products_are_unpublished_at_once(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2")
    assert published(stage) == {"3", "4", "5", "6"}
    assert await stage.problems(application) == ()


@pytest.mark.policy("guard")
async def test_many_wait_for_a_person_who_approves_some_or_all(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2", "3", "4")
    assert published(stage) == set(ALL)
    problem = await stage.problem(application, "guard")
    assert problem.source_ids == ("1", "2", "3", "4")
    assert (await stage.product(application, "1")).state == "held"
    await resolve(stage.services, problem.id, Approve(source_ids=(SourceId("1"),)))
    await stage.settle()
    assert published(stage) == set(ALL) - {"1"}
    assert (await stage.problem(application, "guard")).source_ids == ("2", "3", "4")
    stories = [await stage.story(application, each) for each in ("1", "2")]
    assert [any("A person answered" in told for told in story) for story in stories] == [True, False]
    await resolve(stage.services, problem.id, Approve())
    await stage.settle()
    assert published(stage) == {"5", "6"}
    assert await stage.problems(application) == ()
    await hide(stage, application, "5")
    assert published(stage) == {"6"}, "what a person approved is not counted against the next"


@pytest.mark.policy("guard")
async def test_a_trickle_within_the_window_counts_together(stage: Stage) -> None:
    application = await installed(stage)
    for each in ("1", "2", "3"):
        await hide(stage, application, each)
    assert published(stage) == {"3", "4", "5", "6"}
    assert (await stage.problem(application, "guard")).source_ids == ("3",)


@pytest.mark.policy("guard")
async def test_the_stock_of_what_is_held_goes_on_and_is_zero_for_what_was_deleted(stage: Stage) -> None:
    application = await installed(stage)
    stage.shop.products.clear()
    for each in ("1", "2", "3"):
        await stage.hear(application, Tombstone(source_id=SourceId(each)))
    await stage.settle()
    await stage.hear(application, product("4", variant("4-A", stock=1), at=1, published=False, status="draft"))
    await stage.settle()
    assert published(stage) == set(ALL)
    assert [stage.orderchamp.stock(f"{each}-A") for each in ("1", "2", "3", "4")] == [0, 0, 0, 1]


@pytest.mark.policy("guard")
async def test_what_the_shop_publishes_again_is_let_go_by_itself(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2", "3")
    for each in ("1", "2", "3"):
        await stage.hear(application, product(each, at=2))
    await stage.settle()
    assert published(stage) == set(ALL)
    assert await stage.problems(application) == ()
    await hide(stage, application, "1", at=3)
    assert published(stage) == set(ALL) - {"1"}


@pytest.mark.policy("uninstall_approves")
async def test_an_uninstall_that_asks_to_unpublish_is_its_own_approval(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2", "3")
    await uninstall(stage.services, application.id, unpublish=True)
    await stage.settle()
    assert published(stage) == set()
    assert (await stage.application(application.id)).state == "uninstalled"


@pytest.mark.policy("guard")
async def test_what_is_held_stays_held_though_few_others_are_left(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2", "3", "4")
    problem = await stage.problem(application, "guard")
    approved = tuple(SourceId(each) for each in ("1", "2", "3"))
    await resolve(stage.services, problem.id, Approve(source_ids=approved))
    await stage.settle()
    await stage.execute("UPDATE target SET hidden_at = NULL")
    await stage.hear(application, product("4", variant("4-A", stock=1), at=2, published=False, status="draft"))
    await stage.settle()
    assert published(stage) == {"4", "5", "6"}
    assert stage.orderchamp.stock("4-A") == 1


@pytest.mark.policy("guard")
async def test_an_approval_is_of_what_is_held_and_of_nothing_that_comes_later(stage: Stage) -> None:
    application = await installed(stage)
    await hide(stage, application, "1", "2", "3")
    await resolve(stage.services, (await stage.problem(application, "guard")).id, Approve())
    await stage.settle()
    await hide(stage, application, "4", "5", "6")
    assert published(stage) == {"4", "5", "6"}
    assert (await stage.problem(application, "guard")).source_ids == ("4", "5", "6")
