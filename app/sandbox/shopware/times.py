"""Times as Shopware writes them."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """Return a time as the API tells it: UTC, with three digits after the second."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds")


def now() -> str:
    return written(datetime.now(UTC))
