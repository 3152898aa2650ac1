"""What is not known of Orderchamp's API, each point behind one name here.

The first thing to do with a real token is to compare these with the real schema. Marks: *observed* in third-party use,
*inferred* by us.
"""

from collections.abc import Mapping, Sequence
from typing import Any

PUBLISHED_STATUSES = frozenset({"PUBLISHED", None})
"""``Listing.status`` of a product that buyers see. Only "published" was ever seen (observed); None: no status is told."""

LISTED_VARIANTS_READABLE = False
"""Whether a read tells which variants a listing has. No field for it is known (inferred), so listings are refreshed."""

THROTTLED_MESSAGE = "throttled"
"""The message of a throttled query (documented), compared without case."""

NOT_FOUND = "not found"
"""The end of the message about an id that does not exist, as in "Product not found" (observed)."""

NULL_PAYLOAD_IS_MISSING = True
"""Whether a mutation without payload and without a reason is about an id that does not exist (inferred); a read decides."""

STOCK_BATCH = 100
"""Lines in one ``inventoryLevelBulkAdjust``. The maximum is unknown; this size was seen to work (observed)."""

MUTATION_COST = 10
"""Points for one mutation. The real cost is unknown (inferred)."""

COST_LIMIT = 1000
"""Points that one document of ours may ask for. Queries up to 2,000 were accepted (observed); we stay well below."""


def is_published(listing: Mapping[str, Any] | None) -> bool:
    """Tell from ``Product.listing`` whether buyers see the product.

    Null is a product that was never published (inferred). After an unpublish it may be null or carry another status.
    """
    return listing is not None and listing.get("status") in PUBLISHED_STATUSES


def refused_line(field: Sequence[str] | None) -> int | None:
    """Return which line of a bulk a user error is about, from its ``field`` path; None when it does not tell.

    A path like ``["inventoryLevels", "3", "adjustment"]`` is what Relay-style APIs use (inferred).
    """
    for part in field or ():
        if part.isdecimal():
            return int(part)
    return None
