"""Acknowledging: a delivery that is verified, kept and committed, against a FastAPI route that does nothing.

Both are served by one process with the same settings, and loaded in turns by a generator that sends the same bytes. A
run counts only while the server's core was busy: otherwise something else was measured. And it counts only if the inbox
holds exactly as many events as were acknowledged. No worker runs.
"""

import asyncio
import contextlib
import os
import statistics
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import httpx

from app.bench import empty
from app.bench.given import Given, Installed, given_database, install_applications
from app.bench.load import EVENT_ID, Answered, Load, as_text, generate
from app.domain.http import Delivery
from app.local.figures import Figure
from app.local.processes import Processes, free_port
from app.platforms.adapter import Secret
from app.platforms.registry import ADAPTERS

CONNECTIONS = (32, 64, 128)
PAIRS = 5
SECONDS = 2.0
TRIES = 8
"""How often a run is made until it counts."""

BUSY = 0.9
BODY_BYTES = 1024
MANY_APPLICATIONS = 200
OPEN_LOOPS = 3
OPEN_LOOP_SECONDS = 4.0


RATIO = Figure(name="ack_ratio", goal=1.2, better="at least")
RATIO_200 = Figure(name="ack_ratio_200", goal=1.0, better="at least")
P99 = Figure(name="ack_p99_ms", goal=50, better="at most")
FIGURES = (RATIO, RATIO_200, P99)


class NotMeasured(Exception):
    """A figure could not be taken; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server under load."""

    port: int
    process: int


async def measure() -> list[Figure]:
    """Return ``ack_ratio``, ``ack_ratio_200`` and ``ack_p99_ms``."""
    served_by = _leave_one_core()
    async with given_database() as given, _servers(given, served_by) as (intake, nothing):
        applications = await install_applications(given.store, MANY_APPLICATIONS)
        bench = Bench(given, intake=intake, nothing=nothing)
        ratio, fastest = await bench.ratio(applications[:1])
        ratio_200, _ = await bench.ratio(applications)
        p99 = None if fastest is None else await bench.p99_ms(applications[:1], rate=fastest / 2)
    return [RATIO.taken(ratio), RATIO_200.taken(ratio_200), P99.taken(p99)]


def _leave_one_core() -> set[int]:
    """Keep ourselves, and all that is started from now on, off one core, and return it. It is for the server.

    Otherwise the generator and PostgreSQL are put onto the server's core now and then, and the other one stands still.
    """
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) > 1:
        os.sched_setaffinity(0, cores[1:])
    return set(cores[:1])


@contextlib.asynccontextmanager
async def _servers(given: Given, cores: set[int]) -> AsyncIterator[tuple[Server, Server]]:
    """Serve the intake, and the route that does nothing, each in one process, both on ``cores``; one of them has work."""
    processes = Processes(logs=Path(".data/bench-logs"))
    commands = {"intake": ("app.cli", "serve"), "nothing": ("app.bench.empty",)}
    servers = []
    try:
        for name, command in commands.items():
            port = free_port()
            await processes.start(name, *command, "--port", str(port), environment=given.environment)
            await processes.until_ready(name, lambda port=port: _ready(port))  # type: ignore[misc]
            servers.append(Server(port=port, process=processes.running[-1][1].pid))
            os.sched_setaffinity(servers[-1].process, cores)
        yield servers[0], servers[1]
    finally:
        await processes.stop()


async def _ready(port: int) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"http://127.0.0.1:{port}/readyz")).is_success
        except httpx.HTTPError:
            return False


