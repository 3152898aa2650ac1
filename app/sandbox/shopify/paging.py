"""Connections: pages of things, whose cursors hold although things are added and removed meanwhile."""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify.index import Order

Thing = dict[str, Any]


def cursor(*place: Any) -> str:
    """Return a place as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def place(text: str) -> list[Any]:
    """Return the place of a cursor; GraphQLError if it is none of ours."""
    try:
        read = json.loads(base64.urlsafe_b64decode(text))
    except ValueError:
        read = None
    if not isinstance(read, list) or len(read) != 2:  # noqa: PLR2004 - a value and an id
        raise GraphQLError("Invalid cursor for current pagination sort.")
    return read


def connection(nodes: Sequence[Thing], cursors: Sequence[str], *, more: bool, before: bool) -> Thing:
    """Return nodes and their cursors as a connection."""
    return {
        "nodes": nodes,
        "edges": [{"node": node, "cursor": mark} for node, mark in zip(nodes, cursors, strict=True)],
        "pageInfo": {
            "hasNextPage": more,
            "hasPreviousPage": before,
            "startCursor": cursors[0] if cursors else None,
            "endCursor": cursors[-1] if cursors else None,
        },
    }


def page(
    things: Sequence[Thing], show: Callable[[Thing], Thing], *, first: int | None = None, after: str | None = None
) -> Thing:
    """Return a page of a short list. When the thing of a cursor was removed, the page begins where it was."""
    start = 0
    if after is not None:
        position, identity = place(after)
        start = next((n + 1 for n, each in enumerate(things) if each["id"] == identity), position)
    here = things[start : start + (first or 0)]
    cursors = [cursor(n, each["id"]) for n, each in enumerate(here, start)]
    more = start + len(here) < len(things)
    return connection([show(each) for each in here], cursors, more=more, before=start > 0)


def ordered_page(
    order: Order,
    show: Callable[[int], Thing],
    *,
    keep: Callable[[int], bool] = lambda _: True,
    first: int | None = None,
    after: str | None = None,
    reverse: bool = False,
    since: Any = None,
) -> Thing:
    """Return a page of a long order without looking at what is before or behind it.

    ``keep`` says which ids are shown. ``since`` leaves out what is sorted before that value.
    """
    start = 0 if since is None else bisect_left(order, (since,))
    end = len(order)
    if after is not None:
        value, identity = place(after)
        try:
            if reverse:
                end = bisect_left(order, (value, identity))
            else:
                start = max(start, bisect_right(order, (value, identity)))
        except TypeError:
            raise GraphQLError("Invalid cursor for current pagination sort.") from None
    positions = range(end - 1, start - 1, -1) if reverse else range(start, end)
    size = first or 0
    found = list(islice((order[n] for n in positions if keep(order[n][1])), size + 1))
    here = found[:size]
    return connection(
        [show(identity) for _, identity in here],
        [cursor(*each) for each in here],
        more=len(found) > size,
        before=after is not None,
    )
