"""What every flow is given: the ports, the adapters, and the few numbers that a deployment chooses."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.domain.application import Application
from app.domain.errors import NoAnswer, PlatformUnavailable, RateLimited
from app.domain.http import Reading, Request, Response, T
from app.flows.interrupted import Interrupted, InterruptedReads
from app.platforms.adapter import Adapter, Connection, Secret
from app.ports import Bell, Marketplaces, Nobody, Observer, OrderchampApp, Store, Transport

logger = structlog.get_logger(__name__)

SHOP_TRIES = 3
"""How often one request to a shop is sent within one read, in all."""

LONGEST_WAIT = timedelta(seconds=1)
"""The longest wait that a read sits out; a longer one must not hold a worker's slot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take and how often they are tried. Each is explained in ``settings``, except ``gather``.

    In a flood of deliveries changes gather for that long before their lane is run: so an account's calls are few and full
    however fast we are.
    """

    lease: timedelta
    run: timedelta
    run_products: int
    call: timedelta
    settle: timedelta
    coalesce: timedelta
    gather: timedelta = timedelta(seconds=0.5)
    retry_scale: float = 1.0
    replay_per_second: float = 50.0
    check_subscriptions: timedelta = timedelta(hours=6)
    secret_overlap: timedelta = timedelta(hours=24)
    sweep_every: timedelta = timedelta(days=1)
    preview_lasts: timedelta = timedelta(days=1)
    poll_every: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The outside world and the chosen numbers, as the composition root put them together.

    ``shop_url`` gives the base URL of a shop; ``apps`` are the keys of our app by platform, where we have one;
    ``orderchamp_app`` None: we have no app at Orderchamp, so tokens come by hand. ``new_secret`` gives 64 letters and digits
    that nobody guesses. ``observer`` is told what happens.
    """

    store: Store
    transport: Transport
    marketplaces: Marketplaces
    bell: Bell
    adapters: Mapping[str, Adapter]
    shop_url: Callable[[str, str], str]
    apps: Mapping[str, Mapping[str, str]] = field(repr=False)
    public_url: str
    pace: Pace
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    new_id: Callable[[], UUID]
    new_secret: Callable[[], str]
    orderchamp_app: OrderchampApp | None = None
    interrupted_reads: InterruptedReads = field(default_factory=InterruptedReads)
    observer: Observer = field(default_factory=Nobody)

    def connection(self, application: Application, credentials: Mapping[str, str]) -> Connection:
        """Return what an adapter needs to call the shop of ``application``."""
        return replace(
            self.new_connection(application.platform, application.shop, credentials), details=application.details
        )

    def new_connection(self, platform: str, shop: str, credentials: Mapping[str, str]) -> Connection:
        """Return what an adapter needs to call a shop of which nothing is known yet."""
        return Connection(
            base_url=self.shop_url(platform, shop), credentials=credentials, app=self.apps.get(platform, {})
        )

    def app_secrets(self, platform: str) -> tuple[Secret, ...]:
        """Return the keys with which a platform signs for our app as a whole; none for one that is not known."""
        adapter = self.adapters.get(platform)
        return () if adapter is None else adapter.installation.app_secrets(self.apps.get(platform, {}))

    def webhook_address(self, application: Application, token: Secret | None = None) -> str:
        """Return the address at which ``application`` takes deliveries; with ``token``, the one that is a secret itself."""
        address = f"{self.public_url}/webhooks/{application.platform}/{application.id}"
        return address if token is None else f"{address}/{token.value.decode()}"

    async def ask_shop(self, reading: Reading[T]) -> T:
        """Send what ``reading`` asks for until it returns. A read may be repeated, so lost answers are asked for again.

        Raises what the adapter makes of the answers, and PlatformUnavailable when none comes. Waits when the shop asks for
        it; a wait longer than LONGEST_WAIT raises Interrupted, with which ``go_on`` goes on later.
        """
        try:
            request = next(reading)
        except StopIteration as stop:
            found: T = stop.value
            return found
        return await self._drive(reading, request)

    async def go_on(self, interrupted: Interrupted[T]) -> T:
        """Go on with a read where it was interrupted, once its wait is over; see ``ask_shop``."""
        return await self._drive(interrupted.reading, replace(interrupted.request, after=timedelta(0)))

    async def _drive(self, reading: Reading[T], request: Request) -> T:
        try:
            while True:
                if request.after > LONGEST_WAIT:
                    raise Interrupted(reading, request)
                if request.after:
                    await self.sleep(request.after.total_seconds())
                request = reading.send(await self._send(request))
        except StopIteration as stop:
            found: T = stop.value
            return found

    async def _send(self, request: Request) -> Response:
        if request.uncached_by:
            joint = "&" if "?" in request.url else "?"
            request = replace(request, url=f"{request.url}{joint}{request.uncached_by}={self.new_id().hex}")
        for attempt in range(1, SHOP_TRIES + 1):
            try:
                return await self.transport.send(request, within=self.pace.call)
            except NoAnswer as error:
                if attempt == SHOP_TRIES or error.maybe_executed:
                    raise PlatformUnavailable(str(error)) from error
                await self.sleep(0.2 * attempt * (1 + self.jitter()))
        raise AssertionError("the last try returns or raises")

    async def ask_shop_patiently(self, reading: Callable[[], Reading[T]], *, patience: timedelta) -> T:
        """As ``ask_shop``, but begin again when the shop asks for a wait that fits into ``patience``."""
        try:
            return await self.ask_shop(reading())
        except RateLimited as error:
            if error.retry_after is None or error.retry_after > patience:
                raise
            await self.sleep(error.retry_after.total_seconds())
        return await self.ask_shop(reading())
