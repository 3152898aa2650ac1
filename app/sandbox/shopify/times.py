"""Times as Shopify writes them: with the shop's offset in webhooks, in UTC in GraphQL."""

import time
from datetime import UTC, datetime, timedelta, timezone


def zone(offset: str) -> timezone:
    """Return the zone of an offset such as ``+01:00``; ValueError if it is none."""
    return timezone(datetime.strptime(offset, "%z").utcoffset() or timedelta(0))


def local(moment: datetime, offset: str) -> str:
    """Return a moment in whole seconds with a shop's offset."""
    return moment.astimezone(zone(offset)).isoformat(timespec="seconds")


def seconds(text: str) -> float:
    """Return the seconds since 1970 of a time with an offset; ValueError if it is no time. Without offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def utc(text: str | None) -> str | None:
    """Return a time as GraphQL shows it, in UTC and whole seconds."""
    return None if text is None else _utc(text, "seconds")


def utc_milliseconds(text: str) -> str:
    return _utc(text, "milliseconds")


def _utc(text: str, resolution: str) -> str:
    moment = datetime.fromtimestamp(seconds(text), UTC)
    return moment.isoformat(timespec=resolution).replace("+00:00", "Z")


def nanoseconds_now() -> str:
    """Return the time as ``X-Shopify-Triggered-At`` has it: nine digits behind the point."""
    whole, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
