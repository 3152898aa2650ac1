"""How long one product of a small supplier waits behind 100,000 due products of a large one."""

import statistics
import time
from datetime import timedelta

from app.bench.bodies import Product
from app.bench.inside import PRODUCTION, Inside, inside
from app.domain.application import Application
from app.local.figures import Figure
from app.local.postgres import embedded, scratch

DUE = 100_000
ROUNDS = 5

RATIO = Figure(name="fair_ratio", goal=2, better="at most")
FIGURES = (RATIO,)


async def measure() -> list[Figure]:
    """B's time with A's backlog, over its time on an idle system plus one lane run; one worker with a single slot.

    With more slots B would find one free. So this is the worst that the rule "longest waiting first" allows.
    """
    with scratch("bench-fair") as folder, embedded(folder / "postgres") as url:
        async with inside(url, coalesce=timedelta(0)) as service:
            small = await service.install(1)
            await _settle(service, small)
            idle = [await _time(service, small, version) for version in range(1, ROUNDS + 1)]
            large = await service.install(2)
            await _pile_up(service, large)
            async with service.working(slots=1):
                loaded = [await _seen(service, small, version) for version in range(100, 100 + ROUNDS)]
    run = PRODUCTION.run.total_seconds()
    print(f"   idle {statistics.median(idle) * 1000:,.0f} ms; behind {DUE:,} products: " + _told(loaded))
    ratio = max(loaded) / (statistics.median(idle) + run)
    return [RATIO.taken(round(ratio, 2))]


async def _settle(service: Inside, application: Application) -> None:
    await service.know(application, [Product(id=1)])
    async with service.working():
        await service.until_quiet()


async def _time(service: Inside, application: Application, version: int) -> float:
    async with service.working(slots=1):
        return await _seen(service, application, version)


async def _seen(service: Inside, application: Application, version: int) -> float:
    """Say a new version of B's product and return the seconds until it is on Orderchamp."""
    product = Product(id=1, version=version)
    begun = time.perf_counter()
    await service.hear(application, "products/update", [(product.id, product.body())])
    await service.until_settled(application)
    return time.perf_counter() - begun


async def _pile_up(service: Inside, application: Application) -> None:
    """Have one product in step, and so many copies of it due."""
    await service.know(application, [Product(id=2)])
    async with service.working():
        await service.until_quiet()
    async with service.store.pool.transaction() as connection:
        await connection.execute(_COPY_PRODUCTS, {"id": application.id, "count": DUE})
        await connection.execute(_COPY_BINDINGS, {"id": application.id, "count": DUE})
        await connection.execute(_COPY_TARGETS, {"id": application.id, "account": application.account_id, "count": DUE})
        await connection.execute("UPDATE lane SET due_at = now() WHERE application_id = :id", {"id": application.id})


_COPY_PRODUCTS = """
    INSERT INTO source_product
    SELECT (jsonb_populate_record(p, jsonb_build_object('source_id', '2-' || n, 'due_at', now(), 'generation', p.generation + 1,
        'desired', replace(replace(p.desired, '"source_id":"2"', '"source_id":"2-' || n || '"'), 'edition 0', 'edition 1')))).*
    FROM source_product p, generate_series(1, :count) AS n WHERE p.application_id = :id AND p.source_id = '2'
"""
_COPY_BINDINGS = """
    INSERT INTO binding (application_id, source_variant_id, source_id, account_id, target_id, target_variant_id, bound_at)
    SELECT application_id, source_variant_id || '-' || n, '2-' || n, account_id, target_id || '-' || n,
        target_variant_id || '-' || n, bound_at
    FROM binding, generate_series(1, :count) AS n WHERE application_id = :id AND source_id = '2'
"""
_COPY_TARGETS = """
    INSERT INTO target
    SELECT (jsonb_populate_record(t, jsonb_build_object('target_id', t.target_id || '-' || n))).*
    FROM target t, generate_series(1, :count) AS n
    WHERE t.account_id = :account
        AND t.target_id IN (SELECT target_id FROM binding WHERE application_id = :id AND source_id = '2')
"""


def _told(seconds: list[float]) -> str:
    return ", ".join(f"{each:,.2f} s" for each in seconds)
