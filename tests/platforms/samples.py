"""The recorded deliveries in ``tests/samples/<platform>/<case>/``, and facts as JSON.

A ``call.json`` says how a delivery came that was not posted.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from app.domain.event import Fact, Tombstone
from app.domain.http import Delivery
from app.domain.product import Measures
from app.domain.structs import Struct

ROOT = Path(__file__).parents[1] / "samples"
RECEIVED = datetime(2026, 11, 20, 15, 1, 34, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One recorded delivery and what it says."""

    platform: str
    case: str
    delivery: Delivery
    expected: list[dict[str, object]]


def delivery(body: bytes, **headers: str) -> Delivery:
    """A delivery; underscores in the names of headers stand for dashes."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Delivery(method="POST", url="https://service.example/", headers=named, body=body, received_at=RECEIVED)


def samples(platform: str) -> list[Sample]:
    """Return the samples of a platform; none when it has no folder."""
    folder = ROOT / platform
    return [_sample(each) for each in sorted(folder.iterdir()) if each.is_dir()] if folder.is_dir() else []


def _sample(folder: Path) -> Sample:
    headers = {name.lower(): value for name, value in json.loads((folder / "headers.json").read_text()).items()}
    call = folder / "call.json"
    how = json.loads(call.read_text()) if call.exists() else {"method": "POST", "url": "https://service.example/"}
    made = Delivery(
        **how,
        headers=headers,
        body=(folder / "body").read_bytes(),
        received_at=RECEIVED,
    )
    expected = json.loads((folder / "expected.json").read_text())
    return Sample(platform=folder.parent.name, case=folder.name, delivery=made, expected=expected)


def as_json(facts: tuple[Fact, ...]) -> list[dict[str, object]]:
    """Return facts as JSON data: the kind, and every field. Money is text, so that no digit can get lost.

    What few platforms tell is left out where it is not told: a net price, measures, the stock item of what is gone, a storefront.
    """
    return [{"fact": type(fact).__name__, **_fields(fact)} for fact in facts]


def _fields(fact: Fact) -> dict[str, object]:
    found: dict[str, Any] = _as_data(fact)
    for variant in found.get("variants", ()):
        if variant["net_price"] is None:
            del variant["net_price"]
        if not variant["measures"]:
            del variant["measures"]
    if found.get("storefront", "") is None:
        del found["storefront"]
    if isinstance(fact, Tombstone) and fact.stock_item_id is None:
        del found["stock_item_id"]
    return found


def _as_data(value: object) -> Any:
    """Return a fact as JSON data with all its fields, also those that documents leave out."""
    match value:
        case Struct() if not isinstance(value, Measures):
            return {name: _as_data(getattr(value, name)) for name in value.__struct_fields__}
        case tuple() | frozenset():
            return [_as_data(each) for each in value]
        case _:
            return msgspec.to_builtins(value)
