"""The service from outside, for measurements: real processes, stand-in shops, and deliveries signed as Shopify signs them."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from json import dumps
from typing import Any
from uuid import uuid4

from app.domain.http import Delivery
from app.local.patience import until
from app.local.postgres import scratch
from app.local.processes import free_port
from app.local.town import Ports, Town, town
from app.platforms.adapter import Secret
from app.platforms.registry import ADAPTERS

STOCK_ONLY = dict.fromkeys(("title", "description", "price", "images", "specifications"), False)
SHOPIFY = ADAPTERS["shopify"].webhooks


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something that is counted in a shop."""

    sku: str
    stock_item_id: int
    product_id: int


@dataclass(slots=True, kw_only=True)
class Shop:
    """A shop with an Application and an Orderchamp account of its own, in step with each other."""

    town: Town
    domain: str
    token: str
    application_id: str
    location_id: int
    items: Sequence[Item]

    @property
    def path(self) -> str:
        """Where its deliveries go."""
        return f"/webhooks/shopify/{self.application_id}"

    async def say_stock(self, item: Item, quantity: int) -> None:
        """Post how many pieces there are, as the shop would, again if it is not taken; it must be acknowledged."""
        said = self.of_stock(item, quantity, event_id=str(uuid4()))

        async def look() -> tuple[bool, object]:
            url, headers = self.town.web + self.path, dict(said.headers)
            answer = await self.town.client.post(url, content=said.body, headers=headers)
            return answer.status_code == 200, f"{answer.status_code}: {answer.text[:300]}"

        await until(look, "A delivery", patience=30, every=0.5)

    def of_stock(self, item: Item, quantity: int, *, event_id: str) -> Delivery:
        """Return a delivery that says how many pieces there are."""
        level = {
            "inventory_item_id": item.stock_item_id,
            "location_id": self.location_id,
            "available": quantity,
            "updated_at": datetime.now(UTC).isoformat(),
        }
        return _signed(
            dumps(level).encode(),
            "inventory_levels/update",
            self.domain,
            self.town.keys["client-secret"],
            event_id=event_id,
        )

    async def shown(self, item: Item) -> Mapping[str, Any]:
        """Return the product that Orderchamp shows with this SKU."""
        url = f"{self.town.orderchamp}/_sandbox/products?token={self.token}&sku={item.sku}"
        found: list[Mapping[str, Any]] = await self.town.sandbox("GET", url)
        return found[0]

    async def until_shown(self, item: Item, quantity: int, *, patience: float = 30, every: float = 0.05) -> datetime:
        """Return, once Orderchamp shows this stock, since when it does: by its clock, which is this machine's."""
        counted_at = ""

        async def look() -> tuple[bool, object]:
            nonlocal counted_at
            variants = (await self.shown(item))["variants"]
            variant = next(each for each in variants if each["sku"] == item.sku)
            counted_at = variant["counted_at"]
            return int(variant["available_quantity"]) == quantity, variant["available_quantity"]

        await until(look, f"The stock of {item.sku} on Orderchamp", patience=patience, every=every)
        return datetime.fromisoformat(counted_at)

    async def until_title(self, item: Item, title: str) -> None:
        """Return once Orderchamp shows the product under this title."""

        async def look() -> tuple[bool, object]:
            shown = (await self.shown(item))["title"]
            return shown == title, shown

        await until(look, f"The title of {item.sku} on Orderchamp", patience=60, every=0.2)

    async def until_quiet(self) -> None:
        """Return once nothing waits for this Application."""
        await self.town.until_imported(self.application_id, patience=120)


@contextlib.asynccontextmanager
async def real_town(settings: Mapping[str, str] | None = None) -> AsyncIterator[Town]:
    """Run everything at production settings, on a database of its own that flushes to the disk."""
    with scratch("bench") as folder:
        ports = Ports(web=free_port(), orderchamp=free_port(), shops=free_port())
        async with town(folder, ports, settings or {}, remember=False) as here:
            yield here


