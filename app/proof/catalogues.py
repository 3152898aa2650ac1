"""What is proven of catalogues: an import whose workers are killed again and again, and a sweep after notices were never sent."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from random import Random

from app.local.figures import Figure
from app.local.patience import until
from app.local.postgres import scratch
from app.local.processes import free_port
from app.local.town import Ports, Town, town, worker_names
from app.proof.checker import Checker
from app.proof.life import Life, Memory
from app.proof.pace import SETTINGS, WORKERS
from app.proof.shop import Shop, Thing

PRODUCTS, VARIANTS = 240, 10
"""As large as a catalogue may be that is read page by page."""
SLOW = 0.3
"""Seconds that every answer of either side takes, so that there is time for all the kills."""
KILLS = 40
BETWEEN_KILLS = (0.1, 1.0)
"""Seconds from when all workers work again to the next kill."""

WORKING = '"event": "worker_started"'
"""What a worker logs as soon as it works."""

STOCKED = 60
CHANGES = 600
BETWEEN_CHANGES = 0.05
DROPPED = 0.2
"""The share of notices that the shop never sends: of an hour in which a shop of so many products changes every six seconds."""

UNGUARDED = {"guard": {"share": 1}}
"""A shop that lives this fast hides more than anybody would believe."""

UNLIMITED = {"restore_rate": 100_000}

APART = timedelta(seconds=1.2)
"""Shopify tells times in whole seconds: nobody can tell two changes apart that come closer than that, and an hour has room."""

PATIENCE = 240.0


async def figures(seed: int) -> list[Figure]:
    """Take them, one after the other, in a town of their own. A figure that could not be taken has no value."""
    ports = Ports(web=free_port(), orderchamp=free_port(), shops=free_port())
    with scratch("catalogues") as folder:
        async with town(folder, ports, SETTINGS, workers=WORKERS, remember=False) as here:
            return [*await _killed_import(here, Random(seed)), *await _missed_notices(here, Random(seed))]


async def _killed_import(here: Town, chance: Random) -> list[Figure]:
    """Import a catalogue while workers are killed, and look from outside what came of it."""
    shop, checker = Shop(town=here, name="killed", switches=UNLIMITED), Checker(here.database.url)
    await _unlimited(here, shop)
    for sandbox in (here.orderchamp, here.shops):
        await here.sandbox("POST", f"{sandbox}/_sandbox/faults", {"kind": "latency", "seconds": SLOW, "times": None})
    await shop.open([_product(number) for number in range(PRODUCTS)])
    kills = 0
    while kills < KILLS and (await _import(shop))["state"] == "running":
        await asyncio.sleep(chance.uniform(*BETWEEN_KILLS))
        victim = chance.choice(worker_names(WORKERS))
        await here.processes.kill(victim)
        await _start_again(here, victim)
        kills += 1
    for sandbox in (here.orderchamp, here.shops):
        await here.sandbox("DELETE", f"{sandbox}/_sandbox/faults")
    unrest = await checker.quiet(shop, within=PATIENCE)
    findings = await checker.check(shop, await _memory(shop))
    done = await _import(shop)
    calls = (await here.sandbox("GET", f"{here.shops}/_sandbox/calls?shop={shop.domain}"))["by_name"]
    again = calls.get("page", 0) - done["counters"]["pages"]
    wrong = [*unrest, *findings.doubled, *findings.diverged]
    print(
        f"An import of {PRODUCTS:,} products, killed {kills} times: {done['state']}, {len(wrong)} wrong, "
        f"{again} of {done['counters']['pages']} pages read again",
        flush=True,
    )
    _tell(wrong)
    complete = kills == KILLS and done["state"] == "done"
    return [
        Figure(name="killed_import_wrong", value=len(wrong) if complete else None, goal=0, better="at most"),
        Figure(name="killed_import_pages_again", value=again if complete else None, goal=kills, better="at most"),
    ]


async def _start_again(here: Town, worker: str) -> None:
    starts = here.processes.told(worker, WORKING)
    await here.processes.start_again(worker)

    async def working() -> bool:
        return here.processes.told(worker, WORKING) > starts

    await here.processes.until_ready(worker, working)


async def _missed_notices(here: Town, chance: Random) -> list[Figure]:
    """Let a shop live while some of its notices are never sent, then sweep once."""
    shop, checker = (
        Shop(town=here, name="forgetful", settings=UNGUARDED, switches=UNLIMITED),
        Checker(here.database.url),
    )
    await _unlimited(here, shop)
    life = Life(shop, chance)
    await life.begin(STOCKED)
    await checker.quiet(shop, within=PATIENCE)
    await shop.do("PUT", "/switches", {"drop_probability": DROPPED})
    for _ in range(CHANGES):
        await life.step(among=_rested)
        await asyncio.sleep(BETWEEN_CHANGES)
    await shop.do("PUT", "/switches", {"drop_probability": 0.0})
    await checker.quiet(shop, within=PATIENCE)
    dropped = (await shop.do("GET", "/quiet"))["dropped"]
    missed = {str(source_id) for source_id, _ in await checker.differences(shop, life.memory)}
    named = await _sweep(shop)
    unrest = await checker.quiet(shop, within=PATIENCE)
    left = [*unrest, *(await checker.check(shop, life.memory)).diverged]
    unnamed = sorted(missed - named)
    print(
        f"{CHANGES} changes, {dropped} notices never sent: {len(missed)} products were not as in the shop, "
        f"{len(left)} are not after one sweep, {len(unnamed)} are not in its report",
        flush=True,
    )
    _tell([*left, *(f"product {each} is not in the report" for each in unnamed)])
    met = bool(missed)
    return [
        Figure(name="missed_left", value=len(left) if met else None, goal=0, better="at most"),
        Figure(name="missed_unnamed", value=len(unnamed) if met else None, goal=0, better="at most"),
    ]


def _rested(products: list[Thing]) -> list[Thing]:
    """Return the products that were not changed just now."""
    now = datetime.now(UTC)
    return [each for each in products if now - datetime.fromisoformat(each["updated_at"]) > APART]


async def _sweep(shop: Shop) -> set[str]:
    """Sweep once and return the products that its report names."""
    sweep = (await shop.api("POST", "/sweeps"))["id"]

    async def look() -> tuple[bool, object]:
        now = await shop.api("GET", f"/sweeps/{sweep}")
        return now["state"] != "running", (now["phase"], now["counters"])

    await until(look, "The sweep", patience=PATIENCE, every=0.2)
    return {each["source_id"] async for each in _findings(shop, sweep)}


async def _findings(shop: Shop, sweep: str) -> AsyncIterator[Thing]:
    cursor = ""
    while True:
        page = await shop.api("GET", f"/sweeps/{sweep}/findings?limit=200{cursor}")
        for each in page["items"]:
            yield each
        if page["next_cursor"] is None:
            return
        cursor = f"&cursor={page['next_cursor']}"


async def _unlimited(here: Town, shop: Shop) -> None:
    """Let neither side limit anything: how long this takes is no part of it."""
    await shop.orderchamp("PUT", "/switches", {"bucket": "unlimited", "image_delay_seconds": 0})
    await here.sandbox("DELETE", f"{here.shops}/_sandbox/calls")


async def _import(shop: Shop) -> Thing:
    found: Thing = (await shop.api("GET"))["import"]
    return found


async def _memory(shop: Shop) -> Memory:
    memory = Memory()
    for product in await shop.do("GET", "/products"):
        memory.skus[product["id"]].update(each["sku"] for each in product["variants"])
    return memory


def _product(number: int) -> Thing:
    variants = [
        {"sku": f"KILLED-{number}-{n}", "price": "10.00", "quantity": 5, "options": [str(n)]} for n in range(VARIANTS)
    ]
    return {"title": f"Thing {number}", "options": ["Size"], "variants": variants}


def _tell(wrong: list[str]) -> None:
    for each in wrong[:10]:
        print(f"   wrong: {each}", flush=True)
