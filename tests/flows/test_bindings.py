"""Bindings are between variants: the table of the README holds however products of the shop are spread over Orderchamp's.

Each shape is installed once, and every row goes back to it.
"""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import pytest

from app.domain.event import Fact, Tombstone
from app.domain.ids import SourceId
from app.domain.product import Snapshot
from tests.fakes.marketplace import Shown
from tests.fakes.shop import product, variant
from tests.fakes.stage import Stage

A = variant("A")


def says(source_id: str, *variants: str, at: int = 1, **changes: object) -> Snapshot:
    return product(source_id, *(variant(each) for each in variants), at=at, **changes)


def hides(source_id: str, *variants: str, at: int = 1) -> Snapshot:
    return says(source_id, *variants, at=at, published=False, status="draft")


def deletes(source_id: str) -> Tombstone:
    return Tombstone(source_id=SourceId(source_id))


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Products of the shop, and those that are on Orderchamp before it is installed: both by name, with their SKUs."""

    shop: Mapping[str, str]
    there: Mapping[str, str]
    free: Mapping[str, str] = field(default_factory=dict)
    """What is on Orderchamp and nobody's: a product by its name, with SKUs."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """``said`` one after the other, each brought about before the next. ``shown`` differs from the start in these lines."""

    what: str
    said: Sequence[Fact]
    shown: Mapping[str, str]


SPREAD = Shape(shop={"1": "AB"}, there={"x": "A", "y": "B"}, free={"z": "C"})
SHARED = Shape(shop={"1": "A", "2": "B"}, there={"x": "AB"}, free={"z": "C"})
CROSSED = Shape(shop={"1": "AB", "2": "C"}, there={"x": "A", "y": "BC"})

TABLE: Mapping[str, tuple[Shape, Mapping[str, str], Sequence[Row]]] = {
    "one of the shop over several": (
        SPREAD,
        {"x": "Product 1, shown: A 5", "y": "Product 1, shown: B 5", "z": "z, hidden: C 0"},
        [
            Row(what="new", said=[], shown={}),
            Row(
                what="deleted",
                said=[deletes("1")],
                shown={"x": "Product 1, hidden: A 5", "y": "Product 1, hidden: B 5"},
            ),
            Row(
                what="unpublished",
                said=[hides("1", "A", "B")],
                shown={"x": "Product 1, hidden: A 5", "y": "Product 1, hidden: B 5"},
            ),
            Row(what="republished", said=[hides("1", "A", "B"), says("1", "A", "B", at=2)], shown={}),
            Row(
                what="a variant added that is there",
                said=[says("1", "A", "B", "C")],
                shown={"z": "Product 1, shown: C 5"},
            ),
            Row(
                what="a variant added that is nowhere",
                said=[says("1", "A", "B", "D")],
                shown={"x": "Product 1, shown: A 5, D 5"},
            ),
            Row(what="a variant removed", said=[says("1", "A")], shown={"y": "Product 1, shown: B 0"}),
            Row(
                what="stock",
                said=[product("1", A, variant("B", stock=2), at=1)],
                shown={"y": "Product 1, shown: B 2"},
            ),
            Row(
                what="fields",
                said=[says("1", "A", "B", title="New")],
                shown={"x": "New, shown: A 5", "y": "New, shown: B 5"},
            ),
        ],
    ),
    "several of the shop on one": (
        SHARED,
        {"x": "Product 1, shown: A 5, B 5", "z": "z, hidden: C 0"},
        [
            Row(what="new", said=[], shown={}),
            Row(what="deleted", said=[deletes("1")], shown={"x": "Product 2, shown: A 0, B 5"}),
            Row(what="both deleted", said=[deletes("1"), deletes("2")], shown={"x": "Product 2, hidden: A 0, B 5"}),
            Row(
                what="both deleted, and the second made anew",
                said=[deletes("1"), deletes("2"), says("2", "B", at=3)],
                shown={"x": "Product 2, shown: A 0, B 5"},
            ),
            Row(
                what="both deleted, and the first made anew",
                said=[deletes("1"), deletes("2"), says("1", "A", at=3)],
                shown={"x": "Product 1, shown: A 5, B 0"},
            ),
            Row(what="unpublished", said=[hides("1", "A")], shown={"x": "Product 1, shown: A 0, B 5"}),
            Row(what="republished", said=[hides("1", "A"), says("1", "A", at=2)], shown={}),
            Row(
                what="both unpublished: stock of what is hidden goes on",
                said=[hides("1", "A"), hides("2", "B")],
                shown={"x": "Product 1, hidden: A 5, B 5"},
            ),
            Row(
                what="both unpublished, and one republished",
                said=[hides("1", "A"), hides("2", "B"), says("2", "B", at=2)],
                shown={"x": "Product 1, shown: A 0, B 5"},
            ),
            Row(
                what="a variant added that is there",
                said=[says("2", "B", "C")],
                shown={"z": "Product 2, shown: C 5"},
            ),
            Row(
                what="a variant added that is nowhere",
                said=[says("2", "B", "D")],
                shown={"x": "Product 1, shown: A 5, B 5, D 5"},
            ),
            Row(
                what="a variant removed for another",
                said=[says("2", "D")],
                shown={"x": "Product 1, shown: A 5, B 0, D 5"},
            ),
            Row(
                what="stock",
                said=[product("2", variant("B", stock=2), at=1)],
                shown={"x": "Product 1, shown: A 5, B 2"},
            ),
            Row(what="fields of the older", said=[says("1", "A", title="New")], shown={"x": "New, shown: A 5, B 5"}),
            Row(what="fields of the younger", said=[says("2", "B", title="New")], shown={}),
        ],
    ),
    "one over several, of which one is shared": (
        CROSSED,
        {"x": "Product 1, shown: A 5", "y": "Product 1, shown: B 5, C 5"},
        [
            Row(what="new", said=[], shown={}),
            Row(
                what="deleted",
                said=[deletes("1")],
                shown={"x": "Product 1, hidden: A 5", "y": "Product 2, shown: B 0, C 5"},
            ),
            Row(
                what="unpublished",
                said=[hides("1", "A", "B")],
                shown={"x": "Product 1, hidden: A 5", "y": "Product 1, shown: B 0, C 5"},
            ),
            Row(what="republished", said=[hides("1", "A", "B"), says("1", "A", "B", at=2)], shown={}),
            Row(
                what="stock",
                said=[product("1", A, variant("B", stock=2), at=1)],
                shown={"y": "Product 1, shown: B 2, C 5"},
            ),
            Row(
                what="fields",
                said=[says("1", "A", "B", title="New")],
                shown={"x": "New, shown: A 5", "y": "New, shown: B 5, C 5"},
            ),
        ],
    ),
}


