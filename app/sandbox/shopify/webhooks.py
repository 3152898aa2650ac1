"""Delivering webhooks as Shopify does: signed, tried nine times, and given up on with consequences.

https://shopify.dev/docs/apps/build/webhooks/subscribe/https: a try has 1 s to connect and 5 s in all; only 2xx counts, and
redirects are not followed; eight retries in four hours, with the original body and address; after eight failures in a row
a subscription made through the API is deleted.
"""

import asyncio
import base64
import hashlib
import hmac
import random
import ssl
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from uuid import uuid4

import httpx

from app.sandbox.shopify.bodies import written
from app.sandbox.shopify.shops import Shops
from app.sandbox.shopify.subscriptions import wanted
from app.sandbox.shopify.switches import Switches
from app.sandbox.shopify.times import nanoseconds_now

Thing = dict[str, Any]

API_VERSION = "2026-10"
CONNECT_SECONDS, TRY_SECONDS = 1.0, 5.0
WAITS = (60, 120, 300, 600, 1200, 2400, 4200, 5500)
"""Seconds before each of the eight retries: about four hours in all. The real offsets are not known."""

HELD = 3
"""Webhooks that gather before they are sent in another order."""
HELD_SECONDS = 0.5
"""How long they wait for one another."""
AT_ONCE = 50
"""Requests at the same time; the clock of a try starts when it may begin."""
KEPT = 2000
"""Finished deliveries that can still be looked at."""


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """Return how certificates are verified; reading the authorities takes long enough to do it once only."""
    return httpx.create_ssl_context()


