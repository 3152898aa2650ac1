"""Records that come by the thousand: products, events, changes, and what passes between flows and store.

They are immutable structs of msgspec, which are made, compared, changed and written as JSON at about a tenth of what frozen
dataclasses cost; a delivery makes hundreds of them. What there is little of may stay a dataclass.
"""

from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import asdict

__all__ = ["Struct", "asdict", "field", "replace"]

if TYPE_CHECKING:
    # For type checkers a struct is a dataclass, and of this function they know that it takes the fields of its argument.
    from dataclasses import replace
else:
    from msgspec.structs import replace
