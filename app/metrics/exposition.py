"""Showing the metrics: those of this process, or of all web processes of one container, and the overview."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

from app.metrics.meters import Meters
from app.metrics.overview import Gauges
from app.ports import Overview


class Metrics:
    """What a process counts, and how it is shown.

    ``folder``: where all web processes of one container count together, so that any of them shows the sum; None: this
    process counts for itself. What a process is made of (memory, open files) is shown only of a process that is alone,
    since of several nobody could tell whose it was.
    """

    def __init__(self, *, folder: str | None = None) -> None:
        if folder is not None and not Path(folder).is_dir():
            raise ValueError(f"PROMETHEUS_MULTIPROC_DIR names {folder}, which is no folder.")
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._own = CollectorRegistry()
        self.meters = Meters(self._own)
        self._shown = self._own
        if folder is None:
            ProcessCollector(registry=self._own)
            PlatformCollector(registry=self._own)
            GCCollector(registry=self._own)
        else:
            self._shown = CollectorRegistry()
            MultiProcessCollector(self._shown, path=folder)  # type: ignore[no-untyped-call]

    def count_event(self, event: str, level: str) -> None:
        """Count an event that was logged. Events are the constants by which our own loggers call them."""
        self.meters.events.labels(event, level).inc()

    def own(self) -> bytes:
        """Return the process's metrics in Prometheus' text format."""
        return generate_latest(self._shown)

    async def whole(self, overview: Callable[[], Awaitable[Overview | None]]) -> bytes:
        """Return the same with what the database says of all processes; ``overview`` gives None when it does not."""
        registry = CollectorRegistry()
        registry.register(Gauges(await overview()))
        own = await asyncio.to_thread(self.own)  # Several processes' files take a while to read.
        return own + generate_latest(registry)

    @contextmanager
    def served(self, host: str, port: int) -> Iterator[None]:
        """Show the process's metrics at a port of its own while the block lasts; OSError if it cannot be had."""
        server, thread = start_http_server(port, host, self._own)
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()
