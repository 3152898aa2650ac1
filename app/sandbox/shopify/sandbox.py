"""Everything that the stand-in Shopify is."""

from pathlib import Path

from app.sandbox.shop import sandbox
from app.sandbox.shop.sandbox import Impossible, Unknown
from app.sandbox.shopify import bodies
from app.sandbox.shopify.admin import Admin
from app.sandbox.shopify.bulk import BulkOperations
from app.sandbox.shopify.consent import Consent
from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.switches import Switches
from app.sandbox.shopify.webhooks import Courier


class Sandbox(sandbox.Sandbox[Switches]):
    """The shops and their Admin API. ``app_url`` is where the app is that compliance webhooks go to."""

    courier: Courier

    def __init__(self, state_path: Path | None, client_secret: str, client_id: str = "sandbox") -> None:
        self.shops = Shops()
        super().__init__(state_path, Courier(self.shops, client_secret))
        self.consent = Consent(self.shops, self._switches, client_id=client_id, client_secret=client_secret)
        self.bulk = BulkOperations(self.shops, self._switches)
        self.admin = Admin(self.shops, self.gate, self._switches, self.consent.accepts, bulk=self.bulk)
        self.app_url = ""
        saved = self.load(Switches)
        if saved is not None:
            self.shops.load(saved["shops"], saved["next_id"])
            self.app_url = saved["app_url"]
        self.shops.notify = self.courier.notify
        self.shops.changed = self.changed

    def _switches(self, domain: str) -> Switches:
        return self.courier.switches[domain]

    def kept(self) -> Thing:
        """Return the shops and where the app is."""
        return {"shops": self.shops.shops, "next_id": self.shops.next_id, "app_url": self.app_url}

    async def stop(self) -> None:
        await self.bulk.aclose()
        await super().stop()

    # What the controls name; Unknown when there is none such.

    def shop(self, name: str) -> Thing:
        if name not in self.shops.shops:
            raise Unknown("There is no such shop")
        return self.shops.shops[name]

    def product(self, domain: str, product_id: str) -> tuple[Thing, Thing]:
        shop = self.shop(domain)
        if product_id not in shop["products"]:
            raise Unknown("There is no such product")
        return shop, shop["products"][product_id]

    def variant(self, domain: str, product_id: str, variant_id: int) -> tuple[Thing, Thing, Thing]:
        shop, product = self.product(domain, product_id)
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                return shop, product, variant
        raise Unknown("There is no such variant")

    def ask_for_compliance(self, shop: Thing, topic: str) -> str:
        """Send a compliance topic to the app, which did not subscribe to it; return the address."""
        if not self.app_url:
            raise Impossible("Say first where the app is: app_url")
        address = f"{self.app_url.rstrip('/')}/webhooks/shopify"
        body = bodies.compliance_body(shop, topic)
        self.courier.post(shop["domain"], topic, body, event=self.shops.event(), address=address)
        return address
