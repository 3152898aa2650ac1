"""BigCommerce's webhooks: ids of what changed, to whoever subscribed, tried for two days."""

import hashlib
import json
import time
from typing import Any
from uuid import uuid4

from app.sandbox.bigcommerce.records import Records
from app.sandbox.bigcommerce.signing import of_webhook
from app.sandbox.bigcommerce.switches import Switches
from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter

Thing = dict[str, Any]

WAITS = (60.0, 180.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 21600.0, 50400.0, 86400.0)


class Courier(courier.Courier[Switches]):
    """Sends what happens. How long it waits for an answer, BigCommerce does not tell."""

    connect_seconds = 5.0
    try_seconds = 10.0
    waits = WAITS

    def __init__(self, records: Records) -> None:
        super().__init__(Switches)
        self._records = records

    def happened(self, shop: Thing, scope: str, data: Thing) -> None:
        """Queue a webhook for everybody who subscribed to it."""
        for each in tuple(shop["subscriptions"].values()):
            if not each["is_active"] or each["scope"] not in (scope, _every(scope)):
                continue
            told = {
                "producer": f"stores/{shop['name']}",
                "created_at": int(time.time()),
                "store_id": shop["number"],
                "scope": scope,
                "data": data,
            }
            told["hash"] = hashlib.sha1(json.dumps(told).encode(), usedforsecurity=False).hexdigest()
            given = {
                "topic": scope,
                "address": each["destination"],
                "subscription": str(each["id"]),
                "message": f"msg_{uuid4().hex}",
                "body": json.dumps(told, separators=(",", ":")),
            }
            self.queue(shop["name"], given)

    def letter(self, delivery: Thing) -> Letter | None:
        """Return the webhook, signed for this try; None when its subscription is gone or stopped."""
        subscription = self._records.shops[delivery["shop"]]["subscriptions"].get(delivery["subscription"])
        if subscription is None or not subscription["is_active"]:
            return None
        body, now = delivery["body"].encode(), int(time.time())
        headers = {"Content-Type": "application/json", **(subscription["headers"] or {})}
        if self.switches[delivery["shop"]].signs:
            signature = of_webhook(subscription["secret"], delivery["message"], now, body)
            headers |= {
                "webhook-id": delivery["message"],
                "webhook-timestamp": str(now),
                "webhook-signature": signature,
            }
        return Letter(body=body, headers=headers)

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Stop a subscription whose webhook failed at its last try."""
        if succeeded or delivery["tries"] <= len(WAITS):
            return
        subscription = self._records.shops[delivery["shop"]]["subscriptions"].get(delivery["subscription"])
        if subscription is not None:
            subscription["is_active"] = False


def _every(scope: str) -> str:
    """Return the scope that stands for this one and all like it."""
    return f"{scope.rpartition('/')[0]}/*"
