"""Shopify's search syntax, as much of it as catalogues are read with: ``updated_at:>='…' AND status:active``.

https://shopify.dev/docs/api/usage/search-syntax
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError

from app.sandbox.shopify.times import seconds

Thing = dict[str, Any]

_TERM = re.compile(r"""(\w+):(>=|<=|>|<)?(?:'([^']*)'|"([^"]*)"|(\S+))""")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "": operator.eq,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


@dataclass(frozen=True, slots=True)
class Term:
    """One condition, such as ``id:>8801``. The value is in seconds for times, a number for ids, else lower-case text."""

    field: str
    comparison: str
    value: Any

    def holds(self, thing: Thing) -> bool:
        """Tell whether a thing meets the condition. What it has not does not."""
        known = thing.get(self.field)
        return known is not None and _COMPARE[self.comparison](_comparable(self.field, str(known)), self.value)


def _comparable(field: str, text: str) -> Any:
    if field.endswith("_at"):
        return seconds(text)
    return int(text) if field == "id" else text.lower()


def terms(query: str | None, fields: tuple[str, ...]) -> list[Term]:
    """Return the conditions of a query, all of which must hold; GraphQLError for what this stand-in cannot search by."""
    found = list(_TERM.finditer(query or ""))
    rest = _TERM.sub(" ", query or "").replace("AND", " ").strip()
    if rest or any(each[1] not in fields for each in found):
        raise GraphQLError(f"This stand-in searches by {', '.join(fields)} only, not by: {query}")
    try:
        return [Term(each[1], each[2] or "", _comparable(each[1], _text(each))) for each in found]
    except ValueError:
        raise GraphQLError(f"Invalid search value in: {query}") from None


def _text(found: re.Match[str]) -> str:
    return next(each for each in found.group(3, 4, 5) if each is not None)
