"""What a document costs before it is run.

The rule (https://shopify.dev/docs/api/usage/rate-limits): an object is a point, a scalar nothing, a connection ``first``
times what one of its nodes costs, a mutation ten. A node costs itself and the objects in it. What only wraps or lists values
is free: connections, edges, ``pageInfo``, ``quantities``, ``selectedOptions``, ``userErrors``. So ``products(first: 10)``
with ``variants(first: 100)`` and their ``inventoryLevels(first: 10)`` costs far more than the 1,000 points allowed.
The real counter is not published; this one is rather strict.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    build_schema,
    get_named_type,
)

SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text())
MAX_PAGE = 250
MUTATION = 10
FREE = ("pageInfo", "quantities", "selectedOptions", "userErrors", "edges")


class Refused(Exception):
    """A document is refused as a whole; the message says why."""


def operation_of(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """Return the operation of that name, or the only one; Refused when there is none such."""
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    for each in operations:
        if (name is None and len(operations) == 1) or (each.name is not None and each.name.value == name):
            return each
    raise Refused("An operation name is required" if name is None else f'No operation named "{name}"')


def cost(document: DocumentNode, variables: Mapping[str, Any], name: str | None = None) -> int:
    """Return the points of one operation; Refused when a page is too large or its size is not said."""
    operation = operation_of(document, name)
    root = SCHEMA.get_root_type(operation.operation)
    fixed = MUTATION if operation.operation is OperationType.MUTATION else 0
    return fixed + _Count(document, variables).selection(operation.selection_set, root)


class _Count:
    def __init__(self, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def selection(self, selection: SelectionSetNode, parent: Any) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, InlineFragmentNode):
                kind = SCHEMA.type_map[node.type_condition.name.value] if node.type_condition else parent
                total += self.selection(node.selection_set, kind)
            elif isinstance(node, FragmentSpreadNode):
                fragment = self._fragments[node.name.value]
                total += self.selection(fragment.selection_set, SCHEMA.type_map[fragment.type_condition.name.value])
            elif isinstance(node, FieldNode) and node.selection_set is not None:
                total += self._field(node, node.selection_set, parent)
        return total

    def _field(self, node: FieldNode, selection: SelectionSetNode, parent: Any) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or node.name.value.startswith("__"):
            return 0
        kind = get_named_type(parent.fields[node.name.value].type)
        inner = self.selection(selection, kind)
        if kind.name.endswith("Connection"):
            return self._first(node) * inner
        return inner if node.name.value in FREE or kind.name.endswith("Payload") else 1 + inner

    def _first(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value == "first":
                value = argument.value
                first = int(value.value) if isinstance(value, IntValueNode) else None
                if isinstance(value, VariableNode):
                    first = self._variables.get(value.name.value)
                if isinstance(first, int):
                    if not 0 <= first <= MAX_PAGE:
                        raise Refused(f"{node.name.value}: first must be from 0 to {MAX_PAGE}")
                    return first
        raise Refused("you must provide one of first or last")


def charged(data: object, requested: int) -> int:
    """Return what an answer costs after it was run: what it really has, never more than was asked for."""
    return min(max(_objects(data), 1), requested)


def _objects(value: object, name: str = "") -> int:
    if isinstance(value, list):
        return sum(_objects(each, name) for each in value)
    if not isinstance(value, dict):
        return 0
    wraps = name in ("", *FREE) or "nodes" in value or "edges" in value
    return (0 if wraps else 1) + sum(_objects(each, key) for key, each in value.items())
