"""Delivering webhooks as Shopify does: signed, tried nine times, and given up on with consequences.

A try has 1 s to connect and 5 s in all; only 2xx counts. The body of a retry is the original one. After eight failures in
a row a subscription made through the API is deleted. ``time_scale`` shortens the four hours of retries for tests.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import random
import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from app.sandbox.shopify.shops import Shops

Thing = dict[str, Any]

WAITS = (60, 120, 300, 600, 1200, 2400, 4200, 5500)
"""Seconds before each of the eight retries: about four hours in all. The real offsets are not known."""

FAILURES_THAT_DELETE = 8
HELD = 3
"""Deliveries that gather before they are sent in any order."""


class Courier:
    """Sends what happens in the shops to whoever subscribed."""

    def __init__(self, shops: Shops, client_secret: str) -> None:
        self._shops = shops
        self._secret = client_secret.encode()
        self._client = httpx.AsyncClient(timeout=httpx.Timeout(5, connect=1), follow_redirects=False, trust_env=False)
        self.deliveries: dict[str, Thing] = {}
        self.switches: dict[str, Thing] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._held: dict[str, list[Thing]] = {}
        self.time_scale = 1.0

    def notify(self, domain: str, topic: str, body: Thing, event: str) -> None:
        """Send a happening to every subscription of its topic, with the misbehaviour that is asked for."""
        name = topic.upper().replace("/", "_")
        for subscription in self._shops.shops[domain]["subscriptions"].values():
            if subscription["topic"] == name:
                self.post(domain, topic, body, event, subscription["uri"], str(subscription["id"]))

    def post(
        self, domain: str, topic: str, body: Thing, event: str, address: str, subscription: str | None = None
    ) -> None:
        """Send one webhook."""
        switches = self.switches.setdefault(domain, {})
        if switches.get("drop_next", 0) > 0:
            switches["drop_next"] -= 1
            return
        if random.random() < switches.get("drop_probability", 0):
            return
        delivery: Thing = {
            "id": str(uuid4()),
            "shop": domain,
            "topic": topic,
            "address": address,
            "subscription": subscription,
            "event": event,
            "triggered_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "411Z",
            "body": text(body),
            "tries": 0,
            "last_status": None,
            "done": False,
            "due": time.time() + switches.get("delay_seconds", 0),
        }
        self.deliveries[delivery["id"]] = delivery
        if switches.get("reorder"):
            self._hold(domain, delivery)
            return
        self.start(delivery)
        if random.random() < switches.get("duplicate_probability", 0):
            self.start(delivery)

    def _hold(self, domain: str, delivery: Thing) -> None:
        """Keep deliveries back until a few have gathered, then send them in any order."""
        held = self._held.setdefault(domain, [])
        held.append(delivery)
        if len(held) >= HELD:
            self.release(domain)

    def release(self, domain: str) -> None:
        """Send what was held back."""
        held = self._held.pop(domain, [])
        random.shuffle(held)
        for each in held:
            self.start(each)

    def start(self, delivery: Thing) -> None:
        """Begin to deliver."""
        task = asyncio.create_task(self._deliver(delivery))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def resume(self) -> None:
        """Go on with what was not delivered before a restart."""
        for each in self.deliveries.values():
            if not each["done"]:
                self.start(each)

    async def _deliver(self, delivery: Thing) -> None:
        while True:
            await asyncio.sleep(max(delivery["due"] - time.time(), 0))
            if await self._try(delivery):
                break
            if delivery["tries"] > len(WAITS):
                break
            delivery["due"] = time.time() + WAITS[delivery["tries"] - 1] * self.time_scale
            self._shops.changed()
        delivery["done"] = True
        self._shops.changed()

    async def _try(self, delivery: Thing) -> bool:
        body = delivery["body"].encode()
        signature = base64.b64encode(hmac.new(self._secret, body, hashlib.sha256).digest()).decode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Shopify-Captain-Hook",
            "X-Shopify-Topic": delivery["topic"],
            "X-Shopify-Shop-Domain": delivery["shop"],
            "X-Shopify-API-Version": "2026-10",
            "X-Shopify-Hmac-Sha256": signature,
            "X-Shopify-Webhook-Id": delivery["id"],
            "X-Shopify-Event-Id": delivery["event"],
            "X-Shopify-Triggered-At": delivery["triggered_at"],
        }
        delivery["tries"] += 1
        try:
            async with asyncio.timeout(5):
                response = await self._client.post(delivery["address"], content=body, headers=headers)
            delivery["last_status"] = response.status_code
        except (httpx.HTTPError, TimeoutError) as error:
            delivery["last_status"] = type(error).__name__
            response = None
        succeeded = response is not None and response.is_success
        self._count(delivery, succeeded=succeeded)
        return succeeded

    def _count(self, delivery: Thing, *, succeeded: bool) -> None:
        subscriptions = self._shops.shops[delivery["shop"]]["subscriptions"]
        subscription = subscriptions.get(delivery["subscription"] or "")
        if subscription is None:
            return
        subscription["failures"] = 0 if succeeded else subscription["failures"] + 1
        if subscription["failures"] >= FAILURES_THAT_DELETE:
            del subscriptions[delivery["subscription"]]

    def pending(self, domain: str) -> int:
        """Return how many deliveries of a shop are not finished."""
        return sum(not each["done"] for each in self.deliveries.values() if each["shop"] == domain)

    async def aclose(self) -> None:
        for each in tuple(self._tasks):
            each.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._client.aclose()


def text(body: Thing) -> str:
    """Return a body as Shopify writes JSON: raw UTF-8, no spaces, angle brackets and ampersands escaped."""
    written = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written
