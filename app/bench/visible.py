"""How soon Orderchamp shows a change: alone on an idle system, and among 300 events a second of 100 Applications."""

import asyncio
import random
import time

from app.bench.outside import Item, Pace, Shop, open_shop, real_town
from app.local.figures import Figure
from app.local.town import Town

CHANGES = 40
BETWEEN = 0.2
SHOPS = 100
PER_SECOND = 300
SECONDS = 20
WATCHED = 30
"""Of so many events one is watched: looking at each would measure the stand-in, not the service."""


async def measure() -> list[Figure]:
    """From the POST until the stand-in Orderchamp has it, at production settings."""
    async with real_town() as here:
        idle = await _idle(here)
        print(f"   idle: {_told(idle)}")
        loaded = await _loaded(here)
        print(f"   at {PER_SECOND} events/s over {SHOPS} Applications: {_told(loaded)}")
    return [
        Figure(name="visible_p50_ms", value=_quantile(idle, 0.5), goal=100, better="at most"),
        Figure(name="visible_p95_ms", value=_quantile(idle, 0.95), goal=300, better="at most"),
        Figure(name="visible_loaded_p95_ms", value=_quantile(loaded, 0.95), goal=2000, better="at most"),
    ]


async def _idle(here: Town) -> list[float]:
    shop = await open_shop(here, "idle", products=CHANGES, variants=1)
    took = []
    for number, item in enumerate(shop.items):
        took.append(await _seen(shop, item, 100 + number))
        await asyncio.sleep(BETWEEN)
    return took


async def _loaded(here: Town) -> list[float]:
    each = PER_SECOND * SECONDS // SHOPS
    shops = [await open_shop(here, f"shop-{number}", products=1, variants=each) for number in range(SHOPS)]
    changes = [(shop, item) for shop in shops for item in shop.items]
    random.Random(7).shuffle(changes)
    pace = Pace(PER_SECOND)
    watched: list[asyncio.Task[float]] = []
    async with asyncio.TaskGroup() as group:
        for number, (shop, item) in enumerate(changes):
            await pace.turn()
            if number % WATCHED == 0:
                watched.append(group.create_task(_seen(shop, item, 77, every=0.05)))
            else:
                group.create_task(shop.say_stock(item, 77))
    return [each.result() for each in watched]


async def _seen(shop: Shop, item: Item, quantity: int, *, every: float = 0.004) -> float:
    """Say a stock and return the milliseconds until Orderchamp shows it."""
    begun = time.perf_counter()
    await shop.say_stock(item, quantity)
    await shop.until_shown(item, quantity, every=every, within=60)
    return (time.perf_counter() - begun) * 1000


def _quantile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 1)


def _told(values: list[float]) -> str:
    return ", ".join(f"p{share * 100:.0f} {_quantile(values, share):,.0f} ms" for share in (0.5, 0.95, 0.99))
