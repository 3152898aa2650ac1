"""How few calls Orderchamp gets when a catalogue is imported: one that it has already, and one that is new to it.

A new product costs one call to create it, with all its variants and their stock, and one to publish it: neither may be
repeated blindly, so a lost answer must leave one product in doubt, not many. Look-ups are 250 SKUs each, as many as the cost
limit and the largest page that was seen to work allow.
"""

from app.bench.outside import calls, forget_calls, open_shop, real_town
from app.local.figures import Figure
from app.local.town import Town

KNOWN = (400, 25)
NEW = (100, 100)
"""Products, and variants of each: 10,000 variants both times."""

WITHIN = 300.0


async def measure() -> list[Figure]:
    """Count the calls for 10,000 variants that exist with equal stock; and tell how many 10,000 new ones take."""
    async with real_town() as here:
        known = await _import(here, "known", *KNOWN, known=True)
        await _import(here, "new", *NEW, known=False)
    return [Figure(name="import_calls", value=known, goal=150, better="at most")]


async def _import(here: Town, name: str, products: int, variants: int, *, known: bool) -> int:
    await forget_calls(here)
    shop = await open_shop(here, name, products=products, variants=variants, known=known, within=WITHIN)
    counted = await calls(here)
    done = (await here.api("GET", f"/v1/applications/{shop.application_id}"))["import"]
    what = "that Orderchamp has" if known else "that are new"
    print(
        f"   {products:,} products with {products * variants:,} variants {what}: {counted['requests']} calls,", end=" "
    )
    print(f"{counted['cost']} points, {counted['by_operation']}", flush=True)
    print(f"   {done['state']}: {done['reason']} {done['counters']}", flush=True)
    return int(counted["requests"])
