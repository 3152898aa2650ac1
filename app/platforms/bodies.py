"""JSON as shops send it: money keeps every digit, and text holds nothing that cannot be stored."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NoReturn, TypeVar

from msgspec import ValidationError, convert
from msgspec.json import Decoder

T = TypeVar("T")

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


def json_if_any(body: bytes) -> object:
    """Return what ``body`` says, as ``read_json`` does; None when it says nothing, or is not JSON."""
    try:
        return read_json(body)
    except ValueError:
        return None


def reader(kind: type[T]) -> Callable[[bytes], T]:
    """Return what reads JSON straight into structs of ``kind``: at a tenth of what a model costs, for what comes by the thousand.

    It reads as ``read_json`` does: money keeps every digit where its field is a Decimal, and text is plain. Numbers may come as
    text; fields that ``kind`` does not name are passed over. It raises ValueError, which says what is wrong and where.
    """
    decode = Decoder(kind, strict=False).decode

    def read(body: bytes) -> T:
        try:
            if b"\\" in body and _NOT_PLAIN.search(body):
                return convert(read_json(body), kind, strict=False)
            return decode(body.decode())
        except ValidationError as error:
            raise ValueError(_in_words(error)) from error
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error

    return read


def _in_words(error: ValidationError) -> str:
    """Return what msgspec says of a field, the field first: ``variants.0.sku`` instead of ``$.variants[0].sku``."""
    what, _, where = str(error).partition(" - at `$")
    path = where.strip("`.").replace("[", ".").replace("]", "")
    return f"{path}: {what}" if path else what


def _with_plain_text(found: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) if isinstance(value, str) else value for name, value in found.items()}


def _plain(text: str) -> str:
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")
