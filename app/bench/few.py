"""How few calls Orderchamp gets: for many stock changes, and for many changes of one product."""

import asyncio

from app.bench.outside import Pace, calls, forget_calls, open_shop, real_town
from app.local.figures import Figure
from app.local.town import Town

STOCK_CHANGES = 10_000
WITHIN = 60
CHANGES_OF_ONE = 1_000
IN_SECONDS = 10
QUERIES = {"account", "node", "nodes", "product", "products", "productVariant", "productVariants", "storefronts"}

CALLS = Figure(name="calls_per_stock_change", goal=0.02, better="at most")
WRITES = Figure(name="coalesced_writes", goal=3, better="at most")
FIGURES = (CALLS, WRITES)


async def measure() -> list[Figure]:
    """Count the calls for 10,000 stock changes within 60 s, and the writes for 1,000 changes of one product in 10 s."""
    async with real_town() as here:
        writes = await _one_product(here)
        per_stock_change = await _stock(here)
    return [CALLS.taken(per_stock_change), WRITES.taken(writes)]


async def _stock(here: Town) -> float:
    shop = await open_shop(here, "many", products=STOCK_CHANGES // 100, variants=100)
    await forget_calls(here)
    pace = Pace(STOCK_CHANGES / (WITHIN * 0.95))
    async with asyncio.TaskGroup() as group:
        for item in shop.items:
            await pace.turn()
            group.create_task(shop.say_stock(item, 9))
    for item in shop.items[:: STOCK_CHANGES // 20]:
        await shop.until_shown(item, 9, every=0.5, patience=60)
    await shop.until_quiet()
    counted = await calls(here)
    print(f"   {STOCK_CHANGES:,} stock changes: {counted['requests']} calls, {counted['cost']} points")
    return round(float(counted["requests"]) / STOCK_CHANGES, 4)


async def _one_product(here: Town) -> int:
    fields = {"title": True, "description": False, "price": False, "images": False}
    shop = await open_shop(here, "busy", products=1, variants=1, fields=fields)
    await forget_calls(here)
    product = f"{here.shops}/_sandbox/shops/{shop.domain}/products/{shop.items[0].product_id}"
    pace = Pace(CHANGES_OF_ONE / IN_SECONDS)
    async with asyncio.TaskGroup() as group:
        for number in range(1, CHANGES_OF_ONE + 1):
            await pace.turn()
            group.create_task(here.sandbox("PATCH", product, {"title": f"Edition {number}"}))
    # They overtake each other now and then.
    await shop.until_title(shop.items[0], (await here.sandbox("GET", product))["title"])
    await shop.until_quiet()
    by_operation = (await calls(here))["by_operation"]
    print(f"   {CHANGES_OF_ONE:,} changes of one product: {by_operation}")
    return sum(count for name, count in by_operation.items() if name not in QUERIES)
