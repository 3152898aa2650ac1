"""``/_sandbox``: what only merchants of BigCommerce stores do, beside what all merchants do."""

from typing import Literal

from fastapi import APIRouter

from app.sandbox.bigcommerce import login
from app.sandbox.bigcommerce.here import Here
from app.sandbox.bigcommerce.merchant import Thing
from app.sandbox.shop.controls import PRODUCT, VARIANT
from app.sandbox.shop.given import Given, Stock
from app.sandbox.shop.oversight import SHOP
from app.sandbox.shop.sandbox import Unknown

routes = APIRouter()


class Sold(Given):
    """Whether a product that is visible may be bought."""

    availability: Literal["available", "preorder", "disabled"]


class Told(Given):
    """The address at which the app hears of its removal."""

    address: str


@routes.put(PRODUCT + "/availability")
async def sell(sandbox: Here, shop: str, product_id: str, body: Sold) -> Thing:
    return sandbox.sell(shop, product_id, body.availability)


@routes.put(VARIANT + "/locations/{location}")
async def set_stock(sandbox: Here, shop: str, product_id: str, variant_id: str, location: int, body: Stock) -> Thing:
    return sandbox.set_stock_at(shop, product_id, variant_id, str(location), body.quantity)


@routes.post(VARIANT + "/order")
async def order(sandbox: Here, shop: str, product_id: str, variant_id: str, body: Stock) -> Thing:
    return sandbox.order(shop, product_id, variant_id, body.quantity)


@routes.post(SHOP + "/remove-app")
async def remove_app(sandbox: Here, shop: str, body: Told) -> Thing:
    return {"answered": await login.removed(sandbox, sandbox.shop(shop), body.address)}


@routes.delete(SHOP + "/accounts")
async def revoke(sandbox: Here, shop: str) -> Thing:
    """Delete every API account. Nobody is told, and webhooks go on."""
    sandbox.shop(shop)["accounts"].clear()
    sandbox.changed()
    return {}


@routes.post(SHOP + "/subscriptions/{subscription_id}/deactivate")
async def deactivate(sandbox: Here, shop: str, subscription_id: str) -> Thing:
    """Stop a webhook, as for one that had nothing to tell for ninety days."""
    found = sandbox.shop(shop)["subscriptions"].get(subscription_id)
    if found is None:
        raise Unknown("There is no such webhook")
    found["is_active"] = False
    sandbox.changed()
    return {"deactivated": subscription_id}
