"""Everything that one stand-in Orderchamp is, put together."""

import time
from collections.abc import Callable
from pathlib import Path

from app.sandbox.orderchamp.answering import Desk
from app.sandbox.orderchamp.calls import Calls
from app.sandbox.orderchamp.faults import Faults
from app.sandbox.orderchamp.market import Market
from app.sandbox.orderchamp.throttle import Buckets
from app.sandbox.orderchamp.webhooks import Courier
from app.sandbox.saved import SavedState, StateUnreadable


class Sandbox:
    """A market with a desk that answers, and all that can be set and counted about it.

    ``clock`` gives seconds since 1970; ``app_secret`` is that of the one app. StateUnreadable when there is a state file that
    is not ours.
    """

    def __init__(
        self, state_path: Path | None, clock: Callable[[], float] = time.time, *, app_secret: str = ""
    ) -> None:
        self.saved = SavedState(state_path)
        self.market = Market(clock)
        self.buckets = Buckets(clock)
        self.faults = Faults()
        self.calls = Calls()
        self.courier = Courier(self.market, app_secret=app_secret)
        self.desk = Desk(market=self.market, buckets=self.buckets, faults=self.faults, calls=self.calls)
        known = self.saved.load()
        if known is not None:
            try:
                self.market.load(known)
            except ValueError as error:
                raise StateUnreadable(state_path, "it is of another version") from error
        self.market.changed = lambda: self.saved.changed(self.market.dump)
        self.market.tell = self.courier.tell

    def wipe(self) -> None:
        """Forget everything: accounts, switches, faults and counts."""
        self.market.wipe()
        self.buckets.refill()
        self.faults.active.clear()
        self.calls.reset()

    async def close(self) -> None:
        """Give up what is on its way and save the rest."""
        await self.courier.close()
        await self.saved.flush()
