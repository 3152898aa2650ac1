"""The overview tells what waits, whoever holds it up, and how long it has waited."""

from datetime import timedelta

from app.domain.application import Application
from app.domain.resolution import Plain
from app.flows.operate import pause
from app.flows.resolve import resolve
from app.flows.run_lane import claim_lane, let_go
from app.ports import Overview
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

REPLAY = """
    WITH r AS (INSERT INTO replay (id, requested_by, selection) VALUES (gen_random_uuid(), '', '{}') RETURNING id)
    INSERT INTO replay_share (replay_id, application_id, state, first_id, last_id, cursor, counters, due_at)
    SELECT r.id, a.id, 'running', 0, 1, 0, '{}', now() - interval '300 s' FROM r, application a
"""
NOTHING = {"leased": 0, "resting": 0, "runnable": 0, "idle": 0}


async def installed(stage: Stage) -> Application:
    stage.shop.put(product("1", variant(None, variant_id="v"), variant("1-A")))
    application = await stage.install()
    await stage.settle()
    return application


def about(seconds: float, age: timedelta | None) -> bool:
    return age is not None and timedelta(seconds=seconds) <= age < timedelta(seconds=seconds + 30)


async def test_an_empty_database_has_nothing_to_tell(stage: Stage) -> None:
    assert await stage.store.overview() == Overview(
        oldest_due=None, oldest_delivery=None, lanes=NOTHING, applications={}, problems={}
    )


async def test_what_rests_is_counted_and_what_waits_has_an_age(stage: Stage) -> None:
    application = await installed(stage)
    quiet = await stage.store.overview()
    assert (quiet.oldest_due, quiet.oldest_delivery) == (None, None)
    assert quiet.lanes == {**NOTHING, "idle": 1}
    assert quiet.applications == {("fake", "active"): 1}
    assert quiet.problems == {"variant_skipped": 1}

    await stage.hear(application, product("1", variant("1-A", stock=1), at=1))
    await stage.execute("UPDATE delivery SET received_at = now() - interval '100 s' WHERE outcome IS NULL")
    waiting = await stage.store.overview()
    assert about(100, waiting.oldest_delivery)
    assert about(100, waiting.oldest_due)
    assert waiting.lanes == {**NOTHING, "runnable": 1}

    await stage.execute("UPDATE source_product SET due_at = now() - interval '300 s'")
    assert about(300, (await stage.store.overview()).oldest_due)
    held = await claim_lane(stage.services)
    assert held is not None
    leased = await stage.store.overview()
    assert leased.lanes == {**NOTHING, "leased": 1}
    assert about(300, leased.oldest_due), "what a worker has not finished yet is still due"
    await let_go(stage.services, held)
    await stage.execute("UPDATE lane SET rests_until = now() + interval '1 h'")
    assert (await stage.store.overview()).lanes == {**NOTHING, "runnable": 1}, "a flood looks like a failure"
    await stage.execute("UPDATE lane SET failures = 1")
    assert (await stage.store.overview()).lanes == {**NOTHING, "resting": 1}


async def test_what_a_pause_holds_up_is_not_late_but_its_deliveries_are(stage: Stage) -> None:
    application = await installed(stage)
    await pause(stage.services, application.id)
    await stage.execute("UPDATE source_product SET due_at = now() - interval '300 s'")
    await stage.execute("UPDATE lane SET wake = wake + 1")
    paused = await stage.store.overview()
    assert (paused.oldest_due, paused.applications) == (None, {("fake", "paused"): 1})
    await stage.hear(application, product("1", at=1))
    await stage.execute("UPDATE delivery SET received_at = now() - interval '100 s' WHERE outcome IS NULL")
    assert about(100, (await stage.store.overview()).oldest_due)


async def test_reads_imports_and_replays_that_are_due_count_as_work(stage: Stage) -> None:
    await installed(stage)
    await stage.execute("UPDATE lane SET wake = wake + 1")
    for statement in (
        "UPDATE source_product SET read_due_at = now() - interval '100 s'",
        "UPDATE import SET state = 'running', due_at = now() - interval '200 s'",
        REPLAY,
    ):
        await stage.execute(statement)
    seconds = [300, 200, 100]
    for expected, done in zip(
        seconds,
        (
            "DELETE FROM replay_share",
            "UPDATE import SET state = 'done'",
            "UPDATE source_product SET read_due_at = NULL",
        ),
        strict=True,
    ):
        assert about(expected, (await stage.store.overview()).oldest_due)
        await stage.execute(done)
    assert (await stage.store.overview()).oldest_due is None


async def test_a_dismissed_problem_waits_for_nobody(stage: Stage) -> None:
    application = await installed(stage)
    await resolve(stage.services, (await stage.problem(application, "variant_skipped")).id, Plain("dismiss"))
    assert (await stage.store.overview()).problems == {}
