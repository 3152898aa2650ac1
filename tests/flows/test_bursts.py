"""Many changes of one product within a short time become few writes, and the last one counts."""

from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.application import Application
from app.domain.plan import UpdateProduct
from tests.fakes.shop import product
from tests.fakes.stage import Stage

COALESCE = timedelta(seconds=3)


async def resting(stage: Stage) -> tuple[datetime, datetime] | None:
    """Now and the end of the product's rest, on the database's clock."""
    async with stage.store.pool.connection() as connection:
        found = await connection.execute("SELECT now() AS now, rests_until FROM source_product")
        row = found.one()
    return None if row.rests_until is None else (row.now, row.rests_until)


async def pass_time(stage: Stage, by: timedelta) -> None:
    """Let everything in the rows be older."""
    async with stage.store.pool.transaction() as connection:
        await connection.execute(
            "UPDATE source_product SET due_at = due_at - CAST(:by AS interval), "
            "rests_until = rests_until - CAST(:by AS interval)",
            {"by": by},
        )
        await connection.execute("UPDATE lane SET due_at = due_at - CAST(:by AS interval)", {"by": by})


async def synced(stage: Stage) -> Application:
    stage.services = replace(stage.services, pace=replace(stage.services.pace, coalesce=COALESCE))
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    await pass_time(stage, timedelta(minutes=5))
    stage.orderchamp.applied.clear()
    return application


def titles(stage: Stage) -> list[str | None]:
    return [each.title for each in stage.orderchamp.applied if isinstance(each, UpdateProduct)]


async def test_the_first_change_goes_at_once_and_the_next_ones_wait_together(stage: Stage) -> None:
    application = await synced(stage)
    for at in range(1, 6):
        await stage.hear(application, product("1", at=at, title=f"Title {at}"))
        await stage.run_lanes()
    assert titles(stage) == ["Title 1"]
    await pass_time(stage, COALESCE)
    await stage.run_lanes()
    assert titles(stage) == ["Title 1", "Title 5"]


async def test_a_product_rests_longer_while_its_burst_goes_on_and_as_before_once_it_is_over(stage: Stage) -> None:
    application = await synced(stage)
    rests = []
    for at, gap in enumerate((0, 3, 9, 60), start=1):
        await pass_time(stage, timedelta(seconds=gap))
        await stage.hear(application, product("1", at=at, title=f"Title {at}"))
        await stage.run_lanes()
        found = await resting(stage)
        assert found is not None
        rests.append(round((found[1] - found[0]).total_seconds()))
    assert titles(stage) == ["Title 1", "Title 2", "Title 3", "Title 4"]
    assert rests == [3, 9, 9, 3]
