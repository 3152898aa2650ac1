"""One supplier of a run: a shop, an account on Orderchamp, and the Application that ties them together."""

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import httpx

from app.local.processes import NotStarted
from app.local.town import Town

PATIENCE = 30.0
"""Seconds for which a call to the service is repeated while something is broken, as a back office would."""

Thing = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Shop:
    """A shop that has the Application installed, with these ``settings``. ``name`` is one of its own in every run.

    ``switches``: how the shop differs from others.
    """

    town: Town
    name: str
    settings: Thing = field(default_factory=dict)
    switches: Thing = field(default_factory=dict)
    application_id: str = ""
    storefronts: list[Thing] = field(default_factory=list)

    @property
    def domain(self) -> str:
        return f"{self.name}.myshopify.com"

    @property
    def token(self) -> str:
        """The token of the supplier's account on Orderchamp."""
        return f"token-of-{self.name}"

    async def open(self, catalogue: list[Thing]) -> None:
        """Open the account and the shop, and install the Application."""
        body = {"name": self.name, "storefronts": [{"name": "Main"}, {"name": "Outlet"}]}
        account = await self.orderchamp("PUT", f"/accounts/{self.token}", body)
        self.storefronts = account["storefronts"]
        await self.do("PUT", "", {"token": f"shpat_{self.name}", "catalogue": catalogue, "app_url": self.town.web})
        # Retries within seconds instead of hours would soon be failures enough to delete a subscription.
        await self.do("PUT", "/switches", {"time_scale": 0.001, "failures_that_delete": 1000, **self.switches})
        await self.install()

    async def install(self) -> None:
        """Install, or install again, which also repairs the shop's subscriptions and imports its catalogue."""
        body = {
            "platform": "shopify",
            "shop": self.domain,
            "credentials": {"access_token": f"shpat_{self.name}"},
            "orderchamp": {"token": self.token, "storefront_id": self.storefronts[0]["id"]},
            "settings": {"price_kind": "wholesale", **self.settings},
        }
        installed = await self.insist("POST", f"/v1/suppliers/{self.name}/applications", body)
        self.application_id = installed["id"]

    async def do(self, method: str, path: str, body: object = None) -> Any:
        """Use a control of the shop."""
        return await self.town.sandbox(method, f"{self.town.shops}/_sandbox/shops/{self.domain}{path}", body)

    async def orderchamp(self, method: str, path: str, body: object = None) -> Any:
        """Use a control of the sandbox Orderchamp."""
        return await self.town.sandbox(method, f"{self.town.orderchamp}/_sandbox{path}", body)

    async def shown(self) -> list[Thing]:
        """Return what the account shows."""
        found: list[Thing] = await self.orderchamp("GET", f"/products?token={self.token}")
        return found

    async def api(self, method: str, path: str = "", body: object = None) -> Any:
        """Ask the service for something about the Application, until it answers."""
        return await self.insist(method, f"/v1/applications/{self.application_id}{path}", body)

    async def insist(self, method: str, path: str, body: object = None) -> Any:
        last: Exception = NotStarted("nothing was tried")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        return await self.town.api(method, path, body)
                    except (NotStarted, httpx.HTTPError) as error:
                        last = error
                    await asyncio.sleep(0.1)
        raise NotStarted(f"{method} {path} did not succeed within {PATIENCE:.0f} s; at last: {last!r}") from last
