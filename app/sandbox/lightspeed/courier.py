"""Lightspeed's webhooks: the whole resource to whoever subscribed, signed where an app subscribed."""

from typing import Any

from app.sandbox.lightspeed.records import Records, shown_product, shown_variant
from app.sandbox.lightspeed.signing import of_text
from app.sandbox.lightspeed.switches import Switches
from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter
from app.sandbox.shop.php import written

Thing = dict[str, Any]

WAITS = (1.0, 5.0, 30.0, 60.0, 300.0)
NAMES = {"products": "product", "variants": "variant"}


class Courier(courier.Courier[Switches]):
    """Sends what happens. How often, and how long it waits for an answer, Lightspeed does not tell."""

    connect_seconds = 5.0
    try_seconds = 10.0
    waits = WAITS

    def __init__(self, records: Records, app_secret: str) -> None:
        super().__init__(Switches)
        self._records = records
        self._app_secret = app_secret

    def happened(self, shop: Thing, topic: str, node: Thing) -> None:
        """Queue a webhook for everybody who subscribed to it."""
        group, _, action = topic.partition("/")
        switches = self.switches[shop["name"]]
        for each in tuple(shop["subscriptions"].values()):
            if not each["isActive"] or each["itemGroup"] != group or each["itemAction"] not in (action, "*"):
                continue
            told: Thing = shown_product(shop, node) if group == "products" else shown_variant(node)
            if action == "deleted":
                told = {"id": node["id"]} if switches.deletions_tell_ids else {}
            given = {
                "topic": topic,
                "address": each["address"],
                "subscription": str(each["id"]),
                "number": node["id"],
                "body": written({NAMES[group]: told}) if told else "",
            }
            self.queue(shop["name"], given)

    def letter(self, delivery: Thing) -> Letter | None:
        """Return the webhook; None when its subscription is gone, or it was tried as often as the shop tries."""
        shop = self._records.shops[delivery["shop"]]
        subscription = shop["subscriptions"].get(delivery["subscription"])
        switches = self.switches[delivery["shop"]]
        if subscription is None or delivery["tries"] >= switches.tries:
            return None
        group = delivery["topic"].partition("/")[0]
        headers = {
            "Content-Type": "application/json",
            "X-Shop-Id": str(shop["number"]),
            "X-Cluster-Id": shop["cluster"],
            "X-Format": "json",
            "X-Language": subscription["language"],
            f"X-{group.title()}-Id": str(delivery["number"]),
        }
        if switches.names_events:
            headers["X-Event"] = delivery["topic"]
        if subscription["by_app"]:
            headers["X-Signature"] = of_text(delivery["body"], self._app_secret)
        return Letter(body=delivery["body"].encode(), headers=headers)

    def tried(self, delivery: Thing, *, succeeded: bool) -> None:
        """Count failures in a row; where the shop is set so, one too many switches the webhook off."""
        subscription = self._records.shops[delivery["shop"]]["subscriptions"].get(delivery["subscription"])
        if subscription is None:
            return
        subscription["failures"] = 0 if succeeded else subscription["failures"] + 1
        allowed = self.switches[delivery["shop"]].failures_allowed
        if allowed is not None and subscription["failures"] > allowed:
            subscription["isActive"] = False
