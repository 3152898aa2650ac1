"""Requests, responses and deliveries as plain data: adapters describe them, ``transport`` sends them."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from app.domain.structs import Struct

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``length`` bytes of a body from ``start`` on; fewer where it ends."""

    start: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request. ``url`` is absolute; ``operation`` names it in metrics and messages and holds no secret.

    ``cost`` is what the other side will charge for it, in its own points; 0 where it charges nothing. ``after`` is the wait
    that the other side asked for before it is sent: a throttled read asks again and so goes on where it was.
    ``uncached_by`` names a parameter that gets another value each time that it is sent, so that no cache on the way answers
    with what it has seen; empty: none does. ``part``: no more than these bytes of the
    answer's body are wanted, and the answer has no others, whatever the other side sends.
    """

    method: Method
    url: str = field(repr=False)
    operation: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    cost: int = 0
    after: timedelta = timedelta(0)
    uncached_by: str = ""
    part: Part | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An HTTP answer with its whole body. Header names are lower-case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Delivery(Struct, frozen=True, kw_only=True):
    """One HTTP request in which a shop hands us something.

    Header names are lower-case; the body is as received, never parsed and written again. ``token`` is the last part of the
    address where that is the secret of the shop: it is not in ``url``, and not kept with the delivery. Empty elsewhere.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    token: str = ""

    def __repr__(self) -> str:
        """Tell what may be read by anybody: neither headers nor body nor token."""
        return f"Delivery(method={self.method!r}, url={self.url!r}, received_at={self.received_at!r})"


T = TypeVar("T")
Reading = Generator[Request, Response, T]
"""A read of one or more requests: yields a Request, is sent its Response, returns what it found."""
