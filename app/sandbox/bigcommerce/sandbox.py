"""Everything that the stand-in BigCommerce is."""

from dataclasses import dataclass
from pathlib import Path

from app.sandbox.bigcommerce.api import Api
from app.sandbox.bigcommerce.courier import Courier
from app.sandbox.bigcommerce.merchant import Merchant, Thing
from app.sandbox.bigcommerce.records import Records
from app.sandbox.bigcommerce.switches import Switches
from app.sandbox.shop import sandbox


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """The app that stores may install."""

    client_id: str
    client_secret: str


class Sandbox(sandbox.Sandbox[Switches], Merchant):
    """The stores, their API, the app's install, and what merchants do."""

    courier: Courier

    def __init__(self, state_path: Path | None, app: App) -> None:
        self.app = app
        self.records = Records()
        super().__init__(state_path, Courier(self.records))
        self.api = Api(self.records, self.courier, self.gate)
        saved = self.load(Switches)
        if saved is not None:
            self.records.shops = saved["shops"]
        self.records.happened = self.courier.happened
        self.records.changed = self.changed

    def kept(self) -> Thing:
        """Return the stores."""
        return {"shops": self.records.shops}

    def shop(self, name: str) -> Thing:
        return self.records.shop(name)
