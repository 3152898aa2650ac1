"""What reads of all platforms do alike: ask again when the shop asks to wait, and refuse answers of another shape."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from app.domain.errors import PlatformRejected, RateLimited
from app.domain.http import Reading, Request, Response

T = TypeVar("T")

PATIENCE = 20
"""How often one request is sent when the shop asks to wait each time."""


def ask_patiently(
    request: Request, read: Callable[[Response], T], *, default_wait: timedelta, patience: int = PATIENCE
) -> Reading[T]:
    """Return what ``read`` makes of the answer; the request is sent again when that raises RateLimited.

    ``default_wait`` is how long a shop is left alone that does not say how long. RateLimited: asked too often to wait.
    """
    for _ in range(patience):
        try:
            return read((yield request))
        except RateLimited as error:
            request = replace(request, after=default_wait if error.retry_after is None else error.retry_after)
    raise RateLimited("The shop asks to slow down, again and again.", retry_after=request.after)


@contextmanager
def understood() -> Iterator[None]:
    """Turn the errors of looking into an answer that has another shape than was asked for into PlatformRejected."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise PlatformRejected(f"The shop's answer cannot be read: {str(error)[:300]}.") from error
