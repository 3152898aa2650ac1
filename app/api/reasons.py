"""What is wrong with a request, part by part, in words for whoever sent it."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.encoders import jsonable_encoder

UNREADABLE = "It cannot be read as JSON."

IN_WORDS: Mapping[str, str] = {
    "missing": "It is missing.",
    "extra_forbidden": "There is no such field.",
    "json_invalid": UNREADABLE,
}
"""What we say instead of pydantic, by the type of its error."""


def reasons_of(errors: Sequence[Any], *, within: str = "body") -> list[tuple[str, str]]:
    """Pair each part that is wrong with what is wrong with it, without what was given: it may be a secret.

    ``errors`` are pydantic's. ``within`` is the part of the request to which they belong if they name none.
    """
    return [(_part(each, within), _words(each)) for each in errors]


def _part(error: Mapping[str, Any], within: str) -> str:
    """Return which part it is, with dots. Fields of the body stand without it; where JSON ends to be JSON is no part."""
    named = [str(each) for each in jsonable_encoder(error["loc"])]
    if error["type"] == "json_invalid":
        return within
    if within != "body":
        named.insert(0, within)
    elif named[:1] == ["body"]:
        del named[0]
    return ".".join(named) or within


def _words(error: Mapping[str, Any]) -> str:
    said: str = IN_WORDS.get(error["type"]) or error["msg"].removeprefix("Value error, ")
    return said if said.endswith(".") else f"{said}."
