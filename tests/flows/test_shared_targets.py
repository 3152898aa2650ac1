"""A target that shows products of two Applications of an account: two lanes write to it, and each knows what the other wrote."""

import copy
import dataclasses
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from app.domain.application import Application
from app.domain.product import Snapshot
from app.domain.structs import replace
from app.flows.run_lane import claim_lane, run_lane
from app.store.documents import to_observed
from tests.fakes.interrupting import Interrupted
from tests.fakes.killing import Killer, run_until_killed
from tests.fakes.marketplace import Shown
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

OTHER_SHOP = "second.example"
MOST_TRANSACTIONS = 40

AFTER_THE_CALLS = 6
"""Which transaction of a run, in which stock changed, is the one that writes down what came of the calls."""


async def two_on_one(stage: Stage) -> tuple[Application, Application, Shown]:
    """The variant A is of a product of the first Application, B of one of the second, and one target shows both: 1 of each."""
    shown = stage.orderchamp.add("Both", {"A": 0, "B": 0, "C": 0, "D": 0})
    stage.shop.put(has("A", 1, at=0))
    one = await stage.install()
    await stage.settle()
    stage.shop.products.clear()
    stage.shop.put(has("B", 1, at=0))
    other = await stage.install(shop=OTHER_SHOP)
    await stage.settle()
    stage.shop.products.clear()
    await stage.enrich()
    assert (stage.orderchamp.stock("A"), stage.orderchamp.stock("B")) == (1, 1)
    assert stage.orderchamp.products == {shown.id: shown}
    return one, other, shown


def has(sku: str, stock: int, *more: str, at: int, **changes: object) -> Snapshot:
    """What the shop of this SKU says at that time, in seconds."""
    made = [variant(each, stock=stock) for each in (sku, *more)]
    aged = [
        replace(
            each, levels=tuple(replace(level, version=level.version + timedelta(seconds=at)) for level in each.levels)
        )
        for each in made
        if each.levels is not None
    ]
    return product(f"of {sku}", *aged, at=at, **{"title": "Both", **changes})


async def remembered(stage: Stage, shown: Shown) -> Mapping[str, int | None] | None:
    """The stock that is remembered of the target, by SKU; None: it is not known."""
    text = await stage.execute("SELECT observed FROM target WHERE target_id = :id", id=shown.id)
    return None if text is None else {each.sku: each.stock for each in to_observed(text).variants.values()}


def stocks(stage: Stage, *skus: str) -> set[int | None]:
    return {each.stock for each in stage.orderchamp.by_sku("A").variants.values() if each.sku in skus}


async def interrupted_run(
    stage: Stage, application: Application, happening: Callable[[], Awaitable[object]], *, at: int
) -> bool:
    """Run the Application's lane, and let this happen before its n-th transaction; False: it had fewer."""
    await let_wait(stage, application, "now() + interval '1 hour'")
    held = await claim_lane(stage.services)
    assert held is not None
    await let_wait(stage, application, "NULL")
    store = Interrupted(stage.store, at=at, happening=happening)
    await run_lane(dataclasses.replace(stage.services, store=store), held)
    return store.left <= 0


async def let_wait(stage: Stage, application: Application, until: str) -> None:
    """Have all lanes but the Application's be somebody's until then."""
    await stage.execute(f"UPDATE lane SET leased_until = {until} WHERE application_id <> :id", id=application.id)  # noqa: S608


@dataclass(frozen=True)
class Case:
    """What the shops say at once: the stock of A and of B, ``more`` variants of each, and what else is said of A's product."""

    before: str = "SELECT 1"
    of_first: Sequence[str] = ()
    of_second: Sequence[str] = ()
    said: Mapping[str, object] = field(default_factory=dict)


CASES = {
    "stock": Case(),
    "stock of what is not known": Case(before="UPDATE target SET observed = NULL RETURNING 1"),
    "a variant each is created": Case(of_first=["E"], of_second=["F"]),
    "a variant each is matched": Case(of_first=["C"], of_second=["D"]),
    "one hides it": Case(said={"published": False, "status": "draft"}),
    "one renames it and sends images": Case(said={"title": "New", "images": ("https://shop.example/1.jpg",)}),
}


@pytest.mark.parametrize("name", CASES)
async def test_what_another_application_writes_meanwhile_is_never_forgotten(stage: Stage, name: str) -> None:
    """At whichever step of a run: what is remembered is what is shown, so what is sold out afterwards is sent as such."""
    case = CASES[name]
    skus = ["A", "B", *case.of_first, *case.of_second]
    one, other, shown = await two_on_one(stage)
    await stage.execute(case.before)
    await stage.remember()
    there = copy.deepcopy(stage.orderchamp.products)
    for at in range(1, MOST_TRANSACTIONS):
        where = f"interrupted before transaction {at}"
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(there)
        await stage.hear(one, has("A", 9, *case.of_first, at=1, **case.said))
        await stage.hear(other, has("B", 9, *case.of_second, at=1))
        if not await interrupted_run(stage, one, stage.run_lanes, at=at):
            break
        await stage.settle()
        assert stocks(stage, *skus) == {9}, where
        known = await remembered(stage, shown)
        assert known is not None, f"{where}: no sweep would look at it"
        assert {known[each] for each in skus} == {9}, where
        await stage.hear(one, has("A", 1, *case.of_first, at=2))
        await stage.hear(other, has("B", 1, *case.of_second, at=2))
        await stage.settle()
        assert stocks(stage, *skus) == {1}, f"{where}: what is sold out is still for sale"
        now = stage.orderchamp.products[shown.id]
        assert (now.published, now.title) == (True, "Both"), where
        assert await stage.problems(one) == await stage.problems(other) == (), where
    else:
        raise AssertionError("the run never ends")
    assert at > AFTER_THE_CALLS, "nothing was interrupted"


