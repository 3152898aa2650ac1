"""Kinds of failure: tried again, given up, refused, not permitted, or a sign of something bigger."""

from dataclasses import replace
from datetime import timedelta
from itertools import cycle

import pytest
from structlog.testing import capture_logs

from app.domain.application import Application
from app.domain.errors import CredentialsRefused, OrderchampUnavailable, PlatformRejected
from app.domain.event import Uninstalled
from app.domain.plan import Change, NotSent, Outcome, Publish, Refused, SetStock, UpdateProduct
from app.domain.resolution import Plain
from app.domain.retry import SCHEDULE
from app.domain.settings import ApplicationSettings
from app.flows.operate import Revision, change, uninstall
from app.flows.resolve import resolve
from tests.fakes.listening import Listening
from tests.fakes.shop import EPOCH, product, variant
from tests.fakes.stage import Stage


async def installed(stage: Stage, *names: str, settings: ApplicationSettings | None = None) -> Application:
    stage.shop.put(*(product(each) for each in names))
    application = await stage.install(**({} if settings is None else {"settings": settings}))
    await stage.settle()
    return application


def away(_: Change) -> Outcome | None:
    return NotSent(OrderchampUnavailable("Orderchamp answered 502."))


@pytest.mark.policy("failed")
async def test_a_temporary_failure_is_tried_for_a_day_and_then_left_with_its_reason(stage: Stage) -> None:
    application = await installed(stage, "1")
    tries: list[Change] = []

    def failing(change: Change) -> Outcome | None:
        tries.append(change)
        return away(change)

    stage.orderchamp.verdict = failing
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    await stage.settle()
    assert len(tries) == len(SCHEDULE) + 1
    view = await stage.product(application, "1")
    assert (view.state, view.due_at) == ("failed", None)
    problem = await stage.problem(application, "failed")
    assert "9 attempts failed; the last one: Orderchamp answered 502." in problem.sentence
    stage.orderchamp.verdict = lambda _: None
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1
    assert await stage.problems(application) == ()


@pytest.mark.policy("failed")
async def test_one_failing_product_delays_no_other(stage: Stage) -> None:
    application = await installed(stage, "1", "2")
    stage.orderchamp.verdict = lambda change: away(change) if change.source_id == "1" else None
    for each in ("1", "2"):
        await stage.hear(application, product(each, variant(f"{each}-A", stock=1), at=1))
    await stage.run_lanes()
    assert (stage.orderchamp.stock("1-A"), stage.orderchamp.stock("2-A")) == (5, 1)


async def test_products_that_failed_together_do_not_come_back_together(stage: Stage) -> None:
    application = await installed(stage, "1", "2")
    pace = replace(stage.services.pace, retry_scale=1.0)
    stage.services = replace(stage.services, pace=pace, jitter=cycle((0.0, 1.0)).__next__)
    stage.orderchamp.verdict = away
    await stage.hear(application, *(product(each, variant(f"{each}-A", stock=1), at=1) for each in ("1", "2")))
    await stage.run_lanes()
    first, second = sorted([(await stage.product(application, each)).due_at or EPOCH for each in ("1", "2")])
    assert second - first > timedelta(seconds=0.9)


def forbidden(kind: type[Change]) -> Outcome:
    return NotSent(CredentialsRefused("orderchamp", f"403 for {kind.__name__}"))


@pytest.mark.policy("operation_refused")
async def test_one_call_that_is_not_permitted_stops_only_that(stage: Stage) -> None:
    application = await installed(stage, "1")
    stage.orderchamp.verdict = lambda change: forbidden(UpdateProduct) if isinstance(change, UpdateProduct) else None
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1, title="New"))
    await stage.hear(application, product("2"))
    await stage.settle()
    assert (await stage.application(application.id)).state == "active"
    assert stage.orderchamp.stock("1-A") == 1
    assert stage.orderchamp.by_sku("2-A").published
    problem = await stage.problem(application, "operation_refused")
    assert (problem.subject, problem.source_ids) == ("UpdateProduct", ("1",))
    stage.orderchamp.verdict = lambda _: None
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert stage.orderchamp.by_sku("1-A").title == "New"
    assert await stage.problems(application) == ()


