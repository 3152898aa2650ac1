"""Bulk operations: a whole catalogue, written line by line into a file while the shop goes on living.

https://shopify.dev/docs/api/usage/bulk-operations/queries: every object of a connection is a line, with the id of the object
below which it was found as ``__parentId``. Without ``groupObjects`` children come when they come. Five may run at a time.
"""

import asyncio
import json
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    parse,
    validate,
    value_from_ast_untyped,
)

from app.sandbox.shopify import shown
from app.sandbox.shopify.cost import SCHEMA
from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.switches import Switches

AT_ONCE = 5
MOST_CONNECTIONS = 5
DEEPEST = 2
TOGETHER = 200
"""Products that are written before others have their turn."""

EVERYTHING = 10**9


@dataclass(slots=True, kw_only=True)
class Operation:
    """One operation. ``secret`` is the part of its file's address that nobody can guess."""

    id: int
    shop: str
    query: str
    secret: str
    status: str = "CREATED"
    error: str | None = None
    roots: int = 0
    objects: int = 0
    file: bytearray = field(default_factory=bytearray)


class BulkOperations:
    """The operations of all shops, and their files. ``switches`` gives those of a shop."""

    def __init__(self, shops: Shops, switches: Callable[[str], Switches]) -> None:
        self._shops = shops
        self._switches = switches
        self._tasks: set[asyncio.Task[None]] = set()
        self.operations: dict[int, Operation] = {}

    def start(self, shop: Thing, query: str, *, grouped: bool) -> Operation | str:
        """Begin an operation; the message of a user error if that cannot be."""
        why = problem(query)
        running = [
            each for each in self.operations.values() if each.shop == shop["domain"] and each.status == "RUNNING"
        ]
        if why is None and (len(running) >= AT_ONCE or self._switches(shop["domain"]).bulk == "refused"):
            why = "A bulk query operation for this app and shop is already in progress."
        if why is not None:
            return why
        made = Operation(id=self._shops.identity(), shop=shop["domain"], query=query, secret=secrets.token_hex(16))
        self.operations[made.id] = made
        task = asyncio.create_task(self._run(shop, made, grouped=grouped))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return made

    async def _run(self, shop: Thing, operation: Operation, *, grouped: bool) -> None:
        operation.status = "RUNNING"
        switches = self._switches(shop["domain"])
        await asyncio.sleep(switches.bulk_seconds)
        if switches.bulk == "fails":
            operation.status, operation.error = "FAILED", "INTERNAL_SERVER_ERROR"
            return
        selection = _nodes(_root(operation.query))
        late: list[Thing] = []
        for n, identity in enumerate([each for _, each in self._shops.index(shop).order(None)]):
            product = self._shops.index(shop).products.get(identity)
            if product is None:
                continue
            rows = list(lines(shown.product(shop, product), selection, SCHEMA.type_map["Product"]))
            operation.roots += 1
            operation.objects += len(rows)
            if not grouped:
                late += rows[1:]
                rows = rows[:1]
            operation.file += b"".join(map(_written, rows))
            if n % TOGETHER == TOGETHER - 1:
                await asyncio.sleep(0)
        random.shuffle(late)
        operation.file += b"".join(map(_written, late))
        operation.status = "COMPLETED"

    def shown(self, operation: Operation, base_url: str) -> Thing:
        """Return an operation as the Admin API shows it; its file is below ``base_url``."""
        done = operation.status == "COMPLETED"
        has_file = done and operation.file
        return {
            "__typename": "BulkOperation",
            "id": f"gid://shopify/BulkOperation/{operation.id}",
            "status": operation.status,
            "errorCode": operation.error,
            "objectCount": str(operation.objects),
            "rootObjectCount": str(operation.roots),
            "fileSize": str(len(operation.file)) if done else None,
            "url": f"{base_url}_files/{operation.id}/{operation.secret}.jsonl" if has_file else None,
            "query": operation.query,
        }

    async def aclose(self) -> None:
        for each in tuple(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def problem(query: str) -> str | None:
    """Return what Shopify would say against a bulk query; None when it takes it."""
    try:
        document = parse(query)
        errors = validate(SCHEMA, document)
        if errors:
            return errors[0].message
        root = _root(query)
    except GraphQLError as error:
        return error.message
    depths = list(_depths(root.selection_set, SCHEMA.query_type, 0)) if root.selection_set else []
    if root.name.value != "products":
        return "This stand-in writes products only."
    if len(depths) > MOST_CONNECTIONS or max(depths, default=0) > DEEPEST:
        return f"Bulk queries have at most {MOST_CONNECTIONS} connections, nested {DEEPEST} levels deep."
    return None


def _root(query: str) -> FieldNode:
    operations = [each for each in parse(query).definitions if isinstance(each, OperationDefinitionNode)]
    fields = [each for each in operations[0].selection_set.selections if isinstance(each, FieldNode)]
    if len(operations) != 1 or len(fields) != 1:
        raise GraphQLError("A bulk query has one top-level field.")
    return fields[0]


def _depths(selection: SelectionSetNode, parent: Any, depth: int) -> Iterator[int]:
    """Return how deep each connection inside is nested."""
    for node in selection.selections:
        if isinstance(node, InlineFragmentNode):
            yield from _depths(node.selection_set, parent, depth)
        elif isinstance(node, FieldNode) and node.selection_set is not None:
            connection = node.name.value in ("variants", "media", "inventoryLevels")
            if connection:
                yield depth + 1
            yield from _depths(node.selection_set, parent, depth + connection)


def _nodes(field: FieldNode) -> SelectionSetNode:
    """Return what is selected of the nodes of a connection."""
    selection = field.selection_set
    for name in ("edges", "nodes"):
        for each in selection.selections if selection is not None else ():
            if isinstance(each, FieldNode) and each.name.value == name and each.selection_set is not None:
                if name == "nodes":
                    return each.selection_set
                inner = each.selection_set.selections
                return next(
                    one.selection_set
                    for one in inner
                    if isinstance(one, FieldNode) and one.name.value == "node" and one.selection_set is not None
                )
    raise GraphQLError("A connection needs its nodes.")


def lines(thing: Thing, selection: SelectionSetNode, kind: Any, parent: str | None = None) -> Iterator[Thing]:
    """Return a thing as a line, and everything in its connections as lines below."""
    below: list[tuple[FieldNode, Any, list[Thing]]] = []
    row = _row(thing, selection, kind, below)
    if parent is not None:
        row["__parentId"] = parent
    yield row
    for node, inner, things in below:
        for each in things:
            yield from lines(each, _nodes(node), inner, parent=row["id"])


def _row(
    thing: Thing, selection: SelectionSetNode, kind: Any, below: list[tuple[FieldNode, Any, list[Thing]]]
) -> Thing:
    row: Thing = {}
    for node in selection.selections:
        if isinstance(node, InlineFragmentNode):
            if node.type_condition is not None and node.type_condition.name.value == thing.get("__typename"):
                inner = SCHEMA.type_map[node.type_condition.name.value]
                row |= _row(thing, node.selection_set, inner, below)
        elif isinstance(node, FieldNode):
            _add(row, node, thing, kind, below)
    return row


def _add(row: Thing, node: FieldNode, thing: Thing, kind: Any, below: list[tuple[FieldNode, Any, list[Thing]]]) -> None:
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)  # noqa: S101 - validated before
    name = node.name.value
    inner: Any = get_named_type(kind.fields[name].type)
    value = thing[name]
    given = {each.name.value: value_from_ast_untyped(each.value) for each in node.arguments or ()}
    if inner.name.endswith("Connection"):
        found = value(**{**given, "first": EVERYTHING})["nodes"]
        below.append((node, get_named_type(inner.fields["nodes"].type), found))
        return
    if callable(value):
        value = value(**given)
    if node.selection_set is None or value is None:
        row[name] = value
    elif isinstance(value, list):
        row[name] = [_row(each, node.selection_set, inner, below) for each in value]
    else:
        row[name] = _row(value, node.selection_set, inner, below)


def _written(row: Thing) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/").encode() + b"\n"
