"""What goes wrong during a run: each trouble begins, stays for a while as life goes on, and is over.

A trouble that somebody has to mend in real life (a revoked token, a pause) is mended at its end by the call that the API
documents for it.
"""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from random import Random

from app.local.town import Town, worker_names
from app.proof.life import Life
from app.proof.pace import LEASE_SECONDS, WORKERS
from app.proof.shop import Shop, Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where troubles happen. ``shop`` is the one that a trouble is about, if it is about one.

    ``machines`` is held by whoever has trouble with processes or the database, which several runs share.
    """

    town: Town
    machines: asyncio.Lock
    chance: Random
    shop: Shop
    life: Life

    def a_worker(self) -> str:
        return self.chance.choice(worker_names(WORKERS))


Trouble = Callable[[Scene], AbstractAsyncContextManager[None]]


# Processes


@contextlib.asynccontextmanager
async def web_killed(scene: Scene) -> AsyncIterator[None]:
    """All web processes die at once."""
    await scene.town.processes.kill("web")
    yield
    await scene.town.processes.start_again("web")
    await scene.town.until_web_is_ready()


@contextlib.asynccontextmanager
async def one_web_process_killed(scene: Scene) -> AsyncIterator[None]:
    """One of several web processes dies; their parent starts another."""
    children = scene.town.processes.children("web")
    if children:
        with contextlib.suppress(ProcessLookupError):
            os.kill(scene.chance.choice(children), signal.SIGKILL)
    yield
    await scene.town.until_web_is_ready()


@contextlib.asynccontextmanager
async def worker_killed(scene: Scene) -> AsyncIterator[None]:
    """One of several workers dies, and is started again a little later."""
    name = scene.a_worker()
    await scene.town.processes.kill(name)
    yield
    await scene.town.processes.start_again(name)


@contextlib.asynccontextmanager
async def all_workers_killed(scene: Scene) -> AsyncIterator[None]:
    """Nobody works for a while."""
    for name in worker_names(WORKERS):
        await scene.town.processes.kill(name)
    yield
    for name in worker_names(WORKERS):
        await scene.town.processes.start_again(name)


@contextlib.asynccontextmanager
async def worker_stopped(scene: Scene) -> AsyncIterator[None]:
    """A worker is told to stop, as at every deployment."""
    name = scene.a_worker()
    await scene.town.processes.end(name)
    yield
    await scene.town.processes.start_again(name)


@contextlib.asynccontextmanager
async def worker_frozen(scene: Scene) -> AsyncIterator[None]:
    """A worker stands still until its leases have long ended, and then goes on as if nothing had happened."""
    name = scene.a_worker()
    scene.town.processes.freeze(name)
    thawed = asyncio.get_running_loop().time() + LEASE_SECONDS * 1.2
    try:
        yield
        await asyncio.sleep(thawed - asyncio.get_running_loop().time())
    finally:
        scene.town.processes.thaw(name)


# The database


@contextlib.asynccontextmanager
async def database_away(scene: Scene, *, how: signal.Signals) -> AsyncIterator[None]:
    """PostgreSQL goes, stays away, and comes back."""
    await asyncio.to_thread(scene.town.database.stop, how)
    try:
        yield
    finally:
        await asyncio.to_thread(scene.town.database.start)


@contextlib.asynccontextmanager
async def database_restarted(scene: Scene) -> AsyncIterator[None]:
    """PostgreSQL is restarted, as by an operator who changes a setting."""
    await asyncio.to_thread(scene.town.database.stop, signal.SIGINT)
    await asyncio.to_thread(scene.town.database.start)
    yield


# Orderchamp


@contextlib.asynccontextmanager
async def orderchamp_misbehaves(scene: Scene, *, fault: Thing, storm: bool = False) -> AsyncIterator[None]:
    """A few calls of this account go wrong; in a storm every call does until it is over."""
    times = None if storm else scene.chance.randint(1, 4)
    await scene.shop.orderchamp("POST", "/faults", {**fault, "times": times, "token": scene.shop.token})
    yield
    await scene.shop.orderchamp("DELETE", f"/faults?token={scene.shop.token}")


@contextlib.asynccontextmanager
async def orderchamp_says_429(scene: Scene, *, retry_after: int | None) -> AsyncIterator[None]:
    """Orderchamp refuses calls by HTTP, with or without saying for how long."""
    await scene.shop.orderchamp("PUT", "/switches", {"retry_after_seconds": retry_after})
    async with orderchamp_misbehaves(scene, fault={"kind": "http_429"}):
        yield


@contextlib.asynccontextmanager
async def token_revoked(scene: Scene) -> AsyncIterator[None]:
    """The supplier revokes our token, and later brings it back."""
    await scene.shop.orderchamp("POST", f"/tokens/{scene.shop.token}/revoke")
    yield
    await scene.shop.orderchamp("POST", f"/tokens/{scene.shop.token}/restore")
    await scene.shop.api("PATCH", body={"orderchamp": {"token": scene.shop.token}})


@contextlib.asynccontextmanager
async def product_deleted_by_hand(scene: Scene) -> AsyncIterator[None]:
    """Somebody deletes a product on Orderchamp; it stays away from then on."""
    shown = [each for each in await scene.shop.shown() if each["id"] not in scene.life.memory.by_hand.values()]
    if shown:
        victim = scene.chance.choice(shown)
        skus = {each["sku"] for each in victim["variants"]}
        memory = scene.life.memory
        memory.touched_by_hand.update(each for each, had in memory.skus.items() if had & skus)
        await scene.shop.orderchamp("DELETE", f"/products/{victim['id']}")
    yield


# The shop


@contextlib.asynccontextmanager
async def shop_misbehaves(scene: Scene, *, fault: Thing) -> AsyncIterator[None]:
    """A few of our calls to the shop go wrong."""
    times = scene.chance.randint(1, 4)
    url = f"{scene.town.shops}/_sandbox/faults"
    await scene.town.sandbox("POST", url, {**fault, "times": times, "shop": scene.shop.domain})
    yield
    await scene.town.sandbox("DELETE", f"{url}?shop={scene.shop.domain}")


@contextlib.asynccontextmanager
async def webhooks_misbehave(scene: Scene, *, switches: Mapping[str, float | bool]) -> AsyncIterator[None]:
    """Webhooks come twice, late, in another order, at a second try, or never."""
    await scene.shop.do("PUT", "/switches", dict(switches))
    yield
    await scene.shop.do("PUT", "/switches", {name: type(value)() for name, value in switches.items()})


# People


@contextlib.asynccontextmanager
async def paused(scene: Scene) -> AsyncIterator[None]:
    """A person pauses the Application and resumes it."""
    await scene.shop.api("POST", "/pause")
    yield
    await scene.shop.api("POST", "/resume")


def _fault(kind: str, **more: object) -> Trouble:
    return partial(orderchamp_misbehaves, fault={"kind": kind, **more})


def _storm(kind: str) -> Trouble:
    return partial(orderchamp_misbehaves, fault={"kind": kind}, storm=True)


def _shop_fault(kind: str, **more: object) -> Trouble:
    return partial(shop_misbehaves, fault={"kind": kind, **more})


def _webhooks(**switches: float | bool) -> Trouble:
    return partial(webhooks_misbehave, switches=switches)


_MACHINES: Mapping[str, Trouble] = {
    "web killed": web_killed,
    "one of two web processes killed": one_web_process_killed,
    "worker killed": worker_killed,
    "all workers killed": all_workers_killed,
    "worker stopped": worker_stopped,
    "worker frozen past its lease": worker_frozen,
    "database killed": partial(database_away, how=signal.SIGKILL),
    "database broken off": partial(database_away, how=signal.SIGQUIT),
    "database restarted": database_restarted,
}


def _alone(trouble: Trouble) -> Trouble:
    @contextlib.asynccontextmanager
    async def alone(scene: Scene) -> AsyncIterator[None]:
        async with scene.machines, trouble(scene):
            yield

    return alone


MACHINES: Mapping[str, Trouble] = {name: _alone(trouble) for name, trouble in _MACHINES.items()}
"""Troubles of processes and of the database, which meet everybody: one at a time."""

TROUBLES: Mapping[str, Trouble] = {
    **MACHINES,
    "orderchamp: 429 without a time": partial(orderchamp_says_429, retry_after=None),
    "orderchamp: 429 with a time": partial(orderchamp_says_429, retry_after=1),
    "orderchamp: throttled": _fault("throttled"),
    "orderchamp: storm of 500": _storm("http_500"),
    "orderchamp: storm of HTML": _storm("http_502_html"),
    "orderchamp: hangs, then does nothing": _fault("hang_before", seconds=1.5),
    "orderchamp: executes, then hangs": _fault("hang_after", seconds=1.5),
    "orderchamp: drips slowly": _fault("slow_drip", seconds=3),
    "orderchamp: connection reset": _fault("reset"),
    "orderchamp: answer is no JSON": _fault("malformed_json"),
    "orderchamp: answer lost after a write": _fault("lost_answer"),
    "orderchamp: answer lost after a create": _fault("lost_answer", operation="productCreate"),
    "orderchamp: answer lost after a publish": _fault("lost_answer", operation="productPublish"),
    "orderchamp: half of a document": _fault("half_bulk"),
    "orderchamp: half of the stock": _fault("half_bulk", operation="inventoryLevelBulkAdjust"),
    "orderchamp: slow": _fault("latency", seconds=0.3),
    "token revoked": token_revoked,
    "product deleted by hand": product_deleted_by_hand,
    "shop: 500": _shop_fault("http_500"),
    "shop: 429": _shop_fault("http_429"),
    "shop: throttled": _shop_fault("throttled"),
    "shop: HTML": _shop_fault("http_502_html"),
    "shop: hangs": _shop_fault("hang_before", seconds=1.5),
    "shop: drips slowly": _shop_fault("slow_drip", seconds=3),
    "shop: answer lost": _shop_fault("lost_answer"),
    "webhooks: twice": _webhooks(duplicate_probability=0.5),
    "webhooks: another order": _webhooks(reorder=True),
    "webhooks: second try": _webhooks(lose_probability=0.4),
    "webhooks: late": _webhooks(delay_seconds=0.5),
    "webhooks: never": _webhooks(drop_probability=0.3),
    "paused and resumed": paused,
}
"""Every trouble by the name under which a run tells it."""

MENDED_WITH_ORDERCHAMP = frozenset({"token revoked"})
"""Troubles whose end is a call to us for which Orderchamp has to answer."""
