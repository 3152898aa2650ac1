"""How many events a second one worker brings to Orderchamp, when Orderchamp itself costs no time."""

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from app.bench.bodies import Product
from app.bench.inside import Inside, inside
from app.local.figures import Figure
from app.local.postgres import embedded, scratch
from app.serving import settle_in

APPLICATIONS = 20
PRODUCTS = 2000

PER_SECOND = Figure(name="events_per_s", goal=2000, better="at least")
FIGURES = (PER_SECOND,)


async def measure() -> list[Figure]:
    """2,000 distinct products of 20 Applications change at once: 3 variants each, bodies of 3 kB."""
    with scratch("bench-events") as folder:
        return await _on(folder)


async def _on(folder: Path) -> list[Figure]:
    with embedded(folder / "postgres") as url:
        async with inside(url, coalesce=timedelta(0)) as service:
            rates = [await _round(service, version) for version in range(1, 4)]
    print("   events/s by round: " + ", ".join(f"{rate:,.0f}" for rate in rates))
    return [PER_SECOND.taken(round(sorted(rates)[1]))]


async def _round(service: Inside, number: int) -> float:
    """Return the events a second of one round, on Applications of its own, from the first claim to quiet."""
    shops = [
        (await service.install(number * 1000 + each), _catalogue(number * 1000 + each)) for each in range(APPLICATIONS)
    ]
    for application, products in shops:
        await service.know(application, products)
    async with service.working():
        await service.until_quiet()
    for application, products in shops:
        later = [replace(each, version=1) for each in products]
        await service.hear(application, "products/update", [(each.id, each.body()) for each in later])
    settle_in()  # As the worker's process does. What the stand-in holds is in no worker's memory, either.
    begun = time.perf_counter()
    async with service.working():
        await service.until_quiet()
    return PRODUCTS / (time.perf_counter() - begun)


def _catalogue(shop: int) -> list[Product]:
    return [Product(id=shop * 10**4 + each) for each in range(PRODUCTS // APPLICATIONS)]
