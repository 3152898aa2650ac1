"""One run: two shops live through troubles; after quiet the checker looks."""

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

from app.local.town import Town
from app.proof.checker import Checker, Findings
from app.proof.life import Life
from app.proof.shop import Shop
from app.proof.troubles import MACHINES, MENDED_WITH_ORDERCHAMP, TROUBLES, Scene

QUIET_SECONDS = 40.0
"""How long everything may take to come to rest after the last trouble; the longest waits of ``pace`` fit into it."""

STEPS = (10, 18)
PAUSES = (0.0, 0.12)
"""Seconds between two changes in a shop."""


@dataclass(slots=True, kw_only=True)
class Run:
    """A run that is over."""

    seed: int
    troubles: tuple[str, ...]
    findings: Findings
    seconds: float
    repaired: bool
    lives: Mapping[str, list[str]] = field(repr=False)


async def run(town: Town, seed: int, machines: asyncio.Lock) -> Run:
    """Make one run, perhaps beside others in the same town, which share ``machines``.

    Everything random follows from ``seed``; timing and neighbours do not, so a repetition is as good as it gets.
    """
    begun = asyncio.get_running_loop().time()
    chance = Random(seed)
    checker = Checker(town.database.url)
    for sandbox in (town.orderchamp, town.shops):
        await town.sandbox("PUT", f"{sandbox}/_sandbox/seed/{seed}")
    await town.sandbox("PUT", f"{town.orderchamp}/_sandbox/switches", {"image_delay_seconds": 0.2})
    shops = [Shop(town=town, name=f"shop-{seed}-{number}") for number in (1, 2)]
    lives = [Life(shop, Random(chance.random())) for shop in shops]
    chosen = chosen_troubles(seed, chance)
    await asyncio.gather(*(life.begin() for life in lives))
    if chance.random() < 0.5:
        # Otherwise the troubles meet the first import.
        await asyncio.gather(*(checker.quiet(shop, within=QUIET_SECONDS) for shop in shops))
    scenes = [
        Scene(town=town, machines=machines, chance=chance, shop=shop, life=life)
        for shop, life in zip(shops, lives, strict=True)
    ]
    living = [asyncio.create_task(_live(life, Random(chance.random()))) for life in lives]
    async with contextlib.AsyncExitStack() as troubles:
        for name in chosen:
            await asyncio.sleep(chance.uniform(0, 0.4))
            await troubles.enter_async_context(TROUBLES[name](chance.choice(scenes)))
        await asyncio.sleep(chance.uniform(0.2, 0.8))
    await asyncio.gather(*living)
    async with machines:
        findings = Findings(diverged=await _ended(town))
    repaired = False
    for shop, life in zip(shops, lives, strict=True):
        repaired |= await _settle(checker, shop, life, findings)
        found = await checker.check(shop, life.memory)
        findings.lost += found.lost
        findings.doubled += found.doubled
        findings.diverged += found.diverged
        findings.acknowledged += found.acknowledged
    return Run(
        seed=seed,
        troubles=chosen,
        findings=findings,
        seconds=asyncio.get_running_loop().time() - begun,
        repaired=repaired,
        lives={shop.name: life.told for shop, life in zip(shops, lives, strict=True)},
    )


def chosen_troubles(seed: int, chance: Random) -> tuple[str, ...]:
    """Return one to three troubles: one by turns, so that consecutive seeds meet them all, the others at random.

    One of them at most is about machines, and it begins last and is over first: what people do to mend the others needs a
    service that answers. What is mended by a call that Orderchamp has a part in begins first and is over last.
    """
    names = list(TROUBLES)
    first = names[seed % len(names)]
    others = [name for name in chance.sample(names, chance.randint(0, 2)) if name not in MACHINES and name != first]
    return tuple(sorted((*others, first), key=lambda name: name not in MENDED_WITH_ORDERCHAMP))


async def _ended(town: Town) -> list[str]:
    """Tell which processes ended although nobody stopped them, and start them again for the runs to come."""
    ended = []
    while (name := town.processes.ended()) is not None:
        ended.append(f"{name} ended by itself\n{town.processes.tail(name)}")
        await town.processes.kill(name)
        await town.processes.start_again(name)
    return ended


async def _live(life: Life, chance: Random) -> None:
    for _ in range(chance.randint(*STEPS)):
        await life.step()
        await asyncio.sleep(chance.uniform(*PAUSES))


async def _settle(checker: Checker, shop: Shop, life: Life, findings: Findings) -> bool:
    """Wait for quiet; bring back what the shop never sent, and tell whether that was needed.

    No service can know of a notice that was never sent. Installing again repairs subscriptions and reads the catalogue;
    about what was deleted in the shop, which is in no page of it, the shop is asked product by product.
    """
    unrest = await _unrest(checker, shop)
    findings.diverged += unrest
    if unrest or not await _missed_something(checker, shop):
        return False
    await shop.install()
    living = {product["id"] for product in await shop.do("GET", "/products")}
    for source_id in await checker.known_products(shop):
        if source_id not in living and source_id in life.memory.skus:
            await shop.api("POST", f"/products/{source_id}/reconcile")
    findings.diverged += await _unrest(checker, shop)
    return True


async def _missed_something(checker: Checker, shop: Shop) -> bool:
    dropped = (await shop.do("GET", "/quiet"))["dropped"]
    given_up = any(not each["acknowledged"] for each in await shop.do("GET", "/deliveries"))
    gone = await checker.wanted_subscriptions(shop) - len(await shop.do("GET", "/subscriptions"))
    return bool(dropped or given_up or gone)


async def _unrest(checker: Checker, shop: Shop) -> list[str]:
    return [f"{shop.name} never came to rest: {each}" for each in await checker.quiet(shop, within=QUIET_SECONDS)]
