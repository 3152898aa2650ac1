"""What a query costs, and what happens when the bucket cannot pay."""

from typing import Any

import pytest

from tests.sandbox.orderchamp.conftest import Orderchamp


async def throttle(orderchamp: Orderchamp, query: str, **variables: Any) -> dict[str, int]:
    found: dict[str, int] = (await orderchamp.ask(query, **variables))["extensions"]["throttle"]
    return found


def orders(lines: int) -> str:
    return (
        "{ orders(first: 50) { nodes { number customer { id companyName } "
        f"products(first: {lines}) {{ nodes {{ sku quantity }} }} }} }} }}"
    )


async def test_a_query_of_5100_points_is_refused(orderchamp: Orderchamp) -> None:
    answer = await orderchamp.ask(orders(100))
    assert "data" not in answer
    assert "5100" in answer["errors"][0]["message"]
    assert answer["extensions"]["throttle"]["remaining"] == 2000


@pytest.mark.parametrize(
    ("query", "points"),
    [
        (orders(30), 1600),
        ("{ productVariants(first: 100) { nodes { id sku } pageInfo { hasNextPage } } }", 100),
        ("{ productVariants(last: 100) { edges { cursor node { id } } } }", 100),
        ("{ account { id name } }", 1),
        ("{ a: account { id } b: account { id } }", 2),
        (
            "{ products(first: 10) { nodes { listing { id } variants(first: 5) { nodes { sku product { id } } } } } }",
            120,
        ),
        ("{ products(first: 10) { ...p } } fragment p on ProductConnection { nodes { listing { id } } }", 20),
        ("{ orders(first: 10) { nodes { billingAddress { city } } } }", 10),
        ("{ __typename }", 0),
    ],
)
async def test_cost_follows_the_rule(orderchamp: Orderchamp, query: str, points: int) -> None:
    assert (await throttle(orderchamp, query))["requestedCost"] == points


@pytest.mark.parametrize(
    ("switches", "points"),
    [({}, 20), ({"mutation_cost": 25}, 50), ({"payload_cost": "counted"}, 20 + 1 + 8), ({"mutation_cost": 0}, 0)],
)
async def test_each_mutation_of_a_document_has_its_price(
    orderchamp: Orderchamp, switches: dict[str, Any], points: int
) -> None:
    await orderchamp.switch(**switches)
    query = (
        'mutation { a: productUnpublish(input: {id: "x"}) { userErrors { message } } b: productUnpublish(input: {id: "y"}) '
        "{ product { variants(first: 8) { nodes { id } } } } }"
    )
    assert (await throttle(orderchamp, query))["requestedCost"] == points


async def test_what_was_not_needed_is_given_back(orderchamp: Orderchamp) -> None:
    await orderchamp.create()
    query = "{ products(first: 10) { nodes { listing { id } variants(first: 50) { nodes { product { id } } } } } }"
    found = await throttle(orderchamp, query)
    assert found["requestedCost"] == 10 * (1 + 1 + 50 * 2)
    assert found["actualCost"] == 1 + 2 * 2  # One product without a listing, and two variants with their product.
    assert found["remaining"] == 2000 - 10 - 5
    assert (await orderchamp.calls())["cost"] == 10 + 5


@pytest.mark.parametrize(("bucket", "limit", "rate"), [("2000/100", 2000, 100), ("1000/50", 1000, 50)])
async def test_an_empty_bucket_throttles_until_it_is_full_enough(
    orderchamp: Orderchamp, bucket: str, limit: int, rate: int
) -> None:
    await orderchamp.switch(bucket=bucket, mutation_cost=limit // 2)
    mutation = 'mutation { productUnpublish(input: {id: "x"}) { userErrors { message } } }'
    seen = [await throttle(orderchamp, mutation) for _ in range(2)]
    assert seen[-1] == {
        "requestedCost": limit // 2,
        "actualCost": limit // 2,
        "limit": limit,
        "remaining": 0,
        "restoreRate": rate,
    }
    assert await orderchamp.errors(mutation) == ["Throttled"]
    orderchamp.clock.move(limit / 2 / rate - 0.1)
    assert await orderchamp.errors(mutation) == ["Throttled"]
    orderchamp.clock.move(0.2)
    assert await orderchamp.errors(mutation) == ["Product not found"]


async def test_a_throttled_mutation_is_not_executed(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    await orderchamp.switch(mutation_cost=2000)
    await orderchamp.do("productUpdate", id=product_id, title="First")
    document = "mutation($i: ProductUpdateInput!) { productUpdate(input: $i) { product { id } } }"
    assert await orderchamp.errors(document, i={"id": product_id, "title": "Second"}) == ["Throttled"]
    assert (await orderchamp.shown(product_id))["title"] == "First"
    assert (await orderchamp.calls())["throttled"] == 1


@pytest.mark.parametrize("retry_after", [None, 30])
async def test_throttling_may_be_an_http_429_in_text(orderchamp: Orderchamp, retry_after: int | None) -> None:
    await orderchamp.switch(throttle_form="http_429_text", retry_after_seconds=retry_after)
    await orderchamp.fault("throttled")
    answer = await orderchamp.post("{ account { id } }")
    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers.get("retry-after") == (None if retry_after is None else "30")


async def test_each_token_has_a_bucket_of_its_own(orderchamp: Orderchamp) -> None:
    second = orderchamp.as_("second")
    await second.open(same_account_as="token")
    await orderchamp.switch(mutation_cost=2000)
    mutation = 'mutation { productUnpublish(input: {id: "x"}) { userErrors { message } } }'
    assert (await throttle(orderchamp, mutation))["remaining"] == 0
    assert (await throttle(second, "{ account { id } }"))["remaining"] == 1999


async def test_a_small_bucket_lowers_what_one_query_may_cost(orderchamp: Orderchamp) -> None:
    await orderchamp.switch(bucket="1000/50")
    assert "1600" in (await orderchamp.errors(orders(30)))[0]


async def test_refuses_unknown_switches_and_values(orderchamp: Orderchamp) -> None:
    for body in ({"bucket": "1/1"}, {"no_such": 1}):
        assert (await orderchamp.client.put("/_sandbox/switches", json=body)).status_code == 422
