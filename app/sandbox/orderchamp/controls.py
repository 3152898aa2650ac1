"""``/_sandbox``, the first half: accounts, and what people do by hand in Orderchamp's back office."""

from typing import Any

from fastapi import APIRouter, HTTPException
from graphql import GraphQLError, GraphQLInputObjectType, coerce_input_value, validate_input_value
from pydantic import BaseModel, ConfigDict, Field

from app.sandbox.orderchamp import products, publication
from app.sandbox.orderchamp.account import Catalogue
from app.sandbox.orderchamp.executing import SCHEMA
from app.sandbox.orderchamp.records import Product
from app.sandbox.orderchamp.refusals import NotFound, Refused
from app.sandbox.orderchamp.sandbox import Sandbox
from app.sandbox.orderchamp.shown import shown_product, shown_variant

Thing = dict[str, Any]


class StorefrontBody(BaseModel):
    """A storefront to be made, or to be changed when the account has one of this name."""

    model_config = ConfigDict(extra="forbid")

    name: str
    is_published: bool = True


class AccountBody(BaseModel):
    """An account to be made or added to. ``same_account_as``: the token is a second one of that token's account."""

    model_config = ConfigDict(extra="forbid")

    name: str = "Sandbox supplier"
    storefronts: list[StorefrontBody] = Field(default_factory=lambda: [StorefrontBody(name="Main")])
    sales_channels: list[str] | None = None
    same_account_as: str | None = None


class ReserveBody(BaseModel):
    """Units that an open order reserves; negative: it lets go of them."""

    model_config = ConfigDict(extra="forbid")

    quantity: int


def account_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes for accounts and their tokens."""
    routes = APIRouter(prefix="/_sandbox")
    market = sandbox.market

    @routes.put("/accounts/{token}")
    async def open_account(token: str, body: AccountBody) -> Thing:
        if body.same_account_as is not None:
            if body.same_account_as not in market.tokens:
                raise HTTPException(404, "There is no token as given in same_account_as")
            account = market.second_token(token, same_account_as=body.same_account_as)
        else:
            storefronts = [(each.name, each.is_published) for each in body.storefronts]
            account = market.open_account(
                token, name=body.name, storefronts=storefronts, sales_channels=body.sales_channels
            )
        return {
            "account_id": account.id,
            "storefronts": [{"id": each.id, "name": each.name} for each in account.storefronts],
        }

    def set_revoked(token: str, *, revoked: bool) -> Thing:
        if token not in market.tokens:
            raise HTTPException(404, "There is no such token")
        market.tokens[token].revoked = revoked
        market.changed()
        return {"revoked": revoked}

    @routes.post("/tokens/{token}/revoke")
    async def revoke(token: str) -> Thing:
        return set_revoked(token, revoked=True)

    @routes.post("/tokens/{token}/restore")
    async def restore(token: str) -> Thing:
        return set_revoked(token, revoked=False)

    return routes


def look_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes that show products."""
    routes = APIRouter(prefix="/_sandbox")
    market = sandbox.market

    @routes.get("/products")
    async def products_shown(token: str | None = None, sku: str | None = None) -> list[Thing]:
        catalogues = list(market.catalogues.values()) if token is None else [_of_token(sandbox, token)]
        return [
            shown_product(market, catalogue, product)
            for catalogue in catalogues
            for product in _with_sku(catalogue, sku)
        ]

    @routes.get("/products/{product_id}")
    async def product_shown(product_id: str) -> Thing:
        return shown_product(market, *_held(sandbox, product_id))

    return routes


def product_routes(sandbox: Sandbox) -> APIRouter:
    """Return the routes that do by hand what people do with products in the back office."""
    routes = APIRouter(prefix="/_sandbox")
    market = sandbox.market

    @routes.post("/products")
    async def create(token: str, body: Thing) -> Thing:
        catalogue = _of_token(sandbox, token)
        publish_on = body.pop("publish_on", None)
        given = _input("ProductCreateInput", body)
        try:
            if publish_on is not None:
                catalogue.account.storefront(publish_on)
            product = products.create_product(market, catalogue, given)
            if publish_on is not None:
                publication.publish(market, catalogue, product, publish_on)
        except (Refused, NotFound) as refusal:
            raise HTTPException(422, str(refusal)) from refusal
        return shown_product(market, catalogue, product)

    @routes.patch("/products/{product_id}")
    async def change(product_id: str, body: Thing) -> Thing:
        catalogue, product = _held(sandbox, product_id)
        given = _input("ProductUpdateInput", {**body, "id": product_id})
        try:
            products.update_product(market, catalogue, product, given)
        except (Refused, NotFound) as refusal:
            raise HTTPException(422, str(refusal)) from refusal
        return shown_product(market, catalogue, product)

    @routes.delete("/products/{product_id}")
    async def delete(product_id: str) -> Thing:
        products.delete_product(market, *_held(sandbox, product_id))
        return {"deleted": product_id}

    @routes.post("/products/{product_id}/unpublish")
    async def unpublish(product_id: str) -> Thing:
        catalogue, product = _held(sandbox, product_id)
        publication.unpublish(market, catalogue, product)
        return shown_product(market, catalogue, product)

    return routes


def stock_routes(sandbox: Sandbox) -> APIRouter:
    """Return the route that does with stock what orders do."""
    routes = APIRouter(prefix="/_sandbox")
    market = sandbox.market

    @routes.post("/variants/{variant_id}/reserve")
    async def reserve(variant_id: str, body: ReserveBody) -> Thing:
        catalogue = market.variant_holder(variant_id)
        if catalogue is None:
            raise HTTPException(404, "There is no such variant")
        variant = catalogue.account.variant(variant_id)
        variant.reserved = max(variant.reserved + body.quantity, 0)
        market.changed()
        return shown_variant(variant)

    return routes


def _of_token(sandbox: Sandbox, token: str) -> Catalogue:
    """Return the account of a token, which may be revoked: people still look at it in the back office."""
    if token not in sandbox.market.tokens:
        raise HTTPException(404, "There is no such token")
    return sandbox.market.catalogues[sandbox.market.tokens[token].account_id]


def _held(sandbox: Sandbox, product_id: str) -> tuple[Catalogue, Product]:
    catalogue = sandbox.market.holder(product_id)
    if catalogue is None:
        raise HTTPException(404, "There is no such product")
    return catalogue, catalogue.account.product(product_id)


def _with_sku(catalogue: Catalogue, sku: str | None) -> list[Product]:
    """Return the one product with an SKU, or all of them when none is asked for."""
    if sku is None:
        return list(catalogue.account.products.values())
    variant = catalogue.by_sku.get(sku)
    return [] if variant is None else [catalogue.account.product(variant.product_id)]


def _input(name: str, body: Thing) -> Thing:
    """Return a body as the GraphQL input of this name would be read; 422 with every reason when it would not be."""
    kind = SCHEMA.type_map[name]
    assert isinstance(kind, GraphQLInputObjectType)  # noqa: S101 - callers name inputs of the schema
    problems: list[str] = []

    def note(error: GraphQLError, path: list[str | int]) -> None:
        problems.append(f"{'.'.join(map(str, path))}: {error.message}" if path else error.message)

    validate_input_value(body, kind, note)
    if problems:
        raise HTTPException(422, problems)
    given: Thing = coerce_input_value(body, kind)
    return given
