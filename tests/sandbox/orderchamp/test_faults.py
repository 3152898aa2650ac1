"""Misbehaviour on demand, without sockets: a broken connection shows as an exception."""

import json
from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import Orderchamp

ACCOUNT = "{ account { name } }"
UPDATES = (
    "mutation($a: ProductUpdateInput!, $b: ProductUpdateInput!) {"
    " a: productUpdate(input: $a) { userErrors { field message } }"
    " b: productUpdate(input: $b) { userErrors { field message } } }"
)
UPDATE = "mutation($i: ProductUpdateInput!) { productUpdate(input: $i) { userErrors { message } } }"


@pytest.fixture
async def product_id(orderchamp: Orderchamp) -> str:
    return await orderchamp.create()


async def title(orderchamp: Orderchamp, product_id: str) -> Any:
    return (await orderchamp.shown(product_id))["title"]


@pytest.mark.parametrize(
    ("kind", "status", "content"),
    [
        ("http_429", 429, "text/plain; charset=utf-8"),
        ("throttled", 200, "application/json"),
        ("http_500", 500, "text/plain; charset=utf-8"),
        ("http_502_html", 502, "text/html; charset=utf-8"),
    ],
)
async def test_answers_wrongly_without_executing_and_then_well_again(
    orderchamp: Orderchamp, product_id: str, kind: str, status: int, content: str
) -> None:
    await orderchamp.fault(kind)
    given = {"i": {"id": product_id, "title": "New"}}
    answer = await orderchamp.post(UPDATE, given)
    assert (answer.status_code, answer.headers["content-type"]) == (status, content)
    assert await title(orderchamp, product_id) == "Mug"
    assert (await orderchamp.post(UPDATE, given)).json()["data"]
    assert await title(orderchamp, product_id) == "New"


@pytest.mark.parametrize(
    ("kind", "expected"), [("lost_answer", "New"), ("hang_after", "New"), ("reset", "Mug"), ("hang_before", "Mug")]
)
async def test_breaks_the_connection_before_or_after_executing(
    orderchamp: Orderchamp, product_id: str, kind: str, expected: str
) -> None:
    await orderchamp.fault(kind, seconds=0)
    with pytest.raises(ConnectionResetError):
        await orderchamp.post(UPDATE, {"i": {"id": product_id, "title": "New"}})
    assert await title(orderchamp, product_id) == expected


async def test_answers_in_broken_json_after_executing(orderchamp: Orderchamp, product_id: str) -> None:
    await orderchamp.fault("malformed_json")
    answer = await orderchamp.post(UPDATE, {"i": {"id": product_id, "title": "New"}})
    with pytest.raises(json.JSONDecodeError):
        answer.json()
    assert await title(orderchamp, product_id) == "New"


@pytest.mark.parametrize("kind", ["latency", "slow_drip"])
async def test_answers_well_but_slowly(orderchamp: Orderchamp, kind: str) -> None:
    await orderchamp.fault(kind, seconds=0)
    assert await orderchamp.data(ACCOUNT) == {"account": {"name": "Oak & Ash"}}


async def test_latency_comes_together_with_another_fault(orderchamp: Orderchamp) -> None:
    await orderchamp.fault("http_500")
    await orderchamp.fault("latency", seconds=0)
    assert (await orderchamp.post(ACCOUNT)).status_code == 500
    assert (await orderchamp.calls())["history"][-1]["faults"] == ["latency", "http_500"]
    assert await orderchamp.control("GET", "/faults") == []


async def test_refuses_the_first_mutation_that_is_meant_with_a_user_error(
    orderchamp: Orderchamp, product_id: str
) -> None:
    await orderchamp.fault("user_error", operation="productUpdate")
    assert await orderchamp.data(ACCOUNT)
    found = await orderchamp.data(UPDATES, a={"id": product_id, "title": "A"}, b={"id": product_id, "brand": "B"})
    assert found["a"]["userErrors"][0]["field"] == ["input"]
    assert found["b"]["userErrors"] == []
    shown = await orderchamp.shown(product_id)
    assert (shown["title"], shown["brand"]) == ("Mug", "B")


