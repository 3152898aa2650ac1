"""Orders, repetitions, crashes, lost answers and pauses in every mixture that hypothesis thinks of: it ends as it should.

The machine drives the real flows and PostgreSQL against a fake shop and a fake Orderchamp. It begins with a shop that is
installed; every rule is one thing that happens; at the end time passes, everything is delivered, and Orderchamp must show
the shop. Found examples are printed as the calls that lead there.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
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
from sqlalchemy import text
from sqlmodel import SQLModel

from app.domain.errors import RateLimited
from app.domain.event import Fact, StockFact, Tombstone
from app.domain.ids import Sku, SourceId
from app.domain.plan import Change, NotSent, Outcome
from app.domain.product import Snapshot, StockLevel
from app.flows.operate import pause, resume
from app.flows.run_lane import claim_lane, run_lane
from tests.fakes.killing import Killed, Killer, KillingMarketplaces, KillingStore
from tests.fakes.marketplace import unclear
from tests.fakes.shop import EPOCH, HOME, product, variant
from tests.fakes.stage import open_stage

Found = TypeVar("Found")

PRODUCTS = [SourceId(each) for each in "123"]
some_product = st.sampled_from(PRODUCTS)
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
        async with self._stage.store.engine.begin() as connection:
            await connection.execute(text(f"TRUNCATE {', '.join(SQLModel.metadata.tables)} CASCADE"))
        self._stage.shop.put(product("1", variant(self._sku("1")), variant(self._sku("1"))))
        self._application = await self._stage.install()

    def _sku(self, source_id: str) -> str:
        self._skus += 1
        sku = f"SKU-{self._skus}"
        self._ever.setdefault(SourceId(source_id), set()).add(sku)
        return sku

    # What happens in the shop

    def _say(self, fact: Fact) -> None:
        self._waiting.append((f"event-{len(self._waiting) + len(self._sent)}", fact))

    def _change(self, source_id: SourceId, **changes: Any) -> None:
        """Change a product that there is, and have a notice of it wait to be delivered."""
        known = self._stage.shop.products.get(source_id)
        if known is None:
            return
        self._clock += 1
        changed = replace(known, version=EPOCH + timedelta(seconds=self._clock), **changes)
        self._stage.shop.put(changed)
        self._say(changed)

    def _known(self, source_id: SourceId) -> Snapshot | None:
        return self._stage.shop.products.get(source_id)

    @rule(source_id=some_product, published=st.booleans())
    def create(self, source_id: SourceId, published: bool) -> None:
        if source_id not in self._ever:
            status = "active" if published else "draft"
            self._clock += 1
            made = product(source_id, variant(self._sku(source_id)), at=self._clock, published=published, status=status)
            self._stage.shop.put(made)
            self._say(made)

    @rule(source_id=some_product)
    def delete(self, source_id: SourceId) -> None:
        if self._stage.shop.products.pop(source_id, None) is not None:
            self._say(Tombstone(source_id=source_id))

    @rule(source_id=some_product)
    def hide_or_show(self, source_id: SourceId) -> None:
        known = self._known(source_id)
        if known is not None:
            self._change(source_id, published=not known.published, status="draft" if known.published else "active")

    @rule(source_id=some_product, number=some_number)
    def rename(self, source_id: SourceId, number: int) -> None:
        self._change(source_id, title=f"Title {number}")

    @rule(source_id=some_product)
    def add_variant(self, source_id: SourceId) -> None:
        known = self._known(source_id)
        if known is not None and len(known.variants) < 4:
            self._change(source_id, variants=(*known.variants, variant(self._sku(source_id), stock=self._clock)))

    @rule(source_id=some_product, number=some_number)
    def remove_variant(self, source_id: SourceId, number: int) -> None:
        known = self._known(source_id)
        if known is not None and len(known.variants) > 1:
            out = known.variants[number % len(known.variants)]
            self._change(source_id, variants=tuple(each for each in known.variants if each != out))

    @rule(source_id=some_product, number=some_number)
    def give_a_variant_another_sku(self, source_id: SourceId, number: int) -> None:
        known = self._known(source_id)
        if known is not None:
            variants = list(known.variants)
            chosen = number % len(variants)
            variants[chosen] = replace(variants[chosen], sku=Sku(self._sku(source_id)))
            self._change(source_id, variants=tuple(variants))

    @rule(source_id=some_product, number=some_number)
    def set_stock(self, source_id: SourceId, number: int) -> None:
        """Only the level is told, as shops do; the product's own version stays."""
        known = self._known(source_id)
        if known is None:
            return
        self._clock += 1
        variants = list(known.variants)
        chosen = number % len(variants)
        level = StockLevel(location_id=HOME, quantity=number, version=EPOCH + timedelta(seconds=self._clock))
        variants[chosen] = replace(variants[chosen], levels=(level,), quantity=number)
        self._stage.shop.put(replace(known, variants=tuple(variants)))
        self._say(StockFact(stock_item_id=variants[chosen].stock_item_id, level=level))

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

    @rule(at=st.none() | st.integers(min_value=1, max_value=70))
    def work(self, at: int | None) -> None:
        """One run of the lane; ``at``: the worker dies at this await."""
        done = len(self._stage.orderchamp.applied)
        self._do(self._run(Killer(at=at)))
        if self._paused:
            assert len(self._stage.orderchamp.applied) == done, "something was written while it was paused"

    async def _run(self, killer: Killer) -> None:
        mortal = replace(
            self._stage.services,
            store=KillingStore(self._stage.store, killer),
            marketplaces=KillingMarketplaces(self._stage.orderchamp, killer),
        )
        try:
            held = await claim_lane(mortal)
            if held is not None:
                await run_lane(mortal, held)
        except Killed:
            pass

    @rule()
    def time_passes(self) -> None:
        self._do(self._stage.hurry())

    @rule(executed=st.booleans(), times=st.integers(min_value=1, max_value=3))
    def answers_get_lost(self, executed: bool, times: int) -> None:
        """Of the next changes nobody hears whether they were made."""
        left = [times]

        def lose(change: Change) -> Outcome | None:
            left[0] -= 1
            return unclear(change) if left[0] >= 0 else None

        if executed:
            self._stage.orderchamp.after = lose
        else:
            self._stage.orderchamp.verdict = lose

    @rule(times=st.integers(min_value=1, max_value=3))
    def orderchamp_asks_to_wait(self, times: int) -> None:
        left = [times]

        def refuse(_: Change) -> Outcome | None:
            left[0] -= 1
            return NotSent(RateLimited("Wait.", retry_after=timedelta(seconds=1))) if left[0] >= 0 else None

        self._stage.orderchamp.verdict = refuse

    @rule()
    def shop_is_down_or_up(self) -> None:
        self._stage.shop.down = not self._stage.shop.down

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
        self._stage.shop.down = False
        self._stage.orderchamp.verdict = self._stage.orderchamp.after = lambda _: None
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
