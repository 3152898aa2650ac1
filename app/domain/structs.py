"""Records that come by the thousand: products, events, changes, and what passes between flows and store.

They are immutable structs of msgspec, which are made, compared, changed and written as JSON at about a tenth of what frozen
dataclasses cost; a delivery makes hundreds of them. What there is little of may stay a dataclass.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict

__all__ = ["Struct", "asdict", "field", "replace", "told"]

if TYPE_CHECKING:
    # For type checkers a struct is a dataclass, and of this function they know that it takes the fields of its argument.
    from dataclasses import replace
else:
    _replace = msgspec.structs.replace

    def replace(record: Any, /, **changes: Any) -> Any:
        """Return a struct or a dataclass with some of its fields replaced."""
        if isinstance(record, Struct):
            return _replace(record, **changes)
        return dataclasses.replace(record, **changes)


def told(record: Struct, names: Iterable[str]) -> Mapping[str, Any]:
    """Return those of these fields of a record that are not None, by name."""
    return {name: value for name in names if (value := getattr(record, name)) is not None}
