"""Tenure: what a run of a lane has while it works: the lane's lease, and the permission to call.

The permission is asked for before every single call, whichever flow makes it, since the run's transport and its budget
ask for it. So no flow can forget that an Application was paused, that a lease has ended, or that the worker is stopping.
"""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.domain.errors import AddressRefused, BeingStopped, ChangedMeanwhile, LeaseTooShort, PlatformUnavailable
from app.domain.http import Request, Response
from app.flows.services import Services
from app.ports import Budget, Claim, Transaction, Transport

LOOK_AGAIN = 0.4
"""Seconds for which a look at the Application counts. A call starts within a second of a pause, so this is well below."""


@dataclass(slots=True)
class Stopping:
    """How far the stop of a worker has come. ``told``: begin no further duty. ``over``: start no further call."""

    told: bool = False
    over: bool = False


@dataclass(slots=True, kw_only=True)
class Tenure:
    """A lane held for an Application as it was at ``revision``.

    ``lease_from`` is when the lease was asked for last, ``looked`` when the Application was looked at last, both on
    ``services.monotonic``. ``writes_end``: by when the calls that are written down as on their way must be over; None
    when there are none. Nobody who takes the lane over waits for them any longer than that.
    """

    services: Services
    claim: Claim
    revision: int
    stopping: Stopping
    lease_from: float
    looked: float
    writes_end: datetime | None = None

    def lease_ends(self) -> datetime:
        """Return the time until which nobody else can hold this lane, on the clock of ``services.clock``."""
        left = self.lease_from + self.services.pace.lease.total_seconds() - self.services.monotonic()
        return self.services.clock() + timedelta(seconds=left)

    async def hold(self, at_least: timedelta) -> None:
        """Make sure that the lease lasts for ``at_least`` from now; LeaseLost if somebody else holds the lane."""
        if self.lease_ends() - self.services.clock() >= at_least:
            return
        begun = self.services.monotonic()
        async with self.services.store.reading() as tx:
            await tx.lanes.renew(self.claim, self.services.pace.lease)
        self.lease_from = begun

    @contextlib.asynccontextmanager
    async def holding_on(self) -> AsyncIterator[tuple[Transaction, datetime]]:
        """Give a transaction with whose commit the whole lease begins anew, and the time at which that will end at the earliest.

        LeaseLost at the commit, and nothing is written, if somebody else holds the lane.
        """
        begun, lease = self.services.monotonic(), self.services.pace.lease
        ends = self.services.clock() + lease
        async with self.services.store.transaction(self.claim, renewed_for=lease) as tx:
            yield tx, ends
        self.lease_from = begun

    async def look(self) -> None:
        """Look whether the run may go on. LeaseLost if somebody else holds the lane by now; ChangedMeanwhile."""
        begun = self.services.monotonic()
        async with self.services.store.reading() as tx:
            revision = await tx.lanes.revision(self.claim)
        if revision != self.revision:
            raise ChangedMeanwhile
        self.looked = begun

    async def permit(self) -> None:
        """Return if one call may start now, which ends by its deadline; otherwise raise a RunOver that says why not."""
        if self.stopping.over:
            raise BeingStopped
        if self.services.monotonic() - self.looked >= LOOK_AGAIN:
            await self.look()
        call = self.services.pace.call
        if self.writes_end is not None and self.services.clock() + call > self.writes_end:
            raise LeaseTooShort
        await self.hold(call)


class PermittedTransport:
    """Sends requests to a shop, each only with permission."""

    def __init__(self, transport: Transport, permit: Callable[[], Awaitable[None]]) -> None:
        self._transport = transport
        self._permit = permit

    async def send(self, request: Request, *, within: timedelta) -> Response:
        """As the port says; a RunOver before anything is sent if the call must not start.

        An address that must not be called is no bug, and may be another one tomorrow: the shop counts as unavailable.
        """
        await self._permit()
        try:
            return await self._transport.send(request, within=within)
        except AddressRefused as error:
            raise PlatformUnavailable(str(error)) from error


class PermittedBudget:
    """An account's budget, out of which a lane run draws only with permission: whoever draws is about to call.

    ``spent`` are the points that this run's calls cost so far, as Orderchamp told.
    """

    def __init__(self, budget: Budget, permit: Callable[[], Awaitable[None]]) -> None:
        self._draw = budget.draw
        self._permit = permit
        self._report = budget.report
        self.block = budget.block
        self.spent = 0.0

    async def draw(self, cost: int) -> timedelta:
        """As the port says; a RunOver if the call must not start.

        The permission comes last, because drawing may take its time.
        """
        wait = await self._draw(cost)
        if not wait:
            await self._permit()
            self.spent += cost
        return wait

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        """As the port says."""
        self.spent -= unused
        await self._report(limit=limit, remaining=remaining, restore_rate=restore_rate, unused=unused)
