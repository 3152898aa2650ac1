"""Batches of retention walk along keys: what they cost does not depend on how much is kept."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from app.store.retention import BODIES, KEYS, TIMELINE
from tests.fakes.stage import Stage

ROWS = 30_000

DELIVERIES = """
    INSERT INTO delivery (application_id, event_id, topic, method, url, headers, outcome, received_at)
    SELECT :id, CAST(n AS text), 'snapshot', 'POST', '', '{}', 'applied',
        now() - CASE WHEN n <= CAST(:rows AS integer) / 2 THEN interval '100 days' ELSE interval '1 minute' END
    FROM generate_series(1, CAST(:rows AS integer)) AS n
"""
DELIVERY_BODIES = """
    INSERT INTO delivery_body (delivery_id, body) SELECT id, 'body' FROM delivery WHERE application_id = :id AND id <= :rows
"""
SENTENCES = """
    INSERT INTO timeline (application_id, source_id, kind, sentence, at)
    SELECT :id, '1', 'applied', '', now() - interval '400 days' FROM generate_series(1, CAST(:rows AS integer))
"""


async def fill(stage: Stage) -> None:
    """Many deliveries, the older half of them a hundred days old."""
    application = await stage.install()
    async with stage.store.pool.transaction() as connection:
        for statement in (DELIVERIES, DELIVERY_BODIES, SENTENCES):
            await connection.execute(statement, {"id": application.id, "rows": ROWS})
        for table in ("delivery", "delivery_body", "timeline"):
            await connection.execute(f"ANALYZE {table}")


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for each in plan.get("Plans", ()):
        yield from nodes(each)


@pytest.mark.parametrize("statement", [BODIES, KEYS, TIMELINE], ids=["bodies", "keys", "timeline"])
async def test_no_batch_looks_at_a_whole_table(stage: Stage, statement: str) -> None:
    await fill(stage)
    given = {"older_than": timedelta(days=30), "after": 0, "limit": 1000}
    async with stage.store.pool.transaction() as connection:
        found = await connection.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", given)
        explained = found.scalar()
    plan = json.loads(explained)[0]
    used = list(nodes(plan["Plan"]))
    whole = [each for each in used if each["Node Type"] == "Seq Scan" and each.get("Relation Name") != "replayed"]
    assert whole == []
    assert any(each["Node Type"].startswith("Index") for each in used)
    assert max(each["Actual Rows"] for each in used) <= 1000


async def test_a_sweep_goes_on_behind_the_batch_before_and_ends_at_what_is_young(stage: Stage) -> None:
    await fill(stage)
    after, batches, dropped = 0, 0, 0
    while True:
        async with stage.store.transaction() as tx:
            swept = await tx.retention.bodies(older_than=timedelta(days=30), after=after, limit=4000)
        batches, dropped = batches + 1, dropped + swept.dropped
        if swept.after is None:
            break
        after = swept.after
    assert (batches, dropped) == (4, ROWS // 2)
    assert await stage.count("delivery_body") == ROWS // 2


async def test_what_somebody_holds_is_passed_over(stage: Stage) -> None:
    await fill(stage)
    async with stage.store.transaction() as holder:
        await holder.inbox._connection.execute("SELECT 1 FROM delivery ORDER BY id LIMIT 1 FOR UPDATE")
        async with stage.store.transaction() as tx:
            swept = await tx.retention.keys(older_than=timedelta(days=90), after=0, limit=10)
    assert swept.dropped == 9
