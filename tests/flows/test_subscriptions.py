"""Subscriptions that shops lose, stop or lead astray: found by a look that comes by itself, mended, told, and swept after."""

import dataclasses
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from app.domain.application import Application
from app.domain.errors import PlatformRejected, RateLimited
from app.domain.ids import Cursor, Topic
from app.domain.resolution import Plain
from app.domain.structs import replace
from app.flows.operate import pause, resume
from app.flows.resolve import resolve
from app.flows.run_lane import claim_lane, run_lane
from app.platforms.adapter import Subscription
from app.ports import SubscriptionHealth
from tests.fakes.interrupting import Interrupted
from tests.fakes.killing import Killer, live_through
from tests.fakes.killing_shop import killing
from tests.fakes.shop import product
from tests.fakes.stage import Stage

SNAPSHOT, GONE = Topic("snapshot"), Topic("gone")


@pytest.fixture
async def application(stage: Stage) -> Application:
    stage.shop.put(product("1"))
    installed = await stage.install()
    await stage.settle()
    return installed


async def health(stage: Stage, application: Application) -> dict[str, SubscriptionHealth]:
    async with stage.store.reading() as tx:
        return {each.topic: each for each in await tx.applications.subscriptions(application.id)}


async def imports(stage: Stage) -> int:
    return await stage.count("import")


def of(stage: Stage, topic: Topic) -> Subscription:
    (found,) = [each for each in stage.shop.subscriptions.values() if each.topic == topic]
    return found


def lose(stage: Stage) -> None:
    del stage.shop.subscriptions[of(stage, SNAPSHOT).id]


def stop(stage: Stage) -> None:
    stopped = dataclasses.replace(of(stage, SNAPSHOT), active=False)
    stage.shop.subscriptions[stopped.id] = stopped


def lead_astray(stage: Stage) -> None:
    astray = dataclasses.replace(of(stage, SNAPSHOT), address="https://elsewhere/")
    stage.shop.subscriptions[astray.id] = astray


async def test_a_lane_is_due_for_the_next_look_by_itself(stage: Stage, application: Application) -> None:
    wait = await stage.execute("SELECT due_at - now() FROM lane")

    assert timedelta(hours=5) < wait <= timedelta(hours=6)


async def test_what_came_with_our_app_stands_where_it_delivers_and_has_no_catalogue_read(
    stage: Stage, application: Application
) -> None:
    for each in tuple(stage.shop.subscriptions.values()):
        stage.shop.subscriptions[each.id] = dataclasses.replace(each, address=None)
    before = await imports(stage)
    await stage.keep_appointment("subscriptions")
    assert await imports(stage) == before
    found = (await health(stage, application)).values()
    assert {(each.health, each.message, each.mended_at) for each in found} == {("active", "", None)}


async def test_not_all_shops_are_looked_at_at_the_same_time(stage: Stage) -> None:
    stage.services = dataclasses.replace(stage.services, jitter=lambda: 0.5)
    await stage.install()
    await stage.settle()

    wait = await stage.execute("SELECT due_at - now() FROM appointment WHERE duty = 'subscriptions'")
    assert timedelta(hours=5.6) < wait <= timedelta(hours=5.7)


@pytest.mark.parametrize("trouble", [lose, stop, lead_astray])
async def test_what_is_found_broken_is_mended_and_swept_after(
    stage: Stage, application: Application, trouble: Any
) -> None:
    trouble(stage)
    # Nobody is told of this any more.
    stage.shop.put(product("1", at=1, title="Missed"))
    assert stage.shop.tell(product("1")) == () or trouble is lead_astray

    await stage.keep_appointment("subscriptions")

    assert of(stage, SNAPSHOT).active
    assert of(stage, SNAPSHOT).address == f"https://test/webhooks/fake/{application.id}"
    found = await health(stage, application)
    assert found[SNAPSHOT].health == found[GONE].health == "active"
    assert found[SNAPSHOT].mended_at is not None
    assert found[SNAPSHOT].message
    assert (found[GONE].mended_at, found[GONE].message) == (None, "")
    assert await imports(stage) == 2
    assert (await stage.product(application, "1")).title == "Missed"
    assert await stage.problems(application) == ()


async def test_a_doubled_subscription_is_cancelled_and_nothing_is_swept(stage: Stage, application: Application) -> None:
    stage.shop.subscriptions["again"] = dataclasses.replace(of(stage, SNAPSHOT), id="again")

    await stage.keep_appointment("subscriptions")

    assert of(stage, SNAPSHOT).active
    assert (await health(stage, application))[SNAPSHOT].message.startswith("It was ordered more than once")
    assert await imports(stage) == 1


async def test_a_look_that_finds_nothing_changes_nothing_and_keeps_what_was_mended(
    stage: Stage, application: Application
) -> None:
    stop(stage)
    await stage.keep_appointment("subscriptions")
    before = (await health(stage, application))[SNAPSHOT]

    await stage.keep_appointment("subscriptions")

    after = (await health(stage, application))[SNAPSHOT]
    assert (after.message, after.mended_at) == (before.message, before.mended_at)
    assert after.checked_at is not None
    assert before.checked_at is not None
    assert after.checked_at > before.checked_at
    assert await imports(stage) == 2


