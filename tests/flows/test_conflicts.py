"""An SKU of several variants: kept apart on every holder, in every order, until it is settled."""

import dataclasses
from itertools import permutations

import pytest

from app.domain.application import Application
from app.domain.errors import WrongAnswer
from app.domain.event import Fact, StockFact, Tombstone
from app.domain.ids import AccountId, Sku, SourceId, SourceVariantId, StockItemId, SupplierId, TargetVariantId
from app.domain.plan import CreateProduct, CreateVariant, UpdateVariant
from app.domain.product import StockLevel
from app.domain.resolution import Bind
from app.domain.structs import replace
from app.flows.operate import uninstall
from app.flows.resolve import resolve
from app.ports import BoundVariant
from tests.fakes.shop import EPOCH, HOME, FakeShop, product, variant
from tests.fakes.stage import Stage, open_stage


async def bind(stage: Stage, application: Application, variant_id: str, **changes: object) -> None:
    problem = await stage.problem(application, "sku_conflict")
    answer = dataclasses.replace(Bind(source_variant_id=SourceVariantId(variant_id)), **changes)  # type: ignore[arg-type]
    await resolve(stage.services, problem.id, answer)
    await stage.settle()


def skus(stage: Stage) -> list[str]:
    return sorted(v.sku for each in stage.orderchamp.products.values() for v in each.variants.values())


@pytest.mark.policy("sku_conflict")
async def test_the_same_sku_twice_in_a_shop_is_neither_matched_nor_created(stage: Stage) -> None:
    stage.orderchamp.add("By hand", {"X": 1})
    stage.shop.put(
        product("1", variant("X", variant_id="a"), variant("1-B")), product("2", variant("X", variant_id="b"))
    )
    application = await stage.install()
    await stage.settle()
    assert skus(stage) == ["1-B", "X"]
    assert stage.orderchamp.stock("X") == 1, "the one by hand was not touched"
    problem = await stage.problem(application, "sku_conflict")
    assert problem.source_ids == ("1", "2")
    assert [each["source_variant_id"] for each in problem.details["candidates"]["shop"]] == ["a", "b"]
    assert stage.orderchamp.by_sku("1-B").published, "the rest of the product goes on"
    view = await stage.product(application, "2")
    assert (view.state, view.why) == ("problem", "Not on Orderchamp. The SKU X is on 2 variant(s) in the shop.")


@pytest.mark.policy("sku_conflict")
async def test_skus_that_differ_only_in_case_are_a_conflict(stage: Stage) -> None:
    stage.shop.put(product("1", variant("abc")), product("2", variant("ABC")))
    application = await stage.install()
    await stage.settle()
    assert skus(stage) == []
    assert (await stage.problem(application, "sku_conflict")).sentence.startswith("The SKU ABC or abc is on 2")


