"""Relay connections. A cursor names a row by its place in the order, so it keeps its meaning when rows come and go."""

import base64
import binascii
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from graphql import GraphQLError

Row = TypeVar("Row")

PAGE_MISSING = "You must provide one of first or last"


def page(rows: Sequence[Row], key: Callable[[Row], int], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of rows that are sorted by ``key``, which no two of them share."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is None and last is None:
        raise GraphQLError(PAGE_MISSING)
    if (first or 0) < 0 or (last or 0) < 0:
        raise GraphQLError("first and last must not be negative")
    after, before = arguments.get("after"), arguments.get("before")
    start = 0 if after is None else bisect_right(rows, _place(after), key=key)
    end = len(rows) if before is None else max(start, bisect_left(rows, _place(before), key=key))
    if first is not None:
        end = min(end, start + first)
    if last is not None:
        start = max(start, end - last)
    here = rows[start:end]
    edges = [{"cursor": _cursor(key(each)), "node": each} for each in here]
    return {
        "nodes": here,
        "edges": edges,
        "totalCount": len(rows),
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": end < len(rows),
            "hasPreviousPage": start > 0,
        },
    }


def _cursor(place: int) -> str:
    return base64.b64encode(f"cursor:{place}".encode()).decode().rstrip("=")


def _place(cursor: str) -> int:
    try:
        return int(base64.b64decode(cursor + "=" * (-len(cursor) % 4)).decode().removeprefix("cursor:"))
    except (binascii.Error, ValueError) as error:
        raise GraphQLError(f"Invalid cursor {cursor!r}") from error
