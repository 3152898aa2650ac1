"""Times as WordPress has them: naive, in whole seconds, once in the shop's own time and once in UTC."""

from datetime import UTC, datetime, timezone


def zone(offset: str) -> timezone:
    """Return the zone of an offset such as ``+01:00``; ValueError if it is none."""
    parsed = datetime.strptime(offset, "%z").tzinfo
    if not isinstance(parsed, timezone):
        raise ValueError(f"{offset} is no offset")  # noqa: TRY004
    return parsed


def stored(moment: datetime) -> str:
    """Return a moment as it is kept: in UTC, whole seconds, without an offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def parsed(text: str, offset: str | None = None) -> datetime:
    """Return the moment of a naive text: in UTC, or at an offset; ValueError if it is none."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC if offset is None else zone(offset))
    return moment.astimezone(UTC)


def local(text: str | None, offset: str) -> str | None:
    """Return a kept time in the shop's own time."""
    return None if text is None else parsed(text).astimezone(zone(offset)).strftime("%Y-%m-%dT%H:%M:%S")
