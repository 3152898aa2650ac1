"""What every flow is given: the ports, the adapters, and the few numbers that a deployment chooses."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from app.domain.application import Application
from app.domain.errors import NoAnswer, PlatformUnavailable, RateLimited, TemporaryError
from app.domain.http import Reading, T
from app.platforms.adapter import Adapter, Connection, Secret
from app.ports import Marketplaces, Store, Transport

logger = structlog.get_logger(__name__)

SHOP_TRIES = 3
"""How often one request to a shop is sent within one read, in all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long things may take and how often they are tried. Each is explained in ``settings``."""

    lease: timedelta
    run: timedelta
    run_products: int
    call: timedelta
    settle: timedelta
    coalesce: timedelta
    retry_scale: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The outside world and the chosen numbers, as the composition root put them together.

    ``shop_url`` gives the base URL of a shop; ``app_secrets`` the keys with which a platform signs for our app as a whole.
    """

    store: Store
    transport: Transport
    marketplaces: Marketplaces
    adapters: Mapping[str, Adapter]
    shop_url: Callable[[str, str], str]
    app_secrets: Callable[[str], tuple[Secret, ...]]
    public_url: str
    pace: Pace
    clock: Callable[[], datetime]
    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    jitter: Callable[[], float]
    new_id: Callable[[], UUID]

    def connection(self, application: Application, credentials: Mapping[str, str]) -> Connection:
        """Return what an adapter needs to call the shop of ``application``."""
        return Connection(
            base_url=self.shop_url(application.platform, application.shop),
            credentials=credentials,
            details=application.details,
        )

    def webhook_address(self, application: Application) -> str:
        """Return the address at which ``application`` takes deliveries."""
        return f"{self.public_url}/webhooks/{application.platform}/{application.id}"

    async def ask_shop(self, reading: Reading[T]) -> T:
        """Send what ``reading`` asks for until it returns. A read may be repeated, so lost answers are asked for again.

        Raises what the adapter makes of the answers, and PlatformUnavailable when none comes.
        """
        try:
            request = next(reading)
            while True:
                try:
                    for attempt in range(1, SHOP_TRIES + 1):
                        try:
                            response = await self.transport.send(request, within=self.pace.call)
                            break
                        except NoAnswer as error:
                            if attempt == SHOP_TRIES or error.maybe_executed:
                                raise PlatformUnavailable(str(error)) from error
                            await self.sleep(0.2 * attempt * (1 + self.jitter()))
                except TemporaryError:
                    reading.close()
                    raise
                request = reading.send(response)
        except StopIteration as stop:
            found: T = stop.value
            return found

    async def ask_shop_patiently(self, reading: Callable[[], Reading[T]], *, patience: timedelta) -> T:
        """As ``ask_shop``, but begin again when the shop asks for a wait that fits into ``patience``."""
        try:
            return await self.ask_shop(reading())
        except RateLimited as error:
            if error.retry_after is None or error.retry_after > patience:
                raise
            await self.sleep(error.retry_after.total_seconds())
        return await self.ask_shop(reading())
