"""Whether an event costs more when there are many Applications and a long history."""

import asyncio
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path

from app.bench.bodies import Product
from app.bench.inside import Inside, inside
from app.bench.town import fill
from app.domain.application import Application
from app.local.figures import Figure
from app.local.postgres import embedded, scratch

FEW = (10, 1_000)
MANY = (10_000, 1_000_000)
"""Applications, and rows in the inbox."""
SHOPS = 10
PRODUCTS = 100
PAIRS = 5
ROUNDS = 3
"""Changes of every product that one half of a pair is made of: enough that what disturbs one of them does not matter."""

RATIO = Figure(name="scale_ratio", goal=1.2, better="at most")
FIGURES = (RATIO,)


async def measure() -> list[Figure]:
    """Processor time an event, of the worker and of PostgreSQL together, in a large town over that in a small one."""
    with (
        scratch("bench-scale") as small,
        scratch("bench-scale") as large,
        embedded(small / "postgres") as small_url,
        embedded(large / "postgres") as large_url,
    ):
        async with inside(small_url, coalesce=timedelta(0)) as few, inside(large_url, coalesce=timedelta(0)) as many:
            in_few, in_many = await _settled(few, FEW, small_url), await _settled(many, MANY, large_url)
            ratios = []
            for pair in range(PAIRS + 1):
                little = await _cost(few, small / "postgres", in_few, pair)
                much = await _cost(many, large / "postgres", in_many, pair)
                if pair > 0:  # In the one that does not count, every connection plans what it runs.
                    ratios.append(much / little)
                    print(f"   {little * 1e6:,.0f} µs an event among few, {much * 1e6:,.0f} µs among many", flush=True)
    return [RATIO.taken(round(statistics.median(ratios), 2))]


async def _settled(service: Inside, size: tuple[int, int], url: str) -> list[Application]:
    """Fill the database, and return the shops that will change."""
    applications, deliveries = size
    shops = [await service.install(number) for number in range(SHOPS)]
    for number, shop in enumerate(shops):
        await service.know(shop, [Product(id=number * 10**4 + each) for each in range(PRODUCTS)])
    async with service.working():
        await service.until_quiet()
    begun = time.monotonic()
    await fill(url, like=shops[0].id, applications=applications - SHOPS, deliveries=deliveries // applications)
    print(
        f"   {applications:,} Applications and {deliveries:,} deliveries after {time.monotonic() - begun:.0f} s",
        flush=True,
    )
    return shops


async def _cost(service: Inside, postgres: Path, shops: list[Application], pair: int) -> float:
    """Return the processor seconds an event of some rounds of changes."""
    spent = 0.0
    for version in range(1 + pair * ROUNDS, 1 + (pair + 1) * ROUNDS):
        for number, shop in enumerate(shops):
            changed = [Product(id=number * 10**4 + each, version=version) for each in range(PRODUCTS)]
            await service.hear(shop, "products/update", [(each.id, each.body()) for each in changed])
        await asyncio.sleep(0.2)
        begun = time.process_time() + _of_postgres(postgres)
        async with service.working():
            await service.until_quiet()
        spent += time.process_time() + _of_postgres(postgres) - begun
    return spent / (ROUNDS * SHOPS * PRODUCTS)


def _of_postgres(postgres: Path) -> float:
    """Return the processor seconds that a server has spent, with its processes that have ended."""
    master = (postgres / "postmaster.pid").read_text().split()[0]
    spent = 0
    for process in Path("/proc").iterdir():
        try:
            fields = (process / "stat").read_text().rpartition(")")[2].split()
        except (OSError, NotADirectoryError):
            continue
        if process.name == master:
            spent += sum(int(each) for each in fields[11:15])
        elif fields[1] == master:
            spent += int(fields[11]) + int(fields[12])
    return spent / os.sysconf("SC_CLK_TCK")
