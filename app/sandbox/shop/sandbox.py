"""Everything that the stand-in of a platform is, and how it is saved."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, Generic

from app.sandbox.saved import SavedState
from app.sandbox.shop.courier import Courier, S
from app.sandbox.shop.gate import Gate

Thing = dict[str, Any]


class Impossible(Exception):
    """The platform would not let a merchant do this; the message says why."""


class Unknown(Exception):
    """There is nothing of this name; the message says what was looked for."""


class Sandbox(ABC, Generic[S]):
    """The shops, the gate of their API, the courier of their webhooks, and the file that they survive a restart in.

    A shop is JSON data. Its ``subscriptions``, by id, are there for everybody to look at.
    """

    def __init__(self, state_path: Path | None, courier: Courier[S]) -> None:
        self.saved = SavedState(state_path)
        self.courier = courier
        self.gate = Gate()
        self._undelivered: dict[str, Thing] = {}

    def load(self, switches: type[S]) -> Thing | None:
        """Take up what was saved, except what is the platform's own, which is returned; None when nothing was saved."""
        saved = self.saved.load()
        if saved is not None:
            self._undelivered = saved["deliveries"]
            for name, each in saved.get("switches", {}).items():
                self.courier.switches[name] = switches.model_validate(each)
        self.courier.changed = self.changed
        return saved

    def start(self) -> None:
        """Go on sending what was not delivered; called within the event loop."""
        self.courier.resume(self._undelivered)

    async def stop(self) -> None:
        await self.courier.aclose()
        self.changed()
        await self.saved.flush()

    def changed(self) -> None:
        """Have the state saved soon."""
        self.saved.changed(self.dump)

    def dump(self) -> Thing:
        """Return everything as JSON data. Faults and counts of calls are not kept."""
        return {
            **self.kept(),
            "deliveries": self.courier.deliveries,
            "switches": {name: each.model_dump() for name, each in self.courier.switches.items()},
        }

    @abstractmethod
    def kept(self) -> Thing:
        """Return what is the platform's own, as JSON data."""

    @abstractmethod
    def shop(self, name: str) -> Thing:
        """Return a shop; Unknown if there is none of this name."""

    def delivery(self, shop: str, delivery_id: str) -> Thing:
        """Return a delivery of a shop; Unknown if there is none."""
        found = self.courier.deliveries.get(delivery_id)
        if found is None or found["shop"] != shop:
            raise Unknown("There is no such delivery")
        return found
