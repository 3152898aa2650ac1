"""``/_sandbox``: what only merchants of WooCommerce shops do, beside what all merchants do."""

from typing import Literal

from fastapi import APIRouter

from app.sandbox.shop.given import Given
from app.sandbox.shop.oversight import SHOP
from app.sandbox.woocommerce.here import Here
from app.sandbox.woocommerce.posts import Thing

POST = SHOP + "/posts/{post_id}"

routes = APIRouter()


class PostChange(Given):
    """Fields of a product or a variation by the plugin's own names. ``type`` is changed without a word to anybody."""

    status: Literal["publish", "draft", "pending", "private", "future"] = "publish"
    type: str = "simple"
    title: str = ""
    sku: str = ""
    regular_price: str = ""
    sale_price: str = ""
    manage_stock: bool = False
    stock_quantity: int | None = None
    stock_status: Literal["instock", "outofstock", "onbackorder"] = "instock"
    backorders: Literal["no", "notify", "yes"] = "no"
    catalog_visibility: Literal["visible", "catalog", "search", "hidden"] = "visible"
    created: str = ""
    """When it was made, or, with the status ``future``, when it will be published; UTC."""


class ShopChange(Given):
    """Settings of a shop."""

    prices_include_tax: bool = False
    currency: str = "EUR"


class Role(Given):
    """What a user of the shop is; webhooks and keys have the rights of theirs."""

    role: Literal["administrator", "shop_manager", "customer"]


@routes.patch(POST)
async def change(sandbox: Here, shop: str, post_id: str, body: PostChange) -> Thing:
    found = sandbox.shop(shop)
    post = sandbox.posts.post(found, post_id)
    sandbox.posts.change(found, post, body.fields())
    return post


@routes.post(POST + "/restore")
async def restore(sandbox: Here, shop: str, post_id: str) -> Thing:
    found = sandbox.shop(shop)
    sandbox.posts.restore(found, sandbox.posts.post(found, post_id))
    return sandbox.posts.post(found, post_id)


@routes.delete(POST)
async def delete_for_good(sandbox: Here, shop: str, post_id: str) -> Thing:
    """Delete past the trash, as an app or an import does by ``force``."""
    found = sandbox.shop(shop)
    sandbox.posts.delete(found, sandbox.posts.post(found, post_id))
    return {"deleted": post_id}


@routes.delete(SHOP + "/trash")
async def empty_trash(sandbox: Here, shop: str) -> Thing:
    sandbox.posts.empty_trash(sandbox.shop(shop))
    return {}


@routes.patch(SHOP)
async def set_up(sandbox: Here, shop: str, body: ShopChange) -> Thing:
    sandbox.shop(shop).update(body.fields())
    sandbox.changed()
    return sandbox.look(shop)


@routes.put(SHOP + "/users/{user}")
async def role(sandbox: Here, shop: str, user: str, body: Role) -> Thing:
    sandbox.shop(shop)["users"][user] = {"role": body.role}
    sandbox.changed()
    return {"role": body.role}


@routes.delete(SHOP + "/users/{user}")
async def remove_user(sandbox: Here, shop: str, user: str) -> Thing:
    sandbox.shop(shop)["users"].pop(user, None)
    sandbox.changed()
    return {}


@routes.delete(SHOP + "/keys")
async def revoke(sandbox: Here, shop: str) -> Thing:
    """Take every key back, of which no app is told."""
    sandbox.shop(shop)["keys"].clear()
    sandbox.changed()
    return {}
