"""Delivering webhooks as Shopware does: signed for apps, tried four times, and switched off without a word.

https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html: a try has 10 s to connect and 20 s in all;
retries after 1, 2 and 4 s. Shops without a queue worker, and all shops for what is about an app itself, send at once and
once. A delivery that is given up on counts against its webhook; ten switch it off, one that arrives sets the count back.
"""

import hashlib
import hmac
import json
import time
from typing import Any

from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter
from app.sandbox.shopware.bodies import envelope, written
from app.sandbox.shopware.records import LIVE_VERSION, Thing, new_id
from app.sandbox.shopware.shops import Shops
from app.sandbox.shopware.switches import Switches

VERSION = "6.6.10.3"
LANGUAGE = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"


class Courier(courier.Courier[Switches]):
    """Sends what happens in the shops to whoever subscribed."""

    connect_seconds = 10.0
    try_seconds = 20.0
    waits = (1, 2, 4)

    def __init__(self, shops: Shops) -> None:
        super().__init__(Switches)
        self._shops = shops

    def notify(self, shop: Thing, event: str, payload: Any) -> None:
        """Tell a happening to every active webhook of its event."""
        about_the_app = event.startswith("app.")
        for each in tuple(shop["subscriptions"].values()):
            if each["eventName"] != event or not each["active"]:
                continue
            if each["appId"] is not None and not about_the_app and not shop["app"]["active"]:
                continue
            seen = _of_live_version(payload) if each.get("onlyLiveVersion") else payload
            if seen or not payload:
                self._post(shop, each, event, seen, once=about_the_app)

    def _post(self, shop: Thing, webhook: Thing, event: str, payload: Any, *, once: bool) -> None:
        source = {"url": shop["url"]}
        if webhook["appId"] is not None:
            source |= {"appVersion": shop["app"]["version"], "shopId": shop["shop_id"]}
        source["eventId"] = new_id()
        given: Thing = {
            "topic": event,
            "address": webhook["url"],
            "subscription": webhook["id"],
            "body": None,
            "told": envelope(event, payload, source),
            # The secret is that of the moment, even if another one counts by the time it is sent.
            "signed_with": None if webhook["appId"] is None else len(shop["app_secrets"]) - 1,
            "once": once or self.switches[shop["shop"]].synchronous,
            "sequence": len(self.deliveries) + 1,
        }
        self.queue(shop["shop"], given)

    def letter(self, delivery: Thing) -> Letter | None:
        """Return a body with the time of this try in it, and its signature."""
        if delivery["once"] and delivery["tries"]:
            return None
        delivery["body"] = written({**delivery["told"], "timestamp": int(time.time())})
        body = delivery["body"].encode()
        headers = {
            "Content-Type": "application/json",
            "sw-version": VERSION,
            "sw-context-language": LANGUAGE,
            "sw-user-language": "nl-NL",
        }
        shop = self._shops.shops[delivery["shop"]]
        if delivery["signed_with"] is not None:
            secret = shop["app_secrets"][delivery["signed_with"]]
            headers["shopware-shop-signature"] = signature(body, secret)
        if self.switches[delivery["shop"]].outbox:
            headers |= {
                "X-Shopware-Event-Id": delivery["told"]["source"]["eventId"],
                "X-Shopware-Sequence": str(delivery["sequence"]),
                "X-Shopware-Attempt": str(delivery["tries"] + 1),
            }
        return Letter(body=body, headers=headers)

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Count deliveries that are given up on; too many switch the webhook off, and nobody is told."""
        webhook = self._shops.shops[delivery["shop"]]["subscriptions"].get(delivery["subscription"])
        if webhook is None:
            return
        if succeeded:
            webhook["errorCount"] = 0
        elif delivery["once"] or delivery["tries"] > len(self.waits):
            webhook["errorCount"] += 1
            if webhook["errorCount"] >= self.switches[delivery["shop"]].failures_that_disable:
                webhook["active"] = False


def signature(message: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def _of_live_version(payload: Any) -> Any:
    """Leave out the rows of other versions. PHP then writes the list as a map, unless only its end is missing."""
    if not isinstance(payload, list):
        return payload
    kept = {str(n): row for n, row in enumerate(payload) if row.get("versionId") == LIVE_VERSION}
    return list(kept.values()) if list(kept) == [str(n) for n in range(len(kept))] else kept


def read_error(text: str) -> str:
    """Return what an app says in its refusal."""
    try:
        return str(json.loads(text)["error"])
    except (ValueError, KeyError, TypeError):
        return text[:200]
