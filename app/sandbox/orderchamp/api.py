"""The GraphQL side: queries and mutations over the market, as one account sees it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLScalarType,
    ValueNode,
    build_schema,
    get_named_type,
    value_from_ast_untyped,
)

from app.sandbox.orderchamp.market import Market, NotFound, Thing, error

SCHEMA = build_schema(Path(__file__).with_name("schema.graphql").read_text())


def _strict_text(value: object) -> str:
    if not isinstance(value, str):
        raise GraphQLError(f"String cannot represent a non string value: {value!r}")
    return value


def _strict_literal(node: ValueNode, _: Mapping[str, Any] | None = None) -> str:
    return _strict_text(value_from_ast_untyped(node)) if node.kind == "string_value" else _strict_text(0)


def _be_strict() -> None:
    """Refuse numbers where an id is asked for: the real API does so for SKUs, and ids are opaque text."""
    scalar = SCHEMA.type_map["ID"]
    assert isinstance(scalar, GraphQLScalarType)  # noqa: S101
    scalar.parse_value = _strict_text  # type: ignore[method-assign]
    scalar.parse_literal = _strict_literal  # type: ignore[method-assign, assignment]


_be_strict()


def resolve(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    """Resolve any field: a method of the root, a value of a thing, and lists as pages where a connection is asked for."""
    name = info.field_name
    if isinstance(source, Root):
        value = getattr(source, name, None)
        value = value(**arguments) if callable(value) else value
    else:
        value = source.get(name)
        if callable(value):
            value = value(**arguments)
    if get_named_type(info.return_type).name.endswith("Connection"):
        return page(value or [], **arguments)
    return value


def page(
    things: list[Any],
    first: int | None = None,
    last: int | None = None,
    after: str | None = None,
    before: str | None = None,
    **_: Any,
) -> Thing:
    """Return a page of things; cursors are positions."""
    start = int(after) + 1 if after else 0
    end = int(before) if before else len(things)
    if first is not None:
        end = min(end, start + first)
    elif last is not None:
        start = max(start, end - last)
    here = things[start:end]
    edges = [{"cursor": str(start + n), "node": each} for n, each in enumerate(here)]
    return {
        "nodes": here,
        "edges": edges,
        "totalCount": len(things),
        "pageInfo": {
            "startCursor": edges[0]["cursor"] if edges else None,
            "endCursor": edges[-1]["cursor"] if edges else None,
            "hasNextPage": end < len(things),
            "hasPreviousPage": start > 0,
        },
    }


class Root:
    """What one account may ask and do."""

    def __init__(self, market: Market, account_id: str) -> None:
        self._market = market
        self._account_id = account_id

    # Queries

    def account(self) -> Thing:
        return self._market.accounts[self._account_id]

    def storefronts(self, **_: Any) -> list[Thing]:
        found: list[Thing] = self.account()["storefronts"]
        return found

    def locations(self, **_: Any) -> list[Thing]:
        return [self.account()["location"]]

    def product(self, id: str) -> Thing | None:  # noqa: A002 - the schema's name
        try:
            return self._product(self._market.own_product(self._account_id, id))
        except NotFound:
            self._miss("Product not found")
            return None

    def products(self, sort: str | None = None, **_: Any) -> list[Thing]:
        found = self._market.products_of(self._account_id)
        field = "updatedAt" if sort and sort.startswith("UPDATED") else "createdAt"
        found.sort(key=lambda each: each[field], reverse=bool(sort and sort.endswith("DESC")))
        return [self._product(each) for each in found]

    def productVariant(self, id: str) -> Thing | None:  # noqa: A002, N802
        try:
            return self._variant(self._market.own_variant(self._account_id, id))
        except NotFound:
            self._miss("ProductVariant not found")
            return None

    def productVariants(self, skus: list[str | None] | None = None, **_: Any) -> list[Thing]:  # noqa: N802
        market = self._market
        if skus is None:
            found = [
                market.variants[variant_id]
                for product in market.products_of(self._account_id)
                for variant_id in product["variant_ids"]
            ]
        else:
            ids = [market.by_sku.get((self._account_id, sku or "")) for sku in dict.fromkeys(skus)]
            found = [market.variants[each] for each in ids if each is not None]
        return [self._variant(each) for each in found]

    def productVariantBySku(self, sku: str) -> Thing | None:  # noqa: N802
        found = self._market.by_sku.get((self._account_id, sku))
        return None if found is None else self._variant(self._market.variants[found])

    def _miss(self, message: str) -> None:
        if self._market.switches.missing_id == "top_level_error":
            raise GraphQLError(message)

    # Mutations

    def productCreate(self, input: Thing) -> Thing:  # noqa: A002, N802
        if self._market.user_error_next:
            return self._refuse()
        product, errors = self._market.create_product(self._account_id, input)
        return {"product": None if product is None else self._product(product), "userErrors": errors}

    def productUpdate(self, input: Thing) -> Thing:  # noqa: A002, N802
        product = self._own_product(input["id"])
        if self._market.user_error_next:
            return self._refuse()
        errors = self._market.update_product(product, {k: v for k, v in input.items() if k != "id"})
        return {"product": self._product(product), "userErrors": errors}

    def productDelete(self, input: Thing) -> Thing:  # noqa: A002, N802
        self._market.delete_product(self._own_product(input["id"]))
        return {"deletedProductId": input["id"], "userErrors": []}

    def productPublish(self, input: Thing) -> Thing:  # noqa: A002, N802
        product = self._own_product(input["id"])
        if self._market.user_error_next:
            return self._refuse()
        errors = self._market.publish(product, input.get("storefrontId"))
        return {"product": self._product(product), "userErrors": errors}

    def productUnpublish(self, input: Thing) -> Thing:  # noqa: A002, N802
        product = self._own_product(input["id"])
        self._market.unpublish(product)
        return {"product": self._product(product), "userErrors": []}

    def productRepublish(self, input: Thing) -> Thing:  # noqa: A002, N802
        product = self._own_product(input["id"])
        errors = self._market.republish(product)
        return {"product": self._product(product), "userErrors": errors}

    def productVariantCreate(self, input: Thing) -> Thing:  # noqa: A002, N802
        product = self._own_product(input["productId"])
        if self._market.user_error_next:
            return self._refuse()
        variant, errors = self._market.create_variant(product, input)
        return {"productVariant": None if variant is None else self._variant(variant), "userErrors": errors}

    def productVariantUpdate(self, input: Thing) -> Thing:  # noqa: A002, N802
        variant = self._own_variant(input["id"])
        errors = self._market.update_variant(variant, {k: v for k, v in input.items() if k != "id"})
        return {"productVariant": self._variant(variant), "userErrors": errors}

    def productVariantDelete(self, input: Thing) -> Thing:  # noqa: A002, N802
        errors = self._market.delete_variant(self._own_variant(input["id"]))
        return {"deletedProductVariantId": None if errors else input["id"], "userErrors": errors}

    def inventoryLevelBulkAdjust(self, input: Thing) -> Thing:  # noqa: A002, N802
        done, errors = self._market.adjust(self._account_id, input["inventoryLevels"])
        return {
            "clientMutationId": input.get("clientMutationId"),
            "inventoryLevels": [self._level(each) for each in done],
            "userErrors": errors,
        }

    def inventoryLevelAdjust(self, input: Thing) -> Thing:  # noqa: A002, N802
        done, errors = self._market.adjust(self._account_id, [input])
        return {"inventoryLevel": self._level(done[0]) if done else None, "userErrors": errors}

    def _own_product(self, product_id: str) -> Thing:
        try:
            return self._market.own_product(self._account_id, product_id)
        except NotFound as missing:
            raise GraphQLError(str(missing)) from missing

    def _own_variant(self, variant_id: str) -> Thing:
        try:
            return self._market.own_variant(self._account_id, variant_id)
        except NotFound as missing:
            raise GraphQLError(str(missing)) from missing

    def _refuse(self) -> Thing:
        self._market.user_error_next = False
        return {"userErrors": [error(["title"], "Refused because a fault was set")]}

    # How things are shown

    def _product(self, product: Thing) -> Thing:
        market = self._market
        now = datetime.now(UTC).timestamp()
        return {
            **product,
            "databaseId": product["id"],
            "listing": market.shown_listing(product),
            "images": [
                {
                    "id": each["id"],
                    "position": each["position"],
                    "originalUrl": f"https://cdn.orderchamp.example/{each['id']}",
                }
                for each in product["images"]
                if each["appears"] <= now
            ],
            "variants": lambda **_: [self._variant(market.variants[each]) for each in product["variant_ids"]],
            "featuredImage": None,
        }

    def _variant(self, variant: Thing) -> Thing:
        available = None if variant["quantity"] is None else variant["quantity"] - variant["reserved"]
        physical = self._market.switches.inventory_quantity == "physical"
        return {
            **variant,
            "inventoryQuantity": variant["quantity"] if physical else available,
            "product": lambda **_: self._product(self._market.products[variant["product_id"]]),
            "inventoryLevels": lambda **_: [self._level(variant)],
        }

    def _level(self, variant: Thing) -> Thing:
        return {
            "id": variant["level_id"],
            "quantity": variant["quantity"],
            "availableQuantity": None if variant["quantity"] is None else variant["quantity"] - variant["reserved"],
            "updatedAt": variant["updatedAt"],
            "location": self.account()["location"],
            "productVariant": lambda **_: self._variant(variant),
        }
