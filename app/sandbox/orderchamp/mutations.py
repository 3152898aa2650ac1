"""What may be done. Every mutation answers a payload, or nothing and an error at the top level for a missing id."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import GraphQLSchema

from app.sandbox.orderchamp import products, publication, stock, subscriptions, variants
from app.sandbox.orderchamp.fields import Resolver
from app.sandbox.orderchamp.records import CustomCategory
from app.sandbox.orderchamp.refusals import NotFound, Refused, UserError
from app.sandbox.orderchamp.visit import Visit, visit_of

Given = dict[str, Any]
Payload = dict[str, Any]
Act = Callable[[Visit, Given], Payload]


def _product_create(visit: Visit, given: Given) -> Payload:
    return {"product": products.create_product(visit.market, visit.catalogue, given)}


def _product_update(visit: Visit, given: Given) -> Payload:
    product = visit.account.product(given["id"])
    products.update_product(visit.market, visit.catalogue, product, given)
    return {"product": product}


def _product_delete(visit: Visit, given: Given) -> Payload:
    products.delete_product(visit.market, visit.catalogue, visit.account.product(given["id"]))
    return {"deletedProductId": given["id"]}


def _product_publish(visit: Visit, given: Given) -> Payload:
    product = visit.account.product(given["id"])
    publication.publish(visit.market, visit.catalogue, product, given.get("storefrontId"))
    return {"product": product, "listing": publication.shown_listing(visit.market, product)}


def _product_unpublish(visit: Visit, given: Given) -> Payload:
    product = visit.account.product(given["id"])
    publication.unpublish(visit.market, visit.catalogue, product)
    return {"product": product}


def _product_republish(visit: Visit, given: Given) -> Payload:
    product = visit.account.product(given["id"])
    publication.republish(visit.market, visit.catalogue, product)
    return {"product": product}


def _product_variant_create(visit: Visit, given: Given) -> Payload:
    product = visit.account.product(given["productId"])
    return {"productVariant": variants.create_variant(visit.market, visit.catalogue, product, given)}


def _product_variant_update(visit: Visit, given: Given) -> Payload:
    variant = visit.account.variant(given["id"])
    variants.update_variant(visit.market, visit.catalogue, variant, given)
    return {"productVariant": variant}


def _product_variant_delete(visit: Visit, given: Given) -> Payload:
    variants.delete_variant(visit.market, visit.catalogue, visit.account.variant(given["id"]))
    return {"deletedProductVariantId": given["id"]}


def _inventory_level_bulk_adjust(visit: Visit, given: Given) -> Payload:
    lines = given["inventoryLevels"]
    if visit.halve_bulk:
        lines = lines[: len(lines) // 2]
    counted, errors = stock.adjust(visit.market, visit.catalogue, lines)
    return {"inventoryLevels": counted, "userErrors": errors}


def _inventory_level_adjust(visit: Visit, given: Given) -> Payload:
    counted, errors = stock.adjust(visit.market, visit.catalogue, [given], bulk=False)
    return {"inventoryLevel": counted[0] if counted else None, "userErrors": errors}


def _custom_category_create(visit: Visit, given: Given) -> Payload:
    made = CustomCategory(id=visit.market.identity("CustomFieldsValue"), value=given["value"], label=given["label"])
    visit.account.custom_categories[made.id] = made
    visit.market.changed()
    return {"customCategory": made}


def _custom_category_update(visit: Visit, given: Given) -> Payload:
    known = visit.account.custom_category(given["id"])
    if given.get("label") is not None:
        known.label = given["label"]
    if given.get("isPublished") is not None:
        known.is_published = given["isPublished"]
    visit.market.changed()
    return {"customCategory": known}


def _webhook_create(visit: Visit, given: Given) -> Payload:
    return {"webhook": subscriptions.create_webhook(visit.market, visit.account, given, of_app=visit.of_app)}


def _webhook_delete(visit: Visit, given: Given) -> Payload:
    subscriptions.delete_webhook(visit.market, visit.account, given["id"])
    return {"deletedWebhookId": given["id"]}


def _order(_: Visit, _given: Given) -> Payload:
    raise NotFound("Order")


ACTS: Mapping[str, Act] = {
    "productCreate": _product_create,
    "productUpdate": _product_update,
    "productDelete": _product_delete,
    "productPublish": _product_publish,
    "productUnpublish": _product_unpublish,
    "productRepublish": _product_republish,
    "productVariantCreate": _product_variant_create,
    "productVariantUpdate": _product_variant_update,
    "productVariantDelete": _product_variant_delete,
    "inventoryLevelAdjust": _inventory_level_adjust,
    "inventoryLevelBulkAdjust": _inventory_level_bulk_adjust,
    "customCategoryCreate": _custom_category_create,
    "customCategoryUpdate": _custom_category_update,
    "orderConfirm": _order,
    "orderCancel": _order,
    "orderLock": _order,
    "orderUnlock": _order,
    "shipmentCreate": _order,
    "webhookCreate": _webhook_create,
    "webhookDelete": _webhook_delete,
}

FAULT = UserError(field=("input",), message="Refused because a fault was set")


def _resolver(act: Act) -> Resolver:
    def resolve(_: Any, info: Any, *, input: Given) -> Any:  # noqa: A002 - the schema's name
        visit = visit_of(info)

        def done() -> Payload:
            if visit.refuse == info.path.key:
                raise Refused(FAULT)
            return act(visit, input)

        try:
            payload = visit.find(done)
        except Refused as refused:
            payload = {"userErrors": refused.errors}
        if payload is None:
            return None
        return {"userErrors": [], **payload, "clientMutationId": input.get("clientMutationId")}

    return resolve


def attach_mutations(schema: GraphQLSchema) -> None:
    """Give every mutation its resolver; KeyError when one has none."""
    assert schema.mutation_type is not None  # noqa: S101 - the schema file has mutations
    for name, field in schema.mutation_type.fields.items():
        field.resolve = _resolver(ACTS[name])
