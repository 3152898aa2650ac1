"""What the real API refuses at the top level, the stand-in refuses, too."""

import base64

import pytest
from graphql import GraphQLID, build_client_schema, get_introspection_query

from tests.sandbox.orderchamp.conftest import Orderchamp

PAGES = "You must provide one of first or last"
BY_SKU = "query($sku: String!) { productVariantBySku(sku: $sku) { id } }"
BY_SKUS = "query($skus: [String]) { productVariants(first: 5, skus: $skus) { nodes { sku } } }"


@pytest.mark.parametrize(
    "query",
    [
        "{ products { nodes { id } } }",
        "{ storefronts { nodes { id } } }",
        "{ products(first: 2) { nodes { variants { nodes { id } } } } }",
        "query($first: Int) { products(first: $first) { nodes { id } } }",
        "{ products(first: null) { nodes { id } } }",
        "{ products(first: 1) { ...p } } fragment p on ProductConnection { nodes { images { nodes { id } } } }",
        'mutation { productUpdate(input: {id: "x"}) { product { variants { nodes { id } } } } }',
    ],
)
async def test_every_connection_needs_first_or_last(orderchamp: Orderchamp, query: str) -> None:
    assert await orderchamp.errors(query) == [PAGES]


async def test_first_may_come_from_a_variable_or_its_default(orderchamp: Orderchamp) -> None:
    query = "query($first: Int = 3) { storefronts(first: $first) { nodes { name } } }"
    assert len((await orderchamp.data(query))["storefronts"]["nodes"]) == 2
    assert len((await orderchamp.data(query, first=1))["storefronts"]["nodes"]) == 1


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ products(first: 1) { nodes { status } } }", {}),
        ("{ nothing }", {}),
        ("{ account { id ", {}),
        (
            "mutation($i: ProductDeleteInput!) { productDelete(input: $i) { deletedProductId } }",
            {"i": {"id": "a", "b": 1}},
        ),
        (BY_SKU, {"sku": 4711}),
        (BY_SKU, {}),
        (BY_SKUS, {"skus": ["A", 4711]}),
        ("{ productVariantBySku(sku: 4711) { id } }", {}),
        ("query($id: ID!) { product(id: $id) { id } }", {"id": 4711}),
        ("{ product(id: 4711) { id } }", {}),
    ],
)
async def test_refuses_unknown_fields_and_wrong_types(
    orderchamp: Orderchamp, query: str, variables: dict[str, object]
) -> None:
    assert await orderchamp.errors(query, **variables)


@pytest.mark.parametrize("price", ["free", True, None, "NaN", [1]])
async def test_refuses_prices_that_are_not_amounts(orderchamp: Orderchamp, price: object) -> None:
    document = "mutation($i: ProductCreateInput!) { productCreate(input: $i) { product { id } } }"
    given = {"title": "Mug", "variants": [{"sku": "A", "price": price}]}
    assert await orderchamp.errors(document, i=given)


async def test_leaves_the_id_of_other_schemas_as_lax_as_it_was(orderchamp: Orderchamp) -> None:
    assert GraphQLID.coerce_input_value(4711) == "4711"


async def test_answers_introspection_for_nothing(orderchamp: Orderchamp) -> None:
    answer = await orderchamp.ask(get_introspection_query())
    assert build_client_schema(answer["data"]).mutation_type is not None
    assert answer["extensions"]["throttle"]["requestedCost"] == 0


@pytest.mark.parametrize("body", ["nonsense", "[]", "{}", '{"query": 1}', '{"query": "{a}", "variables": []}'])
async def test_refuses_bodies_without_a_query(orderchamp: Orderchamp, body: str) -> None:
    answer = await orderchamp.client.post("/v1/graphql", content=body, headers={"Authorization": "Bearer token"})
    assert answer.status_code == 400


async def test_executes_the_operation_that_is_named(orderchamp: Orderchamp) -> None:
    query = "query a { account { id } } query b { account { name } }"
    body = {"query": query, "operationName": "b"}
    answer = await orderchamp.client.post("/v1/graphql", json=body, headers={"Authorization": "Bearer token"})
    assert answer.json()["data"] == {"account": {"name": "Oak & Ash"}}
    assert await orderchamp.errors(query)


async def test_ids_are_relay_ids_without_padding_and_with_long_numbers(orderchamp: Orderchamp) -> None:
    product_id = await orderchamp.create()
    assert "=" not in product_id
    kind, number = base64.b64decode(product_id + "=" * (-len(product_id) % 4)).decode().split(":")
    assert (kind, number.isdecimal(), len(number)) == ("Product", True, 15)
    found = await orderchamp.data("query($id: ID!) { product(id: $id) { databaseId } }", id=product_id)
    assert found["product"]["databaseId"] == number


async def test_echoes_the_client_mutation_id(orderchamp: Orderchamp) -> None:
    payload = await orderchamp.do(
        "inventoryLevelBulkAdjust", "clientMutationId", inventoryLevels=[], clientMutationId="7"
    )
    assert payload == {"clientMutationId": "7"}


async def test_orders_stay_empty(orderchamp: Orderchamp) -> None:
    found = await orderchamp.data("{ orders(first: 5, includeUnconfirmed: true) { totalCount nodes { id } } }")
    assert found["orders"] == {"totalCount": 0, "nodes": []}
    assert await orderchamp.errors('mutation { orderConfirm(input: {id: "x"}) { order { id } } }') == [
        "Order not found"
    ]
