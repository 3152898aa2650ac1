"""Lists, a page at a time: what goes on a page, and where a cursor stands."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar

from app.api.bodies import Listed
from app.api.dependencies import in_utc
from app.domain.errors import InvalidInstallation

Found = TypeVar("Found")
Shown = TypeVar("Shown")


def page_of(
    found: Sequence[Found], limit: int, *, shown: Callable[[Found], Shown], cursor: Callable[[Found], str]
) -> Listed[Shown]:
    """Return the first ``limit`` of what was found as a page; that more was found only tells that there is a next one."""
    return Listed(
        items=[shown(each) for each in found[:limit]],
        next_cursor=cursor(found[limit - 1]) if len(found) > limit else None,
    )


def position_in_time(cursor: str | None) -> datetime | None:
    """Return the time that a cursor of a list in the order of times means; InvalidInstallation if it means none."""
    try:
        return None if cursor is None else in_utc(datetime.fromisoformat(cursor))
    except ValueError:
        raise _not_of_this_list() from None


def position_in_order(cursor: str | None) -> int | None:
    """Return the number that a cursor of a list in the order of numbers means; InvalidInstallation if it means none."""
    if cursor is not None and not (cursor.isascii() and cursor.isdecimal() and len(cursor) < 19):  # noqa: PLR2004
        raise _not_of_this_list()
    return None if cursor is None else int(cursor)


def _not_of_this_list() -> InvalidInstallation:
    reasons = [("cursor", "It is not a cursor of this list.")]
    return InvalidInstallation("The request is not as documented.", reasons=reasons)
