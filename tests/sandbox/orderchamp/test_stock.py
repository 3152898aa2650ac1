"""Stock by bulk, by level and by variant."""

import time
from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import Orderchamp

QUANTITIES = (
    "{ productVariants(first: 9) { nodes { sku inventoryQuantity inventoryLevels(first: 1) "
    "{ nodes { id quantity availableQuantity updatedAt location { id isPrimary } } } } } }"
)


async def stock(orderchamp: Orderchamp) -> dict[str, int | None]:
    shown = await orderchamp.control("GET", "/products")
    return {each["sku"]: each["quantity"] for product in shown for each in product["variants"]}


async def level(orderchamp: Orderchamp) -> dict[str, Any]:
    found: dict[str, Any] = (await orderchamp.data(QUANTITIES))["productVariants"]["nodes"][0]
    return found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ({"adjustment": 4}, 7),
        ({"adjustment": 4, "action": "ADJUST"}, 7),
        ({"adjustment": -1}, 2),
        ({"adjustment": 4, "action": "SET"}, 4),
    ],
)
async def test_adds_unless_told_to_set(orderchamp: Orderchamp, line: dict[str, Any], expected: int) -> None:
    await orderchamp.create()
    assert await orderchamp.refused("inventoryLevelBulkAdjust", inventoryLevels=[{"sku": "MUG-RED", **line}]) == []
    assert await stock(orderchamp) == {"MUG-RED": expected, "MUG-BLUE": None}


async def test_finds_the_level_by_any_of_its_names(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    found = (await level(orderchamp))["inventoryLevels"]["nodes"][0]
    variant_id = await orderchamp.variant("MUG-RED")
    lines = [
        {"sku": "MUG-RED", "adjustment": 1},
        {"productVariantId": variant_id, "adjustment": 1},
        {"inventoryLevelId": found["id"], "adjustment": 1},
        {"sku": "MUG-RED", "locationId": found["location"]["id"], "adjustment": 1},
    ]
    assert await orderchamp.refused("inventoryLevelBulkAdjust", inventoryLevels=lines) == []
    assert await orderchamp.refused("inventoryLevelAdjust", sku="MUG-RED", adjustment=1) == []
    assert (await stock(orderchamp))["MUG-RED"] == 8


async def test_a_bulk_has_the_effect_of_its_good_lines(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    lines = [
        {"sku": "missing", "adjustment": 1, "action": "SET"},
        {"sku": "MUG-RED", "adjustment": 9, "action": "SET"},
        {"adjustment": 1},
        {"sku": "MUG-BLUE", "locationId": "elsewhere", "adjustment": 1},
        {"productVariantId": "x", "adjustment": 1},
    ]
    payload = await orderchamp.do(
        "inventoryLevelBulkAdjust",
        "inventoryLevels { quantity productVariant { sku } } userErrors { field message name }",
        inventoryLevels=lines,
    )
    assert payload["inventoryLevels"] == [{"quantity": 9, "productVariant": {"sku": "MUG-RED"}}]
    assert [each["field"] for each in payload["userErrors"]] == [
        ["inventoryLevels", "0", "sku"],
        ["inventoryLevels", "2"],
        ["inventoryLevels", "3", "locationId"],
        ["inventoryLevels", "4", "productVariantId"],
    ]
    assert payload["userErrors"][0]["message"] == "SKU not found"
    assert await stock(orderchamp) == {"MUG-RED": 9, "MUG-BLUE": None}


@pytest.mark.parametrize(("switch", "expected"), [("available", 1), ("physical", 3)])
async def test_reserved_units_are_in_the_physical_number_alone(
    orderchamp: Orderchamp, switch: str, expected: int
) -> None:
    await orderchamp.switch(inventory_quantity=switch)
    await orderchamp.create()
    variant_id = await orderchamp.variant("MUG-RED")
    await orderchamp.control("POST", f"/variants/{variant_id}/reserve", {"quantity": 2})
    found = await level(orderchamp)
    shown = found["inventoryLevels"]["nodes"][0]
    assert (shown["quantity"], shown["availableQuantity"], found["inventoryQuantity"]) == (3, 1, expected)
    await orderchamp.do("productVariantUpdate", id=variant_id, inventoryQuantity=5)
    assert (await level(orderchamp))["inventoryQuantity"] == 5


async def test_setting_untracked_stock_makes_it_tracked(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    await orderchamp.do("inventoryLevelBulkAdjust", inventoryLevels=[{"sku": "MUG-BLUE", "adjustment": 2}])
    assert (await stock(orderchamp))["MUG-BLUE"] == 2


async def test_bulks_and_look_ups_stay_quick_in_a_large_account(orderchamp: Orderchamp) -> None:
    await orderchamp.switch(bucket="unlimited")
    for start in range(0, 5000, 500):
        variants = [{"sku": f"S{n}", "price": 1, "inventoryQuantity": 0} for n in range(start, start + 500)]
        await orderchamp.create(variants=variants)
    lines = [{"sku": f"S{n}", "adjustment": n, "action": "SET"} for n in range(0, 5000, 50)]
    query = "query($skus: [String]) { productVariants(first: 250, skus: $skus) { nodes { id sku } } }"
    skus = [f"S{n}" for n in range(0, 5000, 20)]
    started = time.process_time()
    assert await orderchamp.refused("inventoryLevelBulkAdjust", inventoryLevels=lines) == []
    assert len((await orderchamp.data(query, skus=skus))["productVariants"]["nodes"]) == 250
    assert time.process_time() - started < 0.2  # About 0.01 s; a search without indexes would take seconds.
