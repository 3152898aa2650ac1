"""``/_sandbox``: what only merchants of Shopware do. Everything that all shops have is in ``app.sandbox.shop.controls``."""

import base64
import binascii
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import Field

from app.sandbox.shop.given import Given
from app.sandbox.shop.oversight import SHOP
from app.sandbox.shop.sandbox import Impossible
from app.sandbox.shopware.records import Thing
from app.sandbox.shopware.sandbox import Sandbox

routes = APIRouter()


def _here(request: Request) -> Sandbox:
    sandbox: Sandbox = request.app.state.sandbox
    return sandbox


Here = Annotated[Sandbox, Depends(_here)]


class Switched(Given):
    """Whether a product or a variant is active; null: a variant is what its product is."""

    active: bool | None


class Seen(Given):
    """How a product is seen in a sales channel, the first one unless it is named; null: not at all."""

    visibility: int | None
    sales_channel: str | None = None


class Line(Given):
    """So many of a product or a variant."""

    product: str
    quantity: int = Field(gt=0)


class Ordered(Given):
    """An order."""

    lines: list[Line]


class Stocks(Given):
    """The stock of many products and variants, by their ids."""

    stock: dict[str, int]


class Uploaded(Given):
    """An app as a merchant uploads it: the archive, in base64. ``activate``: and switches it on."""

    archive: str
    activate: bool = True


class Again(Given):
    """Another registration of the app. ``url``: the address under which the shop is from now on."""

    url: str | None = None


class Granted(Given):
    """What the keys of integrations may do; null: everything."""

    privileges: list[str] | None


@routes.put(SHOP + "/products/{product_id}/active")
async def switch(sandbox: Here, shop: str, product_id: str, body: Switched) -> Thing:
    """Switch a product or a variant on or off."""
    found, entity = sandbox.entity(shop, product_id)
    sandbox.shops.switch(found, entity, body.active)
    return {"id": product_id, "active": body.active}


@routes.put(SHOP + "/products/{product_id}/visibility")
async def show(sandbox: Here, shop: str, product_id: str, body: Seen) -> Thing:
    """Show a product in a sales channel or not, of which nobody is told."""
    found, entity = sandbox.entity(shop, product_id)
    channel = body.sales_channel or next(iter(found["sales_channels"]))
    sandbox.shops.show_in(entity, channel, body.visibility)
    return {"id": product_id, "visibilities": entity["visibilities"]}


@routes.post(SHOP + "/products/{product_id}/draft")
async def draft(sandbox: Here, shop: str, product_id: str) -> Thing:
    """Save another version of a product, which is not sold."""
    sandbox.shops.save_draft(*sandbox.entity(shop, product_id))
    return {"id": product_id}


@routes.put(SHOP + "/stock")
async def set_stock(sandbox: Here, shop: str, body: Stocks) -> Thing:
    """Set many stocks in one write, as an import does; one webhook tells them all."""
    sandbox.shops.set_stock(sandbox.shop(shop), body.stock)
    return {"stock": body.stock}


@routes.post(SHOP + "/orders")
async def order(sandbox: Here, shop: str, body: Ordered) -> Thing:
    """Sell something: the stock changes, and no webhook of the product tells so."""
    return sandbox.shops.order(sandbox.shop(shop), [each.model_dump() for each in body.lines])


@routes.post(SHOP + "/orders/{order_id}/cancel")
async def cancel(sandbox: Here, shop: str, order_id: str) -> Thing:
    return sandbox.shops.cancel(sandbox.shop(shop), order_id)


@routes.post(SHOP + "/app")
async def install(sandbox: Here, shop: str, body: Uploaded) -> Thing:
    """Upload, install and activate an app: the shop registers with the app's server meanwhile."""
    try:
        archive = base64.b64decode(body.archive, validate=True)
    except binascii.Error:
        raise Impossible("The archive is not base64.") from None
    await sandbox.apps.install(sandbox.shop(shop), archive, activate=body.activate)
    return sandbox.look(shop)


@routes.delete(SHOP + "/app")
async def uninstall(sandbox: Here, shop: str) -> Thing:
    sandbox.apps.uninstall(sandbox.shop(shop))
    return sandbox.look(shop)


@routes.post(SHOP + "/app/activate")
async def activate(sandbox: Here, shop: str) -> Thing:
    sandbox.apps.activate(sandbox.shop(shop), active=True)
    return sandbox.look(shop)


@routes.post(SHOP + "/app/deactivate")
async def deactivate(sandbox: Here, shop: str) -> Thing:
    sandbox.apps.activate(sandbox.shop(shop), active=False)
    return sandbox.look(shop)


@routes.post(SHOP + "/app/register-again")
async def register_again(sandbox: Here, shop: str, body: Again) -> Thing:
    """Exchange the app's secret, perhaps because the shop has moved."""
    await sandbox.apps.register_again(sandbox.shop(shop), body.url)
    return sandbox.look(shop)


@routes.put(SHOP + "/privileges")
async def grant(sandbox: Here, shop: str, body: Granted) -> Thing:
    """Change what integrations may do."""
    for each in sandbox.shop(shop)["integrations"].values():
        if not each["app"]:
            each["privileges"] = body.privileges
    sandbox.changed()
    return sandbox.look(shop)


@routes.delete(SHOP + "/keys")
async def revoke(sandbox: Here, shop: str) -> Thing:
    """Delete the integrations: their keys, and the tokens that they gave, end at once."""
    found = sandbox.shop(shop)
    found["integrations"] = {key: each for key, each in found["integrations"].items() if each["app"]}
    sandbox.changed()
    return sandbox.look(shop)


@routes.delete("/_sandbox/tokens")
async def forget_tokens(sandbox: Here) -> Thing:
    """Have all access tokens end now."""
    sandbox.access.forget()
    return {}
