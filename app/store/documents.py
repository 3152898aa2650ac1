"""Domain documents as JSON text and back. Money and ids keep every digit: Decimals are written as text."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import to_builtins
from msgspec.json import Decoder, Encoder

from app.domain.application import Storefront
from app.domain.previewing import FromTo
from app.domain.product import Snapshot
from app.domain.settings import ApplicationSettings
from app.domain.state import Desired, Observed
from app.domain.structs import Struct

Name = TypeVar("Name", bound=str)

_ENCODER = Encoder()
_SNAPSHOT = Decoder(Snapshot)
_DESIRED = Decoder(Desired)
_OBSERVED = Decoder(Observed)
_STOREFRONTS = Decoder(tuple[Storefront, ...])
_TEXTS = Decoder(dict[str, str])
_FIELDS = Decoder(dict[str, FromTo])


def clean(text: str) -> str:
    """Return ``text`` without what PostgreSQL cannot hold: NUL, and surrogates that stand alone."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def text_lines(texts: Sequence[str]) -> str:
    """Return texts as one, for PostgreSQL's ``string_to_array``: each ends with a line break, and has none but that.

    asyncpg looks at each element of an array several times, and takes six times as long for a column of them.
    """
    joined = "\n".join(texts) + "\n"
    if joined.count("\n") > len(texts):
        return text_lines([text.replace("\n", " ") for text in texts])
    return clean(joined)


def _dump(document: object, encode: Callable[[Any], bytes] = _ENCODER.encode) -> str:
    try:
        dumped = encode(document).decode()
    except UnicodeEncodeError:  # Half a surrogate pair.
        dumped = None
    if dumped is not None and "\\u0000" not in dumped:
        return dumped
    return encode(_cleaned(to_builtins(document))).decode()


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case list() | tuple():
            return [_cleaned(each) for each in value]
        case dict():
            return {_cleaned(name): _cleaned(each) for name, each in value.items()}
        case _:
            return value


def to_snapshot(text: str) -> Snapshot:
    return _SNAPSHOT.decode(text)


def from_desired(desired: Desired) -> str:
    return _dump(desired)


def to_desired(text: str) -> Desired:
    return _DESIRED.decode(text)


def from_observed(observed: Observed) -> str:
    return _dump(observed)


def to_observed(text: str) -> Observed:
    return _OBSERVED.decode(text)


def from_storefronts(storefronts: tuple[Storefront, ...]) -> str:
    return _dump(storefronts)


def to_storefronts(text: str) -> tuple[Storefront, ...]:
    return _STOREFRONTS.decode(text)


def from_settings(settings: ApplicationSettings) -> str:
    return settings.model_dump_json()


def to_settings(text: str) -> ApplicationSettings:
    return ApplicationSettings.model_validate_json(text)


def from_texts(texts: Mapping[Name, str]) -> str:
    return _dump(dict(texts))


def to_texts(text: str) -> Mapping[str, str]:
    return _TEXTS.decode(text)


def from_fields(fields: Mapping[str, FromTo]) -> str:
    return _dump(dict(fields))


def to_fields(text: str) -> Mapping[str, FromTo]:
    return _FIELDS.decode(text)


def rows(records: Sequence[Struct | Mapping[str, object]]) -> str:
    """Return many rows as one JSON parameter, for ``jsonb_to_recordset``: one statement however many rows.

    Whole documents go beside them, as ``lines``: see ``connection.given_rows``.
    """
    return _dump(records)


def as_ids(ids: Collection[str]) -> str:
    """Return ids as one JSON parameter, for ``connection.given_ids``."""
    return _dump(list(ids))


def lines(documents: Sequence[object]) -> str:
    """Return many documents as one parameter, a line each, as JSON has no line break of its own; ``null`` for None."""
    return _dump(documents, _ENCODER.encode_lines).removesuffix("\n")