async def test_a_product_that_is_matched_while_another_application_hides_its_target_is_known_as_hidden(
    stage: Stage,
) -> None:
    one, other, shown = await two_on_one(stage)
    await stage.remember()
    there = copy.deepcopy(stage.orderchamp.products)
    for at in range(1, MOST_TRANSACTIONS):
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(there)
        await stage.hear(one, has("C", 9, at=1))
        await stage.hear(other, has("B", 9, at=1, published=False, status="draft"))
        if not await interrupted_run(stage, one, stage.run_lanes, at=at):
            break
        await stage.settle()
        known = await stage.execute("SELECT observed FROM target WHERE target_id = :id", id=shown.id)
        assert to_observed(known).published is stage.orderchamp.products[shown.id].published, at
        assert stocks(stage, "B", "C") == {9}, at
        assert await stage.problems(one) == await stage.problems(other) == (), at
    assert at > AFTER_THE_CALLS


async def test_what_a_worker_sent_before_it_died_is_not_taken_for_unsent(stage: Stage) -> None:
    """Others take its lane over and die, too, while the first Application's run still knows the target as it was."""
    one, other, _ = await two_on_one(stage)
    await stage.remember()
    there = copy.deepcopy(stage.orderchamp.products)

    async def live(deaths: Sequence[int]) -> tuple[bool, bool]:
        """Tell whether the second Application's stock was sent by the first to die, and whether all died."""
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(there)
        await stage.hear(one, has("A", 9, at=1))
        await stage.hear(other, has("B", 9, at=1))
        killers = [Killer(at=each, inside=False) for each in deaths]
        sent: list[bool] = []

        async def die() -> None:
            for killer in killers:
                await run_until_killed(stage, killer)
                sent.append(stocks(stage, "B") == {9})
                await stage.execute("UPDATE in_flight SET until = now() WHERE application_id = :id", id=other.id)
                await let_wait(stage, one, "NULL")

        assert await interrupted_run(stage, one, die, at=AFTER_THE_CALLS)
        await stage.hear(one, has("A", 1, at=2))
        await stage.hear(other, has("B", 1, at=2))
        await stage.settle()
        assert stocks(stage, "A", "B") == {1}, f"died at await {deaths}"
        return sent[0], all(each.struck for each in killers)

    first = 1
    while not (await live([first]))[0]:
        first += 1
    second = 1
    while (await live([first, second]))[1]:
        second += 1
    assert second > len(("load", "take over", "look"))


@pytest.mark.policy("held")
async def test_what_a_worker_hid_before_it_died_is_not_taken_for_hidden_by_hand(stage: Stage) -> None:
    one, other, shown = await two_on_one(stage)
    await stage.remember()
    there = copy.deepcopy(stage.orderchamp.products)
    hidden_by_the_dead = 0
    for awaits in range(1, 100):
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(there)
        await stage.hear(one, has("A", 9, at=1))
        await stage.hear(other, has("B", 1, at=1, published=False, status="draft"))
        killer = Killer(at=awaits, inside=False)

        async def die(killer: Killer = killer) -> None:
            await run_until_killed(stage, killer)

        assert await interrupted_run(stage, one, die, at=AFTER_THE_CALLS)
        if not killer.struck:
            break
        hidden_by_the_dead += not stage.orderchamp.products[shown.id].published
        await let_wait(stage, one, "NULL")
        await stage.settle()
        told = [*await stage.story(one, "of A"), *await stage.story(other, "of B")]
        assert not [each for each in told if "Somebody" in each], f"died at await {awaits}"
    assert hidden_by_the_dead


@pytest.mark.policy("deleted_on_orderchamp")
@pytest.mark.parametrize("both_change", [True, False])
async def test_a_target_that_is_deleted_on_orderchamp_is_created_again_by_neither_application(
    stage: Stage, both_change: bool
) -> None:
    """Deleted at whichever step of a run: the first to find out leaves the other one's product what finds it out, too."""
    one, other, _ = await two_on_one(stage)
    await stage.remember()
    there = copy.deepcopy(stage.orderchamp.products)

    async def deleted() -> None:
        stage.orderchamp.products.clear()
        await stage.run_lanes()

    for at in range(1, MOST_TRANSACTIONS):
        await stage.go_back()
        stage.orderchamp.products = copy.deepcopy(there)
        await stage.hear(one, has("A", 9, at=1))
        if both_change:
            await stage.hear(other, has("B", 9, at=1))
        if not await interrupted_run(stage, one, deleted, at=at):
            break
        await stage.settle()
        # Whoever wrote before it was deleted finds out with the next change.
        await stage.hear(one, has("A", 1, at=2))
        await stage.hear(other, has("B", 1, at=2))
        await stage.settle()
        assert stage.orderchamp.products == {}, f"deleted before transaction {at}"
        kinds = [[each.kind for each in await stage.problems(application)] for application in (one, other)]
        assert kinds == [["deleted_on_orderchamp"]] * 2, f"deleted before transaction {at}"
        assert await stage.count("target") == await stage.count("binding") == 0
    assert at > AFTER_THE_CALLS
