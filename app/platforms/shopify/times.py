"""Shopify's times: RFC 3339, sometimes with nanoseconds, always with an offset."""

from datetime import UTC, datetime

from app.platforms.adapter import aware


def moment(text: str) -> datetime:
    """Return a time in UTC; ValueError if it is none, or names no offset."""
    try:
        return aware(datetime.fromisoformat(text)).astimezone(UTC)
    except OverflowError:
        raise ValueError("the time is out of range") from None
