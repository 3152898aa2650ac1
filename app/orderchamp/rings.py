"""What Orderchamp's webhooks bring, and whether our app's secret signed it. Pure.

The headers and the signature are documented. Of the body only which product it is about, and when that changed, is read:
everything else is looked up, since nothing promises order or single delivery.
"""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any

from app.domain.http import Delivery
from app.domain.ids import AccountId, TargetId
from app.orderchamp.unknowns import rung_product
from app.ports import Ring

ACCOUNT = "x-orderchamp-account-id"
EVENT = "x-orderchamp-event"
SIGNATURE = "x-orderchamp-signature"

DELETED = "PRODUCT_DELETED"


class OrderchampRings:
    """Reads deliveries of webhooks. ``client_secret`` is our app's at Orderchamp; empty: there is no app."""

    def __init__(self, client_secret: str) -> None:
        self._client_secret = client_secret

    def is_signed(self, delivery: Delivery) -> bool:
        """Tell whether our app's secret signed the body: in lower-case hexadecimal, HMAC-SHA256 over the raw bytes."""
        if not self._client_secret:
            return False
        expected = hmac.new(self._client_secret.encode(), delivery.body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(expected.encode(), delivery.headers.get(SIGNATURE, "").encode("latin-1", "replace"))

    def read(self, delivery: Delivery) -> Ring:
        """Return what a delivery announces. One that cannot be read is about no product, which is not an error."""
        try:
            body = json.loads(delivery.body)
        except (ValueError, RecursionError):
            body = None
        product = rung_product(body)
        account = delivery.headers.get(ACCOUNT)
        deleted = delivery.headers.get(EVENT) == DELETED
        return Ring(
            account_id=None if account is None else AccountId(account),
            target_id=TargetId(str(product.get("id") or "")),
            changed_at=None if deleted else _time(product.get("updatedAt")),
        )


def _time(value: Any) -> datetime | None:
    """Return a time; one without a zone is taken for UTC. None for what is none."""
    try:
        told = datetime.fromisoformat(value)
        return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None
