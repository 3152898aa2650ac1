"""The town among which an event's cost is measured: written straight into the tables, and yet as if it had grown."""

from collections.abc import AsyncIterator

import pytest

from app.bench.town import fill
from tests.fakes.shop import product
from tests.fakes.stage import Stage, open_stage

DANGLING = """
    SELECT count(*) FROM delivery d LEFT JOIN application a ON a.id = d.application_id LEFT JOIN account c ON c.id = a.account_id
    LEFT JOIN lane l ON l.application_id = a.id LEFT JOIN delivery_body b ON b.delivery_id = d.id
    WHERE c.id IS NULL OR l.application_id IS NULL OR b.delivery_id IS NULL
"""
AWAKE = "SELECT count(*) FROM lane WHERE wake > done OR due_at <= now() + interval '50 minutes' OR due_at IS NULL"
SHARED = "SELECT count(*) FROM (SELECT FROM application GROUP BY account_id HAVING count(*) > 1) AS shared"


@pytest.fixture
async def stage(database_url: str) -> AsyncIterator[Stage]:
    opened = open_stage(database_url)
    yield opened
    await opened.store.close()


async def test_a_town_is_at_rest_and_nothing_in_it_dangles(database_url: str, stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    before = await stage.count("delivery")
    await fill(database_url, like=application.id, applications=7, deliveries=3)
    assert await stage.count("application") == 8
    assert await stage.count("delivery") == before + 7 * 3
    assert [await stage.execute(statement) for statement in (DANGLING, AWAKE, SHARED)] == [0, 0, 0]
    assert await stage.run_lanes() == 0
