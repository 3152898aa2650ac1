"""Domain documents as JSON text and back. Money and ids keep every digit: Decimals are written as text."""

import json
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import PydanticSerializationError

from app.domain.application import Storefront
from app.domain.product import Snapshot
from app.domain.settings import ApplicationSettings
from app.domain.state import Desired, Observed

_SNAPSHOT = TypeAdapter(Snapshot)
_DESIRED = TypeAdapter(Desired)
_OBSERVED = TypeAdapter(Observed)
_STOREFRONTS = TypeAdapter(tuple[Storefront, ...])
_TEXTS = TypeAdapter(dict[str, str])


def clean(text: str) -> str:
    """Return ``text`` without what PostgreSQL cannot hold: NUL, and surrogates that stand alone."""
    if text.isascii() and "\x00" not in text:
        return text
    return text.replace("\x00", "").encode("utf-8", "replace").decode()


def _dump(adapter: TypeAdapter[Any], document: object) -> str:
    try:
        dumped = adapter.dump_json(document).decode()
    except PydanticSerializationError:  # Half a surrogate pair.
        dumped = None
    if dumped is not None and "\\u0000" not in dumped:
        return dumped
    return json.dumps(_cleaned(adapter.dump_python(document, mode="json")), ensure_ascii=False)


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


def from_snapshot(snapshot: Snapshot) -> str:
    return _dump(_SNAPSHOT, snapshot)


def to_snapshot(text: str) -> Snapshot:
    return _SNAPSHOT.validate_json(text)


def from_desired(desired: Desired) -> str:
    return _dump(_DESIRED, desired)


def to_desired(text: str) -> Desired:
    return _DESIRED.validate_json(text)


def from_observed(observed: Observed) -> str:
    return _dump(_OBSERVED, observed)


def to_observed(text: str) -> Observed:
    return _OBSERVED.validate_json(text)


def from_storefronts(storefronts: tuple[Storefront, ...]) -> str:
    return _dump(_STOREFRONTS, storefronts)


def to_storefronts(text: str) -> tuple[Storefront, ...]:
    return _STOREFRONTS.validate_json(text)


def from_settings(settings: ApplicationSettings) -> str:
    return settings.model_dump_json()


def to_settings(text: str) -> ApplicationSettings:
    return ApplicationSettings.model_validate_json(text)


def from_texts(texts: Mapping[str, str]) -> str:
    return clean(json.dumps(dict(texts), ensure_ascii=False))


def to_texts(text: str) -> Mapping[str, str]:
    return _TEXTS.validate_json(text)


def rows(records: list[dict[str, Any]]) -> str:
    """Return many rows as one JSON parameter, for ``jsonb_to_recordset``: one statement however many rows."""
    plain = [{name: clean(each) if isinstance(each, str) else each for name, each in row.items()} for row in records]
    return json.dumps(plain, default=str, ensure_ascii=False)
