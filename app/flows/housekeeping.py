"""Housekeeping: dropping what is old, without a pause and without holding anybody up.

Many small transactions, each under a lock that only one process gets; between two of them everybody else has their turn.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.flows.services import Services
from app.ports import Transaction
from app.ports.replays import Swept

logger = structlog.get_logger(__name__)

BATCH = 1000
"""Rows that one transaction drops at most."""

REST_SECONDS = 0.02
"""How long the database is left to others between two batches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long what is kept: bodies and keys of deliveries, sentences of timelines, imports and replays that ended."""

    bodies: timedelta
    keys: timedelta
    timeline: timedelta
    finished: timedelta


Sweep = Callable[[Transaction, int], Awaitable[Swept]]


async def keep_house(services: Services, periods: Periods) -> Mapping[str, int] | None:
    """Drop everything that is old enough, and return how many rows of each sort; None: somebody else is at it."""
    dropped: dict[str, int] = {}
    for name, sweep in _sweeps(periods).items():
        count = await _sweep(services, sweep)
        if count is None:
            return None
        dropped[name] = count
    if any(dropped.values()):
        logger.info("retention", **dropped)
    return dropped


async def _sweep(services: Services, sweep: Sweep) -> int | None:
    count, after = 0, 0
    while True:
        async with services.store.transaction() as tx:
            if not await tx.retention.alone():
                return None
            swept = await sweep(tx, after)
        count += swept.dropped
        if swept.after is None:
            return count
        after = swept.after
        await services.sleep(REST_SECONDS)


def _sweeps(periods: Periods) -> Mapping[str, Sweep]:
    return {
        "bodies": lambda tx, after: tx.retention.bodies(older_than=periods.bodies, after=after, limit=BATCH),
        "keys": lambda tx, after: tx.retention.keys(older_than=periods.keys, after=after, limit=BATCH),
        "sentences": lambda tx, after: tx.retention.timeline(older_than=periods.timeline, after=after, limit=BATCH),
        "finished": lambda tx, after: tx.retention.finished(older_than=periods.finished, after=after, limit=BATCH),
        "previews": lambda tx, after: tx.retention.previews(after=after, limit=BATCH),
        "installs": lambda tx, after: tx.retention.installs(older_than=periods.finished, after=after, limit=BATCH),
    }
