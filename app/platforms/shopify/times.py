"""Shopify's times: RFC 3339, sometimes with nanoseconds, always with an offset."""

import re
from datetime import UTC, datetime

from app.platforms.adapter import aware

_TOO_FINE = re.compile(r"(\.\d{6})\d+")


def moment(text: str) -> datetime:
    """Return a time in UTC; ValueError if it is none, or names no offset."""
    try:
        return aware(datetime.fromisoformat(_TOO_FINE.sub(r"\1", text))).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None
