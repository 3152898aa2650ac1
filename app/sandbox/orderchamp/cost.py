"""What a document costs, by the rule that reproduces the three known numbers, and what it must say.

A connection costs ``first`` times (1 + its selection), an object relation 1, scalars, page information and embedded values
nothing; a mutation a fixed price. Every connection needs ``first`` or ``last``.
"""

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

MUTATION = 10
FREE = {"PageInfo", "Address", "UserError"}
MISSING_FIRST = "You must provide one of first or last"


class PageMissing(Exception):
    """A connection says neither how many first nor how many last."""


class Cost:
    """Counts one document."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]

    def total(self, operation_name: str | None) -> int:
        """Return the points of one operation; PageMissing if a connection does not say how large it is."""
        for operation in self._operations:
            if operation_name is None or (operation.name and operation.name.value == operation_name):
                root = self._schema.get_root_type(operation.operation)
                assert root is not None  # noqa: S101 - the schema has both
                return self._selection(operation.selection_set, root, top=operation.operation.value)
        return 0

    def _selection(self, selection: SelectionSetNode, parent: Any, *, top: str | None = None) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, top=top)
            elif isinstance(node, InlineFragmentNode):
                total += self._selection(node.selection_set, parent)
            elif isinstance(node, FragmentSpreadNode):
                total += self._selection(self._fragments[node.name.value].selection_set, parent)
        return total

    def _field(self, node: FieldNode, parent: Any, *, top: str | None) -> int:
        if not isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) or node.name.value.startswith("__"):
            return 0
        field = parent.fields[node.name.value]
        kind = get_named_type(field.type)
        inner = 0 if node.selection_set is None else self._selection(node.selection_set, kind)
        if top == "mutation":
            return MUTATION + inner
        if kind.name.endswith("Connection"):
            return self._size(node) * (1 + inner)
        wrapper = node.name.value in ("nodes", "edges", "node", "userErrors") or kind.name in FREE
        if node.selection_set is None or wrapper or parent.name.endswith("Payload"):
            return inner
        return 1 + inner

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                value = argument.value
                if isinstance(value, IntValueNode):
                    return int(value.value)
                if isinstance(value, VariableNode):
                    given = self._variables.get(value.name.value)
                    if isinstance(given, int):
                        return given
        raise PageMissing
