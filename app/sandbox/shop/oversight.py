"""``/_sandbox``: looking at webhooks and calls, and making shops misbehave."""

import random
from collections import Counter
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import ValidationError

from app.sandbox.faults import Fault
from app.sandbox.shop.here import AnyHere
from app.sandbox.shop.sandbox import Thing

SHOP = "/_sandbox/shops/{shop}"
LONGEST_WAIT = 60.0

routes = APIRouter()


class ShopFault(Fault):
    """A misbehaviour of one shop; of all of them if it is not named."""

    shop: str | None = None


@routes.get(SHOP + "/subscriptions")
async def subscriptions(sandbox: AnyHere, shop: str) -> list[Thing]:
    """Return the standing orders, without what they are signed with."""
    found = sandbox.shop(shop)["subscriptions"].values()
    return [{name: value for name, value in each.items() if name != "secret"} for each in found]


@routes.delete(SHOP + "/subscriptions/{subscription_id}")
async def forget(sandbox: AnyHere, shop: str, subscription_id: str) -> Thing:
    """Remove a subscription and tell nobody."""
    sandbox.shop(shop)["subscriptions"].pop(subscription_id, None)
    sandbox.changed()
    return {"deleted": subscription_id}


@routes.get(SHOP + "/deliveries")
async def deliveries(sandbox: AnyHere, shop: str) -> list[Thing]:
    return [each for each in sandbox.courier.deliveries.values() if each["shop"] == shop]


@routes.post(SHOP + "/deliveries/{delivery_id}/redeliver")
async def redeliver(sandbox: AnyHere, shop: str, delivery_id: str) -> Thing:
    delivery = sandbox.delivery(shop, delivery_id)
    sandbox.courier.redeliver(delivery)
    return delivery


@routes.get(SHOP + "/quiet")
async def quiet(sandbox: AnyHere, shop: str, within: float = 0) -> Thing:
    """Tell how many deliveries are not finished, having waited ``within`` seconds for them at most, and how many were dropped."""
    if within > 0:
        await sandbox.courier.quiet(shop, min(within, LONGEST_WAIT))
    return {"pending": sandbox.courier.pending(shop), "dropped": sandbox.courier.dropped[shop]}


@routes.get(SHOP + "/switches")
async def switches(sandbox: AnyHere, shop: str) -> Thing:
    found: Thing = sandbox.courier.switches[shop].model_dump()
    return found


@routes.put(SHOP + "/switches")
async def switch(sandbox: AnyHere, shop: str, body: dict[str, Any]) -> Thing:
    """Set the switches that are named; the others stay as they are."""
    before = sandbox.courier.switches[shop]
    try:
        changed = type(before).model_validate({**before.model_dump(), **body})
    except ValidationError as error:
        raise HTTPException(422, str(error)) from error
    sandbox.courier.switches[shop] = changed
    if not changed.reorder:
        sandbox.courier.release(shop)
    sandbox.changed()
    return await switches(sandbox, shop)


@routes.get("/_sandbox/calls")
async def calls(sandbox: AnyHere, shop: str | None = None) -> Thing:
    """Count calls by what they did and by the name of their operation, of one shop or of all."""
    by_operation = _sum(sandbox.gate.calls, shop)
    throttled = by_operation.pop("throttled", 0)
    by_name = dict(_sum(sandbox.gate.names, shop))
    total = sum(by_operation.values())
    return {"total": total, "throttled": throttled, "by_operation": dict(by_operation), "by_name": by_name}


@routes.delete("/_sandbox/calls")
async def forget_calls(sandbox: AnyHere) -> Thing:
    sandbox.gate.calls.clear()
    sandbox.gate.names.clear()
    return {}


@routes.get("/_sandbox/faults")
async def faults(sandbox: AnyHere) -> list[Thing]:
    return [
        {"shop": whose or None, **fault.model_dump()}
        for whose, all_of in sandbox.gate.faults.items()
        for fault in all_of.active
    ]


@routes.post("/_sandbox/faults")
async def add_fault(sandbox: AnyHere, body: ShopFault) -> list[Thing]:
    sandbox.gate.faults[body.shop or ""].active.append(body)
    return await faults(sandbox)


@routes.delete("/_sandbox/faults")
async def clear_faults(sandbox: AnyHere, shop: str | None = None) -> Thing:
    """Behave again: in every shop, or in one."""
    if shop is None:
        sandbox.gate.faults.clear()
    else:
        sandbox.gate.faults.pop(shop, None)
    return {}


@routes.put("/_sandbox/seed/{seed}")
async def choose_chance(seed: int) -> Thing:
    """Have all that is left to chance from now on follow from a number."""
    random.seed(seed)
    return {"seed": seed}


def _sum(counters: dict[str, Counter[str]], shop: str | None) -> Counter[str]:
    return sum((each for name, each in counters.items() if shop in (None, name)), Counter())
