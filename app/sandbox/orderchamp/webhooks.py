"""Telling webhooks about products: signed, best effort, repeated while the other side does not answer 2xx.

What is on its way is not saved: a restart forgets it. Order and single delivery are promised by nobody.
"""

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.fields import CDN
from app.sandbox.orderchamp.identity import number_of
from app.sandbox.orderchamp.market import Event, Market
from app.sandbox.orderchamp.records import Product, Webhook
from app.sandbox.orderchamp.stock import inventory_quantity

Post = Callable[[str, Mapping[str, str], bytes, float], Awaitable[int | None]]
"""Posts a body with headers to an address within so many seconds; the status, or None when there was no answer."""

GROWTH = 1.5
REMEMBERED = 200


async def post(url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> int | None:  # noqa: ASYNC109
    """Post a body over HTTP, following no redirects."""
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=timeout) as client:
            return (await client.post(url, headers=dict(headers), content=body)).status_code
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


class Courier:
    """Delivers events to the webhooks of their account. ``app_secret`` signs for those that an app registered."""

    def __init__(
        self,
        market: Market,
        *,
        post: Post = post,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        app_secret: str = "",
    ) -> None:
        self._market = market
        self._post = post
        self._sleep = sleep
        self._app_secret = app_secret
        self._under_way: set[asyncio.Task[None]] = set()
        self.delivered: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)
        """The last tries: webhook, event, product, status (None: no answer)."""

    def tell(self, catalogue: Catalogue, event: Event, product: Product) -> None:
        """Start delivering an event to everyone who asked for it."""
        wanted = [each for each in catalogue.account.webhooks.values() if event in each.events]
        if not wanted:
            return
        shown = {"id": product.id} if event == "PRODUCT_DELETED" else product_view(self._market, catalogue, product)
        body = json.dumps({"data": {"product": shown}}, separators=(",", ":")).encode()
        for webhook in wanted:
            task = asyncio.create_task(self._deliver(catalogue, webhook, event, product.id, body))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)

    @property
    def pending(self) -> int:
        """How many deliveries are under way, or wait to be repeated."""
        return len(self._under_way)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Give up what is under way."""
        for task in self._under_way:
            task.cancel()
        await asyncio.gather(*self._under_way, return_exceptions=True)

    async def _deliver(
        self, catalogue: Catalogue, webhook: Webhook, event: Event, product_id: str, body: bytes
    ) -> None:
        switches = self._market.switches
        # The app's secret signs for what it registered (documented); for a private token nobody knows what does.
        key = self._app_secret if webhook.of_app else switches.webhook_secret
        headers = {
            "Content-Type": "application/json",
            "X-Orderchamp-Account-Id": catalogue.account.id,
            "X-Orderchamp-Event": event,
            "X-Orderchamp-Signature": hmac.new(key.encode(), body, hashlib.sha256).hexdigest(),
            "X-Orderchamp-Webhook-Id": webhook.id,
        }
        for wait in (0.0, *waits(switches.webhook_retries, switches.webhook_retry_hours * 3600)):
            if wait > 0:
                await self._sleep(wait)
            if webhook.id not in catalogue.account.webhooks:
                return
            status = await self._post(webhook.url, headers, body, switches.webhook_timeout_seconds)
            self.delivered.append({"webhook": webhook.id, "event": event, "product": product_id, "status": status})
            if status is not None and 200 <= status < 300:  # noqa: PLR2004 - only this range counts (documented)
                return
        # The likeliest reading of what is known: an address that never answers is removed in the end.
        catalogue.account.webhooks.pop(webhook.id, None)
        self._market.changed()


def waits(retries: int, seconds: float) -> list[float]:
    """Return the growing waits before each retry, in seconds, which together take as long as given."""
    if retries == 0:
        return []
    first = seconds * (GROWTH - 1) / (GROWTH**retries - 1)
    return [first * GROWTH**n for n in range(retries)]


def product_view(market: Market, catalogue: Catalogue, product: Product) -> dict[str, Any]:
    """Return what a webhook carries of a product (documented, on an older page)."""
    images = [
        {"node": {"id": each.id, "position": n, "originalUrl": f"{CDN}/{number_of(each.id)}.jpg"}}
        for n, each in enumerate(product.arrived(market.now()), 1)
    ]
    variants = [
        {
            "node": {
                "id": each.id,
                "inventoryQuantity": inventory_quantity(market, each),
                "position": n,
                "price": str(each.price),
            }
        }
        for n, each in enumerate((catalogue.account.variants[each] for each in product.variant_ids), 1)
    ]
    return {
        "id": product.id,
        "title": product.title,
        "description": product.details.get("description"),
        "createdAt": product.created_at.isoformat(),
        "updatedAt": product.updated_at.isoformat(),
        "images": {"edges": images},
        "variants": {"edges": variants},
    }
