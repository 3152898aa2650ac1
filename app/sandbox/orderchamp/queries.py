"""What may be asked for. Orders stay empty: nobody orders here."""

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLSchema

from app.sandbox.orderchamp.fields import Resolver, by_id
from app.sandbox.orderchamp.identity import number_of
from app.sandbox.orderchamp.paging import page
from app.sandbox.orderchamp.publication import shown_listing
from app.sandbox.orderchamp.records import Listing, Product
from app.sandbox.orderchamp.refusals import NotFound
from app.sandbox.orderchamp.visit import Visit, visit_of


def _account(_: Any, info: Any) -> Any:
    return visit_of(info).account


def _product(_: Any, info: Any, *, id: str) -> Any:  # noqa: A002 - the schema's name
    visit = visit_of(info)
    return visit.find(lambda: visit.account.product(id))


def _products(_: Any, info: Any, *, sort: str | None = None, **arguments: Any) -> Any:
    catalogue = visit_of(info).catalogue
    if sort is not None and sort.startswith("UPDATED_AT"):
        rows, sign = list(catalogue.by_change.values()), 1
        if sort.endswith("DESC"):
            rows, sign = rows[::-1], -1
        return page(rows, lambda each: sign * each.revision, arguments)
    rows = list(catalogue.account.products.values())
    if sort == "CREATED_AT_DESC":
        return page(rows[::-1], lambda each: -number_of(each.id), arguments)
    return page(rows, by_id, arguments)


def _product_variant(_: Any, info: Any, *, id: str) -> Any:  # noqa: A002
    visit = visit_of(info)
    return visit.find(lambda: visit.account.variant(id))


def _product_variant_by_sku(_: Any, info: Any, *, sku: str) -> Any:
    return visit_of(info).catalogue.by_sku.get(sku)


def _product_variants(_: Any, info: Any, *, skus: list[str | None] | None = None, **arguments: Any) -> Any:
    catalogue = visit_of(info).catalogue
    if skus is None:
        return page(list(catalogue.account.variants.values()), by_id, arguments)
    # SKUs that do not exist are absent, without an error (observed).
    found = [catalogue.by_sku[each] for each in dict.fromkeys(skus) if each is not None and each in catalogue.by_sku]
    return page(sorted(found, key=by_id), by_id, arguments)


def _storefront(_: Any, info: Any, *, id: str) -> Any:  # noqa: A002
    visit = visit_of(info)
    return visit.find(lambda: visit.account.storefront(id))


def _listing(_: Any, info: Any, *, id: str) -> Any:  # noqa: A002
    visit = visit_of(info)
    return visit.find(lambda: _listing_of(visit, id))


def _listing_of(visit: Visit, listing_id: str) -> Listing:
    def shown(product: Product) -> Listing | None:
        return shown_listing(visit.market, product)

    for listing in map(shown, visit.account.products.values()):
        if listing is not None and listing.id == listing_id:
            return listing
    raise NotFound("Listing")


def _missing(kind: str) -> Resolver:
    def resolve(_: Any, info: Any, **_arguments: Any) -> Any:
        def look() -> None:
            raise NotFound(kind)

        return visit_of(info).find(look)

    return resolve


QUERIES: Mapping[str, Resolver] = {
    "account": _account,
    "viewer": _account,
    "product": _product,
    "products": _products,
    "productVariant": _product_variant,
    "productVariantBySku": _product_variant_by_sku,
    "productVariants": _product_variants,
    "storefronts": lambda _, info, **arguments: page(visit_of(info).account.storefronts, by_id, arguments),
    "storefront": _storefront,
    "listing": _listing,
    "locations": lambda _, info, **arguments: page([visit_of(info).account.location], by_id, arguments),
    "customCategories": lambda _, info, **arguments: page(
        list(visit_of(info).account.custom_categories.values()), by_id, arguments
    ),
    "webhooks": lambda _, info, **arguments: page(list(visit_of(info).account.webhooks.values()), by_id, arguments),
    "order": _missing("Order"),
    "orders": lambda _, _info, **arguments: page([], by_id, arguments),
    "shipment": _missing("Shipment"),
}


def attach_queries(schema: GraphQLSchema) -> None:
    """Give every query its resolver; KeyError when one has none."""
    assert schema.query_type is not None  # noqa: S101 - the schema file has queries
    for name, field in schema.query_type.fields.items():
        field.resolve = QUERIES[name]
