"""One account's budget on real PostgreSQL: what answers teach it, and that workers together never spend more than is there."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from app.domain.application import Account
from app.domain.ids import AccountId, SupplierId
from app.ports import Budget
from app.store.accounts import UNKNOWN_LIMIT
from app.store.database import PostgresStore
from app.store.vault import Keyring

ACCOUNT = AccountId("QWNjb3VudDox")
FREE = timedelta(0)


@dataclass
class Workers:
    """Two processes' worth of stores on one database."""

    stores: tuple[PostgresStore, PostgresStore]

    def budget(self, worker: int) -> Budget:
        return self.stores[worker].budget(ACCOUNT)

    async def later(self, seconds: float) -> None:
        """Let time pass for the account."""
        async with self.stores[0].pool.transaction() as connection:
            await connection.execute(
                "UPDATE account SET level_at = level_at - CAST(:wait AS interval), "
                "blocked_until = blocked_until - CAST(:wait AS interval)",
                {"wait": timedelta(seconds=seconds)},
            )


@pytest.fixture
async def workers(database_url: str) -> AsyncIterator[Workers]:
    opened = tuple(
        PostgresStore(database_url, keyring=Keyring(keys={"a": bytes(32)}, active="a"), random_bytes=bytes, pool=4)
        for _ in range(2)
    )
    async with opened[0].transaction() as tx:
        await tx.accounts.save(Account(id=ACCOUNT, name="A", storefronts=()), SupplierId("s"))
    yield Workers((opened[0], opened[1]))
    for each in opened:
        await each.close()


def near(wait: timedelta, seconds: float) -> bool:
    """Tell whether a wait is this long, but for the time that the test itself takes."""
    return seconds - 0.5 <= wait.total_seconds() <= seconds


async def test_without_figures_two_requests_a_second_go_out_in_small_bursts(workers: Workers) -> None:
    budget = workers.budget(0)
    burst = [await budget.draw(900) for _ in range(int(UNKNOWN_LIMIT))]
    assert burst == [FREE] * 4
    await workers.later(-0.5)  # The burst itself took a moment.
    wait = await budget.draw(900)
    assert timedelta(0) < wait <= timedelta(seconds=1)
    await workers.later(1.5)
    assert [await budget.draw(1) for _ in range(2)] == [FREE] * 2


async def test_an_answer_teaches_limit_level_and_rate(workers: Workers) -> None:
    budget = workers.budget(0)
    await budget.draw(100)
    await budget.report(limit=1000, remaining=300, restore_rate=50, unused=0)
    assert near(await budget.draw(500), 4)
    assert await budget.draw(290) == FREE
    await workers.later(60)
    assert await budget.draw(1000) == FREE, "the bucket is never fuller than its limit"
    assert near(await budget.draw(1000), 20)


async def test_what_a_call_did_not_need_is_there_again_and_what_it_cost_more_is_gone(workers: Workers) -> None:
    budget = workers.budget(0)
    await budget.report(limit=1000, remaining=1000, restore_rate=0.001, unused=0)
    await budget.draw(900)
    await budget.report(limit=1000, remaining=997, restore_rate=0.001, unused=897)
    assert await budget.draw(990) == FREE
    await budget.report(limit=1000, remaining=900, restore_rate=0.001, unused=990)
    await budget.draw(10)
    await budget.report(limit=1000, remaining=900, restore_rate=0.001, unused=-200)
    assert await budget.draw(700) > FREE


async def test_an_answer_does_not_give_away_what_another_worker_has_drawn(workers: Workers) -> None:
    one, other = workers.budget(0), workers.budget(1)
    await one.report(limit=1000, remaining=1000, restore_rate=0.001, unused=0)
    assert await one.draw(400) == FREE
    assert await other.draw(400) == FREE
    # The call of the other worker has not reached Orderchamp yet, which therefore counts with one call alone.
    await one.report(limit=1000, remaining=600, restore_rate=0.001, unused=0)
    assert await one.draw(400) > FREE
    assert await one.draw(200) == FREE


async def test_what_somebody_else_spends_with_the_same_token_is_taken_over(workers: Workers) -> None:
    budget = workers.budget(0)
    await budget.report(limit=1000, remaining=1000, restore_rate=0.001, unused=0)
    await budget.draw(10)
    await budget.report(limit=1000, remaining=50, restore_rate=0.001, unused=0)
    assert await budget.draw(51) > FREE
    assert await budget.draw(50) == FREE


async def test_two_workers_at_once_never_draw_more_than_there_is(workers: Workers) -> None:
    await workers.budget(0).report(limit=1000, remaining=1000, restore_rate=0.001, unused=0)
    budgets = [workers.budget(n % 2) for n in range(40)]
    waits = await asyncio.gather(*(each.draw(37) for each in budgets))
    assert waits.count(FREE) == 1000 // 37


async def test_a_document_that_costs_more_than_the_bucket_holds_goes_out_when_it_is_full(workers: Workers) -> None:
    budget = workers.budget(0)
    await budget.report(limit=500, remaining=100, restore_rate=100, unused=0)
    assert near(await budget.draw(900), 4)
    await workers.later(4)
    assert await budget.draw(900) == FREE


async def test_a_wait_that_was_asked_for_is_never_undercut(workers: Workers) -> None:
    one, other = workers.budget(0), workers.budget(1)
    await one.report(limit=1000, remaining=1000, restore_rate=50, unused=0)
    await one.block(timedelta(seconds=30))
    await other.block(timedelta(seconds=5))
    assert near(await other.draw(1), 30)
    await one.report(limit=1000, remaining=1000, restore_rate=50, unused=0)
    await workers.later(28)
    assert near(await other.draw(1), 2), "a good answer of an earlier call does not end the wait"
    await workers.later(2)
    assert await other.draw(1) == FREE


async def test_a_bucket_that_hardly_fills_asks_for_no_more_than_a_day(workers: Workers) -> None:
    budget = workers.budget(0)
    await budget.report(limit=1e9, remaining=0, restore_rate=1e-9, unused=0)
    assert await budget.draw(1000) == timedelta(days=1)


async def test_accounts_do_not_share_a_budget(workers: Workers) -> None:
    async with workers.stores[0].transaction() as tx:
        await tx.accounts.save(Account(id=AccountId("other"), name="B", storefronts=()), SupplierId("s"))
    await workers.budget(0).block(timedelta(seconds=30))
    assert await workers.stores[0].budget(AccountId("other")).draw(1) == FREE
