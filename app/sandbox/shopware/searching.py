"""Criteria: filters, sorting and pages. What is not known is refused.

https://developer.shopware.com/docs/guides/integrations-api/general-concepts/search-criteria.html
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Thing = dict[str, Any]
Test = Callable[[Thing], bool]

DEFAULT_LIMIT = 10
MOST = 500


class Refused(Exception):
    """The criteria cannot be followed. ``code`` is Shopware's name for that."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code


def search(entities: Sequence[Thing], criteria: Mapping[str, Any], known: Sequence[str]) -> tuple[int, list[Thing]]:
    """Return how many entities the criteria let through, as far as the caller wants to know, and those on the page."""
    if "ids" in criteria:
        ids = criteria["ids"]
        wanted = ids.split("|") if isinstance(ids, str) else ids
        found = [each for each in entities if each["id"] in wanted]
        return len(found), found
    tests = [_test(each, known) for each in criteria.get("filter") or ()]
    found = [each for each in entities if all(test(each) for test in tests)]
    for sorting in reversed(criteria.get("sort") or ()):
        field = _field(sorting.get("field"), known)
        found.sort(key=lambda each: (each[field] is not None, each[field]), reverse=sorting.get("order") == "DESC")
    limit, page = _limit(criteria), _whole("page", criteria.get("page", 1))
    here = found[limit * (page - 1) : limit * page]
    exact = int(criteria.get("total-count-mode", 0)) == 1
    return len(found) if exact else len(here), here


def _limit(criteria: Mapping[str, Any]) -> int:
    limit = _whole("limit", criteria.get("limit", DEFAULT_LIMIT))
    if limit > MOST:
        raise Refused(
            "FRAMEWORK__QUERY_LIMIT_EXCEEDED", f"The limit must be lower than or equal to {MOST}. Given: {limit}"
        )
    return limit


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or value < 1:
        raise Refused(f"FRAMEWORK__INVALID_{name.upper()}_QUERY", f"The {name} parameter must be a positive integer.")
    return value


def _field(name: object, known: Sequence[str]) -> str:
    field = str(name).rsplit(".", 1)[-1]
    if field not in known:
        raise Refused("FRAMEWORK__UNMAPPED_FIELD", f'Field "{name}" was not found.')
    return field


def _test(given: Mapping[str, Any], known: Sequence[str]) -> Test:
    kind = given.get("type")
    if kind in ("multi", "and", "or", "not", "nor", "nand"):
        return _several(str(kind), given, known)
    field, value = _field(given.get("field"), known), given.get("value")
    match kind:
        case "equals":
            return lambda each: bool(each[field] == value)
        case "equalsAny":
            values = value.split("|") if isinstance(value, str) else list(value or ())
            return lambda each: each[field] in values
        case "prefix":
            return lambda each: str(each[field] or "").startswith(str(value))
        case "contains":
            return lambda each: str(value).lower() in str(each[field] or "").lower()
        case "range":
            return _range(field, given.get("parameters") or {})
        case _:
            raise Refused("FRAMEWORK__INVALID_FILTER_QUERY", f"Unsupported filter type: {kind}")


def _several(kind: str, given: Mapping[str, Any], known: Sequence[str]) -> Test:
    tests = [_test(each, known) for each in given.get("queries") or ()]
    operator = str(given.get("operator", kind if kind in ("and", "or") else "and")).lower()
    combine = any if operator in ("or", "||") else all
    if kind in ("not", "nor", "nand"):
        return lambda each: not combine(test(each) for test in tests)
    return lambda each: combine(test(each) for test in tests)


def _range(field: str, limits: Mapping[str, Any]) -> Test:
    compare: Mapping[str, Callable[[Any, Any], bool]] = {
        "gt": lambda a, b: a > b,
        "gte": lambda a, b: a >= b,
        "lt": lambda a, b: a < b,
        "lte": lambda a, b: a <= b,
    }
    if not limits or set(limits) - set(compare):
        raise Refused("FRAMEWORK__INVALID_FILTER_QUERY", "A range needs gt, gte, lt or lte.")
    return lambda each: (
        each[field] is not None
        and all(compare[name](_like(each[field], limit), limit) for name, limit in limits.items())
    )


def _like(value: Any, limit: Any) -> Any:
    """Return a stored time in the form in which a limit was given: with a space, and without the offset."""
    if isinstance(limit, str) and isinstance(value, str) and "T" not in limit:
        return value.replace("T", " ")
    return value
