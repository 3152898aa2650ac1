"""Everything that the stand-in ChannelEngine is."""

from pathlib import Path

from app.sandbox.channelengine.api import Api
from app.sandbox.channelengine.courier import Courier
from app.sandbox.channelengine.merchant import Merchant, Thing
from app.sandbox.channelengine.records import Records
from app.sandbox.channelengine.switches import Switches
from app.sandbox.shop import sandbox


class Sandbox(sandbox.Sandbox[Switches], Merchant):
    """The merchants, their channels, and what they do."""

    courier: Courier

    def __init__(self, state_path: Path | None) -> None:
        self.records = Records()
        super().__init__(state_path, Courier())
        self.api = Api(self.records, self.courier, self.gate)
        saved = self.load(Switches)
        if saved is not None:
            self.records.shops = saved["shops"]
        self.records.happened = self.courier.happened
        self.records.changed = self.changed

    def kept(self) -> Thing:
        """Return the merchants."""
        return {"shops": self.records.shops}

    def shop(self, name: str) -> Thing:
        return self.records.shop(name)
