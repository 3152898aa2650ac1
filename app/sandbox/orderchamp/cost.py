"""What a document costs: before it is executed by what it asks for, afterwards by what it brought.

The rule reproduces the three numbers that are known of the real API (5,100, 1,600 and 100). A connection costs its size
times (1 + its selection), an object relation 1, while scalars, ``pageInfo``, embedded values and the wrappers ``nodes``,
``edges`` and ``node`` cost nothing. A mutation has a fixed price, by default with whatever it selects. A field that is
selected twice is counted twice.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
)

from app.sandbox.orderchamp.paging import PAGE_MISSING

EMBEDDED = frozenset({"PageInfo", "Address", "UserError"})
WRAPPERS = frozenset({"nodes", "edges", "node"})


class PageMissing(Exception):
    """A connection says neither how many first nor how many last."""

    def __init__(self) -> None:
        super().__init__(PAGE_MISSING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """What mutations cost, which is an open question."""

    mutation: int = 10
    payload: Literal["free", "counted"] = "free"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Counts one operation. ``variables`` are as sent; defaults are taken from the document."""

    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)
    tariff: Tariff = Tariff()

    def requested(self) -> int:
        """Return the points that must be there before the operation; PageMissing if a connection tells no size."""
        return self._top(None)

    def actual(self, data: Mapping[str, Any] | None) -> int:
        """Return the points of what was found and done."""
        return self._top(data or {})

    def _top(self, data: Mapping[str, Any] | None) -> int:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None  # noqa: S101 - validated before
        if self.operation.operation is not OperationType.MUTATION:
            return self._selection(self.operation.selection_set, root, data)
        total = 0
        for node in self._fields(self.operation.selection_set.selections):
            if node.name.value.startswith("__"):
                continue
            payload = None if data is None else data.get(_key(node)) or {}
            # The payload is counted even when it is free, since its connections have to tell their size all the same.
            inner = self._inside(node, root, payload)
            total += self.tariff.mutation + (inner if self.tariff.payload == "counted" else 0)
        return total

    def _inside(self, node: FieldNode, parent: GraphQLObjectType, value: Any) -> int:
        kind = get_named_type(parent.fields[node.name.value].type)
        if node.selection_set is None or not isinstance(kind, GraphQLObjectType):
            return 0
        return self._selection(node.selection_set, kind, value)

    def _selection(self, selection: SelectionSetNode, parent: GraphQLObjectType, value: Any) -> int:
        return sum(self._field(node, parent, value) for node in self._fields(selection.selections))

    def _field(self, node: FieldNode, parent: GraphQLObjectType, value: Any) -> int:
        if node.selection_set is None or node.name.value.startswith("__"):
            return 0
        kind = get_named_type(parent.fields[node.name.value].type)
        if value is None:
            return self._asked(node, parent, kind.name)
        found = value.get(_key(node))
        each = found if isinstance(found, list) else [] if found is None else [found]
        price = self._price_found(node, parent, kind.name)
        return sum(price + self._inside(node, parent, one) for one in each)

    def _asked(self, node: FieldNode, parent: GraphQLObjectType, kind: str) -> int:
        if kind.endswith("Connection"):
            return self._size(node) * (1 + self._inside(node, parent, None))
        free = kind in EMBEDDED or node.name.value in WRAPPERS
        return (0 if free else 1) + self._inside(node, parent, None)

    def _price_found(self, node: FieldNode, parent: GraphQLObjectType, kind: str) -> int:
        """Return the price of one thing found: in a page it is paid where the page lists it, with ``nodes`` or ``edges``."""
        if node.name.value in ("nodes", "edges") and parent.name.endswith("Connection"):
            return 1
        return 0 if kind in EMBEDDED or kind.endswith("Connection") or node.name.value in WRAPPERS else 1

    def _size(self, node: FieldNode) -> int:
        for argument in node.arguments or ():
            if argument.name.value in ("first", "last"):
                size = self._number(argument.value)
                if size is not None:
                    return max(size, 0)
        raise PageMissing

    def _number(self, value: Any) -> int | None:
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, VariableNode):
            name = value.name.value
            if name in self.variables:
                given = self.variables[name]
                return given if isinstance(given, int) else None
            for definition in self.operation.variable_definitions or ():
                if definition.variable.name.value == name and definition.default_value is not None:
                    return self._number(definition.default_value)
        return None

    def _fields(self, selections: tuple[SelectionNode, ...]) -> Iterator[FieldNode]:
        for node in selections:
            if isinstance(node, FieldNode):
                yield node
            elif isinstance(node, InlineFragmentNode):
                yield from self._fields(node.selection_set.selections)
            else:
                yield from self._fields(self.fragments[node.name.value].selection_set.selections)  # type: ignore[attr-defined]


def _key(node: FieldNode) -> str:
    return (node.alias or node.name).value