class Courier:
    """Sends what happens in the shops to whoever subscribed. It needs a running event loop as soon as it sends."""

    def __init__(self, shops: Shops, client_secret: str) -> None:
        self._shops = shops
        self._secret = client_secret.encode()
        timeout = httpx.Timeout(TRY_SECONDS, connect=CONNECT_SECONDS)
        self._client = httpx.AsyncClient(timeout=timeout, verify=_tls(), follow_redirects=False, trust_env=False)
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: defaultdict[str, list[Thing]] = defaultdict(list)
        self._open: defaultdict[str, set[str]] = defaultdict(set)
        self._finished: deque[str] = deque()
        self._progress = asyncio.Event()
        self.deliveries: dict[str, Thing] = {}
        self.dropped: Counter[str] = Counter()
        """How many webhooks of each shop were never sent."""
        self.switches: defaultdict[str, Switches] = defaultdict(Switches)

    def notify(self, domain: str, topic: str, read: Callable[[], Thing], event: str) -> None:
        """Tell a happening to every subscriber of its topic. The body is read only if there is one."""
        name = topic.upper().replace("/", "_")
        subscriptions = [each for each in self._shops.shops[domain]["subscriptions"].values() if each["topic"] == name]
        body = read() if subscriptions else {}
        for each in subscriptions:
            sent = wanted(each, body)
            if sent is not None:
                self.post(domain, topic, sent, event=event, address=each["uri"], subscription=each)

    def post(
        self, domain: str, topic: str, body: Thing, *, event: str, address: str, subscription: Thing | None = None
    ) -> None:
        """Send one webhook, or do with it what the shop's switches say. Without ``subscription`` it is the app's own."""
        switches = self.switches[domain]
        if switches.drop_next > 0:
            switches.drop_next -= 1
            self.dropped[domain] += 1
            return
        if random.random() < switches.drop_probability:
            self.dropped[domain] += 1
            return
        delivery: Thing = {
            "id": str(uuid4()),
            "shop": domain,
            "topic": topic,
            "address": address,
            "subscription": None if subscription is None else str(subscription["id"]),
            "name": None if subscription is None else subscription.get("name"),
            "event": event,
            "triggered_at": nanoseconds_now(),
            "body": written(body),
            "copies": 2 if random.random() < switches.duplicate_probability else 1,
            "tries": 0,
            "last_status": None,
            "acknowledged": 0,
            "done": False,
            "due": time.time() + switches.delay_seconds,
        }
        self.deliveries[delivery["id"]] = delivery
        self._open[domain].add(delivery["id"])
        self._shops.changed()
        if switches.reorder:
            self._hold(domain, delivery)
        else:
            self._start(delivery)

    def redeliver(self, delivery: Thing) -> None:
        """Send a finished webhook again, as it was; one that is still under way stays so."""
        if delivery["done"]:
            delivery |= {"done": False, "tries": 0, "due": time.time()}
            self._open[delivery["shop"]].add(delivery["id"])
            self._start(delivery)

    def resume(self, deliveries: dict[str, Thing]) -> None:
        """Go on with what was saved."""
        self.deliveries = deliveries
        for each in deliveries.values():
            if each["done"]:
                self._finished.append(each["id"])
            else:
                self._open[each["shop"]].add(each["id"])
                self._start(each)

    # Order

    def _hold(self, domain: str, delivery: Thing) -> None:
        self._held[domain].append(delivery)
        if len(self._held[domain]) >= HELD:
            self.release(domain)
        elif len(self._held[domain]) == 1:
            asyncio.get_running_loop().call_later(HELD_SECONDS, self.release, domain)

    def release(self, domain: str) -> None:
        """Send what is held back, in another order than it happened."""
        held = self._held.pop(domain, [])
        mixed = random.sample(held, len(held))
        for each in reversed(held) if mixed == held else mixed:
            self._start(each)

    # Tries

    def _start(self, delivery: Thing) -> None:
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Thing) -> None:
        while True:
            await asyncio.sleep(max(delivery["due"] - time.time(), 0))
            if await self._try(delivery) or delivery["tries"] > len(WAITS):
                break
            scale = self.switches[delivery["shop"]].time_scale
            delivery["due"] = time.time() + WAITS[delivery["tries"] - 1] * scale
            self._shops.changed()
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
        self._shops.changed()

    async def _try(self, delivery: Thing) -> bool:
        statuses = await self._send_copies(delivery)
        acknowledged = sum(httpx.codes.is_success(each) for each in statuses if isinstance(each, int))
        succeeded = acknowledged > 0
        delivery["tries"] += 1
        delivery["last_status"] = statuses[-1]
        delivery["acknowledged"] = delivery.get("acknowledged", 0) + acknowledged
        self._count(delivery, succeeded=succeeded)
        return succeeded

    async def _send_copies(self, delivery: Thing) -> list[int | str]:
        """Send a delivery as often as it has copies and return how each was answered."""
        if random.random() < self.switches[delivery["shop"]].lose_probability:
            return ["Lost"]
        body = delivery["body"].encode()
        headers = self._headers(delivery, body)
        return await asyncio.gather(
            *(self._send(delivery["address"], body, headers) for _ in range(delivery["copies"]))
        )

    async def _send(self, address: str, body: bytes, headers: dict[str, str]) -> int | str:
        """Return the status of the answer, or the name of what went wrong."""
        async with self._places:
            try:
                async with asyncio.timeout(TRY_SECONDS):
                    answer = await self._client.post(address, content=body, headers=headers)
            except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
                return type(error).__name__
        return answer.status_code

    def _headers(self, delivery: Thing, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery["topic"],
            "X-Shopify-Shop-Domain": delivery["shop"],
            "X-Shopify-API-Version": API_VERSION,
            "X-Shopify-Hmac-Sha256": base64.b64encode(hmac.digest(self._secret, body, hashlib.sha256)).decode(),
            "X-Shopify-Webhook-Id": delivery["id"],
            "X-Shopify-Event-Id": delivery["event"],
            "X-Shopify-Triggered-At": delivery["triggered_at"],
        }
        return headers if delivery["name"] is None else {**headers, "X-Shopify-Name": delivery["name"]}

    def _count(self, delivery: Thing, *, succeeded: bool) -> None:
        """Count failures in a row; too many delete the subscription, while what is under way goes on."""
        subscriptions = self._shops.shops[delivery["shop"]]["subscriptions"]
        subscription = subscriptions.get(delivery["subscription"])
        if subscription is None:
            return
        subscription["failures"] = 0 if succeeded else subscription["failures"] + 1
        if subscription["failures"] >= self.switches[delivery["shop"]].failures_that_delete:
            del subscriptions[delivery["subscription"]]

    # Looking on

    def pending(self, domain: str) -> int:
        """Return how many deliveries of a shop are not finished."""
        return len(self._open[domain])

    async def quiet(self, domain: str, within: float) -> int:
        """Wait until no delivery of a shop is under way, at most so many seconds; return how many still are."""
        try:
            async with asyncio.timeout(within):
                while self.pending(domain):
                    await self._progress.wait()
        except TimeoutError:
            pass
        return self.pending(domain)

    async def aclose(self) -> None:
        """Stop sending. What is not finished is sent by the next run that has the saved state."""
        tasks = tuple(self._tasks)
        for each in tasks:
            each.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._client.aclose()
