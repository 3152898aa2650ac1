"""Where metrics hang on the service: ports that count what passes through them, and the observer of the flows."""

import asyncio
import time
from collections import Counter as Tally
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus

from app.domain.errors import AddressRefused, NoAnswer, NotStored
from app.domain.http import Request, Response
from app.domain.ids import ApplicationId
from app.metrics.meters import Meters
from app.ports import Addressee, Arrival, Budget, Entrance, Marketplace, Marketplaces, RunEnd, Transport

MOMENT = 0.5
"""Seconds for which deliveries are added up before they are counted."""

STRANGE = "unknown"
"""Stands for a platform that nobody knows: what strangers write must not become a label."""


class Answers:
    """Counts deliveries by what was answered.

    Counting costs more than adding up does, and shops wait for their answers; so they are counted together, a moment later.
    """

    def __init__(self, meters: Meters, platforms: Collection[str]) -> None:
        self._meters = meters
        self._platforms = frozenset(platforms)
        self._tally: dict[tuple[str, str], int] = {}

    def __call__(self, platform: str, answer: str) -> None:
        """Count one delivery; called in the event loop."""
        tally = self._tally
        if not tally:
            asyncio.get_running_loop().call_later(MOMENT, self.count)
        key = (platform, answer)
        tally[key] = tally.get(key, 0) + 1

    def count(self) -> None:
        """Count what was added up."""
        for (platform, answer), count in self._tally.items():
            known = platform if platform in self._platforms else STRANGE
            self._meters.deliveries.labels(known, answer).inc(count)
        self._tally.clear()


class MeteredEntrance:
    """The store's entrance; counts batches, and how long they took."""

    def __init__(self, entrance: Entrance, meters: Meters) -> None:
        self._entrance = entrance
        self._meters = meters

    async def addressees(self, application_ids: Sequence[ApplicationId]) -> Mapping[ApplicationId, Addressee]:
        """As the port says."""
        return await self._entrance.addressees(application_ids)

    async def accept(self, arrivals: Sequence[Arrival]) -> frozenset[tuple[ApplicationId, int | None]]:
        """As the port says."""
        began = time.perf_counter()
        try:
            changed = await self._entrance.accept(arrivals)
        except NotStored as error:
            self._meters.refused_batches.labels(error.concerns).inc()
            raise
        self._meters.commit.observe(time.perf_counter() - began)
        self._meters.batch.observe(len(arrivals))
        return changed


CallEnded = Callable[[Request, str, float], None]
"""Told the request, how it ended, and after how many seconds."""


class MeteredTransport:
    """A way out; tells ``ended`` of every request that took it."""

    def __init__(self, transport: Transport, ended: CallEnded) -> None:
        self._transport = transport
        self._ended = ended

    async def send(self, request: Request, *, within: timedelta) -> Response:
        """As the port says."""
        result = "error"
        began = time.perf_counter()
        try:
            response = await self._transport.send(request, within=within)
            result = _result(response)
        except NoAnswer:
            result = "no answer"
            raise
        except AddressRefused:
            result = "not called"
            raise
        finally:
            self._ended(request, result, time.perf_counter() - began)
        return response


def _result(response: Response) -> str:
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return "throttled"
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return "error"
    return "ok" if response.status < HTTPStatus.BAD_REQUEST else "refused"


def count_shop_calls(meters: Meters) -> CallEnded:
    """Return what counts calls of shops: a request's ``operation`` is the platform's name, and what is asked of it."""

    def ended(request: Request, result: str, seconds: float) -> None:
        platform, _, operation = request.operation.partition(" ")
        meters.shop_calls.labels(platform.lower(), operation, result).inc()
        meters.shop_seconds.labels(platform.lower()).observe(seconds)

    return ended


def time_orderchamp_calls(meters: Meters) -> CallEnded:
    """Return what times Orderchamp's API, whose client tells ``count_answers`` by itself how its calls ended."""
    return lambda _, __, seconds: meters.call_seconds.observe(seconds)


def count_orderchamp_calls(meters: Meters) -> CallEnded:
    """Return what counts other calls of Orderchamp, such as those for tokens."""

    def ended(request: Request, result: str, seconds: float) -> None:
        meters.calls.labels(request.operation.removeprefix("Orderchamp "), result).inc()
        meters.call_seconds.observe(seconds)

    return ended


def count_answers(meters: Meters) -> Callable[[str, int, str], None]:
    """Return what the client of Orderchamp's API tells of each request: operation, cost in points, and how it ended."""

    def ended(operation: str, cost: int, result: str) -> None:
        meters.calls.labels(operation, result).inc()
        meters.points.labels(operation, result).inc(cost)

    return ended


class MeteredMarketplaces:
    """Orderchamp's accounts; counts how often their budgets have somebody wait."""

    def __init__(self, marketplaces: Marketplaces, meters: Meters) -> None:
        self._marketplaces = marketplaces
        self._meters = meters

    def open(self, token: str, budget: Budget) -> Marketplace:
        """As the port says."""
        return self._marketplaces.open(token, MeteredBudget(budget, self._meters))


class MeteredBudget:
    """An account's budget; counts how often somebody is told to wait."""

    def __init__(self, budget: Budget, meters: Meters) -> None:
        self._budget = budget
        self._meters = meters
        self.report = budget.report

    async def draw(self, cost: int) -> timedelta:
        """As the port says."""
        wait = await self._budget.draw(cost)
        if wait:
            self._meters.budget_waits.inc()
            self._meters.budget_wait_seconds.inc(wait.total_seconds())
        return wait

    async def block(self, wait: timedelta) -> None:
        """As the port says."""
        self._meters.blocks.inc()
        await self._budget.block(wait)


class MeteringObserver:
    """Counts what flows tell."""

    def __init__(self, meters: Meters) -> None:
        self._meters = meters

    def settled(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""
        for outcome, count in Tally(outcomes).items():
            self._meters.outcomes.labels(platform, outcome).inc(count)

    def replayed(self, platform: str, outcomes: Iterable[str]) -> None:
        """See Observer."""
        for outcome, count in Tally(outcomes).items():
            self._meters.replays.labels(platform, outcome).inc(count)

    def reconciled(self, platform: str, states: Iterable[str]) -> None:
        """See Observer."""
        for state, count in Tally(states).items():
            self._meters.products.labels(platform, state).inc(count)

    def alarmed(self, application_id: ApplicationId, level: int) -> None:  # noqa: ARG002 - no label may name it
        """See Observer."""
        self._meters.alarms.labels(str(level)).inc()

    def taken_over(self) -> None:
        """See Observer."""
        self._meters.take_overs.inc()

    def ran(self, ended: RunEnd, seconds: float) -> None:
        """See Observer."""
        self._meters.runs.labels(ended).inc()
        self._meters.run_seconds.observe(seconds)
