"""``make run``: everything up, an Application installed, and what to try with it. A second run goes on where it stopped."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import quote

from app.local.processes import NotStarted, require_free
from app.local.town import Ports, Town, town
from app.local.walk import open_second_shop

DATA = Path(".data")
DEFAULT_PORTS = {"WEB_PORT": "8000", "ORDERCHAMP_PORT": "8001", "SHOPIFY_PORT": "8002"}
PORTS = 2**16


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
    ports = {}
    for setting, default in DEFAULT_PORTS.items():
        given = os.environ.get(setting, default)
        if not (given.isascii() and given.isdigit() and 0 < int(given) < PORTS):
            raise NotStarted(f"{setting} is {given!r}, which is no port; it is a number below {PORTS}.")
        ports[setting] = int(given)
        require_free(ports[setting], setting)
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
    installed = await here.install()
    if installed["state"] == "paused":
        application = await here.api("GET", f"/v1/applications/{installed['id']}")
    else:
        print("Importing the catalogue …", flush=True)
        application = await here.until_imported(installed["id"])
    print(walkthrough(here, application, await here.shop("GET", "/products"), data), flush=True)
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


def walkthrough(here: Town, application: Mapping[str, Any], products: Sequence[Mapping[str, Any]], data: Path) -> str:
    """Return what there is, and what to try with one of the shop's products: people may have changed any of them."""
    counted = ", ".join(f"{count} {state}" for state, count in sorted(application["counters"]["products"].items()))
    state = "active" if application["state"] == "active" else f"{application['state']} ({application['why']})"
    return f"""
  Application   {application["id"]} is {state}: {counted or "no products"}
  API           {here.web}/docs
  API key       {here.keys["api"]}
  Orderchamp    {here.orderchamp}/_sandbox/products
  Shopify       {_shop(here)}/products
  Logs          {data / "logs"}

Try, in another terminal:
{"".join(_to_try(here, application, example(products)))}
  * Install another shop as a supplier does, in a browser: {here.web}/install/orderchamp
    Choose {here.platform.title}{_another(here)}.

Ctrl-C stops everything; the next `make run` goes on from here.
"""


def example(products: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return a product with which everything can be tried: the first that is sold; None: there is none."""
    return next((each for each in products if _is_sold(each)), None)


def _is_sold(product: Mapping[str, Any]) -> bool:
    published = product["status"] == "active" and product["published_at"] is not None
    return published and any(each["sku"] and each["tracked"] for each in product["variants"])


def _to_try(here: Town, application: Mapping[str, Any], product: Mapping[str, Any] | None) -> Iterator[str]:
    ours = f"{here.web}/v1/applications/{application['id']}"
    key = f"-H 'Authorization: Bearer {here.keys['api']}'"
    if application["state"] == "paused":
        yield f"""
  * Have it go on, since somebody has paused it:
    curl -X POST {key} {ours}/resume
"""
    if product is None:
        return
    variant = next(each for each in product["variants"] if each["sku"] and each["tracked"])
    there = f"{_shop(here)}/products/{product['id']}"
    yield f"""
  * Sell some of “{product["title"]}” in the shop, and look at Orderchamp a moment later:
    curl -X PUT {there}/variants/{variant["id"]}/stock \\
         -H 'content-type: application/json' -d '{{"quantity": 7}}'
    curl '{here.orderchamp}/_sandbox/products?sku={quote(variant["sku"])}'

  * Take the product off the shop:
    curl -X POST {there}/unpublish

  * Ask why it is not published:
    curl {key} \\
         {ours}/products/{product["id"]}/timeline
"""


def _shop(here: Town) -> str:
    return f"{here.shops}/_sandbox/shops/{here.platform.shop}"
