"""What an answer of Orderchamp means, in the four layers in which it has to be looked at.

Transport, HTTP status, top-level errors, user errors. Whether a write happened is known only in the last three.
"""

import contextlib
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from app.domain.errors import (
    CredentialsRefused,
    OrderchampRejected,
    OrderchampUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from app.domain.http import Response
from app.orderchamp.unknowns import failed_inside, is_throttled

DEFAULT_429_WAIT = timedelta(seconds=30)
"""Waiting this long helped after an HTTP 429 (observed)."""
DEFAULT_THROTTLED_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(days=1)
"""A ``Retry-After`` beyond this is taken for a mistake."""

DOCUMENT_REFUSED = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
)
"""Statuses that are about what was sent. Any other 4xx is about the address or the moment, and passes."""

NO_REASON = "no reason given"


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The account's bucket as an answer tells it: points, points, points a second.

    ``requested`` and ``actual`` are what the document cost before and after it was executed; None: not told.
    """

    limit: float
    remaining: float
    restore_rate: float
    requested: float | None = None
    actual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query or mutation that was executed.

    ``errors`` are top-level messages by the alias they are about; under "" those that name none.
    """

    data: Mapping[str, Any]
    errors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def about(self, alias: str) -> tuple[str, ...]:
        """Return the messages about one alias, or else those that may be about any."""
        return self.errors.get(alias) or self.errors.get("", ())


class Forbidden(CredentialsRefused):
    """The token may not do this one thing, or nothing at all: only another call can tell."""


class Throttled(RateLimited):
    """Orderchamp executed nothing, because too much was asked of it."""


def read_body(response: Response) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer, its numbers with every digit; None when it is anything else."""
    try:
        body = json.loads(response.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def read_throttle(body: Mapping[str, Any] | None) -> Throttle | None:
    """Return what an answer says of the bucket; None when it says nothing, or nothing that can be true."""
    extensions = (body or {}).get("extensions")
    told = extensions.get("throttle") if isinstance(extensions, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    limit, remaining, rate = (_number(told.get(name)) for name in ("limit", "remaining", "restoreRate"))
    if limit is None or remaining is None or rate is None or limit <= 0 or rate <= 0:
        return None
    return Throttle(
        limit=limit,
        remaining=remaining,
        restore_rate=rate,
        requested=_number(told.get("requestedCost")),
        actual=_number(told.get("actualCost")),
    )


def read_answer(response: Response, body: Mapping[str, Any] | None, *, now: datetime) -> Answer:
    """Return what was executed. ``body`` is the response's, already read.

    CredentialsRefused, Throttled, OrderchampRejected and plain OrderchampUnavailable say that nothing was; OutcomeUnknown
    that nobody knows.
    """
    errors = _errors(body)
    _look_at_status(response, body, errors, now=now)
    if body is None:
        raise OutcomeUnknown(f"Orderchamp answered {response.status} with something that is not JSON.")
    messages: dict[str, tuple[str, ...]] = {}
    for error in errors:
        path = error.get("path")
        alias = str(path[0]) if isinstance(path, list) and path else ""
        messages[alias] = (*messages.get(alias, ()), _message(error))
    data = body.get("data")
    if isinstance(data, Mapping):
        return Answer(data=data, errors=messages)
    if not errors:
        raise OutcomeUnknown("Orderchamp answered without data.")
    told = [_message(each) for each in errors]
    if any(failed_inside(each) for each in told):
        raise OutcomeUnknown("Orderchamp failed: " + "; ".join(told))
    raise OrderchampRejected(told)


def _look_at_status(
    response: Response, body: Mapping[str, Any] | None, errors: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Raise what the status says, or that a document was throttled, for which no status is known."""
    status, asked = response.status, _retry_after(response, now)
    if status == HTTPStatus.UNAUTHORIZED:
        raise CredentialsRefused("orderchamp", "Orderchamp answered 401: the token is not accepted.")
    if status == HTTPStatus.FORBIDDEN:
        raise Forbidden("orderchamp", "Orderchamp answered 403: the token may not do this.")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        wait = DEFAULT_429_WAIT if asked is None else asked
        raise Throttled("Orderchamp asked to slow down (429).", retry_after=wait)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OutcomeUnknown(f"Orderchamp answered {status}.", retry_after=asked)
    if any(is_throttled(each) for each in errors):
        wait = _wait(read_throttle(body)) if asked is None else asked
        raise Throttled("Orderchamp asked to slow down.", retry_after=wait)
    if status >= HTTPStatus.BAD_REQUEST:
        if not errors and status not in DOCUMENT_REFUSED:
            raise OrderchampUnavailable(f"Orderchamp answered {status}.", retry_after=asked)
        raise OrderchampRejected([_message(each) for each in errors] or [f"Orderchamp answered {status}"])


def user_errors(payload: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    """Return the business rules that a mutation ran into."""
    return tuple(payload.get("userErrors") or ())


def sentence(error: Mapping[str, Any]) -> str:
    """Return a user error as people read it, with the field it is about."""
    field = error.get("field") or ()
    where = field if isinstance(field, str) else ".".join(str(each) for each in field)
    message = _message(error).rstrip(".")
    return f"{message} ({where})" if where else message


@contextlib.contextmanager
def readable(otherwise: type[OrderchampUnavailable] = OutcomeUnknown) -> Iterator[None]:
    """Raise ``otherwise`` when an answer cannot be taken apart, because it has a form that nobody has seen."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise otherwise("Orderchamp answered in a form that is not known.") from error


def _errors(body: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    told = (body or {}).get("errors") or []
    each_told = told if isinstance(told, list) else [told]
    return [each if isinstance(each, Mapping) else {"message": each} for each in each_told]


def _message(error: Mapping[str, Any]) -> str:
    return str(error.get("message") or NO_REASON)


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _wait(throttle: Throttle | None) -> timedelta:
    """Return how long it takes until the bucket holds what was asked for."""
    if throttle is None or throttle.requested is None or throttle.requested <= throttle.remaining:
        return DEFAULT_THROTTLED_WAIT
    seconds = (throttle.requested - throttle.remaining) / throttle.restore_rate
    return timedelta(seconds=min(max(seconds, 0.1), LONGEST_WAIT.total_seconds()))


def _retry_after(response: Response, now: datetime) -> timedelta | None:
    """Return the wait that the ``Retry-After`` header asks for, in seconds or as a date; None without one."""
    given = response.headers.get("retry-after", "").strip()
    try:
        wait = timedelta(seconds=int(given)) if given.isdecimal() else parsedate_to_datetime(given) - now
    except OverflowError:
        return LONGEST_WAIT
    except (ValueError, TypeError):
        return None
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
