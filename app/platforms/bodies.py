"""JSON as shops send it: money keeps every digit, and text holds nothing that cannot be stored."""

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

_NOT_PLAIN = re.compile(rb"\\u(0000|[dD][89a-fA-F])")
"""How JSON says NUL and surrogates; bytes that are UTF-8 hold neither of them in any other way."""


def read_json(body: bytes) -> object:
    """Return what ``body`` says, with Decimals for numbers that have a point; ValueError if it is not JSON.

    NUL is left out of text and half a surrogate pair becomes "?": JSON can say both, PostgreSQL can hold neither.
    """
    hook = _with_plain_text if _NOT_PLAIN.search(body) else None
    try:
        return json.loads(body.decode("utf-8"), parse_float=Decimal, parse_constant=_no_number, object_hook=hook)
    except (RecursionError, ArithmeticError) as error:  # too deep, or an exponent that no Decimal can have
        raise ValueError("the body is not JSON that can be read") from error


def _with_plain_text(found: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) if isinstance(value, str) else value for name, value in found.items()}


def _plain(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
