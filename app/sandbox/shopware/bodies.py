"""What webhooks say, and the bytes that are signed.

https://developer.shopware.com/docs/guides/plugins/apps/lifecycle/webhook.html
"""

import json
from typing import Any

from app.sandbox.shopware.records import LIVE_VERSION, Thing, new_id


def written(body: object) -> str:
    """Return a body as PHP writes JSON: slashes and everything beyond ASCII are escaped.

    Whoever checks a signature over a body that was parsed and written again is found out.
    """
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).replace("/", "\\/")


def rows(
    operation: str, entities: list[Thing], fields: tuple[str, ...] = (), *, version: str = LIVE_VERSION
) -> list[Thing]:
    """Return what a write did to products, a row each."""
    updated = {} if operation == "delete" else {"updatedFields": ["id", "versionId", *fields]}
    return [
        {"entity": "product", "operation": operation, "primaryKey": each["id"], **updated, "versionId": version}
        for each in entities
    ]


def order_body(order: Thing) -> Thing:
    """Return an order as its events tell it; whoever ordered is made up."""
    return {
        "extensions": [],
        "_uniqueIdentifier": order["id"],
        "versionId": LIVE_VERSION,
        "translated": [],
        "createdAt": order["createdAt"],
        "updatedAt": None,
        "orderNumber": order["orderNumber"],
        "orderDateTime": order["createdAt"],
        "orderCustomer": {"email": "zoe@example.com", "firstName": "Zo\u00eb", "lastName": "Vrij"},
        "lineItems": [_line(each) for each in order["lines"]],
        "stateMachineState": {"technicalName": order["state"]},
        "id": order["id"],
    }


def _line(line: Thing) -> Thing:
    return {
        "id": new_id(),
        "identifier": line["product"],
        "referencedId": line["product"],
        "productId": line["product"],
        "quantity": line["quantity"],
        "type": "product",
        "label": line["label"],
        "payload": {"productNumber": line["number"]},
    }


def envelope(event: str, payload: Any, source: Thing) -> Thing:
    """Return a body but for the time at which it is sent, which every try has of its own."""
    return {"data": {"payload": payload, "event": event}, "source": source}
