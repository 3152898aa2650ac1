"""The merchants' triggers: an address is called, with parameters and nothing else."""

import time
from typing import Any
from urllib.parse import urlencode

from app.sandbox.channelengine.switches import Switches
from app.sandbox.shop import courier
from app.sandbox.shop.courier import Letter

Thing = dict[str, Any]


class Courier(courier.Courier[Switches]):
    """Calls once, since nobody knows whether ChannelEngine tries again. Changes that come together are one trigger."""

    connect_seconds = 5.0
    try_seconds = 10.0
    waits = ()

    def __init__(self) -> None:
        super().__init__(Switches)

    def happened(self, shop: Thing) -> None:
        """Trigger everybody whom the merchant wants to be told."""
        tenant = shop["name"].partition(".")[0]
        for name, each in shop["subscriptions"].items():
            told = {"type": "products", "tenant": tenant, "updatedSince": str(int(time.time()))}
            joint = "&" if "?" in each["address"] else "?"
            given = {
                "topic": "products",
                "address": f"{each['address']}{joint}{urlencode(told)}",
                "subscription": name,
                "body": None,
            }
            self.queue(shop["name"], given, collapse=name)

    def letter(self, delivery: Thing) -> Letter | None:  # noqa: ARG002 - the address says everything
        """Return the call."""
        return Letter(body=b"", method="GET")
