"""``make run``: everything up, an Application installed, and three things to try. A second run goes on where it stopped."""

import asyncio
import os
import signal
from pathlib import Path

from app.local.processes import NotStarted, require_free
from app.local.town import SHOP, Ports, Town, town

DATA = Path(".data")


async def run() -> None:
    """Run until Ctrl-C."""
    ports = Ports(
        web=int(os.environ.get("WEB_PORT", "8000")),
        orderchamp=int(os.environ.get("ORDERCHAMP_PORT", "8001")),
        shopify=int(os.environ.get("SHOPIFY_PORT", "8002")),
    )
    for setting, port in (
        ("WEB_PORT", ports.web),
        ("ORDERCHAMP_PORT", ports.orderchamp),
        ("SHOPIFY_PORT", ports.shopify),
    ):
        require_free(port, setting)
    stopping = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stopping.set)
    print("Starting PostgreSQL, the service and the sandbox …", flush=True)
    async with town(DATA, ports, {}) as here:
        await here.open_account(["Oak & Ash"])
        await here.open_shop()
        application = await here.install()
        print("Importing the catalogue …", flush=True)
        details = await here.until_imported(application["id"])
        await _tell(here, application["id"], details["counters"]["products"])
        await _until_stopped(here, stopping)
        print("\nStopping …", flush=True)


async def _until_stopped(here: Town, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        ended = here.processes.ended()
        if ended is not None:
            raise NotStarted(f"{ended} ended by itself.\n{here.processes.tail(ended)}")
        try:
            async with asyncio.timeout(0.5):
                await stopping.wait()
        except TimeoutError:
            continue


async def _tell(here: Town, application_id: str, products: dict[str, int]) -> None:
    board = next(each for each in await here.shop("GET", "/products") if each["title"] == "Oak board")
    shop = f"{here.shopify}/_sandbox/shops/{SHOP}"
    counted = ", ".join(f"{count} {state}" for state, count in sorted(products.items()))
    product = f"{here.web}/v1/applications/{application_id}/products/{board['id']}"
    print(
        f"""
  Application   {application_id} is active: {counted}
  API           {here.web}/docs
  API key       {here.keys["api"]}
  Orderchamp    {here.orderchamp}/_sandbox/products
  Shopify       {shop}/products
  Logs          {DATA / "logs"}

Try, in another terminal:

  1. Sell an oak board in the shop, and look at Orderchamp a moment later:
     curl -X PUT {shop}/products/{board["id"]}/variants/{board["variants"][0]["id"]}/stock \\
          -H 'content-type: application/json' -d '{{"quantity": 7}}'
     curl '{here.orderchamp}/_sandbox/products?sku={board["variants"][0]["sku"]}'

  2. Take the product off the shop:
     curl -X POST {shop}/products/{board["id"]}/unpublish

  3. Ask why it is not published:
     curl -H 'Authorization: Bearer {here.keys["api"]}' \\
          {product}/timeline

Ctrl-C stops everything; the next `make run` goes on from here.
""",
        flush=True,
    )
