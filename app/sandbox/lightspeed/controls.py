"""``/_sandbox``: what only merchants of Lightspeed shops do, beside what all merchants do."""

from typing import Literal

from fastapi import APIRouter

from app.sandbox.lightspeed import store
from app.sandbox.lightspeed.here import Here
from app.sandbox.lightspeed.merchant import Thing
from app.sandbox.shop.controls import PRODUCT
from app.sandbox.shop.given import Given
from app.sandbox.shop.oversight import SHOP

routes = APIRouter()


class Shown(Given):
    """How a product is shown: always, never, or (``auto``) while it is in stock."""

    visibility: Literal["visible", "hidden", "auto"]


class Told(Given):
    """The address at which the app hears of its removal."""

    address: str


class Languages(Given):
    """The languages that are active in a shop."""

    languages: list[str]


@routes.put(PRODUCT + "/visibility")
async def show(sandbox: Here, shop: str, product_id: str, body: Shown) -> Thing:
    return sandbox.show(shop, product_id, body.visibility)


@routes.post(SHOP + "/remove-app")
async def remove_app(sandbox: Here, shop: str, body: Told) -> Thing:
    return {"answered": await store.removed(sandbox, sandbox.shop(shop), body.address)}


@routes.put(SHOP + "/languages")
async def languages(sandbox: Here, shop: str, body: Languages) -> Thing:
    sandbox.shop(shop)["languages"] = body.languages
    sandbox.changed()
    return sandbox.look(shop)


@routes.delete(SHOP + "/keys")
async def revoke(sandbox: Here, shop: str) -> Thing:
    """Take every key back, of which nobody is told."""
    sandbox.shop(shop)["keys"].clear()
    sandbox.changed()
    return {}
