"""``/_sandbox``, the second half: what is counted, how open questions are answered, and misbehaviour."""

import random
from typing import Any

from fastapi import APIRouter, HTTPException
from pydantic import ValidationError

from app.sandbox.orderchamp.faults import Fault
from app.sandbox.orderchamp.sandbox import Sandbox
from app.sandbox.orderchamp.switches import Switches

Thing = dict[str, Any]


def count_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes that show what was called and sent, and the one that wipes everything."""
    routes = APIRouter(prefix="/_sandbox")

    @routes.get("/calls")
    async def calls() -> Thing:
        return sandbox.calls.shown()

    @routes.delete("/calls")
    async def forget_calls() -> Thing:
        sandbox.calls.reset()
        return {}

    @routes.get("/webhooks")
    async def webhook_tries() -> list[Thing]:
        return list(sandbox.courier.delivered)

    @routes.get("/quiet")
    async def quiet() -> Thing:
        """Tell how many webhooks are under way."""
        return {"pending": sandbox.courier.pending}

    @routes.delete("")
    async def wipe() -> Thing:
        sandbox.wipe()
        return {}

    return routes


def behaviour_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes for switches and faults."""
    routes = APIRouter(prefix="/_sandbox")

    @routes.get("/switches")
    async def switches() -> Switches:
        return sandbox.market.switches

    @routes.put("/switches")
    async def switch(body: Thing) -> Switches:
        """Set some switches; the others stay. Every bucket is full again."""
        try:
            chosen = Switches.model_validate({**sandbox.market.switches.model_dump(), **body})
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from error
        sandbox.market.switches = chosen
        sandbox.buckets.refill()
        sandbox.market.changed()
        return chosen

    @routes.get("/faults")
    async def faults() -> list[Fault]:
        return sandbox.faults.active

    @routes.post("/faults")
    async def add_fault(body: Fault) -> list[Fault]:
        sandbox.faults.active.append(body)
        return sandbox.faults.active

    @routes.delete("/faults")
    async def clear_faults(token: str | None = None) -> Thing:
        """Behave again: to everybody, or to the one with this token."""
        sandbox.faults.active[:] = [each for each in sandbox.faults.active if token not in (None, each.token)]
        return {}

    @routes.put("/seed/{seed}")
    async def choose_chance(seed: int) -> Thing:
        """Have all that is left to chance from now on follow from a number."""
        random.seed(seed)
        return {"seed": seed}

    return routes
