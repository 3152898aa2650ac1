"""A transport whose answers are written beforehand, and an account that speaks through it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Request, Response
from app.orderchamp.client import OrderchampMarketplaces
from app.ports import Marketplace, Transport

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)

Script = Response | NoAnswer | AddressRefused | Callable[[Mapping[str, Any]], Response]


@dataclass
class Scripted:
    """Answers each request with the next answer of the script; the last one is given for ever."""

    script: list[Script]
    sent: list[Mapping[str, Any]] = field(default_factory=list)

    async def send(self, request: Request, *, within: timedelta) -> Response:
        given = json.loads(request.body)
        self.sent.append(given)
        answer = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(answer, NoAnswer | AddressRefused):
            raise answer
        return answer if isinstance(answer, Response) else answer(given)

    @property
    def operations(self) -> list[str]:
        return [each["operationName"] for each in self.sent]


@dataclass
class Purse:
    """A budget that never ends, and notes what it is told."""

    waits: list[timedelta] = field(default_factory=list)
    drawn: list[int] = field(default_factory=list)
    reported: list[tuple[float, float, float, float]] = field(default_factory=list)
    blocked: list[timedelta] = field(default_factory=list)

    async def draw(self, cost: int) -> timedelta:
        if self.waits:
            return self.waits.pop(0)
        self.drawn.append(cost)
        return timedelta(0)

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        self.reported.append((limit, remaining, restore_rate, unused))

    async def block(self, wait: timedelta) -> None:
        self.blocked.append(wait)


@dataclass
class Clock:
    """A clock that only sleeping moves, and answers that take their time."""

    now: datetime = NOW
    slept: list[float] = field(default_factory=list)

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def account(
    transport: Transport,
    purse: Purse | None = None,
    *,
    clock: Clock | None = None,
    jitter: Callable[[], float] = lambda: 0.0,
    observe: Callable[[str, int, str], None] = lambda _, __, ___: None,
) -> Marketplace:
    """Open the account behind a transport."""
    clock = clock or Clock()
    marketplaces = OrderchampMarketplaces(
        transport,
        url="https://orderchamp.test/v1/graphql",
        clock=clock,
        sleep=clock.sleep,
        jitter=jitter,
        observe=observe,
    )
    return marketplaces.open("token", purse or Purse())


def ok(data: Mapping[str, Any] | None, *, errors: Sequence[object] = (), **extensions: object) -> Response:
    """An answer with the status 200."""
    body = {
        "data": data,
        **({"errors": errors} if errors else {}),
        **({"extensions": extensions} if extensions else {}),
    }
    return Response(status=200, body=json.dumps(body).encode())


def each_alias(result: object) -> Callable[[Mapping[str, Any]], Response]:
    """Answer every mutation of a document alike."""
    return lambda given: ok(dict.fromkeys(given["variables"], result))
