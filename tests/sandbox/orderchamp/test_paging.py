"""Relay connections."""

from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import Orderchamp


async def titles(orderchamp: Orderchamp, arguments: str) -> tuple[list[str], dict[str, Any]]:
    query = (
        f"{{ products({arguments}) {{ edges {{ cursor node {{ title }} }} totalCount "
        "pageInfo { startCursor endCursor hasNextPage hasPreviousPage } } }"
    )
    found = (await orderchamp.data(query))["products"]
    assert found["totalCount"] == 5
    return [each["node"]["title"] for each in found["edges"]], found["pageInfo"]


@pytest.fixture
async def five(orderchamp: Orderchamp) -> Orderchamp:
    for name in "abcde":
        await orderchamp.create(title=name, variants=[{"sku": name, "price": 1}])
        orderchamp.clock.move(1)
    return orderchamp


async def test_pages_forward_and_backward(five: Orderchamp) -> None:
    first, info = await titles(five, "first: 2, after: null")
    assert (first, info["hasNextPage"], info["hasPreviousPage"]) == (["a", "b"], True, False)
    second, info = await titles(five, f'first: 2, after: "{info["endCursor"]}"')
    assert (second, info["hasNextPage"], info["hasPreviousPage"]) == (["c", "d"], True, True)
    back, _ = await titles(five, f'last: 2, before: "{info["startCursor"]}"')
    assert back == ["a", "b"]
    third, info = await titles(five, f'first: 2, after: "{info["endCursor"]}"')
    assert (third, info["hasNextPage"]) == (["e"], False)
    end, info = await titles(five, "last: 2")
    assert (end, info["hasNextPage"], info["hasPreviousPage"]) == (["d", "e"], False, True)


async def test_a_cursor_keeps_its_meaning_when_rows_go(five: Orderchamp) -> None:
    _, info = await titles(five, "first: 2")
    product = (await five.control("GET", "/products?sku=b"))[0]
    await five.control("DELETE", f"/products/{product['id']}")
    await five.create(title="f", variants=[{"sku": "f", "price": 1}])
    assert (await titles(five, f'first: 2, after: "{info["endCursor"]}"'))[0] == ["c", "d"]


async def test_reads_on_from_the_last_cursor_by_time_of_change(five: Orderchamp) -> None:
    everything, info = await titles(five, "first: 9, sort: UPDATED_AT_ASC")
    assert everything == list("abcde")
    product = (await five.control("GET", "/products?sku=b"))[0]
    await five.do("productUpdate", id=product["id"], description="new")
    assert (await titles(five, f'first: 9, sort: UPDATED_AT_ASC, after: "{info["endCursor"]}"'))[0] == ["b"]


@pytest.mark.parametrize(
    ("sort", "expected"), [("CREATED_AT_DESC", "edcba"), ("UPDATED_AT_DESC", "edcba"), ("ID_ASC", "abcde")]
)
async def test_sorts(five: Orderchamp, sort: str, expected: str) -> None:
    first, info = await titles(five, f"first: 3, sort: {sort}")
    second, _ = await titles(five, f'first: 3, sort: {sort}, after: "{info["endCursor"]}"')
    assert "".join(first + second) == expected


async def test_finds_variants_by_sku_once_each_and_case_sensitively(five: Orderchamp) -> None:
    query = "query($skus: [String]) { productVariants(first: 10, skus: $skus) { nodes { sku } totalCount } }"
    found = await five.data(query, skus=["c", "A", None, "a", "c", " a", "missing"])
    assert found["productVariants"] == {"nodes": [{"sku": "a"}, {"sku": "c"}], "totalCount": 2}
    assert (await five.data(query, skus=[]))["productVariants"]["nodes"] == []


@pytest.mark.parametrize("arguments", ["first: -1", 'first: 1, after: "nonsense"'])
async def test_refuses_pages_that_make_no_sense(five: Orderchamp, arguments: str) -> None:
    assert await five.errors(f"{{ products({arguments}) {{ nodes {{ id }} }} }}")
