"""How soon Orderchamp shows a change: alone on an idle system, and among 300 events a second of 100 Applications.

From the POST until the stand-in's own record of it says so: asking it again and again would keep the machine busy.
"""

import asyncio
import random
from datetime import UTC, datetime

from app.bench.load import EVENT_ID, Load, as_text, generate
from app.bench.outside import Item, Pace, Shop, open_shop, real_town
from app.local.figures import Figure
from app.local.processes import NotStarted
from app.local.town import Town

CHANGES = 40
BETWEEN = 0.2
SHOPS = 100
PER_SECOND = 300
SECONDS = 20
WATCHED_PER_SECOND = 10
"""So many of the events are watched; the others come from the load generator."""
CONNECTIONS = 16
OPENED_AT_ONCE = 6

P50 = Figure(name="visible_p50_ms", goal=100, better="at most")
P95 = Figure(name="visible_p95_ms", goal=300, better="at most")
LOADED_P95 = Figure(name="visible_loaded_p95_ms", goal=2000, better="at most")
FIGURES = (P50, P95, LOADED_P95)


async def measure() -> list[Figure]:
    """From the POST until the stand-in Orderchamp has it, at production settings."""
    async with real_town() as here:
        idle = await _idle(here)
        print(f"   idle: {_told(idle)}")
        loaded = await _loaded(here)
        print(f"   at {PER_SECOND} events/s over {SHOPS} Applications: {_told(loaded)}")
    return [
        P50.taken(_quantile(idle, 0.5)),
        P95.taken(_quantile(idle, 0.95)),
        LOADED_P95.taken(_quantile(loaded, 0.95)),
    ]


async def _idle(here: Town) -> list[float]:
    shop = await open_shop(here, "idle", products=CHANGES, variants=1)
    took = []
    for number, item in enumerate(shop.items):
        took.append(await _seen(shop, item, 100 + number))
        await asyncio.sleep(BETWEEN)
    return took


async def _loaded(here: Town) -> list[float]:
    """Change the stock of one product after the other; none changes twice, so that none rests."""
    places = asyncio.Semaphore(OPENED_AT_ONCE)

    async def opened(number: int) -> Shop:
        async with places:
            return await open_shop(here, f"shop-{number}", products=PER_SECOND * SECONDS // SHOPS, variants=1)

    shops = await asyncio.gather(*(opened(number) for number in range(SHOPS)))
    changes = [(shop, item) for shop in shops for item in shop.items]
    random.Random(7).shuffle(changes)
    count = WATCHED_PER_SECOND * SECONDS
    watched, others = changes[:count], changes[count:]
    load = Load(
        port=here.ports.web,
        server=next(child.pid for name, child in here.processes.running if name == "web"),
        requests=[as_text(shop.of_stock(item, 77, event_id=EVENT_ID), shop.path) for shop, item in others],
        run="load",
        connections=CONNECTIONS,
        seconds=SECONDS,
        rate=PER_SECOND - WATCHED_PER_SECOND,
    )
    pace = Pace(WATCHED_PER_SECOND)
    begun: list[datetime] = []
    async with asyncio.TaskGroup() as group:
        loading = group.create_task(generate(load))
        for shop, item in watched:
            await pace.turn()
            begun.append(datetime.now(UTC))
            group.create_task(shop.say_stock(item, 77))
    if loading.result().other:
        raise NotStarted(f"{loading.result().other} deliveries were not acknowledged.")
    # Looked at afterwards, since looking takes the processor away from what is measured.
    shown = [await shop.until_shown(item, 77, patience=60) for shop, item in watched]
    return [(then - since).total_seconds() * 1000 for since, then in zip(begun, shown, strict=True)]


async def _seen(shop: Shop, item: Item, quantity: int) -> float:
    """Say a stock and return the milliseconds until Orderchamp shows it."""
    begun = datetime.now(UTC)
    await shop.say_stock(item, quantity)
    return (await shop.until_shown(item, quantity) - begun).total_seconds() * 1000


def _quantile(values: list[float], share: float) -> float:
    return round(sorted(values)[min(len(values) - 1, int(len(values) * share))], 1)


def _told(values: list[float]) -> str:
    return ", ".join(f"p{share * 100:.0f} {_quantile(values, share):,.0f} ms" for share in (0.5, 0.95, 0.99))