async def test_an_import_that_runs_already_begins_again_after_a_gap(stage: Stage, application: Application) -> None:
    stage.shop.put(*(product(str(n)) for n in range(1, 6)))
    async with stage.store.transaction() as tx:
        started = await tx.imports.start(stage.services.new_id(), application.id)
        await tx.imports.advance(replace(started, cursor=Cursor("3")))
    stop(stage)
    stage.shop.put(product("1", at=1, title="Missed"))

    await stage.keep_appointment("subscriptions")

    assert (await stage.product(application, "1")).title == "Missed"


async def test_a_refused_order_is_not_swept_after_until_it_stands(stage: Stage, application: Application) -> None:
    lose(stage)
    stage.shop.refused_topics = {SNAPSHOT}
    await stage.keep_appointment("subscriptions")
    await stage.keep_appointment("subscriptions")
    assert (await health(stage, application))[SNAPSHOT].health == "refused"
    assert await imports(stage) == 1
    await stage.problem(application, "subscription_refused")

    stage.shop.refused_topics = set()
    await stage.keep_appointment("subscriptions")

    assert (await health(stage, application))[SNAPSHOT].health == "active"
    assert await imports(stage) == 2
    assert await stage.problems(application) == ()


async def test_a_shop_that_does_not_tell_is_asked_again_later_and_other_work_goes_on(stage: Stage) -> None:
    stage.shop.put(product("1"))
    stage.shop.refuses = {"list": RateLimited("Slow down.", retry_after=timedelta(minutes=10))}
    application = await stage.install()
    await stage.run_lanes()

    assert await imports(stage) == 1
    assert (await stage.product(application, "1")).title == "Product 1"
    assert {each.health for each in (await health(stage, application)).values()} == {"broken"}
    wait = await stage.execute("SELECT due_at - now() FROM appointment WHERE duty = 'subscriptions'")
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)
    assert (await stage.application(application.id)).state == "installing"

    # What changed since the catalogue was read and before anybody was told of it must not be lost.
    stage.shop.put(product("1", at=1, title="Missed"))
    stage.shop.refuses = {}
    await stage.settle()
    assert {each.health for each in (await health(stage, application)).values()} == {"active"}
    assert (await stage.product(application, "1")).title == "Missed"
    assert (await stage.application(application.id)).state == "active"


async def test_a_shop_that_never_tells_is_a_problem_in_the_end_and_asked_at_every_look(
    stage: Stage, application: Application
) -> None:
    stage.shop.refuses = {"list": PlatformRejected("No.")}
    await stage.keep_appointment("subscriptions")

    assert {each.health for each in (await health(stage, application)).values()} == {"unknown"}
    await stage.problem(application, "subscription_refused")
    stage.shop.refuses = {}
    await stage.keep_appointment("subscriptions")
    assert await stage.problems(application) == ()
    assert await imports(stage) == 1


async def test_a_credential_that_died_is_noticed_though_nothing_else_happens(
    stage: Stage, application: Application
) -> None:
    stage.shop.token = "another"

    await stage.keep_appointment("subscriptions")

    assert (await stage.application(application.id)).state == "paused"


async def test_a_paused_application_is_looked_at_once_it_works_again(stage: Stage, application: Application) -> None:
    await pause(stage.services, application.id)
    stop(stage)
    await stage.keep_appointment("subscriptions")
    assert not of(stage, SNAPSHOT).active

    await resume(stage.services, application.id)
    await stage.settle()

    assert of(stage, SNAPSHOT).active


async def test_a_worker_killed_anywhere_forgets_no_gap(stage: Stage, application: Application) -> None:
    stop(stage)
    del stage.shop.subscriptions[of(stage, GONE).id]
    stage.shop.put(product("1", at=1, title="Missed"))
    await stage.execute("UPDATE appointment SET due_at = now()")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.remember()
    shop = deepcopy(stage.shop.__dict__)

    async def live_on(killer: Killer) -> None:
        await stage.go_back()
        stage.shop.__dict__.update(deepcopy(shop))
        await live_through(stage, killer, fake=killing(stage.shop.adapter(), killer))
        assert (await stage.product(application, "1")).title == "Missed", f"killed at await {killer.at}"
        assert {each.health for each in (await health(stage, application)).values()} == {"active"}
        assert all(each.active for each in stage.shop.subscriptions.values())
        assert await imports(stage) == 2

    counting = Killer()
    await live_on(counting)
    assert counting.awaits > 20
    for at in range(1, counting.awaits + 1):
        await live_on(Killer(at=at))


async def test_a_person_who_asks_while_the_shop_is_being_asked_is_not_kept_waiting(stage: Stage) -> None:
    """At whichever step of a look: it was begun before the shop was mended, so it answers nothing."""
    stage.shop.refused_topics = {GONE}
    application = await stage.install()
    await stage.settle()
    problem = await stage.problem(application, "subscription_refused")
    await stage.execute("UPDATE appointment SET due_at = now() WHERE duty = 'subscriptions'")
    await stage.execute("UPDATE lane SET due_at = now()")
    await stage.remember()
    there = dict(stage.shop.subscriptions)

    async def mended() -> None:
        stage.shop.refused_topics = set()
        await resolve(stage.services, problem.id, Plain("try_again"))

    for at in range(1, 20):
        await stage.go_back()
        stage.shop.subscriptions, stage.shop.refused_topics = dict(there), {GONE}
        held = await claim_lane(stage.services)
        assert held is not None
        store = Interrupted(stage.store, at=at, happening=mended)
        await run_lane(dataclasses.replace(stage.services, store=store), held)
        if store.left > 0:
            break
        await stage.run_lanes()
        assert await stage.problems(application) == (), f"asked before transaction {at}"
    assert at > len(("begin", "duties", "due", "record"))
