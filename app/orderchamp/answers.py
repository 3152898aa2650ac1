"""What an answer of Orderchamp means, in the four layers in which it has to be looked at.

Transport, HTTP status, top-level errors, user errors. Whether a write happened is known only in the last three.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from app.domain.errors import CredentialsRefused, OrderchampRejected, OutcomeUnknown, RateLimited
from app.domain.http import Response
from app.orderchamp.unknowns import NOT_FOUND, THROTTLED_MESSAGE

DEFAULT_429_WAIT = timedelta(seconds=30)
"""Waiting this long helped after an HTTP 429 (observed)."""
DEFAULT_THROTTLED_WAIT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """The account's bucket as an answer tells it: points, points, points a second."""

    limit: float
    remaining: float
    restore_rate: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A query or mutation that was executed.

    ``errors`` are top-level messages by the alias they are about; under "" those that name none.
    """

    data: Mapping[str, Any]
    errors: Mapping[str, str] = field(default_factory=dict)
    throttle: Throttle | None = None


class Throttled(RateLimited):
    """Orderchamp executed nothing, because too much was asked of it."""

    def __init__(self, message: str, *, retry_after: timedelta, throttle: Throttle | None = None) -> None:
        super().__init__(message, retry_after=retry_after)
        self.throttle = throttle


def read_answer(response: Response, *, now: datetime) -> Answer:
    """Return what was executed.

    CredentialsRefused, Throttled and OrderchampRejected say that nothing was; OutcomeUnknown that nobody knows.
    """
    if response.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise CredentialsRefused("orderchamp", f"Orderchamp answered {response.status}: the token is not accepted.")
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        raise Throttled("Orderchamp asked to slow down (429).", retry_after=_retry_after(response, now))
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise OutcomeUnknown(f"Orderchamp answered {response.status}.")
    body = _json(response)
    if response.status >= HTTPStatus.BAD_REQUEST:
        raise OrderchampRejected([_messages(body) or f"Orderchamp answered {response.status}."])
    throttle = _throttle(body)
    errors = _errors(body)
    if any(message.strip().lower() == THROTTLED_MESSAGE for message in errors.values()):
        raise Throttled("Orderchamp asked to slow down.", retry_after=_wait(body, throttle), throttle=throttle)
    data = body.get("data")
    if not isinstance(data, Mapping):
        if errors:
            raise OrderchampRejected(list(errors.values()))
        raise OutcomeUnknown("Orderchamp answered without data.")
    return Answer(data=data, errors=errors, throttle=throttle)


def is_missing(message: str | None) -> bool:
    """Tell whether a top-level message says that an id does not exist."""
    return message is not None and message.strip().rstrip(".").lower().endswith(NOT_FOUND)


def user_errors(payload: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the business rules that a mutation ran into, each with the field it is about."""
    return tuple(_sentence(each) for each in payload.get("userErrors") or ())


def _sentence(error: Mapping[str, Any]) -> str:
    where = ".".join(error.get("field") or ())
    message = str(error.get("message") or "no reason given").rstrip(".")
    return f"{message} ({where})" if where else message


def _json(response: Response) -> Mapping[str, Any]:
    try:
        body = json.loads(response.body)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        if HTTPStatus.BAD_REQUEST <= response.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            return {}
        raise OutcomeUnknown(f"Orderchamp answered {response.status} with something that is not JSON.")
    return body


def _errors(body: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in body.get("errors") or ():
        path = each.get("path") or [""]
        found.setdefault(str(path[0]), str(each.get("message") or "no reason given"))
    return found


def _messages(body: Mapping[str, Any]) -> str:
    return "; ".join(_errors(body).values())


def _throttle(body: Mapping[str, Any]) -> Throttle | None:
    told: Any = (body.get("extensions") or {}).get("throttle")
    try:
        return Throttle(
            limit=float(told["limit"]), remaining=float(told["remaining"]), restore_rate=float(told["restoreRate"])
        )
    except (TypeError, KeyError, ValueError):
        return None


def _wait(body: Mapping[str, Any], throttle: Throttle | None) -> timedelta:
    if throttle is None or throttle.restore_rate <= 0:
        return DEFAULT_THROTTLED_WAIT
    requested = float(body["extensions"]["throttle"].get("requestedCost") or 0)
    missing = max(requested - throttle.remaining, 0)
    return timedelta(seconds=max(missing / throttle.restore_rate, 0.1))


def _retry_after(response: Response, now: datetime) -> timedelta:
    given = response.headers.get("retry-after", "").strip()
    if given.isdecimal():
        return timedelta(seconds=int(given))
    try:
        return max(parsedate_to_datetime(given) - now, timedelta(0))
    except (ValueError, TypeError):
        return DEFAULT_429_WAIT
