"""Problems are raised with the decision they follow from, counted, dismissed, and closed when their cause is gone."""

from dataclasses import replace

import pytest

from app.domain.errors import NotPossibleNow, WrongAnswer
from app.domain.ids import StorefrontId
from app.domain.plan import Change, Outcome, Refused, UpdateProduct
from app.domain.problem import Problem
from app.domain.resolution import ChooseStorefront, Plain
from app.domain.settings import ApplicationSettings
from app.flows.operate import Revision, change
from app.flows.resolve import resolve
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

TOO_LONG = "the title is too long"


def no_long_titles(change: Change) -> Outcome | None:
    if isinstance(change, UpdateProduct) and change.title is not None and "long" in change.title:
        return Refused((TOO_LONG,))
    return None


@pytest.mark.policy("refused")
async def test_what_orchamp_refuses_is_a_problem_until_it_is_mended(stage: Stage) -> None:
    stage.orderchamp.verdict = no_long_titles
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    assert await stage.problems(application) == ()
    await stage.hear(application, product("1", variant("1-A", stock=2), at=1, title="A long title"))
    await stage.settle()
    problem = await stage.problem(application, "refused")
    assert (problem.subject, problem.source_ids, problem.times_seen) == ("1", ("1",), 1)
    assert TOO_LONG in problem.sentence
    assert stage.orderchamp.stock("1-A") == 2, "the rest of the product goes on"
    await stage.hear(application, product("1", variant("1-A", stock=3), at=2, title="A long title"))
    await stage.settle()
    assert (await stage.problem(application, "refused")).times_seen == 2
    await stage.hear(application, product("1", at=3, title="Short"))
    await stage.settle()
    assert await stage.problems(application) == ()
    (closed,) = await stage.problems(application, state="closed")
    assert (closed.id, closed.source_ids) == (problem.id, ())


async def test_a_problem_that_comes_back_is_opened_again_and_a_dismissed_one_stays_away_meanwhile(stage: Stage) -> None:
    stage.orderchamp.verdict = no_long_titles
    stage.shop.put(product("1", title="long"), product("2"))
    application = await stage.install()
    await stage.settle()

    async def heard(title: str, at: int) -> tuple[Problem, ...]:
        await stage.hear(application, product("1", at=at, title=title))
        await stage.settle()
        return await stage.problems(application, state=None, kind="refused")

    (problem,) = await heard("long 1", 1)
    await resolve(stage.services, problem.id, Plain("dismiss"))
    (dismissed,) = await heard("long 2", 2)
    assert (dismissed.id, dismissed.state, dismissed.times_seen) == (problem.id, "dismissed", 2)
    (closed,) = await heard("Short", 3)
    assert closed.state == "closed"
    (again,) = await heard("long 3", 4)
    assert (again.id, again.state, again.times_seen) == (problem.id, "open", 3)
    assert again.first_seen_at == problem.first_seen_at
    assert again.since > closed.since > problem.since


async def test_trying_again_is_what_a_person_asks_for(stage: Stage) -> None:
    stage.orderchamp.verdict = no_long_titles
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1", at=1, title="long"))
    await stage.settle()
    problem = await stage.problem(application, "refused")
    stage.orderchamp.verdict = lambda _: None
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").title == "Product 1"
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").title == "long"
    assert await stage.problems(application) == ()
    with pytest.raises(NotPossibleNow):
        await resolve(stage.services, problem.id, Plain("try_again"))


async def test_an_answer_of_another_kind_of_problem_is_refused(stage: Stage) -> None:
    stage.shop.put(product("1", variant(None, variant_id="v"), variant("1-A")))
    application = await stage.install()
    await stage.settle()
    problem = await stage.problem(application, "variant_skipped")
    with pytest.raises(WrongAnswer, match="is resolved by `dismiss`"):
        await resolve(stage.services, problem.id, Plain("release"))


@pytest.mark.policy("variant_skipped")
async def test_a_variant_without_an_sku_is_skipped_and_reported(stage: Stage) -> None:
    stage.shop.put(product("1", variant(None, variant_id="v"), variant("1-A")))
    application = await stage.install()
    await stage.settle()
    problem = await stage.problem(application, "variant_skipped")
    assert problem.details == {"variants": {"v": "It has no SKU in the shop; give it one to have it synchronised."}}
    assert stage.orderchamp.by_sku("1-A").published
    await stage.hear(application, product("1", variant("1-B", variant_id="v"), variant("1-A"), at=1))
    await stage.settle()
    assert await stage.problems(application) == ()
    assert stage.orderchamp.by_sku("1-B").id == stage.orderchamp.by_sku("1-A").id