@pytest.mark.policy("operation_refused")
async def test_stock_goes_on_even_when_nothing_else_is_permitted(stage: Stage) -> None:
    application = await installed(stage, "1")
    stage.orderchamp.verdict = lambda change: None if isinstance(change, SetStock) else forbidden(type(change))
    changed = product("1", variant("1-A", stock=1, price="3.00"), variant("1-B"), at=1, title="New")
    await stage.hear(application, changed, product("2"))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1
    problems = await stage.problems(application, kind="operation_refused")
    assert {each.subject for each in problems} >= {"CreateVariant"}
    assert (await stage.application(application.id)).state == "active"


@pytest.mark.policy("credentials_refused")
async def test_dead_credentials_pause_and_working_ones_catch_up(stage: Stage) -> None:
    application = await installed(stage, "1")
    stage.orderchamp.tokens = {"new"}
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    await stage.settle()
    assert (await stage.application(application.id)).state == "paused"
    problem = await stage.problem(application, "credentials_refused")
    assert problem.subject == "orderchamp"
    await stage.hear(application, product("1", variant("1-A", stock=2), at=2), event="while paused")
    await stage.settle()
    assert (await stage.outcomes(application))["while paused"] == "applied", "deliveries are still taken in"
    await change(stage.services, application.id, Revision(orderchamp_token="new"))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 2
    assert await stage.problems(application) == ()


TEN = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")


@pytest.mark.policy("many_failures")
async def test_many_refused_products_are_announced_and_at_the_limit_pause(stage: Stage) -> None:
    told = Listening()
    stage.services = replace(stage.services, observer=told)
    application = await installed(stage, *TEN, settings=ApplicationSettings(price_kind="wholesale", failure_limit=10))
    stage.orderchamp.verdict = lambda change: Refused(("no",)) if isinstance(change, UpdateProduct) else None
    levels = []
    with capture_logs() as logs:
        for each in TEN:
            await stage.hear(application, product(each, at=1, title="Refused"))
            await stage.settle()
            alarm = await stage.problems(application, kind="many_failures")
            levels.append(alarm[0].details["level"] if alarm else None)
    assert levels == [None, None, None, None, 50, 50, 70, 70, 90, 100]
    assert told.levels == [50, 70, 90, 100]
    logged = [(each["percent_of_limit"], each["application_id"]) for each in logs if each["event"] == "many_failures"]
    assert logged == [(level, str(application.id)) for level in told.levels]
    paused = await stage.application(application.id)
    assert (paused.state, paused.paused_by) == ("paused", "system")
    assert "10 products" in paused.state_reason
    problem = await stage.problem(application, "many_failures")
    await resolve(stage.services, problem.id, Plain("resume"))
    assert await stage.problems(application, kind="many_failures") == (), "whoever resumes has seen it"
    await stage.hear(application, product("0", variant("0-A", stock=1), at=2, title="Refused"))
    await stage.settle()
    assert (await stage.application(application.id)).state == "active", "counting begins anew"
    assert stage.orderchamp.stock("0-A") == 1
    assert await stage.problems(application, kind="many_failures") == ()


@pytest.mark.policy("many_failures")
async def test_an_outage_counts_against_nobody(stage: Stage) -> None:
    application = await installed(
        stage, "1", "2", settings=ApplicationSettings(price_kind="wholesale", failure_limit=1)
    )
    stage.orderchamp.verdict = away
    for each in ("1", "2"):
        await stage.hear(application, product(each, at=1, title="New"))
    await stage.settle()
    assert len(await stage.problems(application, kind="failed")) == 2
    assert (await stage.application(application.id)).state == "active"


@pytest.mark.policy("subscription_refused")
async def test_a_subscription_that_the_shop_refuses_is_a_problem_until_it_stands(stage: Stage) -> None:
    stage.shop.refused_topics = {"gone"}
    application = await installed(stage, "1")
    problem = await stage.problem(application, "subscription_refused")
    assert problem.subject == "gone"
    stage.shop.refused_topics = set()
    await resolve(stage.services, problem.id, Plain("try_again"))
    await stage.settle()
    assert await stage.problems(application) == ()


NOT_THIS = CredentialsRefused("shop", "The access token may not do this (403).")


