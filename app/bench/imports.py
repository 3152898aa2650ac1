"""What an import of a whole catalogue takes: calls to Orderchamp, of what it has already and of what is new; and memory.

A new product costs one call to create it, with all its variants and their stock, and one to publish it: neither may be
repeated blindly, so a lost answer must leave one product in doubt, not many. Look-ups are 250 SKUs each, as many as the cost
limit and the largest page that was seen to work allow.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from app.bench.outside import calls, forget_calls, open_shop, real_town
from app.local.figures import Figure
from app.local.town import Town

KNOWN = (400, 25)
NEW = (100, 100)
"""Products, and variants of each: 10,000 variants both times."""

LARGE = (1_000, 100)
"""100,000 variants, for memory."""

LOOK_SECONDS = 0.5

CALLS = Figure(name="import_calls", goal=150, better="at most")
RSS = Figure(name="import_rss_mb", goal=200, better="at most")
GROWTH = Figure(name="import_growth_mb", goal=5, better="less than")
FIGURES = (CALLS,)
MEMORY_FIGURES = (RSS, GROWTH)


async def measure() -> list[Figure]:
    """Count the calls for 10,000 variants that exist with equal stock; and tell how many 10,000 new ones take."""
    async with real_town() as here:
        known = await _import(here, "known", *KNOWN, known=True)
        await _import(here, "new", *NEW, known=False)
    return [CALLS.taken(known)]


async def measure_memory() -> list[Figure]:
    """Watch how much memory a large import takes, on processes that have done nothing else."""
    memory: dict[str, list[float]] = {}
    async with real_town() as here:
        watching = asyncio.create_task(_watch(here, memory))
        try:
            await _import(here, "large", *LARGE, known=True)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
    return _figures(memory)


async def _watch(here: Town, memory: dict[str, list[float]]) -> None:
    """Note how many megabytes web process and worker hold while an import is running, again and again."""
    while True:
        ids = [each["id"] for each in (await here.api("GET", "/v1/applications"))["items"]]
        imports = [(await here.api("GET", f"/v1/applications/{each}"))["import"] for each in ids]
        if any(each is not None and each["state"] == "running" for each in imports):
            for name, child in here.processes.running:
                if name in ("web", "worker"):
                    memory.setdefault(name, []).append(_held(child.pid))
        await asyncio.sleep(LOOK_SECONDS)


def _held(process: int) -> float:
    """Return the memory of a process in megabytes: VmRSS of proc_pid_status(5)."""
    status = Path(f"/proc/{process}/status").read_text()
    kilobytes = next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))
    return int(kilobytes) / 1024


def _figures(memory: Mapping[str, Sequence[float]]) -> list[Figure]:
    """Return the most that web or worker held, and by how much that grew in the second half."""
    for name, held in memory.items():
        tenths = [max(held[len(held) * n // 10 : len(held) * (n + 1) // 10] or [0.0]) for n in range(10)]
        told = " ".join(f"{each:.0f}" for each in tenths)
        print(f"   {name}: {held[0]:.0f} MB, at most {max(held):.0f} MB; at most in each tenth of the time: {told}")
    most = max(max(held) for held in memory.values())
    growth = max(max(held[len(held) // 2 :]) - max(held[: len(held) // 2]) for held in memory.values())
    return [RSS.taken(round(most)), GROWTH.taken(round(max(growth, 0.0), 1))]


async def _import(here: Town, name: str, products: int, variants: int, *, known: bool) -> int:
    await forget_calls(here)
    shop = await open_shop(here, name, products=products, variants=variants, known=known)
    counted = await calls(here)
    done = (await here.api("GET", f"/v1/applications/{shop.application_id}"))["import"]
    what = "that Orderchamp has" if known else "that are new"
    print(
        f"   {products:,} products with {products * variants:,} variants {what}: {counted['requests']} calls,", end=" "
    )
    print(f"{counted['cost']} points, {counted['by_operation']}", flush=True)
    print(f"   {done['state']}: {done['reason']} {done['counters']}", flush=True)
    return int(counted["requests"])