@pytest.mark.policy("storefront_unknown")
async def test_without_a_storefront_a_product_waits_until_one_is_chosen(stage: Stage) -> None:
    second = replace(stage.orderchamp.storefronts[0], id=StorefrontId("front-2"), name="Second")
    stage.orderchamp.storefronts += (second,)
    stage.shop.put(product("1"), product("2"))
    application = await stage.install(storefront_id=None)
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    problems = {each.subject: each for each in await stage.problems(application)}
    assert {each.kind for each in problems.values()} == {"storefront_unknown"}
    with pytest.raises(WrongAnswer) as refused:
        await resolve(stage.services, problems["1"].id, ChooseStorefront(storefront_id=StorefrontId("none")))
    assert "front-2 (Second)" in refused.value.reasons[0][1]
    await resolve(stage.services, problems["1"].id, ChooseStorefront(storefront_id=second.id))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").storefront == "front-2"
    assert [each.subject for each in await stage.problems(application)] == ["2"]
    await change(stage.services, application.id, Revision(storefront_id=StorefrontId("front-1")))
    await stage.settle()
    assert stage.orderchamp.by_sku("2-A").storefront == "front-1"
    assert await stage.problems(application) == ()


@pytest.mark.policy("wholesale_price_unknown")
async def test_a_consumer_price_without_a_rule_makes_drafts_and_one_problem(stage: Stage) -> None:
    stage.shop.put(product("1"), product("2"))
    application = await stage.install(settings=ApplicationSettings(price_kind="consumer"))
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    assert (await stage.problem(application, "wholesale_price_unknown")).source_ids == ("1", "2")
    half = ApplicationSettings.model_validate({"price_kind": "consumer", "wholesale_percentage": 50})
    await change(stage.services, application.id, Revision(settings=half))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    assert await stage.problems(application) == ()


@pytest.mark.policy("deleted_on_orderchamp")
async def test_what_was_deleted_on_orderchamp_is_created_again_only_when_a_person_asks(stage: Stage) -> None:
    application = await stage.install_and_lose(product("1"), product("1", variant("1-A", stock=1), at=1))
    assert stage.orderchamp.products == {}
    problem = await stage.problem(application, "deleted_on_orderchamp")
    assert (await stage.product(application, "1")).state == "detached"
    await resolve(stage.services, problem.id, Plain("create"))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1
    told = await stage.story(application, "1")
    asked = told.index("A person answered the problem “Deleted on Orderchamp” with create: Create it again now.")
    assert told[asked + 1].startswith("Created on Orderchamp"), "what a person wanted has no cause in the story"
    assert await stage.problems(application) == ()


@pytest.mark.policy("currency_differs")
async def test_prices_in_another_currency_make_drafts_until_the_settings_say_that_it_is_the_accounts(
    stage: Stage,
) -> None:
    stage.shop.currency = "DKK"
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    problem = await stage.problem(application, "currency_differs")
    assert problem.sentence == "The shop has prices in DKK, the Orderchamp account in EUR."
    view = await stage.product(application, "1")
    assert view.state == "draft"
    assert "another currency" in view.why
    kroner = ApplicationSettings(price_kind="wholesale", currency="DKK")
    await change(stage.services, application.id, Revision(settings=kroner))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    assert await stage.problems(application) == ()


@pytest.mark.policy("removed_variant")
@pytest.mark.policy("mode")
async def test_what_was_published_by_hand_is_republished_although_new_products_stay_drafts(stage: Stage) -> None:
    stage.orderchamp.add("By hand", {"1-A": 1, "gone": 4}, published_on="front-1")
    stage.shop.put(product("1", variant("1-A"), variant("gone")))
    drafts = ApplicationSettings(price_kind="wholesale", mode="follow", publish_new=False)
    application = await stage.install(settings=drafts)
    await stage.settle()
    await stage.hear(application, product("1", at=1, published=False, status="draft"))
    await stage.settle()
    assert not stage.orderchamp.by_sku("1-A").published
    await stage.hear(application, product("1", at=2))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").published
    assert (stage.orderchamp.stock("1-A"), stage.orderchamp.stock("gone")) == (5, 0)


async def test_new_credentials_bring_what_the_shop_tells_of_itself_now(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    stage.shop.currency = "DKK"
    await change(stage.services, application.id, Revision(credentials={"token": stage.shop.token}))
    await stage.hear(application, product("1", variant("1-A", price="75.00"), at=1))
    await stage.settle()
    assert (await stage.application(application.id)).details["currency"] == "DKK"
    assert (await stage.problem(application, "currency_differs")).state == "open"
    assert [str(each.price) for each in stage.orderchamp.by_sku("1-A").variants.values()] == ["10.00"]
