"""Whether an event costs more when there are many Applications and a long history."""

import asyncio
import os
import statistics
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import make_url

from app.bench.bodies import Product
from app.bench.inside import Inside, inside
from app.domain.application import Application
from app.local.figures import Figure
from app.local.postgres import embedded, scratch
from app.store.connect import connect
from app.store.connection import Connection

FEW = (10, 1_000)
MANY = (10_000, 1_000_000)
"""Applications, and rows in the inbox."""
SHOPS = 10
PRODUCTS = 100
PAIRS = 5


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
            for version in range(1, PAIRS + 1):
                little = await _cost(few, small / "postgres", in_few, version)
                much = await _cost(many, large / "postgres", in_many, version)
                ratios.append(much / little)
                print(f"   {little * 1e6:,.0f} µs an event among few, {much * 1e6:,.0f} µs among many", flush=True)
    return [Figure(name="scale_ratio", value=round(statistics.median(ratios), 2), goal=1.2, better="at most")]


async def _settled(service: Inside, size: tuple[int, int], url: str) -> list[Application]:
    """Fill the database, and return the shops that will change."""
    applications, deliveries = size
    shops = [await service.install(number) for number in range(SHOPS)]
    for number, shop in enumerate(shops):
        await service.know(shop, [Product(id=number * 10**4 + each) for each in range(PRODUCTS)])
    async with service.working():
        await service.until_quiet()
    # Not the pool's: it gives up a statement that takes as long as filling the tables does.
    driver = await connect(make_url(url))
    connection = Connection(driver)
    async with driver.transaction():
        await connection.execute(_MORE_APPLICATIONS, {"count": applications - SHOPS, "like": shops[0].id})
        await connection.execute(_THEIR_LANES)
        await connection.execute(_MORE_DELIVERIES, {"count": deliveries - SHOPS * PRODUCTS})
    await connection.execute("VACUUM ANALYZE")
    await driver.close()
    return shops


_MORE_APPLICATIONS = """
    INSERT INTO application
    SELECT (jsonb_populate_record(a, jsonb_build_object('id', gen_random_uuid(), 'shop', 'other-' || n))).*
    FROM application a, generate_series(1, :count) AS n WHERE a.id = :like
"""
_THEIR_LANES = "INSERT INTO lane (application_id) SELECT id FROM application ON CONFLICT DO NOTHING"
_MORE_DELIVERIES = """
    WITH other AS (SELECT id, row_number() OVER () AS n, count(*) OVER () AS all_of_them FROM application)
    INSERT INTO delivery
        (application_id, event_id, topic, method, url, headers, received_at, outcome, reason, settled_at)
    SELECT other.id, 'event-' || d, 'products/update', 'POST', '', '{}', now() - interval '1 day', 'applied', '', now()
    FROM generate_series(1, :count) AS d JOIN other ON other.n = 1 + d % other.all_of_them
"""


async def _cost(service: Inside, postgres: Path, shops: list[Application], version: int) -> float:
    """Return the processor seconds an event of one round of changes."""
    for number, shop in enumerate(shops):
        changed = [Product(id=number * 10**4 + each, version=version) for each in range(PRODUCTS)]
        await service.hear(shop, "products/update", [(each.id, each.body()) for each in changed])
    await asyncio.sleep(0.2)
    begun = time.process_time() + _of_postgres(postgres)
    async with service.working():
        await service.until_quiet()
    return (time.process_time() + _of_postgres(postgres) - begun) / (SHOPS * PRODUCTS)


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