async def test_executes_half_of_the_mutations_of_a_document(orderchamp: Orderchamp, product_id: str) -> None:
    await orderchamp.fault("half_bulk")
    given = {"a": {"id": product_id, "title": "A"}, "b": {"id": product_id, "title": "B"}}
    assert (await orderchamp.post(UPDATES, given)).status_code == 500
    assert await title(orderchamp, product_id) == "A"
    assert (await orderchamp.calls())["by_operation"]["productUpdate"] == 1


async def test_executes_half_of_the_lines_of_a_bulk(orderchamp: Orderchamp, product_id: str) -> None:
    await orderchamp.fault("half_bulk")
    document = "mutation($i: InventoryLevelBulkAdjustInput!) { inventoryLevelBulkAdjust(input: $i) { userErrors { message } } }"
    lines = [{"sku": sku, "adjustment": 9, "action": "SET"} for sku in ("MUG-BLUE", "MUG-RED")]
    assert (await orderchamp.post(document, {"i": {"inventoryLevels": lines}})).status_code == 500
    variants = (await orderchamp.shown(product_id))["variants"]
    assert {each["sku"]: each["quantity"] for each in variants} == {"MUG-RED": 3, "MUG-BLUE": 9}


async def test_executes_nothing_of_a_single_mutation_by_half(orderchamp: Orderchamp, product_id: str) -> None:
    await orderchamp.fault("half_bulk")
    assert (await orderchamp.post(UPDATE, {"i": {"id": product_id, "title": "A"}})).status_code == 500
    assert await title(orderchamp, product_id) == "Mug"


async def test_befalls_only_the_operation_and_the_token_that_are_named(orderchamp: Orderchamp) -> None:
    second = orderchamp.as_("second")
    await second.open(same_account_as="token")
    await orderchamp.fault("http_500", operation="storefronts", times=None)
    await orderchamp.fault("http_502_html", token="second", times=2)
    assert await orderchamp.data(ACCOUNT)
    assert [(await second.post(ACCOUNT)).status_code for _ in range(3)] == [502, 502, 200]
    query = "{ storefronts(first: 1) { nodes { id } } }"
    assert [(await orderchamp.post(query)).status_code for _ in range(3)] == [500, 500, 500]
    await orderchamp.control("DELETE", "/faults")
    assert await orderchamp.data(query)


async def test_a_fault_that_never_happens_is_never_used_up(orderchamp: Orderchamp) -> None:
    await orderchamp.fault("http_500", probability=0)
    assert await orderchamp.data(ACCOUNT)
    assert len(await orderchamp.control("GET", "/faults")) == 1


@pytest.mark.parametrize("body", [{"kind": "boredom"}, {"kind": "latency", "times": 0}, {"kind": "reset", "extra": 1}])
async def test_refuses_faults_that_it_does_not_know(orderchamp: Orderchamp, body: dict[str, Any]) -> None:
    assert (await orderchamp.client.post("/_sandbox/faults", json=body)).status_code == 422


async def test_counts_calls_by_operation_with_a_history(orderchamp: Orderchamp, product_id: str) -> None:
    await orderchamp.control("DELETE", "/calls")
    await orderchamp.data("{ a: account { id } b: account { id } storefronts(first: 1) { nodes { id } } }")
    await orderchamp.fault("reset")
    with pytest.raises(ConnectionResetError):
        await orderchamp.post(ACCOUNT)
    await orderchamp.errors("{ nonsense }")
    calls = await orderchamp.calls()
    assert (calls["total"], calls["requests"]) == (3, 3)
    assert calls["by_operation"] == {"account": 2, "storefronts": 1}
    assert calls["cost"] == 3
    first, second, third = calls["history"]
    assert (first["operations"], second["faults"], third["operations"]) == (
        ["account", "account", "storefronts"],
        ["reset"],
        [],
    )
    assert first["token_hint"] == "toke…"
