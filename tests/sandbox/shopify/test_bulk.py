"""Bulk operations of the stand-in: what goes into the file, and who may read which part of it."""

import asyncio
import json
from typing import Any

import pytest

from tests.sandbox.shopify.standin import StandIn

START = (
    "mutation start($query: String!, $grouped: Boolean!) { bulkOperationRunQuery(query: $query, groupObjects: $grouped) "
    "{ bulkOperation { id status } userErrors { field message } } }"
)
STATUS = (
    "query status($id: ID!) { node(id: $id) { ... on BulkOperation { id status errorCode url objectCount fileSize } } }"
)
QUERY = """{ products { edges { node { id title
  media { edges { node { ... on MediaImage { id image { url } } } } }
  variants { edges { node { id sku inventoryItem { id
    inventoryLevels { edges { node { id location { id } quantities(names: ["available"]) { quantity } } } } } } } } } } } }"""


async def start(shopify: StandIn, query: str = QUERY, *, grouped: bool = True) -> dict[str, Any]:
    await shopify.do("PUT", "/switches", {"bulk_seconds": 0})
    data = await shopify.ask(START, query=query, grouped=grouped)
    payload: dict[str, Any] = data["bulkOperationRunQuery"]
    return payload


async def finished(shopify: StandIn, operation: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = (await shopify.ask(STATUS, id=operation))["node"]
            if found["status"] not in ("CREATED", "RUNNING"):
                return found
            await asyncio.sleep(0)


async def test_every_object_is_a_line_below_its_parent(shopify: StandIn) -> None:
    made = await shopify.add({"sku": "A", "quantity": 3}, images=["https://cdn.example/1.jpg"])
    await shopify.add({"sku": "B"})
    done = await finished(shopify, (await start(shopify))["bulkOperation"]["id"])
    lines = [json.loads(each) for each in (await shopify.client.get(done["url"])).text.splitlines()]
    product, variant = (
        f"gid://shopify/Product/{made['id']}",
        f"gid://shopify/ProductVariant/{made['variants'][0]['id']}",
    )
    assert [each["id"].split("/")[-2] for each in lines] == [
        *("Product", "MediaImage", "ProductVariant", "InventoryLevel"),
        *("Product", "ProductVariant", "InventoryLevel"),
    ]
    assert lines[0] == {"id": product, "title": "Oak board"}
    assert [each.get("__parentId") for each in lines[:4]] == [None, product, product, variant]
    assert lines[3]["quantities"] == [{"quantity": 3}]
    assert int(done["objectCount"]) == 7


async def test_without_grouping_children_come_when_they_come(shopify: StandIn) -> None:
    for sku in "ABCDEFGH":
        await shopify.add({"sku": sku})
    done = await finished(shopify, (await start(shopify, grouped=False))["bulkOperation"]["id"])
    lines = [json.loads(each) for each in (await shopify.client.get(done["url"])).text.splitlines()]
    assert ["__parentId" in each for each in lines] == [False] * 8 + [True] * 16


@pytest.mark.parametrize(
    "query",
    [
        "{ products { edges { node { nothing } } } }",
        "{ shop { name } }",
        "{ products",
        "{ shop { id } products { nodes { id } } }",
    ],
)
async def test_a_query_that_is_none_is_a_user_error(shopify: StandIn, query: str) -> None:
    payload = await start(shopify, query)
    assert payload["bulkOperation"] is None
    assert payload["userErrors"]


async def test_a_part_of_a_file_is_what_range_names(shopify: StandIn) -> None:
    await shopify.add({"sku": "A"})
    url = (await finished(shopify, (await start(shopify))["bulkOperation"]["id"]))["url"]
    whole = (await shopify.client.get(url)).content
    part = await shopify.client.get(url, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole)}"
    beyond = await shopify.client.get(url, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416
    await shopify.do("PUT", "/switches", {"ignores_range": True})
    assert (await shopify.client.get(url, headers={"Range": "bytes=10-19"})).content == whole
    assert (await shopify.client.get(url.replace(".jsonl", "x.jsonl"))).status_code == 404


async def test_operations_can_be_refused_or_fail(shopify: StandIn) -> None:
    await shopify.do("PUT", "/switches", {"bulk": "fails"})
    failed = await finished(shopify, (await start(shopify))["bulkOperation"]["id"])
    assert (failed["status"], failed["errorCode"], failed["url"]) == ("FAILED", "INTERNAL_SERVER_ERROR", None)
    await shopify.do("PUT", "/switches", {"bulk": "refused"})
    assert "already in progress" in (await start(shopify))["userErrors"][0]["message"]


async def test_counts_are_exact_up_to_their_limit(shopify: StandIn) -> None:
    await shopify.add({"sku": "A"})
    await shopify.add({"sku": "B"})
    counted = "{ all: productsCount(limit: null) { count precision } two: productVariantsCount(limit: 1) { count precision } }"
    assert await shopify.ask(counted) == {
        "all": {"count": 2, "precision": "EXACT"},
        "two": {"count": 1, "precision": "AT_LEAST"},
    }