def seen(products: Mapping[str, Shown]) -> Mapping[str, str]:
    """What buyers see, in a line a product."""
    lines = {}
    for name, each in products.items():
        stock = ", ".join(f"{v.sku} {v.stock}" for v in sorted(each.variants.values(), key=lambda v: v.sku))
        lines[name] = f"{each.title}, {'shown' if each.published else 'hidden'}: {stock}"
    return lines


@pytest.mark.policy("inactive_beside_shown")
@pytest.mark.policy("deleted_beside_living")
@pytest.mark.parametrize("name", TABLE)
async def test_every_row_of_the_table_holds_variant_by_variant(stage: Stage, name: str) -> None:
    shape, start, rows = TABLE[name]
    there = {
        each: stage.orderchamp.add(each, dict.fromkeys(skus, 0)).id
        for each, skus in [*shape.there.items(), *shape.free.items()]
    }
    stage.shop.put(*(says(source_id, *skus, at=0) for source_id, skus in shape.shop.items()))
    application = await stage.install()
    await stage.settle()
    await stage.remember()
    shown, shop = copy.deepcopy(stage.orderchamp.products), dict(stage.shop.products)
    for row in rows:
        await stage.go_back()
        stage.orderchamp.products, stage.shop.products = copy.deepcopy(shown), dict(shop)
        for fact in row.said:
            if isinstance(fact, Tombstone):
                del stage.shop.products[fact.source_id]
            elif isinstance(fact, Snapshot):
                stage.shop.put(fact)
            await stage.hear(application, fact)
            await stage.settle()
        assert len(stage.orderchamp.products) == len(there), f"{row.what}: something was created beside"
        now = seen({each: stage.orderchamp.products[target_id] for each, target_id in there.items()})
        assert now == {**start, **row.shown}, row.what
        for each in stage.orderchamp.products.values():
            assert each.publications <= 1 + sum(isinstance(fact, Snapshot) for fact in row.said), row.what


@pytest.mark.policy("inactive_beside_shown")
async def test_any_order_in_which_products_that_share_one_come_and_go_ends_alike(stage: Stage) -> None:
    stage.orderchamp.add("x", {"A": 0, "B": 0})
    stage.shop.put(says("1", "A", at=0), says("2", "B", at=0))
    application = await stage.install()
    await stage.settle()
    await stage.remember()
    shown = copy.deepcopy(stage.orderchamp.products)
    ends: set[str] = set()
    for order in permutations((hides("1", "A", at=1), hides("2", "B", at=1), says("2", "B", at=2))):
        for settling in (True, False):
            await stage.go_back()
            stage.orderchamp.products = copy.deepcopy(shown)
            stage.shop.put(hides("1", "A", at=1), says("2", "B", at=2))
            for fact in order:
                await stage.hear(application, fact)
                if settling:
                    await stage.settle()
            await stage.settle()
            ends.update(seen({"x": stage.orderchamp.by_sku("A")}).values())
    assert ends == {"Product 1, shown: A 0, B 5"}


@pytest.mark.policy("deleted_beside_living")
async def test_a_deleted_product_is_not_for_sale_again_when_another_takes_its_target_up(stage: Stage) -> None:
    there = stage.orderchamp.add("x", {"A": 0, "B": 0})
    stage.shop.put(says("1", "A", at=0))
    application = await stage.install()
    await stage.settle()
    stage.shop.products.clear()
    await stage.hear(application, deletes("1"))
    await stage.settle()
    assert (there.published, stage.orderchamp.stock("A")) == (False, 5)
    await stage.hear(application, says("2", "B"))
    await stage.settle()
    assert there.published
    assert (stage.orderchamp.stock("A"), stage.orderchamp.stock("B")) == (0, 5)


@pytest.mark.policy("oldest_binding")
async def test_the_fields_of_a_target_are_those_of_the_product_that_was_bound_first(stage: Stage) -> None:
    there = stage.orderchamp.add("x", {"A": 0, "B": 0})
    stage.shop.put(says("2", "B", at=0))
    application = await stage.install()
    await stage.settle()
    await stage.hear(application, says("1", "A"))
    await stage.settle()
    assert there.title == "Product 2"
    assert (stage.orderchamp.stock("A"), stage.orderchamp.stock("B")) == (5, 5)
