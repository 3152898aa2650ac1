"""Foreseeing: a planned change, or what keeps a product from being as it should, as an item of a preview."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from app.domain.changes import (
    Change,
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.ids import Sku, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.previewing import FromTo, ItemKind, Operation, PreviewItem
from app.domain.product import MEASURES, UNTOLD, Measures
from app.domain.state import Desired, DesiredVariant, Observed, ObservedVariant
from app.domain.structs import Struct

MADE_UP = "to-be-created:"
"""How the ids begin of what a preview would have created. They are never shown, and never sent."""

OPERATIONS: Mapping[type[Change], tuple[ItemKind, Operation]] = {
    CreateProduct: ("create", "create_product"),
    CreateVariant: ("create", "create_variant"),
    UpdateProduct: ("update", "update_product"),
    UpdateVariant: ("update", "update_variant"),
    SetStock: ("update", "set_stock"),
    Publish: ("publish", "publish"),
    Unpublish: ("unpublish", "unpublish"),
    RefreshListing: ("publish", "refresh_listing"),
}

APART = frozenset({"source_id", "target_id", "target_variant_id", "variant", "measures"})
"""What a change is about, and measures, which are told one by one; everything else in it is sent."""

WORDS = {"option_names": "option names", "msrp": "retail price", "sku": "SKU", "policy": "selling when sold out"}
SHOWN = frozenset({"title", "sku", "price", "msrp", "policy", "stock", "barcode", *MEASURES})
"""Fields whose values are short enough for a sentence."""


class Before(Struct, frozen=True, kw_only=True):
    """What a change meets: the target as it is, and which source variants its variants are bound to.

    ``observed`` None: there is none yet. ``storefronts`` are the names by id.
    """

    desired: Desired
    observed: Observed | None
    bound: Mapping[TargetVariantId, SourceVariantId]
    storefronts: Mapping[StorefrontId, str]


def item_of(change: Change, before: Before) -> PreviewItem:
    """Return what a change would do."""
    kind, operation = OPERATIONS[type(change)]
    fields = _fields(change, before)
    target_id = None if isinstance(change, CreateProduct) else change.target_id
    target_variant_id = change.target_variant_id if isinstance(change, UpdateVariant | SetStock) else None
    return PreviewItem(
        kind=kind,
        operation=operation,
        source_id=change.source_id,
        source_variant_id=_source_variant(change, before),
        sku=_sku(change, before),
        target_id=None if target_id is None or target_id.startswith(MADE_UP) else TargetId(target_id),
        target_variant_id=(
            None
            if target_variant_id is None or target_variant_id.startswith(MADE_UP)
            else TargetVariantId(target_variant_id)
        ),
        fields=fields,
        sentence=_sentence(change, before, fields),
    )


def made_up(change: CreateProduct | CreateVariant) -> Observed | ObservedVariant:
    """Return what Orderchamp would show of something that is to be created, under ids that are made up."""
    if isinstance(change, CreateVariant):
        return _made_up_variant(change.variant)
    variants = [_made_up_variant(each) for each in change.variants]
    return Observed(
        id=TargetId(f"{MADE_UP}{change.source_id}"),
        title=change.title,
        description=change.description,
        option_names=change.option_names,
        measures=change.measures,
        images=change.images,
        published=False,
        variants={each.id: each for each in variants},
    )


def _made_up_variant(variant: DesiredVariant) -> ObservedVariant:
    return ObservedVariant(
        id=TargetVariantId(f"{MADE_UP}{variant.source_id}"),
        sku=variant.sku,
        price=variant.price,
        msrp=variant.msrp,
        stock=variant.stock,
        policy=variant.policy,
        options=variant.options,
        barcode=variant.barcode,
    )


def _shown_variant(change: Change, before: Before) -> ObservedVariant | None:
    if before.observed is None or not isinstance(change, UpdateVariant | SetStock):
        return None
    return before.observed.variants.get(change.target_variant_id)


def _source_variant(change: Change, before: Before) -> SourceVariantId | None:
    if isinstance(change, CreateVariant):
        return change.variant.source_id
    # A variant that makes way for this product is another product's, or nobody's.
    return before.bound.get(change.target_variant_id) if isinstance(change, UpdateVariant | SetStock) else None


def _sku(change: Change, before: Before) -> Sku | None:
    if isinstance(change, CreateVariant):
        return change.variant.sku
    variant_id = _source_variant(change, before)
    wanted = next((each.sku for each in before.desired.variants if each.source_id == variant_id), None)
    shown = _shown_variant(change, before)
    return wanted if wanted is not None or shown is None else shown.sku


def _fields(change: Change, before: Before) -> Mapping[str, FromTo]:
    match change:
        case SetStock():
            shown = _shown_variant(change, before)
            return {"stock": FromTo(before=None if shown is None else shown.stock, after=change.quantity)}
        case Unpublish():
            return {"published": FromTo(before=True, after=False)}
        case CreateVariant():
            sent: Struct = change.variant
            now: Struct | None = None
        case UpdateVariant():
            sent, now = change, _shown_variant(change, before)
        case UpdateProduct():
            sent, now = change, before.observed
        case _:
            sent, now = change, None
    measures: Measures = getattr(sent, "measures", UNTOLD)
    before_measures: Measures = getattr(now, "measures", UNTOLD)
    return {
        name: FromTo(before=_plain(getattr(now, name, None)), after=_plain(value))
        for name in sent.__struct_fields__
        if name not in APART and (value := getattr(sent, name)) is not None
    } | {
        name: FromTo(before=_plain(getattr(before_measures, name)), after=_plain(value))
        for name, value in measures.told().items()
    }


def _plain(value: object) -> Any:
    return msgspec.to_builtins(value)


def _sentence(change: Change, before: Before, fields: Mapping[str, FromTo]) -> str:
    match change:
        case CreateProduct():
            names = ", ".join(each.sku for each in change.variants)
            return f"Create the product as a draft, with the variant(s) {names}: none of them is on Orderchamp."
        case CreateVariant():
            return f"Create the variant {change.variant.sku}: no variant on Orderchamp has this SKU."
        case Publish():
            where = before.storefronts.get(change.storefront_id, change.storefront_id)
            return f"Publish on the storefront “{where}”, because {before.desired.reason}."
        case Unpublish():
            return f"Unpublish, because {before.desired.reason}."
        case RefreshListing():
            return "Refresh the listing, so that it takes up the variants that were added."
        case _:
            about = "the product" if isinstance(change, UpdateProduct) else (_sku(change, before) or "a variant")
            return f"Change {about}: {'; '.join(_told(fields))}."


def _told(fields: Mapping[str, FromTo]) -> Iterable[str]:
    for name, each in fields.items():
        word = WORDS.get(name, name.replace("_", " "))
        if name not in SHOWN:
            yield word
        elif each.before is None:
            yield f"{word} to {_quoted(each.after)}"
        else:
            yield f"{word} from {_quoted(each.before)} to {_quoted(each.after)}"


def _quoted(value: object) -> str:
    return f"“{value}”" if isinstance(value, str) and not value.replace(".", "").isdecimal() else str(value)


def not_sent(desired: Desired, kind: ItemKind, reasons: Mapping[SourceVariantId, str]) -> Sequence[PreviewItem]:
    """Return an item for each variant of which nothing would be sent, with the reason as a sentence."""
    skus = {each.source_id: each.sku for each in desired.variants}
    return [
        PreviewItem(
            kind=kind,
            source_id=desired.source_id,
            source_variant_id=variant_id,
            sku=skus.get(variant_id),
            sentence=reason,
        )
        for variant_id, reason in reasons.items()
    ]