class Bench:
    """Loads both servers in turns."""

    def __init__(self, given: Given, *, intake: Server, nothing: Server) -> None:
        self._given = given
        self._intake = intake
        self._nothing = nothing
        self._run = count()

    async def ratio(self, applications: Sequence[Installed]) -> tuple[float | None, float | None]:
        """Return the worst ratio of all numbers of connections, and the most that the intake kept in a second."""
        ratios, fastest = [], 0.0
        print(f"{len(applications)} Application(s), kept and committed against nothing at all:", flush=True)
        for connections in CONNECTIONS:
            try:
                pairs = [await self._pair(applications, connections) for _ in range(PAIRS)]
            except NotMeasured as error:
                print(f"  {connections} connections: {error}", flush=True)
                continue
            each = [kept.per_second / nothing.per_second for kept, nothing in pairs]
            kept, nothing = (statistics.median(one.per_second for one in side) for side in zip(*pairs, strict=True))
            ratios.append(statistics.median(each))
            fastest = max(fastest, kept)
            print(
                f"  {connections} connections: {kept:.0f}/s against {nothing:.0f}/s, ratio {ratios[-1]:.2f} "
                f"({min(each):.2f} to {max(each):.2f}), server {statistics.median(k.busy for k, _ in pairs):.0%} busy, "
                f"generator {statistics.median(k.generator_busy for k, _ in pairs):.0%}",
                flush=True,
            )
        worst = round(min(ratios), 3) if len(ratios) == len(CONNECTIONS) else None
        return worst, fastest or None

    async def _pair(self, applications: Sequence[Installed], connections: int) -> tuple[Answered, Answered]:
        requests = [signed_request(each) for each in applications]
        unread = [
            request.replace(_path(each), empty.PATH, 1) for request, each in zip(requests, applications, strict=True)
        ]
        return (
            await self._counted(self._intake, requests, connections),
            await self._counted(self._nothing, unread, connections),
        )

    async def _counted(self, server: Server, requests: Sequence[str], connections: int) -> Answered:
        """Load a server until a run counts."""
        load = Load(
            port=server.port, server=server.process, requests=requests, run="", connections=connections, seconds=SECONDS
        )
        for _ in range(TRIES):
            answered = await self._loaded(load)
            if answered.busy >= BUSY:
                return answered
        what = "the intake" if server is self._intake else "the route that does nothing"
        raise NotMeasured(
            f"{what} answered {answered.per_second:.0f}/s, but its core was only {answered.busy:.0%} busy "
            f"(the generator's {answered.generator_busy:.0%}), so something else was measured"
        )

    async def _loaded(self, load: Load) -> Answered:
        """Load a server once, on an empty inbox, and hold what it acknowledged against what is kept."""
        async with self._given.store.pool.transaction() as connection:
            await connection.execute("TRUNCATE delivery, delivery_body")
        answered = await generate(replace(load, run=f"run-{next(self._run)}"))
        if answered.other:
            raise NotMeasured(f"{answered.other} answers were not 200")
        if load.port == self._intake.port:
            async with self._given.store.pool.transaction() as connection:
                kept = (await connection.execute("SELECT count(*) FROM delivery_body")).scalar()
            if kept != answered.good:
                raise NotMeasured(f"{answered.good} deliveries were acknowledged and {kept} are kept")
        return answered

    async def p99_ms(self, applications: Sequence[Installed], *, rate: float) -> float | None:
        """Return the worst 99th percentile of a few open loops at this many deliveries a second, each with a checkpoint in it."""
        load = Load(
            port=self._intake.port,
            server=self._intake.process,
            requests=[signed_request(each) for each in applications],
            run="",
            connections=max(CONNECTIONS),
            seconds=OPEN_LOOP_SECONDS,
            rate=rate,
        )
        try:
            loops = [await self._open_loop(load) for _ in range(OPEN_LOOPS)]
        except NotMeasured as error:
            print(f"  open loop: {error}", flush=True)
            return None
        each = [round(loop.p99_seconds * 1000, 1) for loop in loops]
        busy = ", ".join(f"{loop.busy:.0%}" for loop in loops)
        print(f"  open loops at {rate:.0f}/s: 99 of 100 within {each} ms, server {busy} busy", flush=True)
        return max(each)

    async def _open_loop(self, load: Load) -> Answered:
        """Load the intake once, while the database makes a checkpoint, all at once where it would take its time by itself."""
        checkpoint = asyncio.create_task(self._checkpoint(after=load.seconds / 2))
        try:
            return await self._loaded(load)
        finally:
            await checkpoint

    async def _checkpoint(self, *, after: float) -> None:
        await asyncio.sleep(after)
        async with self._given.store.pool.connection() as connection:
            await connection.execute("CHECKPOINT")


def signed_request(application: Installed) -> str:
    """Return a delivery as Shopify posts it, with ``EVENT_ID`` where each has its own: the signature is the body's."""
    body = b'{"id": 8801234567890, "title": "Oak board", "status": "active", "body_html": "'
    body += b"." * (BODY_BYTES - len(body) - 2) + b'"}'
    headers = {
        "user-agent": "Shopify-Captain-Hook",
        "accept": "*/*",
        "content-type": "application/json",
        "x-shopify-topic": "products/update",
        "x-shopify-shop-domain": application.shop,
        "x-shopify-api-version": "2026-10",
        "x-shopify-webhook-id": EVENT_ID,
    }
    unsigned = Delivery(method="POST", url="", headers=headers, body=body, received_at=datetime.now(UTC))
    webhooks = ADAPTERS["shopify"].webhooks
    assert webhooks is not None  # noqa: S101 - Shopify has webhooks
    return as_text(webhooks.sign(unsigned, Secret(application.secret)), _path(application))


def _path(application: Installed) -> str:
    return f"/webhooks/shopify/{application.id}"