@pytest.mark.policy("sku_conflict")
async def test_when_one_holder_changes_all_are_planned_again(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")), product("2", variant("X", variant_id="b")))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("2", variant("Y", variant_id="b"), at=1))
    await stage.settle()
    assert skus(stage) == ["X", "Y"]
    assert await stage.problems(application) == ()
    assert (await stage.product(application, "1")).state == "published"


@pytest.mark.policy("sku_conflict")
async def test_a_bound_variant_in_conflict_keeps_its_stock_and_nothing_else(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    application = await stage.install()
    await stage.settle()
    await stage.hear(
        application,
        product("2", variant("X", variant_id="b")),
        product("1", variant("X", variant_id="a", price="99.00"), at=1),
    )
    level = StockLevel(location_id=HOME, quantity=1, version=EPOCH.replace(year=2027))
    await stage.hear(application, StockFact(stock_item_id=StockItemId("item-a"), level=level))
    await stage.settle()
    (shown,) = stage.orderchamp.by_sku("X").variants.values()
    assert (shown.stock, str(shown.price)) == (1, "10.00")
    assert (await stage.problem(application, "sku_conflict")).source_ids == ("1", "2")
    del stage.shop.products[SourceId("1")]
    stage.shop.put(product("2", variant("X", variant_id="b")))
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    assert await stage.problems(application) == ()
    assert (await stage.product(application, "2")).variants[0][2] == stage.orderchamp.by_sku("X").id


@pytest.mark.policy("sku_conflict")
async def test_all_orders_of_a_conflicts_life_end_in_the_same_state(database_url: str) -> None:
    first = product("1", variant("X", variant_id="a"), at=1)
    life: dict[str, Fact] = {
        "one": first,
        "two": product("2", variant("X", variant_id="b")),
        "three": product("3", variant("x", variant_id="c")),
        "two is renamed": product("2", variant("Y", variant_id="b"), at=5),
    }
    ended = set()
    for n, order in enumerate(permutations(life)):
        stage = open_stage(database_url)
        stage.orderchamp.account_id = AccountId(f"account-{n}")
        for each in ("one", "three", "two is renamed"):
            stage.shop.put(life[each])  # type: ignore[arg-type]
        application = await stage.install(supplier_id=SupplierId(f"supplier-{n}"), shop=f"{n}.example")
        for position, name in enumerate(order):
            await stage.hear(application, life[name], event=f"{position}")
            if n % 2:
                await stage.run_lanes()
        await stage.settle()
        problem = await stage.problem(application, "sku_conflict")
        # What was bound before the conflict arose stays as it was; everything else is the same.
        ended.add((problem.source_ids, problem.sentence, "Y" in skus(stage), stage.orderchamp.by_sku("Y").published))
        await stage.store.close()
    assert ended == {(("1", "3"), "The SKU X or x is on 2 variant(s) in the shop.", True, True)}


@pytest.mark.policy("sku_conflict")
async def test_a_person_says_which_variant_it_is_and_the_others_stay_out(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")), product("2", variant("X", variant_id="b", stock=7)))
    application = await stage.install()
    await stage.settle()
    problem = await stage.problem(application, "sku_conflict")
    with pytest.raises(WrongAnswer) as refused:
        await resolve(stage.services, problem.id, Bind(source_variant_id=SourceVariantId("nobody")))
    assert "a (“Product 1”), b (“Product 2”)" in refused.value.reasons[0][1]
    await bind(stage, application, "b")
    assert stage.orderchamp.stock("X") == 7
    assert await stage.problems(application) == ()
    left = await stage.product(application, "1")
    assert (left.state, left.why) == ("skipped", "Not on Orderchamp. A person gave the SKU X to another variant.")
    await stage.hear(application, product("2", variant("Y", variant_id="b"), at=1))
    await stage.settle()
    assert skus(stage) == ["X", "Y"], "the choice ends with its variant"


@pytest.mark.policy("sku_conflict")
async def test_the_chosen_variant_takes_over_what_another_was_bound_to(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    application = await stage.install()
    await stage.settle()
    target = stage.orderchamp.by_sku("X").id
    await stage.hear(application, product("2", variant("X", variant_id="b", stock=3)))
    await stage.settle()
    await bind(stage, application, "b")
    assert stage.orderchamp.by_sku("X").id == target
    assert stage.orderchamp.stock("X") == 3
    assert stage.orderchamp.by_sku("X").title == "Product 2"


@pytest.mark.policy("sku_conflict")
async def test_the_same_sku_twice_on_orderchamp_is_settled_by_naming_one(stage: Stage) -> None:
    stage.orderchamp.add("First", {"1-A": 1})
    second = stage.orderchamp.add("Second", {"1-A": 1})
    stage.shop.put(product("1", variant("1-A", stock=8)))
    application = await stage.install()
    await stage.settle()
    assert {v.stock for each in stage.orderchamp.products.values() for v in each.variants.values()} == {1}
    problem = await stage.problem(application, "sku_conflict")
    offered = [each["target_variant_id"] for each in problem.details["candidates"]["orderchamp"]]
    assert len(offered) == 2
    (mine,) = second.variants
    with pytest.raises(WrongAnswer):
        await bind(stage, application, "v-1-A", target_variant_id=TargetVariantId("nothing"))
    await bind(stage, application, "v-1-A", target_variant_id=mine)
    assert (second.title, second.published, second.variants[mine].stock) == ("Product 1", True, 8)
    assert await stage.problems(application) == ()


@pytest.mark.policy("sku_conflict")
async def test_two_applications_of_one_account_that_want_an_sku_both_leave_it_alone(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    first = await stage.install()
    await stage.settle()
    assert skus(stage) == ["X"]
    other = FakeShop()
    other.put(product("9", variant("X", variant_id="z", stock=2)))
    stage.adapters["other"] = other.adapter()
    second = await stage.install(platform="other", shop="other.example")
    await stage.settle()
    assert stage.orderchamp.stock("X") == 5
    assert (await stage.problem(first, "sku_conflict")).source_ids == ("1",)
    candidates = (await stage.problem(second, "sku_conflict")).details["candidates"]["shop"]
    assert {each["application_id"] for each in candidates} == {str(first.id), str(second.id)}
    await uninstall(stage.services, first.id, unpublish=False)
    await stage.settle()
    assert stage.orderchamp.stock("X") == 2, "whoever is left has it"
    assert await stage.problems(second) == ()
    await stage.install()
    await stage.settle()
    for each in (first, second):
        assert len((await stage.problem(each, "sku_conflict")).details["candidates"]["shop"]) == 2, (
            "it is wanted twice again"
        )


@pytest.mark.policy("sku_swap")
@pytest.mark.parametrize("together", [True, False])
async def test_skus_change_places_through_a_temporary_one(stage: Stage, together: bool) -> None:
    if together:
        before = [product("1", variant("A", variant_id="a", stock=1), variant("B", variant_id="b", stock=2))]
        after = [product("1", variant("B", variant_id="a", stock=1), variant("A", variant_id="b", stock=2), at=1)]
    else:
        before = [
            product("1", variant("A", variant_id="a", stock=1)),
            product("2", variant("B", variant_id="b", stock=2)),
        ]
        after = [
            product("1", variant("B", variant_id="a", stock=1), at=1),
            product("2", variant("A", variant_id="b", stock=2), at=1),
        ]
    stage.shop.put(*before)
    application = await stage.install()
    await stage.settle()
    made = len(stage.orderchamp.applied)
    await stage.hear(application, *after)
    await stage.settle()
    assert (stage.orderchamp.stock("A"), stage.orderchamp.stock("B")) == (2, 1)
    renamed = [each.sku for each in stage.orderchamp.applied[made:] if isinstance(each, UpdateVariant)]
    assert len(renamed) == 3
    assert await stage.problems(application) == ()
    created = [each for each in stage.orderchamp.applied[made:] if isinstance(each, CreateProduct | CreateVariant)]
    assert created == []


@pytest.mark.policy("sku_swap")
async def test_an_sku_that_moves_on_makes_way_for_a_new_variant(stage: Stage) -> None:
    stage.shop.put(product("1", variant("A", variant_id="a", stock=1)))
    application = await stage.install()
    await stage.settle()
    await stage.hear(
        application, product("1", variant("B", variant_id="a", stock=1), variant("A", variant_id="n", stock=9), at=1)
    )
    await stage.settle()
    assert (stage.orderchamp.stock("A"), stage.orderchamp.stock("B")) == (9, 1)
    assert await stage.problems(application) == ()


@pytest.mark.policy("sku_swap")
async def test_a_variant_takes_the_sku_of_one_that_the_shop_deleted(stage: Stage) -> None:
    stage.shop.put(product("1", variant("A", variant_id="a", stock=1), variant("B", variant_id="b", stock=2)))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, product("1", variant("B", variant_id="a", stock=4), at=1))
    await stage.settle()
    assert stage.orderchamp.stock("B") == 4
    assert await stage.problems(application) == ()


@pytest.mark.policy("successor")
@pytest.mark.parametrize("deleted_first", [True, False])
async def test_a_product_made_anew_takes_over_from_the_deleted_one(stage: Stage, deleted_first: bool) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    application = await stage.install()
    await stage.settle()
    target = stage.orderchamp.by_sku("X")
    anew = product("2", variant("X", variant_id="b", stock=6))
    stage.shop.products.clear()
    stage.shop.put(anew)
    facts: list[Fact] = [Tombstone(source_id=SourceId("1")), anew]
    for fact in facts if deleted_first else reversed(facts):
        await stage.hear(application, fact)
        await stage.settle()
    assert stage.orderchamp.by_sku("X") is target
    assert (target.published, stage.orderchamp.stock("X")) == (True, 6)
    assert await stage.problems(application) == ()


@pytest.mark.policy("claim")
async def test_who_creates_an_sku_has_claimed_it_for_the_account(stage: Stage) -> None:
    stage.shop.put(product("1"))
    application = await stage.install()
    await stage.settle()
    assert await stage.count("sku_claim") == 1
    async with stage.store.transaction() as tx:
        other = await tx.targets.claim_skus(
            application.id,
            application.account_id,
            {next(iter(skus(stage))): SourceVariantId("other")},  # type: ignore[dict-item]
        )
    assert other == frozenset()


@pytest.mark.policy("claim")
async def test_who_finds_an_sku_claimed_by_another_at_the_last_moment_does_not_create_it(stage: Stage) -> None:
    other = FakeShop()
    stage.adapters["other"] = other.adapter()
    other.put(product("9"))
    theirs = await stage.install(platform="other", shop="other.example")
    ours = await stage.install()
    await stage.settle()

    async def claimed_by_them() -> None:
        """Their variant has the SKU, and their worker is about to create it."""
        await stage.execute("UPDATE source_variant SET sku = 'X' WHERE application_id = :id", id=theirs.id)
        async with stage.store.transaction() as tx:
            wanted = {Sku("X"): SourceVariantId("v-9-A")}
            assert await tx.targets.claim_skus(theirs.id, theirs.account_id, wanted) == {"X"}

    stage.orderchamp.during_find = claimed_by_them
    await stage.hear(ours, product("1", variant("X")))
    await stage.settle()
    assert skus(stage) == ["9-A"]
    assert "claimed by another product" in (await stage.problem(ours, "sku_conflict")).sentence


@pytest.mark.policy("sku_conflict")
async def test_a_person_may_give_an_sku_to_a_variant_although_another_had_created_it(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    application = await stage.install()
    await stage.settle()
    stage.orderchamp.products.clear()
    await stage.hear(
        application, product("2", variant("X", variant_id="b")), product("1", variant("X", variant_id="a"), at=1)
    )
    async with stage.store.transaction() as tx:
        await tx.products.forget_observed(application.id, [SourceId("1")])
    await stage.settle()
    await bind(stage, application, "b")
    assert stage.orderchamp.by_sku("X").title == "Product 2"
    assert await stage.problems(application, kind="sku_conflict") == ()


@pytest.mark.policy("claim")
async def test_a_claim_ends_with_the_product_for_which_it_was_made(stage: Stage) -> None:
    stage.shop.put(product("1", variant("X", variant_id="a")))
    application = await stage.install()
    await stage.settle()
    stage.shop.products.clear()
    await stage.hear(application, Tombstone(source_id=SourceId("1")))
    await stage.settle()
    stage.orderchamp.products.clear()
    await stage.hear(application, product("2", variant("X", variant_id="b")))
    await stage.settle()
    assert stage.orderchamp.by_sku("X").title == "Product 2"
    assert await stage.problems(application) == ()


async def test_who_binds_what_another_application_has_bound_gets_nothing(stage: Stage) -> None:
    stage.adapters["other"] = FakeShop().adapter()
    stage.shop.put(product("1"))
    ours = await stage.install()
    theirs = await stage.install(platform="other", shop="other.example")
    await stage.settle()
    async with stage.store.transaction() as tx:
        (binding,) = (await tx.targets.bindings(ours.id, [SourceId("1")]))[SourceId("1")]
        late = replace(binding, source_variant_id=SourceVariantId("late"))
        wanted = [BoundVariant(source_id=SourceId("9"), binding=late)]
        assert await tx.targets.bind(theirs.id, theirs.account_id, wanted) == frozenset()
        assert (await tx.targets.bindings(ours.id, [SourceId("1")]))[SourceId("1")] == (binding,)
    await uninstall(stage.services, ours.id, unpublish=False)
    await stage.settle()
    async with stage.store.transaction() as tx:
        assert await tx.targets.bind(theirs.id, theirs.account_id, wanted) == {"late"}
