"""What is not known of Orderchamp's API, each point behind one name here.

The first thing to do with a real token is to compare these with the real schema. Marks: *documented*, *observed* in
third-party use, *inferred* by us.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

SCOPES = ("account_read", "products_read", "products_write")
"""What our app asks a supplier for (these three are documented). Whether stock, webhooks or publishing need others is unknown."""

PUBLISHED_STATUSES = frozenset({"published", None})
"""``Listing.status`` of a product that buyers see, compared without case. Only "published" was ever seen (observed);
None: no status is told."""

LISTED_VARIANTS_READABLE = False
"""Whether a read tells which variants a listing has. No field for it is known (inferred), so listings are refreshed."""

THROTTLED = "throttled"
"""The message of a throttled query (documented), or the code of its error (inferred), compared without case."""

FAILED_INSIDE = frozenset({"internal server error", "server error"})
"""Messages of an answer with the status 200 that say as little as a 5xx: it may have been executed or not (inferred)."""

MISSING_TARGET = re.compile(r"^(product ?variant|product|variant|inventory ?level) not found\.?$", re.IGNORECASE)
""""Product not found" (observed). Other things can be missing, too, such as a storefront; then the product is still there."""

NULL_PAYLOAD_IS_MISSING = True
"""Whether a mutation without payload and without a reason is about an id that does not exist (inferred); a read decides."""

STOCK_BATCH = 100
"""Lines in one ``inventoryLevelBulkAdjust``. The maximum is unknown; this size was seen to work (observed)."""

PAGE_LIMIT = 250
"""The largest page that was seen to work (observed). The real maximum is unknown."""

MUTATION_COST = 10
"""Points for one mutation. The real cost is unknown (inferred)."""

COST_LIMIT = 1000
"""Points that one document of ours may ask for. Queries up to 2,000 were accepted (observed); we stay well below."""


WEBHOOK_EVENTS = ("PRODUCT_UPDATED", "PRODUCT_DELETED")
"""What our webhook is registered for (documented). Whether an unpublished product, or its stock alone, counts as an update
is unknown; where it does not, a sweep finds it."""

WEBHOOK_NAME = "Orderchamp Applications"
WEBHOOK_FIELDS = "id url events"
"""What is read of a webhook, and the name that people see in the back office (inferred)."""


def webhook_input(address: str) -> dict[str, Any]:
    """Return a ``WebhookCreateInput``. The names of its fields are inferred; one unproven client has "endpoint" and "topic"."""
    return {"name": WEBHOOK_NAME, "url": address, "events": list(WEBHOOK_EVENTS)}


def rung_product(body: object) -> Mapping[str, Any]:
    """Return what a webhook's body says of its product; empty when it names none.

    The form of updates is documented, on an older page. Of deletes only an id can be expected (inferred): in the product's
    place, beside it, or under the name that the mutation gives it.
    """
    data = body.get("data") if isinstance(body, Mapping) else None
    if not isinstance(data, Mapping):
        return {}
    product = data.get("product")
    if isinstance(product, Mapping):
        return product
    named = product or data.get("deletedProductId") or data.get("id")
    return {"id": named} if isinstance(named, str) else {}


def is_published(listing: Mapping[str, Any] | None) -> bool:
    """Tell from ``Product.listing`` whether buyers see the product.

    Null is a product that was never published (inferred). After an unpublish it may be null or carry another status.
    """
    if listing is None:
        return False
    status = listing.get("status")
    return (None if status is None else str(status).lower()) in PUBLISHED_STATUSES


def is_throttled(error: Mapping[str, Any]) -> bool:
    """Tell whether a top-level error says that too much was asked for and nothing was executed."""
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, Mapping) else None
    return any(str(each).strip().rstrip(".").lower() == THROTTLED for each in (error.get("message"), code))


def is_missing(message: str) -> bool:
    """Tell whether a message says that the product or variant which was meant does not exist."""
    return MISSING_TARGET.match(message.strip()) is not None


def is_missing_webhook(message: str) -> bool:
    """Tell whether a message says that a webhook does not exist (inferred from what is said of other things)."""
    return message.strip().rstrip(".").lower() == "webhook not found"


def failed_inside(message: str) -> bool:
    """Tell whether a message leaves open what was executed."""
    return message.strip().rstrip(".").lower() in FAILED_INSIDE


def refused_line(field: Sequence[object] | None) -> int | None:
    """Return which line of a bulk a user error is about, from its ``field`` path; None when it does not tell.

    A path like ``["inventoryLevels", "3", "adjustment"]`` is what Relay-style APIs use (inferred).
    """
    for part in field or ():
        if str(part).isdecimal():
            return int(str(part))
    return None
