"""Orders, repetitions, crashes, lost answers and pauses in every mixture that hypothesis thinks of: it ends as it should.

The machine drives the real flows and PostgreSQL against a fake shop and a fake Orderchamp. It begins with a shop that is
installed; every rule is one thing that happens; at the end time passes, everything is delivered, and Orderchamp must show
the shop. Found examples are printed as the calls that lead there.
"""

import asyncio
import contextlib
import dataclasses
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import SQLModel

from app.domain.errors import RateLimited
from app.domain.event import Fact, StockFact, Tombstone
from app.domain.ids import Sku, SourceId
from app.domain.plan import Change, NotSent, Outcome
from app.domain.product import Snapshot, SourceVariant, StockLevel
from app.domain.structs import replace
from app.flows.operate import pause, resume
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.killing import Killed, Killer, KillingMarketplaces, KillingStore
from tests.fakes.marketplace import unclear
from tests.fakes.shop import EPOCH, HOME, product, variant
from tests.fakes.stage import open_stage

Found = TypeVar("Found")
Answer = Callable[[Change], Outcome]

PRODUCTS = [SourceId(each) for each in "123"]
some_number = st.integers(min_value=0, max_value=10_000)


class ShopLife(RuleBasedStateMachine):
    """A shop with its Application; ``database_url`` names a database that is emptied for every example."""

    def __init__(self, database_url: str) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._stage = open_stage(database_url)
        self._clock = 0
        self._skus = 0
        self._ever: dict[SourceId, set[str]] = {}
        self._waiting: list[tuple[str, Fact]] = []
        self._sent: list[tuple[str, Fact]] = []
        self._paused = False

    def _do(self, work: Coroutine[Any, Any, Found]) -> Found:
        return self._runner.run(work)

    @initialize()
    def install(self) -> None:
        self._do(self._begin())

    async def _begin(self) -> None:
        async with self._stage.store.pool.transaction() as connection:
            await connection.execute(f"TRUNCATE {', '.join(SQLModel.metadata.tables)} CASCADE")
        self._stage.shop.put(product("1", variant(self._sku("1")), variant(self._sku("1"))))
        self._application = await self._stage.install()

    def _sku(self, source_id: str) -> str:
        self._skus += 1
        sku = f"SKU-{self._skus}"
        self._ever.setdefault(SourceId(source_id), set()).add(sku)
        return sku

    # What happens in the shop

    @rule(
        change=st.sampled_from(["create", "delete", "show", "rename", "add", "remove", "sku", "stock", "stock"]),
        source_id=st.sampled_from(PRODUCTS),
        number=some_number,
    )
    def happens(self, change: str, source_id: SourceId, number: int) -> None:
        """One change in the shop, with a notice of it that waits to be delivered."""
        self._clock += 1
        known = self._stage.shop.products.get(source_id)
        if known is None:
            if change == "create" and source_id not in self._ever:
                variants = [variant(self._sku(source_id)) for _ in range(1 + number % 2)]
                self._put(product(source_id, *variants, published=number % 5 > 0))
            return
        chosen = known.variants[number % len(known.variants)]
        match change:
            case "delete":
                del self._stage.shop.products[source_id]
                self._say(Tombstone(source_id=source_id))
            case "show":
                self._put(replace(known, published=not known.published))
            case "rename":
                self._put(replace(known, title=f"Title {number}"))
            case "add" if len(known.variants) < 4:
                self._put(replace(known, variants=(*known.variants, variant(self._sku(source_id), stock=number))))
            case "remove" if len(known.variants) > 1:
                self._put(replace(known, variants=tuple(each for each in known.variants if each != chosen)))
            case "sku":
                self._put(_with(known, chosen, sku=Sku(self._sku(source_id))))
            case "stock":
                # Only the level is told, as shops do; the product's own version stays.
                level = StockLevel(location_id=HOME, quantity=number, version=self._now())
                self._stage.shop.put(_with(known, chosen, levels=(level,), quantity=number))
                self._say(StockFact(stock_item_id=chosen.stock_item_id, level=level))

    def _put(self, changed: Snapshot) -> None:
        changed = replace(changed, version=self._now(), status="active" if changed.published else "draft")
        self._stage.shop.put(changed)
        self._say(changed)

    def _now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._clock)

    def _say(self, fact: Fact) -> None:
        self._waiting.append((f"event-{len(self._waiting) + len(self._sent)}", fact))

    # What happens on the way

    async def _deliver(self, event_id: str, fact: Fact) -> None:
        await self._stage.hear(self._application, fact, event=event_id)

    @precondition(lambda self: self._waiting)
    @rule(number=some_number)
    def deliver_any(self, number: int) -> None:
        told = self._waiting.pop(number % len(self._waiting))
        self._sent.append(told)
        self._do(self._deliver(*told))

    @precondition(lambda self: self._sent)
    @rule(number=some_number)
    def deliver_again(self, number: int) -> None:
        self._do(self._deliver(*self._sent[number % len(self._sent)]))

    # What happens in the service and on Orderchamp

    @rule(
        at=st.none() | st.integers(min_value=1, max_value=70),
        trouble=st.sampled_from(["none", "none", "answers lost", "requests lost", "throttled", "shop down"]),
        times=st.integers(min_value=1, max_value=3),
    )
    def work(self, at: int | None, trouble: str, times: int) -> None:
        """One run of the lane. ``at``: the worker dies at this await. The trouble befalls so many changes."""
        orderchamp = self._stage.orderchamp
        done = len(orderchamp.applied)
        self._stage.shop.down = trouble == "shop down"
        orderchamp.after = _first(times, unclear if trouble == "answers lost" else None)
        refusal = {"requests lost": unclear, "throttled": _throttled}.get(trouble)
        orderchamp.verdict = _first(times, refusal)
        self._do(self._run(Killer(at=at)))
        orderchamp.after = orderchamp.verdict = _first(0, None)
        self._stage.shop.down = False
        if self._paused:
            assert len(orderchamp.applied) == done, "something was written while it was paused"

    async def _run(self, killer: Killer) -> None:
        mortal = dataclasses.replace(
            self._stage.services,
            store=KillingStore(self._stage.store, killer),
            marketplaces=KillingMarketplaces(self._stage.orderchamp, killer),
        )
        with contextlib.suppress(Killed):
            held = await claim_lane(mortal)
            if held is not None:
                await run_lane(mortal, held)

    @rule()
    def time_passes(self) -> None:
        self._do(self._stage.hurry())

    @rule()
    def pause_or_resume(self) -> None:
        self._do((resume if self._paused else pause)(self._stage.services, self._application.id))
        self._paused = not self._paused

    @invariant()
    def no_sku_is_there_twice(self) -> None:
        skus = [each.sku for shown in self._stage.orderchamp.products.values() for each in shown.variants.values()]
        assert len(skus) == len(set(skus))

    # The end

    def teardown(self) -> None:
        try:
            self._do(self._end())
        finally:
            self._do(self._stage.store.close())
            self._runner.close()

    async def _end(self) -> None:
        if not hasattr(self, "_application"):
            return
        if self._paused:
            await resume(self._stage.services, self._application.id)
        for told in self._waiting:
            await self._deliver(*told)
        await self._stage.hurry()
        await self._stage.settle()
        outcomes = await self._stage.outcomes(self._application)
        assert {event_id for event_id, _ in (*self._sent, *self._waiting)} == set(outcomes)
        assert None not in outcomes.values()
        for source_id, skus in self._ever.items():
            self._check(source_id, self._stage.shop.products.get(source_id), skus)

    def _check(self, source_id: SourceId, known: Snapshot | None, skus: set[str]) -> None:
        """Compare what Orderchamp shows of one product, under any SKU that it ever had, with the shop."""
        there = [
            shown
            for shown in self._stage.orderchamp.products.values()
            if any(each.sku in skus for each in shown.variants.values())
        ]
        assert len(there) <= 1, f"product {source_id} is there {len(there)} times"
        if known is None or not known.published:
            assert not any(each.published for each in there), f"product {source_id} is published"
            return
        (shown,) = there
        assert shown.published, f"product {source_id} is not published"
        assert shown.listed == set(shown.variants)
        assert shown.title == known.title
        stock = {each.sku: each.quantity for each in known.variants if each.sku is not None}
        assert stock.keys() <= {each.sku for each in shown.variants.values()}
        for each in shown.variants.values():
            # What Orderchamp has beside the shop's variants is sold out.
            assert each.stock == stock.get(each.sku, 0), f"{each.sku} has the stock {each.stock}"


def _with(known: Snapshot, chosen: SourceVariant, **changes: Any) -> Snapshot:
    changed = replace(chosen, **changes)
    return replace(known, variants=tuple(changed if each == chosen else each for each in known.variants))


def _first(times: int, answer: Answer | None) -> Callable[[Change], Outcome | None]:
    """Return what answers the first so many changes, and lets the others pass."""
    left = iter(range(times if answer is not None else 0))
    return lambda change: answer(change) if answer is not None and next(left, None) is not None else None


def _throttled(_: Change) -> Outcome:
    return NotSent(RateLimited("Wait.", retry_after=timedelta(seconds=1)))


def test_every_mixture_ends_with_orderchamp_showing_the_shop(database_url: str) -> None:
    class Life(ShopLife):
        def __init__(self) -> None:
            super().__init__(database_url)

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            database=None,
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
