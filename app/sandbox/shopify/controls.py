"""``/_sandbox``: what merchants do in their shops."""

from typing import Literal

from fastapi import APIRouter

from app.sandbox.shop.oversight import SHOP
from app.sandbox.shopify.catalogue import sample
from app.sandbox.shopify.given import (
    Frozen,
    Installed,
    NewProduct,
    NewVariant,
    Opened,
    ProductChange,
    Scopes,
    Stock,
    VariantChange,
)
from app.sandbox.shopify.here import Here
from app.sandbox.shopify.shops import Thing

PRODUCT = SHOP + "/products/{product_id}"
VARIANT = PRODUCT + "/variants/{variant_id}"

routes = APIRouter()


@routes.put(SHOP)
async def open_shop(sandbox: Here, shop: str, body: Opened | None = None) -> Thing:
    given = body or Opened()
    is_new = shop not in sandbox.shops.shops
    opened = sandbox.shops.open(shop, given.fields())
    sandbox.app_url = given.app_url or sandbox.app_url
    if is_new:
        for each in catalogue_of(given):
            sandbox.shops.create(opened, each)
    return shown(opened)


@routes.get(SHOP)
async def one_shop(sandbox: Here, shop: str) -> Thing:
    return shown(sandbox.shop(shop))


@routes.post(SHOP + "/uninstall")
async def uninstall(sandbox: Here, shop: str) -> Thing:
    sandbox.shops.uninstall(sandbox.shop(shop))
    return {"installed": False}


@routes.post(SHOP + "/reinstall")
async def reinstall(sandbox: Here, shop: str, body: Installed | None = None) -> Thing:
    sandbox.shop(shop)
    opened = sandbox.shops.open(shop, (body or Installed()).fields())
    return {"installed": True, "token": opened["token"]}


@routes.post(SHOP + "/tokens/expire")
async def expire(sandbox: Here, shop: str) -> Thing:
    """Have every token end now that expires; the refresh token still works."""
    return {"expired": sandbox.consent.expire(sandbox.shop(shop))}


@routes.post(SHOP + "/freeze")
async def freeze(sandbox: Here, shop: str, body: Frozen) -> Thing:
    sandbox.shop(shop)["frozen"] = body.frozen
    sandbox.shops.changed()
    return {"frozen": body.frozen}


@routes.post(SHOP + "/scopes")
async def scopes(sandbox: Here, shop: str, body: Scopes) -> Thing:
    sandbox.shops.grant(sandbox.shop(shop), body.scopes)
    return {"scopes": body.scopes}


@routes.post(SHOP + "/compliance/{topic:path}")
async def compliance(
    sandbox: Here, shop: str, topic: Literal["customers/data_request", "customers/redact", "shop/redact"]
) -> Thing:
    return {"address": sandbox.ask_for_compliance(sandbox.shop(shop), topic)}


def catalogue_of(given: Opened) -> list[Thing]:
    """Return the products that a new shop gets."""
    if isinstance(given.catalogue, list):
        return [each.fields() for each in given.catalogue]
    return sample() if given.catalogue == "sample" else []


def shown(shop: Thing) -> Thing:
    """Return a shop without its tokens."""
    return {key: value for key, value in shop.items() if key not in ("token", "expiring")}


@routes.get(SHOP + "/products")
async def products(sandbox: Here, shop: str) -> list[Thing]:
    return list(sandbox.shop(shop)["products"].values())


@routes.post(SHOP + "/products")
async def create(sandbox: Here, shop: str, body: NewProduct) -> Thing:
    return sandbox.shops.create(sandbox.shop(shop), body.fields())


@routes.get(PRODUCT)
async def product(sandbox: Here, shop: str, product_id: str) -> Thing:
    return sandbox.product(shop, product_id)[1]


@routes.patch(PRODUCT)
async def update(sandbox: Here, shop: str, product_id: str, body: ProductChange) -> Thing:
    return sandbox.shops.update(*sandbox.product(shop, product_id), body.fields())


@routes.delete(PRODUCT)
async def delete(sandbox: Here, shop: str, product_id: str) -> Thing:
    sandbox.shops.delete(*sandbox.product(shop, product_id))
    return {"deleted": product_id}


@routes.post(PRODUCT + "/publish")
async def publish(sandbox: Here, shop: str, product_id: str) -> Thing:
    return sandbox.shops.update(*sandbox.product(shop, product_id), {"status": "active", "published": True})


@routes.post(PRODUCT + "/unpublish")
async def unpublish(sandbox: Here, shop: str, product_id: str) -> Thing:
    """Make a product a draft. The other way to hide it is a PATCH with ``published: false``, which keeps the status."""
    return sandbox.shops.update(*sandbox.product(shop, product_id), {"status": "draft"})


@routes.post(PRODUCT + "/variants")
async def add(sandbox: Here, shop: str, product_id: str, body: NewVariant) -> Thing:
    return sandbox.shops.add_variant(*sandbox.product(shop, product_id), body.fields())


@routes.patch(VARIANT)
async def change(sandbox: Here, shop: str, product_id: str, variant_id: int, body: VariantChange) -> Thing:
    return sandbox.shops.change_variant(*sandbox.variant(shop, product_id, variant_id), body.fields())


@routes.delete(VARIANT)
async def remove(sandbox: Here, shop: str, product_id: str, variant_id: int) -> Thing:
    sandbox.shops.remove_variant(*sandbox.variant(shop, product_id, variant_id))
    return {"deleted": variant_id}


@routes.put(VARIANT + "/stock")
async def stock(sandbox: Here, shop: str, product_id: str, variant_id: int, body: Stock) -> Thing:
    found, product, variant = sandbox.variant(shop, product_id, variant_id)
    sandbox.shops.set_stock(found, product, variant, body.quantity, body.location)
    return variant


@routes.delete(VARIANT + "/stock/{location}")
async def disconnect(sandbox: Here, shop: str, product_id: str, variant_id: int, location: str) -> Thing:
    found, product, variant = sandbox.variant(shop, product_id, variant_id)
    sandbox.shops.disconnect(found, product, variant, location)
    return variant