async def open_shop(
    here: Town,
    name: str,
    *,
    products: int,
    variants: int,
    fields: Mapping[str, bool] | None = None,
    known: bool = True,
) -> Shop:
    """Open a shop whose whole catalogue is on Orderchamp already, install it, and wait until both are in step.

    Meanwhile neither side limits anything: how long an import takes is another measurement's affair. ``known`` False:
    nothing of the catalogue is on Orderchamp.
    """
    await _limit_orderchamp(here, "unlimited")
    domain, token = f"{name}.myshopify.com", f"token-{name}"
    storefront = (
        await here.sandbox(
            "PUT", f"{here.orderchamp}/_sandbox/accounts/{token}", {"name": name, "storefronts": [{"name": "Main"}]}
        )
    )["storefronts"][0]
    catalogue = [_product(name, number, variants) for number in range(products)]
    for each in catalogue if known else ():
        url = f"{here.orderchamp}/_sandbox/products?token={token}"
        await here.sandbox("POST", url, _on_orderchamp(each, storefront["id"]))
    shop = f"{here.shops}/_sandbox/shops/{domain}"
    empty = await here.sandbox("PUT", shop, {"token": token, "app_url": here.web})
    await here.sandbox("PUT", f"{shop}/switches", {"restore_rate": 100_000})
    # One by one, so that no answer takes longer the larger the catalogue is.
    made = [await here.sandbox("POST", f"{shop}/products", each) for each in catalogue]
    installed = await here.api(
        "POST",
        f"/v1/suppliers/{name}/applications",
        {
            "platform": "shopify",
            "shop": domain,
            "credentials": {"access_token": token},
            "orderchamp": {"token": token},
            "settings": {"price_kind": "wholesale", "fields": dict(fields or STOCK_ONLY)},
        },
    )
    opened = Shop(
        town=here,
        domain=domain,
        token=token,
        application_id=installed["id"],
        location_id=empty["locations"][0]["id"],
        items=tuple(
            Item(sku=variant["sku"], stock_item_id=variant["inventory_item_id"], product_id=product["id"])
            for product in made
            for variant in product["variants"]
        ),
    )
    await opened.until_quiet()
    await _limit_orderchamp(here, "2000/100")
    return opened


async def _limit_orderchamp(here: Town, bucket: str) -> None:
    await here.sandbox("PUT", f"{here.orderchamp}/_sandbox/switches", {"bucket": bucket})


async def forget_calls(here: Town) -> None:
    """Begin to count calls to Orderchamp anew."""
    await here.sandbox("DELETE", f"{here.orderchamp}/_sandbox/calls")


async def calls(here: Town) -> dict[str, Any]:
    """Return what Orderchamp counted: ``requests``, ``cost``, and ``by_operation``."""
    counted: dict[str, Any] = await here.sandbox("GET", f"{here.orderchamp}/_sandbox/calls")
    return counted


class Pace:
    """Keeps to a number of events a second, whatever each one takes."""

    def __init__(self, rate: float) -> None:
        self._every = 1 / rate
        self._next = time.monotonic()

    async def turn(self) -> None:
        """Wait until it is time for the next one."""
        self._next += self._every
        await asyncio.sleep(max(0.0, self._next - time.monotonic()))


def _product(shop: str, number: int, variants: int) -> dict[str, Any]:
    return {
        "title": f"Thing {number} of {shop}",
        "options": ["Size"] if variants > 1 else [],
        "variants": [
            {
                "sku": f"{shop}-{number}-{n}",
                "price": "10.00",
                "quantity": 5,
                "options": [str(n)] if variants > 1 else [],
            }
            for n in range(variants)
        ],
    }


def _on_orderchamp(product: Mapping[str, Any], storefront_id: str) -> dict[str, Any]:
    several = len(product["variants"]) > 1
    variants = [
        {
            "sku": each["sku"],
            "price": each["price"],
            "inventoryQuantity": 5,
            "inventoryPolicy": "DENY",
            **({"option1": each["options"][0]} if several else {}),
        }
        for each in product["variants"]
    ]
    options = {"option1": "Size"} if several else {}
    return {"title": product["title"], "variants": variants, "publish_on": storefront_id, **options}


def _signed(body: bytes, topic: str, shop: str, secret: str, *, event_id: str) -> Delivery:
    assert SHOPIFY is not None  # noqa: S101 - Shopify has webhooks
    headers = {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-shop-domain": shop,
        "x-shopify-webhook-id": event_id,
    }
    delivery = Delivery(method="POST", url="", headers=headers, body=body, received_at=datetime.now(UTC))
    return SHOPIFY.sign(delivery, Secret(secret.encode()))
