"""``/_sandbox``: what merchants do in their shops, alike on every platform. A platform may have controls of its own besides."""

from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request

from app.sandbox.shop.given import NewProduct, NewVariant, Opened, ProductChange, Stock, VariantChange
from app.sandbox.shop.oversight import SHOP
from app.sandbox.shop.sandbox import Thing

PRODUCT = SHOP + "/products/{product_id}"
VARIANT = PRODUCT + "/variants/{variant_id}"


class Merchant(Protocol):
    """What a merchant can do. ``given`` holds only the fields that were given, see ``app.sandbox.shop.given``.

    Shops, products and variants are returned as the controls show them: without secrets, a product with its ``id``,
    ``title`` and ``variants``, a variant with its ``id`` and ``sku``. Unknown: there is no such thing. Impossible: the
    platform would not let a merchant do this.
    """

    def open(self, shop: str, given: Thing) -> Thing:
        """Open a shop, or give an open one other credentials."""

    def look(self, shop: str) -> Thing: ...

    def products(self, shop: str) -> list[Thing]: ...

    def product(self, shop: str, product_id: str) -> Thing: ...

    def create(self, shop: str, given: Thing) -> Thing: ...

    def update(self, shop: str, product_id: str, given: Thing) -> Thing: ...

    def delete(self, shop: str, product_id: str) -> None:
        """Delete a product in the way in which merchants of this platform do it as a rule."""

    def publish(self, shop: str, product_id: str, *, published: bool) -> Thing: ...

    def add_variant(self, shop: str, product_id: str, given: Thing) -> Thing: ...

    def change_variant(self, shop: str, product_id: str, variant_id: str, given: Thing) -> Thing: ...

    def remove_variant(self, shop: str, product_id: str, variant_id: str) -> None: ...

    def set_stock(self, shop: str, product_id: str, variant_id: str, quantity: int) -> Thing: ...


def _here(request: Request) -> Merchant:
    merchant: Merchant = request.app.state.sandbox
    return merchant


Here = Annotated[Merchant, Depends(_here)]

routes = APIRouter()


@routes.put(SHOP)
async def open_shop(merchant: Here, shop: str, body: Opened) -> Thing:
    return merchant.open(shop, body.fields())


@routes.get(SHOP)
async def look(merchant: Here, shop: str) -> Thing:
    return merchant.look(shop)


@routes.get(SHOP + "/products")
async def products(merchant: Here, shop: str) -> list[Thing]:
    return merchant.products(shop)


@routes.post(SHOP + "/products")
async def create(merchant: Here, shop: str, body: NewProduct) -> Thing:
    return merchant.create(shop, body.fields())


@routes.get(PRODUCT)
async def product(merchant: Here, shop: str, product_id: str) -> Thing:
    return merchant.product(shop, product_id)


@routes.patch(PRODUCT)
async def update(merchant: Here, shop: str, product_id: str, body: ProductChange) -> Thing:
    return merchant.update(shop, product_id, body.fields())


@routes.delete(PRODUCT)
async def delete(merchant: Here, shop: str, product_id: str) -> Thing:
    merchant.delete(shop, product_id)
    return {"deleted": product_id}


@routes.post(PRODUCT + "/publish")
async def publish(merchant: Here, shop: str, product_id: str) -> Thing:
    return merchant.publish(shop, product_id, published=True)


@routes.post(PRODUCT + "/unpublish")
async def unpublish(merchant: Here, shop: str, product_id: str) -> Thing:
    return merchant.publish(shop, product_id, published=False)


@routes.post(PRODUCT + "/variants")
async def add_variant(merchant: Here, shop: str, product_id: str, body: NewVariant) -> Thing:
    return merchant.add_variant(shop, product_id, body.fields())


@routes.patch(VARIANT)
async def change_variant(merchant: Here, shop: str, product_id: str, variant_id: str, body: VariantChange) -> Thing:
    return merchant.change_variant(shop, product_id, variant_id, body.fields())


@routes.delete(VARIANT)
async def remove_variant(merchant: Here, shop: str, product_id: str, variant_id: str) -> Thing:
    merchant.remove_variant(shop, product_id, variant_id)
    return {"deleted": variant_id}


@routes.put(VARIANT + "/stock")
async def set_stock(merchant: Here, shop: str, product_id: str, variant_id: str, body: Stock) -> Thing:
    return merchant.set_stock(shop, product_id, variant_id, body.quantity)
