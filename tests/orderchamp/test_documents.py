"""Every document that is ever sent is valid, and costs what we say it costs."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, parse, validate

from app.orderchamp import documents
from app.orderchamp.unknowns import COST_LIMIT, MUTATION_COST, STOCK_BATCH
from app.sandbox.orderchamp.cost import Cost

REPEATABLE = ("productUpdate", "productVariantUpdate", "productUnpublish")


def all_documents() -> Iterator[tuple[str, str, Mapping[str, Any], int]]:
    """Name, document, variables, and the cost that we count with."""
    yield "account", documents.ACCOUNT, {}, documents.ACCOUNT_COST
    for first in (1, 2, documents.FIND_PAGE):
        yield f"find {first}", documents.FIND, {"first": first}, documents.FIND_COST_EACH * first
    yield "create a product", documents.CREATE_PRODUCT, {}, documents.CREATE_PRODUCT_COST
    yield "create a variant", documents.CREATE_VARIANT, {}, documents.CREATE_VARIANT_COST
    yield "publish", documents.PUBLISH, {}, documents.PUBLISH_COST
    yield "refresh", documents.REFRESH, {}, documents.REFRESH_COST
    yield "list webhooks", documents.WEBHOOKS, {}, documents.WEBHOOK_PAGE
    yield "create a webhook", documents.CREATE_WEBHOOK, {}, documents.CREATE_WEBHOOK_COST
    yield "delete a webhook", documents.DELETE_WEBHOOK, {}, MUTATION_COST
    for lines in (1, STOCK_BATCH):
        given: dict[str, Any] = {"input": {"inventoryLevels": [{}] * lines}}
        yield f"set stock {lines}", documents.SET_STOCK, given, documents.set_stock_cost(lines)
    for products in (1, 2, documents.READS):
        yield f"read {products}", documents.read(products), {}, documents.READ_COST_EACH * products
    for products in (1, 2, documents.IMAGE_COUNTS):
        yield f"images {products}", documents.count_images(products), {}, documents.IMAGES_COST_EACH * products
    for mutations in (1, 2, documents.ALIASES):
        names = [REPEATABLE[n % len(REPEATABLE)] for n in range(mutations)]
        yield f"change {mutations}", documents.many(names), {}, MUTATION_COST * mutations


CASES = {name: (document, variables, cost) for name, document, variables, cost in all_documents()}


@pytest.mark.parametrize("name", CASES)
def test_a_document_is_valid(schema: GraphQLSchema, name: str) -> None:
    document, _, _ = CASES[name]
    assert validate(schema, parse(document)) == []


@pytest.mark.parametrize("name", CASES)
def test_a_document_costs_no_more_than_we_say_and_than_is_allowed(schema: GraphQLSchema, name: str) -> None:
    document, variables, said = CASES[name]
    operation = parse(document).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    counted = Cost(schema=schema, operation=operation, variables=variables).requested()
    assert counted <= said <= COST_LIMIT


def test_an_invalid_document_would_be_noticed(schema: GraphQLSchema) -> None:
    assert validate(schema, parse(documents.ACCOUNT.replace("isPublished", "isShown"))) != []
