"""Changes to GraphQL inputs, and answers to observed states. Pure.

Money goes out as text; ids and SKUs always as JSON strings. What we sent is recorded as sent, so that the way in which
Orderchamp writes things down never looks like somebody changed them.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from app.domain.application import Account, Storefront
from app.domain.ids import AccountId, Sku, StorefrontId, TargetId, TargetVariantId
from app.domain.plan import (
    CreateProduct,
    CreateVariant,
    SetStock,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.product import Measures
from app.domain.state import DesiredVariant, Observed, ObservedVariant
from app.domain.structs import replace
from app.domain.webhook import Registered
from app.orderchamp.unknowns import WEBHOOK_EVENTS, is_published

AXES = ("option1", "option2", "option3")


def to_account(data: Mapping[str, Any]) -> Account:
    """Return the account and its storefronts."""
    account = data["account"]
    return Account(
        id=AccountId(account["id"]),
        name=account.get("name") or "",
        storefronts=tuple(
            Storefront(id=StorefrontId(each["id"]), name=each["name"], live=each["isPublished"])
            for each in data["storefronts"]["nodes"]
        ),
    )


def to_webhook(node: Mapping[str, Any]) -> Registered:
    """Return a webhook as it is registered."""
    return Registered(
        id=str(node["id"]), address=node.get("url") or "", complete=set(WEBHOOK_EVENTS) <= set(node.get("events") or ())
    )


def to_variant(node: Mapping[str, Any]) -> ObservedVariant:
    """Return a variant as it is shown."""
    return ObservedVariant(
        id=TargetVariantId(node["id"]),
        sku=Sku(node["sku"] or ""),
        price=_decimal(node.get("price")),
        msrp=_decimal(node.get("msrp")),
        stock=node.get("inventoryQuantity"),
        policy=node.get("inventoryPolicy"),
        options=_options(node),
        barcode=node.get("barcode") or None,
    )


def to_observed(node: Mapping[str, Any], variants: Iterable[ObservedVariant]) -> Observed:
    """Return a product as it is shown, with these of its variants."""
    return Observed(
        id=TargetId(node["id"]),
        title=node.get("title") or "",
        description=node.get("description"),
        option_names=_options(node),
        measures=_to_measures(node),
        published=is_published(node.get("listing")),
        variants={each.id: each for each in variants},
        created_at=_time(node.get("createdAt")),
        updated_at=_time(node.get("updatedAt")),
    )


def created_product(change: CreateProduct, seen: Observed) -> Observed:
    """Return a product that was just created: its ids as shown, everything else as we sent it."""
    by_sku = {variant.sku: variant for variant in change.variants}
    return replace(
        seen,
        title=change.title,
        description=change.description,
        option_names=change.option_names,
        measures=change.measures,
        images=change.images,
        variants={
            each.id: created_variant(by_sku[each.sku], each) if each.sku in by_sku else each
            for each in seen.variants.values()
        },
    )


def created_variant(wanted: DesiredVariant, seen: ObservedVariant) -> ObservedVariant:
    """Return a variant that was just created: its id as shown, everything else as we sent it."""
    return ObservedVariant(
        id=seen.id,
        sku=wanted.sku,
        price=wanted.price,
        msrp=wanted.msrp,
        stock=wanted.stock,
        policy=wanted.policy,
        options=wanted.options,
        barcode=wanted.barcode,
    )


def create_product_input(change: CreateProduct) -> dict[str, Any]:
    """Return a ``ProductCreateInput``."""
    return _present(
        {
            "title": change.title,
            "description": change.description,
            "brand": change.brand,
            "category": change.category,
            **_axes(change.option_names),
            **_measures(change.measures),
            "images": [{"sourceUrl": each} for each in change.images] or None,
            "variants": [_variant(each) for each in change.variants],
        }
    )


def create_variant_input(change: CreateVariant) -> dict[str, Any]:
    """Return a ``ProductVariantCreateInput``."""
    return {"productId": change.target_id, **_variant(change.variant)}


def _variant(variant: DesiredVariant) -> dict[str, Any]:
    return _present(
        {
            "sku": variant.sku,
            "price": _text(variant.price),
            "msrp": _text(variant.msrp),
            "barcode": variant.barcode,
            "inventoryQuantity": variant.stock,
            "inventoryPolicy": variant.policy,
            **_axes(variant.options),
            **_measures(variant.measures),
        }
    )


def repeatable(change: UpdateProduct | UpdateVariant | Unpublish) -> tuple[str, dict[str, Any]]:
    """Return the mutation that makes a change which may be repeated, and its input."""
    match change:
        case UpdateProduct():
            images = None if change.images is None else [{"sourceUrl": each} for each in change.images]
            fields = {
                "id": change.target_id,
                "title": change.title,
                "description": change.description,
                "images": images,
            }
            return "productUpdate", _present(fields) | _all_axes(change.option_names) | _measures(change.measures)
        case UpdateVariant():
            fields = {
                "id": change.target_variant_id,
                "sku": change.sku,
                "price": _text(change.price),
                "msrp": _text(change.msrp),
                "inventoryPolicy": change.policy,
                "barcode": change.barcode,
            }
            return "productVariantUpdate", _present(fields) | _all_axes(change.options)
        case Unpublish():
            return "productUnpublish", {"id": change.target_id}


def stock_line(change: SetStock) -> dict[str, Any]:
    """Return a line of ``inventoryLevelBulkAdjust``. Without ``SET`` the number would be added to what is there."""
    return {"productVariantId": change.target_variant_id, "action": "SET", "adjustment": change.quantity}


MEASURES = {"weight_grams": "weight", "length_cm": "length", "width_cm": "width", "height_cm": "height"}


def _measures(measures: Measures) -> dict[str, int | float]:
    """Return measures as numbers: whether they may be text, as money may, is not known."""
    return {
        MEASURES[name]: int(each) if each == each.to_integral_value() else float(each)
        for name, each in measures.told().items()
    }


def _to_measures(node: Mapping[str, Any]) -> Measures:
    return Measures(**{name: _decimal(node.get(shown)) for name, shown in MEASURES.items()})


def _axes(values: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(AXES, values, strict=False))


def _all_axes(values: tuple[str, ...] | None) -> dict[str, str | None]:
    """Return every axis, so that one which is no longer used is emptied; nothing when the axes stay as they are."""
    return {} if values is None else {**dict.fromkeys(AXES), **_axes(values)}


def _options(node: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the axes up to the last one that is used, each in its place."""
    values = [node.get(axis) or "" for axis in AXES]
    while values and not values[-1]:
        values.pop()
    return tuple(values)


def _decimal(value: object) -> Decimal | None:
    amount = None if value is None else Decimal(str(value))
    return amount if amount is not None and amount.is_finite() else None


def _text(amount: Decimal | None) -> str | None:
    """Return money with all its digits and without an exponent."""
    return None if amount is None else format(amount, "f")


def _time(value: str | None) -> datetime | None:
    """Return a time; one without a zone is taken for UTC."""
    if value is None:
        return None
    told = datetime.fromisoformat(value)
    return told.replace(tzinfo=UTC) if told.tzinfo is None else told.astimezone(UTC)


def _present(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
