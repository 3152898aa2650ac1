"""The overview: what the database says of all processes and Applications, read at a scrape and kept for a few seconds."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from app.ports import Overview

FRESH_SECONDS = 5.0
"""How long one reading is shown: however many ask, the database is asked no more often by one process."""

PATIENCE_SECONDS = 2.0
"""How long a scrape waits for the database. It goes on without it then, and says so."""


class Watch:
    """Reads the overview, now and then. ``unavailable`` are the errors of a database that is away."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Overview]],
        *,
        unavailable: tuple[type[Exception], ...],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._unavailable = unavailable
        self._monotonic = monotonic
        self._turn = asyncio.Lock()
        self._read_at: float | None = None
        self._last: Overview | None = None

    async def __call__(self) -> Overview | None:
        """Return the overview as it was a few seconds ago at most; None when the database does not tell."""
        async with self._turn:
            now = self._monotonic()
            if self._read_at is None or now - self._read_at >= FRESH_SECONDS:
                self._last = await self._look()
                self._read_at = now
            return self._last

    async def _look(self) -> Overview | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._read()
        except self._unavailable:
            return None


class Gauges(Collector):
    """An overview as metrics. Without one nothing is shown but that it lacks: an old figure would look like a good one."""

    def __init__(self, overview: Overview | None) -> None:
        self._overview = overview

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Return the metrics."""
        seen = self._overview
        told = "Whether the database gave the overview: 1, or 0 and the metrics that follow are missing."
        yield GaugeMetricFamily("oca_overview_up", told, value=0 if seen is None else 1)
        if seen is None:
            return
        told = "Age of the oldest work that is due, over all lanes; 0 when nothing is."
        yield GaugeMetricFamily("oca_oldest_due_seconds", told, value=_seconds(seen.oldest_due))
        told = "Age of the oldest delivery that nothing has become of yet; 0 when there is none."
        yield GaugeMetricFamily("oca_oldest_delivery_seconds", told, value=_seconds(seen.oldest_delivery))
        lanes = GaugeMetricFamily("oca_lanes", "Lanes, by what goes on in them.", labels=["state"])
        for state, count in seen.lanes.items():
            lanes.add_metric([state], count)
        yield lanes
        applications = GaugeMetricFamily("oca_applications", "Applications.", labels=["platform", "state"])
        for (platform, state), count in seen.applications.items():
            applications.add_metric([platform, state], count)
        yield applications
        problems = GaugeMetricFamily("oca_open_problems", "Open problems.", labels=["kind"])
        for kind, count in seen.problems.items():
            problems.add_metric([kind], count)
        yield problems


def _seconds(age: timedelta | None) -> float:
    return 0.0 if age is None else max(age.total_seconds(), 0.0)
