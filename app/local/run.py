"""``make run``: everything up, an Application installed, and three things to try. A second run goes on where it stopped."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NoReturn

from app.local.processes import NotStarted, require_free
from app.local.town import Ports, Town, town
from app.local.walk import open_second_shop

DATA = Path(".data")
DEFAULT_PORTS = {"WEB_PORT": "8000", "ORDERCHAMP_PORT": "8001", "SHOPIFY_PORT": "8002"}


async def run() -> NoReturn:
    """Run until it is cancelled."""
    ports = _ports()
    with _folder(ports.web) as data:
        print("Starting PostgreSQL, the service and the sandbox …", flush=True)
        async with town(data, ports, {}) as here:
            try:
                await _show(here, data)
            finally:
                print("\nStopping …", flush=True)


def _ports() -> Ports:
    ports = {name: int(os.environ.get(name, default)) for name, default in DEFAULT_PORTS.items()}
    for setting, port in ports.items():
        require_free(port, setting)
    return Ports(web=ports["WEB_PORT"], orderchamp=ports["ORDERCHAMP_PORT"], shops=ports["SHOPIFY_PORT"])


@contextlib.contextmanager
def _folder(web_port: int) -> Iterator[Path]:
    """Give the folder of this run: ``.data``, or, while another run lives there, one for this port."""
    own = DATA / f"run-{web_port}"
    for folder in (DATA, own):
        folder.mkdir(exist_ok=True)
        with (folder / "run.lock").open("w") as lock:
            if not _held(lock):
                continue
            if folder == own:
                print(f"Another run uses {DATA}; this one has everything of its own in {own}.")
            yield folder
            return
    raise NotStarted(f"Other runs use {DATA} and {own}. Stop one, or choose another WEB_PORT.")


def _held(lock: IO[str]) -> bool:
    """Take the lock; False when another run holds it."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


async def _show(here: Town, data: Path) -> NoReturn:
    await here.open_account(["Oak & Ash"])
    await here.open_shop()
    if here.platform.consent is not None:
        await open_second_shop(here, here.platform.consent)
    application = await here.install()
    print("Importing the catalogue …", flush=True)
    details = await here.until_imported(application["id"])
    await _tell(here, application["id"], details["counters"]["products"], data)
    while True:
        for problem in here.processes.problems():
            print(f"  {problem}", flush=True)
        ended = here.processes.ended()
        if ended is not None:
            raise NotStarted(f"{ended} ended by itself.\n{here.processes.tail(ended)}")
        await asyncio.sleep(0.5)


def _another(here: Town) -> str:
    consent = here.platform.consent
    return "" if consent is None else f" and {consent.shop}, which is open and has yet to let the app in"


async def _tell(here: Town, application_id: str, products: dict[str, int], data: Path) -> None:
    board = next(each for each in await here.shop("GET", "/products") if each["title"] == "Oak board")
    shop = f"{here.shops}/_sandbox/shops/{here.platform.shop}"
    counted = ", ".join(f"{count} {state}" for state, count in sorted(products.items()))
    product = f"{here.web}/v1/applications/{application_id}/products/{board['id']}"
    print(
        f"""
  Application   {application_id} is active: {counted}
  API           {here.web}/docs
  API key       {here.keys["api"]}
  Orderchamp    {here.orderchamp}/_sandbox/products
  Shopify       {shop}/products
  Logs          {data / "logs"}

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

  4. Install another shop as a supplier does, in a browser: {here.web}/install/orderchamp
     Choose {here.platform.title}{_another(here)}.

Ctrl-C stops everything; the next `make run` goes on from here.
""",
        flush=True,
    )
