"""From the text of a document to its result: parsed, validated, priced and executed."""

from collections.abc import Awaitable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    execute,
    parse,
    validate,
)

from app.sandbox.orderchamp.cost import Cost, Tariff
from app.sandbox.orderchamp.fields import attach
from app.sandbox.orderchamp.mutations import attach_mutations
from app.sandbox.orderchamp.queries import attach_queries
from app.sandbox.orderchamp.schema import load_schema
from app.sandbox.orderchamp.visit import Visit

SCHEMA = load_schema()
attach_queries(SCHEMA)
attach_mutations(SCHEMA)
attach(SCHEMA)

DOCUMENTS_KEPT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A document that is valid, with the one operation of it that is meant."""

    node: DocumentNode
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    @property
    def fields(self) -> list[tuple[str, str]]:
        """The queries or mutations asked for, each with the alias under which it is answered."""
        return [((each.alias or each.name).value, each.name.value) for each in self._root_fields()]

    def _root_fields(self) -> list[FieldNode]:
        return [each for each in self.operation.selection_set.selections if isinstance(each, FieldNode)]

    def first_half(self) -> "Document":
        """Return the document without the second half of its mutations; of one alone nothing is left."""
        kept = self._root_fields()[: len(self._root_fields()) // 2]
        operation = OperationDefinitionNode(
            operation=self.operation.operation,
            name=self.operation.name,
            variable_definitions=self.operation.variable_definitions,
            directives=self.operation.directives,
            selection_set=SelectionSetNode(selections=tuple(kept)),
        )
        definitions = (operation, *self.fragments.values())
        return Document(node=DocumentNode(definitions=definitions), operation=operation, fragments=self.fragments)


class Invalid(Exception):
    """A document cannot be executed; ``messages`` say why."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = messages


@lru_cache(maxsize=DOCUMENTS_KEPT)
def read(query: str, operation_name: str | None) -> Document:
    """Return a document that may be executed; Invalid with every reason if not."""
    try:
        node = parse(query, max_tokens=50_000)
    except GraphQLError as error:
        raise Invalid(error.message) from error
    errors = validate(SCHEMA, node)
    if errors:
        raise Invalid(*(each.message for each in errors))
    operations = [each for each in node.definitions if isinstance(each, OperationDefinitionNode)]
    named = [each for each in operations if each.name is not None and each.name.value == operation_name]
    if operation_name is None and len(operations) != 1:
        raise Invalid("Must provide operation name if query contains multiple operations.")
    if operation_name is not None and not named:
        raise Invalid(f"Unknown operation named '{operation_name}'.")
    fragments = {each.name.value: each for each in node.definitions if isinstance(each, FragmentDefinitionNode)}
    return Document(node=node, operation=(named or operations)[0], fragments=fragments)


def priced(document: Document, variables: dict[str, Any], tariff: Tariff) -> Cost:
    """Return the cost of a document with these variables."""
    return Cost(
        schema=SCHEMA,
        operation=document.operation,
        fragments=document.fragments,
        variables=variables,
        tariff=tariff,
    )


def run(document: Document, variables: dict[str, Any], visit: Visit) -> ExecutionResult:
    """Execute a document; mutations one after the other, each whatever became of those before."""
    name = document.operation.name
    result = execute(
        SCHEMA,
        document.node,
        context_value=visit,
        variable_values=variables,
        operation_name=None if name is None else name.value,
        is_awaitable=_never,
    )
    assert isinstance(result, ExecutionResult)  # noqa: S101 - no resolver waits
    return result


def _never(_: Any) -> TypeGuard[Awaitable[Any]]:
    """Tell graphql-core that no value has to be waited for, which spares it the question for every field."""
    return False
