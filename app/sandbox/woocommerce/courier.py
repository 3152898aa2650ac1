"""Delivering as the plugin does: built when its job runs, tried once, and after enough failures in a row no longer at all.

A job for the same webhook and product that still waits is not queued twice, so that bursts become one. What is told is the
product as it is when the job runs, or an error object when it is gone or the webhook's owner may not see it any more.
"""

import base64
import hashlib
import hmac
import html
import ipaddress
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter
from app.sandbox.shop.php import written
from app.sandbox.woocommerce.posts import Posts
from app.sandbox.woocommerce.refusals import invalid_id, may_not
from app.sandbox.woocommerce.shown import shown
from app.sandbox.woocommerce.switches import Switches
from app.sandbox.woocommerce.webhooks import hooks_of

Thing = dict[str, Any]

AGENT = "WooCommerce/11.2.0 Hookshot (WordPress/6.9)"
SUCCESS = range(200, 303)
SAFE_PORTS = (None, 80, 443, 8080)


class Courier(courier.Courier[Switches]):
    """Sends what hooks fire for. ``posts`` holds the shops."""

    connect_seconds = 10.0
    try_seconds = 60.0
    waits = ()

    def __init__(self, posts: Posts) -> None:
        super().__init__(Switches)
        self._posts = posts
        self._running: Counter[tuple[str, str]] = Counter()

    def fired(self, shop: Thing, hook: str, argument: int) -> None:
        """Queue a job for every active webhook that listens to a hook."""
        for webhook in tuple(shop["subscriptions"].values()):
            if webhook["status"] != "active" or hook not in hooks_of(webhook["topic"]):
                continue
            job = f"{webhook['id']}/{argument}"
            if self.switches[shop["name"]].loses_while_sending and self._running[shop["name"], job]:
                continue
            given = {
                "topic": webhook["topic"],
                "address": webhook["delivery_url"],
                "subscription": str(webhook["id"]),
                "argument": argument,
                "body": None,
            }
            self.queue(shop["name"], given, collapse=job)

    def letter(self, delivery: Thing) -> Letter | None:
        """Build the payload with the rights of the webhook's owner; None when there is no such webhook any more."""
        shop = self._posts.shops[delivery["shop"]]
        webhook = shop["subscriptions"].get(delivery["subscription"])
        if webhook is None:
            return None
        self._running[shop["name"], delivery["collapse"]] += 1
        delivery["address"] = self._address(shop, webhook)
        delivery["body"] = written(self._payload(shop, webhook, delivery["argument"]))
        body = delivery["body"].encode()
        resource, _, event = webhook["topic"].partition(".")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            "X-WC-Webhook-Source": shop["url"],
            "X-WC-Webhook-Topic": webhook["topic"],
            "X-WC-Webhook-Resource": resource,
            "X-WC-Webhook-Event": event,
            "X-WC-Webhook-Signature": signature(webhook["secret"], body),
            "X-WC-Webhook-ID": str(webhook["id"]),
            "X-WC-Webhook-Delivery-ID": self._delivery_id(shop, webhook),
        }
        return Letter(body=body, headers=headers)

    def _payload(self, shop: Thing, webhook: Thing, argument: int) -> Thing:
        resource, _, event = webhook["topic"].partition(".")
        if event == "deleted":
            return {"id": argument}
        if resource == "action":
            return {"action": event, "arg": argument}
        if not self._posts.may_manage(shop, webhook["user"]):
            return may_not("view this resource", known=webhook["user"] in shop["users"]).body
        post = shop["posts"].get(str(argument))
        return invalid_id("product").body if post is None else shown(shop, post)

    def _delivery_id(self, shop: Thing, webhook: Thing) -> str:
        """Return what a delivery is called: the same for all of one webhook within one second."""
        second = f"{webhook['id']}{int(self._posts.clock().timestamp())}"
        return hmac.digest(shop["salt"].encode(), second.encode(), "md5").hex()

    def accepts(self, status: int) -> bool:
        """Tell whether a status is taken for a success; that of a redirect is, although nobody follows it."""
        return status in SUCCESS

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Count failures in a row; one too many disables the webhook, and nobody is told."""
        self._running[delivery["shop"], delivery["collapse"]] -= 1
        webhook = self._posts.shops[delivery["shop"]]["subscriptions"].get(delivery["subscription"])
        if webhook is None:
            return
        if succeeded:
            webhook["failures"] = 0
        elif webhook["failures"] > self.switches[delivery["shop"]].failures_allowed:
            webhook["status"] = "disabled"
        else:
            webhook["failures"] += 1

    async def ping(self, shop: Thing, webhook: Thing) -> int | str:
        """Tell the address of a new webhook that it is one: unsigned, and whatever it answers."""
        headers = {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": AGENT}
        letter = Letter(body=f"webhook_id={webhook['id']}".encode(), headers=headers)
        return await self.send(self._address(shop, webhook), letter)

    def _address(self, shop: Thing, webhook: Thing) -> str:
        """Return where to deliver; what nobody can be reached at for an address that WordPress does not deliver to."""
        address: str = webhook["delivery_url"]
        refused = self.switches[shop["name"]].only_safe_addresses and not is_safe(address)
        return f"refused:{address}" if refused else address


def signature(secret: str, body: bytes) -> str:
    """Return base64 of HMAC-SHA256 over a body. Entities in the secret count as what they stand for."""
    key = html.unescape(secret).encode()
    return base64.b64encode(hmac.digest(key, body, hashlib.sha256)).decode()


def is_safe(address: str) -> bool:
    """Tell whether WordPress would deliver to an address that a shop's visitor could have given it."""
    parts = urlsplit(address)
    try:
        private = not ipaddress.ip_address(parts.hostname or "").is_global
    except ValueError:
        private = parts.hostname == "localhost"
    return not private and parts.port in SAFE_PORTS
