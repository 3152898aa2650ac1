"""Delivering webhooks: queued, perhaps dropped, doubled or mixed up, tried as often as the platform tries, looked on."""

import asyncio
import random
import ssl
import time
from abc import ABC, abstractmethod
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar, Generic, TypeVar
from uuid import uuid4

import httpx

from app.sandbox.shop.switches import Switches

Thing = dict[str, Any]
S = TypeVar("S", bound=Switches)

HELD = 3
"""Webhooks that gather before they are sent in another order."""
HELD_SECONDS = 0.5
"""How long they wait for one another."""
AT_ONCE = 50
"""Requests at the same time; the clock of a try starts when it may begin."""
KEPT = 2000
"""Finished deliveries that can still be looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The bytes of one try, and the headers that go with them."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Return how certificates are verified; reading the authorities takes long enough to do it once only."""
    return httpx.create_ssl_context()


class Courier(ABC, Generic[S]):
    """Sends what happens in the shops to whoever subscribed. It needs a running event loop as soon as it sends.

    A platform says in a subclass how it delivers: ``waits`` are the seconds before each retry, none of them where a delivery
    has one try. A delivery is JSON data: what ``queue`` was given, and how it went. ``changed`` is called when that changes.
    """

    connect_seconds: ClassVar[float]
    try_seconds: ClassVar[float]
    waits: ClassVar[Sequence[float]]

    def __init__(self, switches: type[S]) -> None:
        timeout = httpx.Timeout(self.try_seconds, connect=self.connect_seconds)
        self._client = httpx.AsyncClient(timeout=timeout, verify=_tls(), follow_redirects=False, trust_env=False)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: defaultdict[str, list[Thing]] = defaultdict(list)
        self._open: defaultdict[str, set[str]] = defaultdict(set)
        self._queued: set[tuple[str, str]] = set()
        self._finished: deque[str] = deque()
        self._progress = asyncio.Event()
        self.deliveries: dict[str, Thing] = {}
        self.dropped: Counter[str] = Counter()
        """How many webhooks of each shop were never sent."""
        self.switches: defaultdict[str, S] = defaultdict(switches)
        self.changed: Callable[[], None] = lambda: None

    @abstractmethod
    def letter(self, delivery: Thing) -> Letter | None:
        """Return what the next try of a delivery sends; None: there is nothing to send any more.

        A platform that builds bodies when it sends them writes down in ``delivery["body"]`` what it built.
        """

    def accepts(self, status: int) -> bool:
        """Tell whether an answer with this status counts as delivered. Redirects are never followed."""
        return httpx.codes.is_success(status)

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Hear how a try went. With many platforms, failures in a row cost a subscription its life, or its activity."""

    def queue(self, shop: str, given: Thing, *, collapse: str | None = None) -> None:
        """Queue a delivery, or do with it what the shop's switches say.

        ``given`` has its ``topic`` and ``address``, the id of its ``subscription`` or None, its ``body`` as text or None
        where that is built later, and whatever ``letter`` needs besides. While a delivery with the same
        ``collapse`` waits for its first try, nothing is queued.
        """
        if collapse is not None and (shop, collapse) in self._queued:
            return
        switches = self.switches[shop]
        if switches.drop_next > 0:
            switches.drop_next -= 1
            self.dropped[shop] += 1
            return
        if random.random() < switches.drop_probability:
            self.dropped[shop] += 1
            return
        delivery: Thing = {
            **given,
            "id": str(uuid4()),
            "shop": shop,
            "collapse": collapse,
            "copies": 2 if random.random() < switches.duplicate_probability else 1,
            "tries": 0,
            "last_status": None,
            "acknowledged": 0,
            "done": False,
            "due": time.time() + switches.delay_seconds,
        }
        self.deliveries[delivery["id"]] = delivery
        self._enter(delivery)
        self.changed()
        if switches.reorder:
            self._hold(shop, delivery)
        else:
            self._start(delivery)

    def redeliver(self, delivery: Thing) -> None:
        """Send a finished webhook again, as it was; one that is still under way stays so."""
        if delivery["done"]:
            delivery |= {"done": False, "tries": 0, "due": time.time()}
            self._enter(delivery)
            self._start(delivery)

    def resume(self, deliveries: dict[str, Thing]) -> None:
        """Go on with what was saved."""
        self.deliveries = deliveries
        for each in deliveries.values():
            if each["done"]:
                self._finished.append(each["id"])
            else:
                self._enter(each)
                self._start(each)

    def _enter(self, delivery: Thing) -> None:
        self._open[delivery["shop"]].add(delivery["id"])
        if delivery.get("collapse") is not None and delivery["tries"] == 0:
            self._queued.add((delivery["shop"], delivery["collapse"]))

    # Order

    def _hold(self, shop: str, delivery: Thing) -> None:
        self._held[shop].append(delivery)
        if len(self._held[shop]) >= HELD:
            self.release(shop)
        elif len(self._held[shop]) == 1:
            asyncio.get_running_loop().call_later(HELD_SECONDS, self.release, shop)

    def release(self, shop: str) -> None:
        """Send what is held back, in another order than it happened."""
        held = self._held.pop(shop, [])
        mixed = random.sample(held, len(held))
        for each in reversed(held) if mixed == held else mixed:
            self._start(each)

    # Tries

    def _start(self, delivery: Thing) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Thing) -> None:
        waits = self.waits
        while True:
            await asyncio.sleep(max(delivery["due"] - time.time(), 0))
            self._queued.discard((delivery["shop"], delivery.get("collapse") or ""))
            if await self._try(delivery) or delivery["tries"] > len(waits):
                break
            scale = self.switches[delivery["shop"]].time_scale
            delivery["due"] = time.time() + waits[delivery["tries"] - 1] * scale
            self.changed()
        self._finish(delivery)

    def _finish(self, delivery: Thing) -> None:
        delivery["done"] = True
        self._open[delivery["shop"]].discard(delivery["id"])
        self._finished.append(delivery["id"])
        while len(self._finished) > KEPT:
            oldest = self.deliveries.get(self._finished.popleft())
            if oldest is not None and oldest["done"]:
                del self.deliveries[oldest["id"]]
        self._progress.set()
        self._progress = asyncio.Event()
        self.changed()

    async def _try(self, delivery: Thing) -> bool:
        """Make one try; True when nothing is left to do."""
        letter = self.letter(delivery)
        if letter is None:
            return True
        statuses = await self._send_copies(delivery, letter)
        accepted = sum(self.accepts(each) for each in statuses if isinstance(each, int))
        delivery["tries"] += 1
        delivery["last_status"] = statuses[-1]
        delivery["acknowledged"] = delivery.get("acknowledged", 0) + accepted
        self.tried(delivery, succeeded=accepted > 0)
        return accepted > 0

    async def _send_copies(self, delivery: Thing, letter: Letter) -> list[int | str]:
        """Send a delivery as often as it has copies and return how each was answered."""
        if random.random() < self.switches[delivery["shop"]].lose_probability:
            return ["Lost"]
        return await asyncio.gather(*(self.send(delivery["address"], letter) for _ in range(delivery["copies"])))

    async def send(self, address: str, letter: Letter) -> int | str:
        """Send something once and return the status of the answer, or the name of what went wrong."""
        async with self._places:
            try:
                async with asyncio.timeout(self.try_seconds):
                    answer = await self._client.request(
                        letter.method, address, content=letter.body, headers=dict(letter.headers)
                    )
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                return type(error).__name__
        return answer.status_code

    # Looking on

    def pending(self, shop: str) -> int:
        """Return how many deliveries of a shop are not finished."""
        return len(self._open[shop])

    async def quiet(self, shop: str, within: float) -> int:
        """Wait until no delivery of a shop is under way, at most so many seconds; return how many still are."""
        try:
            async with asyncio.timeout(within):
                while self.pending(shop):
                    await self._progress.wait()
        except TimeoutError:
            pass
        return self.pending(shop)

    async def aclose(self) -> None:
        """Stop sending. What is not finished is sent by the next run that has the saved state."""
        tasks = tuple(self._tasks)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()
