"""The schema, with scalars as strict as the real ones are known to be.

The real API refuses a number where an SKU text is asked for (observed); ids are opaque texts, so a number is refused
for them, too, although GraphQL itself would take it. Money is a number or a numeric text on the way in and a text such
as "4.50" on the way out (observed).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from graphql import (
    FloatValueNode,
    GraphQLError,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    IntValueNode,
    StringValueNode,
    ValueNode,
    build_schema,
    print_ast,
)

Check = Callable[[Any], Any]


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"ID cannot represent a value that is not a string: {value!r}")
    return value


def _money(value: object) -> Decimal:
    try:
        amount = Decimal("nan" if isinstance(value, bool) else str(value))
    except InvalidOperation:
        amount = Decimal("nan")
    if not amount.is_finite():
        raise GraphQLError(f"Money cannot represent {value!r}")
    return amount


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise GraphQLError(f"A measure cannot represent {value!r}")
    return value


def _time(value: object) -> datetime:
    try:
        return datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError as error:
        raise GraphQLError(f"DateTime cannot represent {value!r}") from error


CHECKS: dict[str, tuple[Check, Check]] = {
    "ID": (_text, str),
    "Money": (_money, str),
    "DateTime": (_time, lambda value: value.isoformat()),
    "Gram": (_number, _number),
    "Centimeter": (_number, _number),
    "Liter": (_number, _number),
}
"""By the scalar's name: how a value is read, and how it is shown."""


def _literal(check: Check) -> Callable[[ValueNode], Any]:
    """Return how a constant in a document is read: as the value that a variable would carry."""

    def read(node: ValueNode) -> Any:
        match node:
            case StringValueNode():
                return check(node.value)
            case IntValueNode():
                return check(int(node.value))
            case FloatValueNode():
                return check(float(node.value))
            case _:
                raise GraphQLError(f"Unexpected value {print_ast(node)}", node)

    return read


def _strict(scalar: GraphQLScalarType) -> None:
    read, show = CHECKS[scalar.name]
    scalar.coerce_input_value = read
    scalar.coerce_input_literal = _literal(read)
    scalar.coerce_output_value = show


class StrictId(GraphQLScalarType):
    """An ID of our own. GraphQLID is one object for all schemas of a process, so it must not be made stricter itself."""

    reserved_types: Mapping[str, GraphQLNamedType] = {}


def _own_id(type_: Any, own: GraphQLScalarType) -> Any:
    match type_:
        case GraphQLNonNull():
            return GraphQLNonNull(_own_id(type_.of_type, own))
        case GraphQLList():
            return GraphQLList(_own_id(type_.of_type, own))
        case _:
            return own if type_ is GraphQLID else type_


def load_schema() -> GraphQLSchema:
    """Return the schema of the file beside this module, without changing anything that other schemas share."""
    loaded = build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))
    own = StrictId("ID", description=GraphQLID.description)
    for type_ in loaded.type_map.values():
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field in type_.fields.values():
                field.type = _own_id(field.type, own)
                for argument in field.args.values():
                    argument.type = _own_id(argument.type, own)
        elif isinstance(type_, GraphQLInputObjectType):
            for given in type_.fields.values():
                given.type = _own_id(given.type, own)
    own_types = [each for name, each in loaded.type_map.items() if not name.startswith("__") and each is not GraphQLID]
    schema = GraphQLSchema(query=loaded.query_type, mutation=loaded.mutation_type, types=[*own_types, own])
    for type_ in schema.type_map.values():
        if isinstance(type_, GraphQLScalarType) and type_.name in CHECKS:
            _strict(type_)
    return schema
