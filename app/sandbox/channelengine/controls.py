"""``/_sandbox``: what only merchants of ChannelEngine do, beside what all merchants do."""

from fastapi import APIRouter

from app.sandbox.channelengine.here import Here
from app.sandbox.channelengine.merchant import Thing
from app.sandbox.shop.controls import PRODUCT
from app.sandbox.shop.given import Given
from app.sandbox.shop.oversight import SHOP

routes = APIRouter()


class Trigger(Given):
    """An address that is called when products change."""

    name: str = "trigger"
    address: str


class Mapped(Given):
    """Fields of the channel, and what they have for one product."""

    fields_of_channel: dict[str, str]


@routes.put(SHOP + "/triggers")
async def trigger(sandbox: Here, shop: str, body: Trigger) -> Thing:
    sandbox.shop(shop)["subscriptions"][body.name] = {"id": body.name, "address": body.address}
    sandbox.changed()
    return sandbox.look(shop)


@routes.put(PRODUCT + "/mapped")
async def mapped(sandbox: Here, shop: str, product_id: str, body: Mapped) -> Thing:
    return sandbox.map(shop, product_id, body.fields_of_channel)


@routes.delete(SHOP + "/keys")
async def revoke(sandbox: Here, shop: str) -> Thing:
    """Take the key back, of which nobody is told."""
    sandbox.shop(shop)["keys"].clear()
    sandbox.changed()
    return {}