@pytest.mark.policy("subscription_refused")
@pytest.mark.parametrize("refusal", [PlatformRejected("The shop answered 400."), NOT_THIS])
@pytest.mark.parametrize(("what", "subjects"), [("list", {""}), ("order", {"snapshot", "gone"})])
async def test_refused_subscriptions_never_stop_products(
    stage: Stage, refusal: Exception, what: str, subjects: set[str]
) -> None:
    stage.shop.refuses[what] = refusal
    application = await installed(stage, "1")
    assert (await stage.application(application.id)).state == "active"
    problems = await stage.problems(application)
    assert {(each.kind, each.subject) for each in problems} == {("subscription_refused", each) for each in subjects}
    assert all(str(refusal) in each.sentence for each in problems)
    async with stage.store.transaction() as tx:
        health = {each.topic: each.health for each in await tx.applications.subscriptions(application.id)}
    assert set(health.values()) == {"unknown" if what == "list" else "refused"}
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1
    assert await stage.execute("SELECT failures FROM lane") == 0
    stage.shop.refuses.clear()
    await resolve(stage.services, problems[0].id, Plain("try_again"))
    await stage.settle()
    assert await stage.problems(application) == ()


async def test_credentials_that_the_shop_refuses_for_everything_are_no_refused_subscription(stage: Stage) -> None:
    application = await stage.install()
    stage.shop.token = "another"
    await stage.settle()
    assert (await stage.application(application.id)).state == "paused"
    assert [each.kind for each in await stage.problems(application)] == ["credentials_refused"]


async def test_a_shop_that_does_not_say_what_an_uninstall_notice_means_is_asked_again(stage: Stage) -> None:
    told = Listening()
    stage.services = replace(stage.services, observer=told)
    application = await installed(stage, "1")
    stage.shop.refuses["probe"] = PlatformRejected("The shop answered 400.")
    await stage.hear(application, Uninstalled(), event="removed")
    await stage.run_lanes()
    assert await stage.outcomes(application) == {"removed": None}
    stage.shop.refuses["probe"] = NOT_THIS
    await stage.settle()
    assert await stage.outcomes(application) == {"removed": "applied"}
    assert told.outcomes == ["applied"]
    assert (await stage.application(application.id)).state == "uninstalled"


@pytest.mark.policy("refused")
async def test_a_refused_publication_does_not_stop_the_rest(stage: Stage) -> None:
    stage.orderchamp.verdict = lambda change: Refused(("no",)) if isinstance(change, Publish) else None
    application = await installed(stage, "1")
    assert not stage.orderchamp.by_sku("1-A").published
    assert (await stage.product(application, "1")).state == "problem"
    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    await stage.settle()
    assert stage.orderchamp.stock("1-A") == 1


async def half_refused(stage: Stage) -> Application:
    """Install two products, of which the first has just been refused; the limit is two."""
    application = await installed(
        stage, "1", "2", settings=ApplicationSettings(price_kind="wholesale", failure_limit=2)
    )
    stage.orderchamp.verdict = lambda change: Refused(("no",)) if isinstance(change, UpdateProduct) else None
    await stage.hear(application, product("1", at=1, title="Refused"))
    await stage.settle()
    return application


@pytest.mark.policy("many_failures")
async def test_an_alarm_ends_by_itself_when_too_few_are_refused_any_more(stage: Stage) -> None:
    application = await half_refused(stage)
    assert (await stage.problem(application, "many_failures")).details["level"] == 50
    stage.orderchamp.verdict = lambda _: None
    await stage.hear(application, product("1", at=2, title="Accepted"))
    await stage.settle()
    assert await stage.problems(application) == ()


@pytest.mark.policy("many_failures")
async def test_what_was_refused_more_than_a_day_ago_counts_no_more(stage: Stage) -> None:
    application = await half_refused(stage)
    await stage.execute("UPDATE problem SET since = now() - interval '25 hours'")
    await stage.execute("UPDATE application SET state_since = now() - interval '2 days'")
    await stage.hear(application, product("2", at=1, title="Refused"))
    await stage.settle()
    assert (await stage.problem(application, "many_failures")).details["level"] == 50
    assert (await stage.application(application.id)).state == "active"


@pytest.mark.policy("credentials_refused")
async def test_installing_again_with_what_works_ends_the_problem_and_uninstalling_ends_all(stage: Stage) -> None:
    application = await installed(stage, "1")
    stage.shop.token = "another"
    await stage.keep_appointment("subscriptions")
    assert [each.kind for each in await stage.problems(application)] == ["credentials_refused"]
    await stage.install()
    assert await stage.problems(application) == ()
    await stage.settle()
    await stage.hear(application, product("2", variant(None, variant_id="v"), variant("2-A")))
    await stage.settle()
    assert [each.kind for each in await stage.problems(application)] == ["variant_skipped"]
    await uninstall(stage.services, application.id, unpublish=False)
    await stage.settle()
    assert (await stage.application(application.id)).state == "uninstalled"
    assert await stage.problems(application) == ()
