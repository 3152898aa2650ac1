"""Delivering webhooks as Shopify does: signed, tried nine times, and given up on with consequences.

https://shopify.dev/docs/apps/build/webhooks/subscribe/https: a try has 1 s to connect and 5 s in all; only 2xx counts, and
redirects are not followed; eight retries in four hours, with the original body and address; after eight failures in a row
a subscription made through the API is deleted.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter
from app.sandbox.shopify.bodies import written
from app.sandbox.shopify.shops import Shops
from app.sandbox.shopify.subscriptions import wanted
from app.sandbox.shopify.switches import Switches
from app.sandbox.shopify.times import nanoseconds_now

Thing = dict[str, Any]

API_VERSION = "2026-10"


class Courier(courier.Courier[Switches]):
    """Sends what happens in the shops to whoever subscribed."""

    connect_seconds = 1.0
    try_seconds = 5.0
    waits = (60, 120, 300, 600, 1200, 2400, 4200, 5500)
    """About four hours in all. The real offsets are not known."""

    def __init__(self, shops: Shops, client_secret: str) -> None:
        super().__init__(Switches)
        self._shops = shops
        self._secret = client_secret.encode()

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
        """Send one webhook. Without ``subscription`` it is the app's own."""
        given: Thing = {
            "topic": topic,
            "address": address,
            "subscription": None if subscription is None else str(subscription["id"]),
            "name": None if subscription is None else subscription.get("name"),
            "event": event,
            "triggered_at": nanoseconds_now(),
            "body": written(body),
        }
        self.queue(domain, given)

    def letter(self, delivery: Thing) -> Letter:
        """Return the same bytes for every try."""
        body = delivery["body"].encode()
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
        named = {} if delivery["name"] is None else {"X-Shopify-Name": delivery["name"]}
        return Letter(body=body, headers=headers | named)

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Count failures in a row; too many delete the subscription, while what is under way goes on."""
        subscriptions = self._shops.shops[delivery["shop"]]["subscriptions"]
        subscription = subscriptions.get(delivery["subscription"])
        if subscription is None:
            return
        subscription["failures"] = 0 if succeeded else subscription["failures"] + 1
        if subscription["failures"] >= self.switches[delivery["shop"]].failures_that_delete:
            del subscriptions[delivery["subscription"]]
