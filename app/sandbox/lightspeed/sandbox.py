"""Everything that the stand-in Lightspeed is."""

from pathlib import Path

from app.sandbox.lightspeed.api import Api, App
from app.sandbox.lightspeed.courier import Courier
from app.sandbox.lightspeed.merchant import Merchant, Thing
from app.sandbox.lightspeed.records import Records
from app.sandbox.lightspeed.switches import Switches
from app.sandbox.shop import sandbox


class Sandbox(sandbox.Sandbox[Switches], Merchant):
    """The shops, their API, the App Store, and what merchants do."""

    courier: Courier

    def __init__(self, state_path: Path | None, app: App) -> None:
        self.app = app
        self.records = Records()
        super().__init__(state_path, Courier(self.records, app.secret))
        self.api = Api(self.records, self.courier, self.gate, app)
        saved = self.load(Switches)
        if saved is not None:
            self.records.shops = saved["shops"]
        self.records.happened = self.courier.happened
        self.records.changed = self.changed

    def kept(self) -> Thing:
        """Return the shops."""
        return {"shops": self.records.shops}

    def shop(self, name: str) -> Thing:
        return self.records.shop(name)
