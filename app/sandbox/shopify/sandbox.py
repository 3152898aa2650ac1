"""Everything that the stand-in Shopify is, and how it is saved."""

from pathlib import Path

from fastapi import HTTPException

from app.sandbox.saved import SavedState
from app.sandbox.shopify import bodies
from app.sandbox.shopify.admin import Admin
from app.sandbox.shopify.shops import Shops, Thing
from app.sandbox.shopify.switches import Switches
from app.sandbox.shopify.webhooks import Courier


class Sandbox:
    """The shops, the Admin API, the courier of webhooks, and the file that they survive a restart in."""

    def __init__(self, state_path: Path | None, client_secret: str) -> None:
        self.saved = SavedState(state_path)
        self.shops = Shops()
        self.courier = Courier(self.shops, client_secret)
        self.admin = Admin(self.shops, lambda domain: self.courier.switches[domain])
        self.app_url = ""
        self._undelivered: dict[str, Thing] = {}
        saved = self.saved.load()
        if saved is not None:
            self._load(saved)
        self.shops.notify = self.courier.notify
        self.shops.changed = lambda: self.saved.changed(self.dump)

    def _load(self, saved: Thing) -> None:
        self.shops.load(saved["shops"], saved["next_id"])
        self.app_url = saved["app_url"]
        self._undelivered = saved["deliveries"]
        for domain, switches in saved.get("switches", {}).items():
            self.courier.switches[domain] = Switches.model_validate(switches)

    def start(self) -> None:
        """Go on sending what was not delivered; called within the event loop."""
        self.courier.resume(self._undelivered)

    async def stop(self) -> None:
        await self.courier.aclose()
        self.saved.changed(self.dump)
        await self.saved.flush()

    def dump(self) -> Thing:
        """Return everything as JSON data. Faults and counts of calls are not kept."""
        return {
            "shops": self.shops.shops,
            "next_id": self.shops.next_id,
            "deliveries": self.courier.deliveries,
            "app_url": self.app_url,
            "switches": {domain: each.model_dump() for domain, each in self.courier.switches.items()},
        }

    # What the controls name; 404 when there is none such.

    def shop(self, domain: str) -> Thing:
        if domain not in self.shops.shops:
            raise HTTPException(404, "There is no such shop")
        return self.shops.shops[domain]

    def product(self, domain: str, product_id: str) -> tuple[Thing, Thing]:
        shop = self.shop(domain)
        if product_id not in shop["products"]:
            raise HTTPException(404, "There is no such product")
        return shop, shop["products"][product_id]

    def variant(self, domain: str, product_id: str, variant_id: int) -> tuple[Thing, Thing, Thing]:
        shop, product = self.product(domain, product_id)
        for variant in product["variants"]:
            if variant["id"] == variant_id:
                return shop, product, variant
        raise HTTPException(404, "There is no such variant")

    def delivery(self, domain: str, delivery_id: str) -> Thing:
        found = self.courier.deliveries.get(delivery_id)
        if found is None or found["shop"] != domain:
            raise HTTPException(404, "There is no such delivery")
        return found

    def ask_for_compliance(self, shop: Thing, topic: str) -> str:
        """Send a compliance topic to the app, which did not subscribe to it; return the address."""
        if not self.app_url:
            raise HTTPException(409, "Say first where the app is: app_url")
        address = f"{self.app_url.rstrip('/')}/webhooks/shopify"
        body = bodies.compliance_body(shop, topic)
        self.courier.post(shop["domain"], topic, body, event=self.shops.event(), address=address)
        return address
