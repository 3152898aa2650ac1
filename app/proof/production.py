"""What is taken once at production settings: how long a dead worker and a restart are felt, and that the promise holds."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import Any

from app.local.figures import Figure
from app.local.postgres import scratch
from app.local.processes import NotStarted, free_port
from app.local.town import Ports, Town, town, worker_names
from app.proof.checker import Checker, Findings
from app.proof.life import Memory
from app.proof.pace import WEB_PROCESSES, WORKERS
from app.proof.shop import Shop

PATIENCE = 60.0
AWAY_SECONDS = 5.0
"""How long the database is away before it comes back."""

SLOW_CALL = 1.0
"""Seconds that a call takes which the worker is killed in."""

CHANGE = "The change is not on Orderchamp"
TIMES = 2
"""How often each is measured; the worst counts."""


async def figures() -> tuple[list[Figure], Findings]:
    """Start a town with the settings of production and measure, then look whether anything is lost, doubled or apart.

    A figure that could not be taken has no value.
    """
    taken: dict[str, list[float]] = {"takeover_s": [], "db_restart_s": []}
    ports = Ports(web=free_port(), orderchamp=free_port(), shops=free_port())
    with scratch("production") as folder:
        async with town(folder, ports, {}, web_processes=WEB_PROCESSES, workers=WORKERS, remember=False) as here:
            shop = Shop(town=here, name="production")
            await shop.open([{"title": "Oak board", "variants": [{"sku": "OAK", "price": "9.00", "quantity": 1}]}])
            await _until(lambda: _has(shop, 1), "The first product is not on Orderchamp")
            for name, measure in (("db_restart_s", _restart), ("takeover_s", _takeover)):
                for turn in range(TIMES):
                    try:
                        taken[name].append(await measure(here, shop, 100 * len(name) + turn))
                        print(f"{name}: {taken[name]}", flush=True)
                    except NotStarted as error:
                        print(f"{name} could not be taken: {error}", flush=True)
            findings = await _findings(here, shop)
    goals = {"takeover_s": 25, "db_restart_s": 5}
    measured = [
        Figure(
            name=name,
            value=round(max(values), 2) if len(values) == TIMES else None,
            goal=goals[name],
            better="less than",
        )
        for name, values in taken.items()
    ]
    return measured, findings


async def _findings(here: Town, shop: Shop) -> Findings:
    checker = Checker(here.database.url)
    unrest = await checker.quiet(shop, within=PATIENCE)
    memory = Memory()
    for product in await shop.do("GET", "/products"):
        memory.skus[product["id"]].update(each["sku"] for each in product["variants"])
    findings = await checker.check(shop, memory)
    findings.diverged += [f"{shop.name} never came to rest: {each}" for each in unrest]
    return findings


async def _restart(here: Town, shop: Shop, quantity: int) -> float:
    """Return the seconds from the database's return until a change, posted at that moment, is on Orderchamp."""
    await asyncio.to_thread(here.database.stop, signal.SIGINT)
    await asyncio.sleep(AWAY_SECONDS)
    await asyncio.to_thread(here.database.start)
    back = asyncio.get_running_loop().time()
    await _sell(shop, quantity)
    await _until(lambda: _has(shop, quantity), CHANGE)
    return asyncio.get_running_loop().time() - back


async def _takeover(here: Town, shop: Shop, quantity: int) -> float:
    """Return the seconds from a worker's death, in the middle of a call, until its change is on Orderchamp."""
    survivor, *victims = worker_names(WORKERS)
    await _rest(here, shop)
    here.processes.freeze(survivor)
    try:
        latency = {"kind": "latency", "seconds": SLOW_CALL, "operation": "inventoryLevelBulkAdjust"}
        await shop.orderchamp("POST", "/faults", {**latency, "token": shop.token})
        # Before: the sandbox would execute a call whose caller is dead, and nothing would be left to take over.
        await shop.orderchamp("POST", "/faults", {"kind": "reset", "token": shop.token})
        await _sell(shop, quantity)
        await _until(lambda: _calling(here), "The worker calls nobody")
        for name in victims:
            await here.processes.kill(name)
        died = asyncio.get_running_loop().time()
    finally:
        here.processes.thaw(survivor)
    await _until(lambda: _has(shop, quantity), CHANGE)
    took = asyncio.get_running_loop().time() - died
    for name in victims:
        await here.processes.start_again(name)
    return took


async def _sell(shop: Shop, quantity: int) -> None:
    (product,) = await shop.do("GET", "/products")
    path = f"/products/{product['id']}/variants/{product['variants'][0]['id']}/stock"
    await shop.do("PUT", path, {"quantity": quantity})


async def _has(shop: Shop, quantity: int) -> bool:
    shown: list[dict[str, Any]] = await shop.shown()
    return any(each["status"] == "published" and each["variants"][0]["quantity"] == quantity for each in shown)


async def _calling(here: Town) -> bool:
    return bool(await Checker(here.database.url).ask("SELECT 1 FROM in_flight"))


async def _rest(here: Town, shop: Shop) -> None:
    waiting = await Checker(here.database.url).quiet(shop, within=PATIENCE)
    if waiting:
        raise NotStarted("The service does not come to rest at production settings: " + "; ".join(waiting))


async def _until(holds: Callable[[], Awaitable[bool]], otherwise: str) -> None:
    """Wait until it holds; NotStarted, with what is the case ``otherwise``, when it never does."""
    ends = asyncio.get_running_loop().time() + PATIENCE
    while not await holds():
        if asyncio.get_running_loop().time() > ends:
            raise NotStarted(f"{otherwise} after {PATIENCE:.0f} s.")
        await asyncio.sleep(0.02)
