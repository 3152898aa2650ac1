"""Creations and publications whose answer got lost: looked up, never repeated blindly."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.domain.application import Application
from app.domain.plan import Change, CreateProduct, Outcome, Publish, RefreshListing, Unclear
from app.domain.resolution import Plain
from app.domain.settings import ApplicationSettings
from app.flows.receive_delivery import Reception
from app.flows.resolve import resolve
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.interrupting import Interrupted
from tests.fakes.marketplace import unclear
from tests.fakes.shop import FakeShop, delivery, product, variant
from tests.fakes.stage import Stage

LONG_AGO = datetime.now(UTC) - timedelta(days=1)


def once(kind: type[Change], *, executed: bool, stage: Stage) -> None:
    """Lose the answer to the next change of this kind, before or after it is made."""

    def lose(change: Change) -> Outcome | None:
        if not isinstance(change, kind):
            return None
        stage.orderchamp.verdict = stage.orderchamp.after = lambda _: None
        return unclear(change)

    if executed:
        stage.orderchamp.after = lose
    else:
        stage.orderchamp.verdict = lose


async def installed(stage: Stage) -> Application:
    stage.shop.put(product("1", variant("1-A"), variant("1-B")))
    application = await stage.install()
    await stage.settle()
    return application


@pytest.mark.policy("create_unclear")
@pytest.mark.parametrize("executed", [True, False])
async def test_a_creation_whose_answer_got_lost_is_looked_up_and_adopted_or_made(stage: Stage, executed: bool) -> None:
    once(CreateProduct, executed=executed, stage=stage)
    application = await installed(stage)
    assert len(stage.orderchamp.products) == 1
    assert stage.orderchamp.by_sku("1-A").published
    assert await stage.problems(application) == ()


async def test_a_call_of_unknown_outcome_is_waited_out_until_it_can_be_seen(stage: Stage) -> None:
    pace = replace(stage.services.pace, settle=timedelta(seconds=60))
    stage.services = replace(stage.services, pace=pace)
    once(CreateProduct, executed=True, stage=stage)
    stage.shop.put(product("1"))
    await stage.install()
    await stage.run_lanes()
    left = await stage.execute("SELECT until - now() FROM in_flight")
    assert pace.lease < left < pace.lease + pace.settle, "it may last as long as the lease, and is seen later still"


@pytest.mark.policy("create_unclear")
async def test_what_the_creation_cannot_have_made_is_not_adopted_before_a_person_says_so(stage: Stage) -> None:
    def appears(change: Change) -> Outcome | None:
        if not isinstance(change, CreateProduct):
            return None
        stage.orderchamp.verdict = lambda _: None
        stage.orderchamp.add("By hand", {"1-A": 1, "1-B": 1}).created_at = LONG_AGO
        return unclear(change)

    stage.orderchamp.verdict = appears
    application = await installed(stage)
    by_hand = stage.orderchamp.by_sku("1-A")
    assert (by_hand.title, by_hand.published) == ("By hand", False)
    problem = await stage.problem(application, "create_unclear")
    assert {each["sku"] for each in problem.details["found"]} == {"1-A", "1-B"}
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert by_hand.title == "By hand"
    await resolve(stage.services, problem.id, Plain("adopt"))
    await stage.settle()
    assert (by_hand.title, by_hand.published) == ("Product 1", True)
    assert len(stage.orderchamp.products) == 1
    assert await stage.problems(application) == ()


@pytest.mark.policy("publish_unclear")
@pytest.mark.parametrize("executed", [True, False])
async def test_a_publication_whose_answer_got_lost_is_looked_at_and_happens_once(stage: Stage, executed: bool) -> None:
    once(Publish, executed=executed, stage=stage)
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    assert (shown.published, shown.publications, shown.storefront) == (True, 1, "front-1")
    assert await stage.problems(application) == ()
    assert (await stage.product(application, "1")).state == "published"


@pytest.mark.policy("publish_unclear")
async def test_an_undecided_publication_is_never_repeated_before_a_person_says_so(stage: Stage) -> None:
    def touched(change: Change) -> Outcome | None:
        if not isinstance(change, Publish):
            return None
        stage.orderchamp.verdict = lambda _: None
        stage.orderchamp.products[change.target_id].updated_at = datetime.now(UTC) + timedelta(seconds=5)
        return Unclear("the connection was lost after the request was sent")

    stage.orderchamp.verdict = touched
    application = await installed(stage)
    shown = stage.orderchamp.by_sku("1-A")
    assert (shown.published, shown.publications) == (False, 0)
    problem = await stage.problem(application, "publish_unclear")
    changed = product("1", variant("1-A", stock=1), variant("1-B"), at=1)
    await stage.hear(application, changed)
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1, "stock goes on"
    assert shown.publications == 0
    await resolve(stage.services, problem.id, Plain("publish"))
    await stage.settle()
    assert (shown.published, shown.publications) == (True, 1)
    assert await stage.problems(application) == ()


@pytest.mark.policy("publish_unclear")
async def test_an_undecided_publication_is_clear_once_a_look_shows_it_published(stage: Stage) -> None:
    once(Publish, executed=False, stage=stage)
    lose = stage.orderchamp.verdict

    def touched(change: Change) -> Outcome | None:
        if isinstance(change, Publish):
            stage.orderchamp.products[change.target_id].updated_at = datetime.now(UTC) + timedelta(seconds=5)
        return lose(change)

    stage.orderchamp.verdict = touched
    application = await installed(stage)
    problem = await stage.problem(application, "publish_unclear")
    stage.orderchamp.by_sku("1-A").published = True
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert await stage.problems(application) == ()
    assert (await stage.product(application, "1")).state == "published"
    assert stage.orderchamp.by_sku("1-A").publications == 0


@pytest.mark.policy("publish_unclear")
@pytest.mark.parametrize("executed", [True, False])
async def test_a_refresh_whose_answer_got_lost_is_repeated_only_if_nothing_was_touched(
    stage: Stage, executed: bool
) -> None:
    application = await installed(stage)
    once(RefreshListing, executed=executed, stage=stage)
    await stage.hear(application, product("1", variant("1-A"), variant("1-B"), variant("1-C"), at=1))
    await stage.settle()
    shown = stage.orderchamp.by_sku("1-C")
    made = [each for each in stage.orderchamp.applied if isinstance(each, RefreshListing)]
    assert (len(made), shown.listed == set(shown.variants)) == (1, True)
    assert await stage.problems(application) == ()


@pytest.mark.policy("publish_unclear")
async def test_nobody_publishes_a_shared_target_while_a_publication_may_be_on_its_way(stage: Stage) -> None:
    there = stage.orderchamp.add("There", {"1-A": 0, "2-A": 0})
    stage.shop.put(product("1", published=False, status="draft"), product("2", published=False, status="draft"))
    application = await stage.install(settings=ApplicationSettings(price_kind="wholesale", inactive_products="draft"))
    await stage.settle()
    assert there.publications == 0
    once(Publish, executed=True, stage=stage)
    await stage.hear(application, product("1", at=1))
    await stage.run_lanes()
    await stage.hear(application, product("2", variant("2-A", stock=1), at=1))
    await stage.run_lanes()
    assert there.publications == 1
    await stage.settle()
    assert (there.published, there.publications, stage.orderchamp.stock("2-A")) == (True, 1, 1)


@pytest.mark.policy("target_publication")
async def test_two_applications_never_publish_one_target_twice(stage: Stage) -> None:
    """The other Application's lane runs at any moment of ours; whoever comes second sees what the first did."""
    other = FakeShop()
    stage.adapters["other"] = other.adapter()
    there = stage.orderchamp.add("There", {"1-A": 0, "9-A": 0})
    drafts = ApplicationSettings(price_kind="wholesale", inactive_products="draft")
    ours = await stage.install(settings=drafts)
    theirs = await stage.install(platform="other", shop="other.example", settings=drafts)

    async def hear(application: Application, source_id: str, *, at: int, shown: bool) -> None:
        said = product(source_id, at=at, published=shown, status="active" if shown else "draft")
        (stage.shop if application is ours else other).put(said)
        await Reception(stage.services).receive(application.platform, str(application.id), delivery(said))

    for at in range(1, 40):
        await hear(ours, "1", at=2 * at, shown=False)
        await hear(theirs, "9", at=2 * at, shown=False)
        await stage.settle()
        before = there.publications
        await hear(ours, "1", at=2 * at + 1, shown=True)
        held = await claim_lane(stage.services)
        assert held is not None
        await hear(theirs, "9", at=2 * at + 1, shown=True)
        interrupted = Interrupted(stage.store, at=at, happening=stage.run_lanes)
        await run_lane(replace(stage.services, store=interrupted), held)
        await stage.settle()
        assert there.publications == before + 1, f"the other came before transaction {at}"
        if interrupted.left > 0:
            return
    raise AssertionError("the run never got to its end")
