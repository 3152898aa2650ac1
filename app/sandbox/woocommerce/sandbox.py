"""Everything that the stand-in WooCommerce is."""

from pathlib import Path

from app.sandbox.shop import sandbox
from app.sandbox.woocommerce.api import Api
from app.sandbox.woocommerce.courier import Courier
from app.sandbox.woocommerce.merchant import Merchant
from app.sandbox.woocommerce.posts import Posts, Thing
from app.sandbox.woocommerce.switches import Switches


class Sandbox(sandbox.Sandbox[Switches], Merchant):
    """The shops with their posts, their REST API, and what merchants do in them."""

    courier: Courier

    def __init__(self, state_path: Path | None) -> None:
        self.posts = Posts(lambda name: self.courier.switches[name])
        super().__init__(state_path, Courier(self.posts))
        self.api = Api(self.posts, self.courier, self.gate)
        saved = self.load(Switches)
        if saved is not None:
            self.posts.shops = saved["shops"]
        self.posts.fired = self.courier.fired
        self.posts.changed = self.changed

    def kept(self) -> Thing:
        """Return the shops."""
        return {"shops": self.posts.shops}

    def shop(self, name: str) -> Thing:
        return self.posts.shop(name)
