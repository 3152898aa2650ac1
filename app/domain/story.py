"""Sentences for the timeline: what was done on Orderchamp, and what a product's state is and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain.ids import StorefrontId, TargetVariantId
from app.domain.plan import (
    Change,
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    Situation,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
    draft_kind,
    lacks_storefront,
    wants_hiding,
)
from app.domain.product import UNTOLD
from app.domain.state import DRAFT_REASONS


def done(
    changes: Sequence[Change],
    *,
    skus: Mapping[TargetVariantId, str],
    reason: str,
    storefronts: Mapping[StorefrontId, str],
) -> list[str]:
    """Return what was done for one product as sentences, in which alike changes of several variants are one.

    ``skus`` names the variants, ``reason`` completes "…, because", ``storefronts`` are the names by id.
    """
    sentences: list[str] = []
    fields: dict[str, list[str]] = {}
    stock: dict[int, list[str]] = {}
    for change in changes:
        match change:
            case SetStock():
                stock.setdefault(change.quantity, []).append(skus.get(change.target_variant_id, "a variant"))
            case UpdateVariant():
                fields.setdefault(", ".join(_fields(change)), []).append(
                    skus.get(change.target_variant_id, "a variant")
                )
            case UpdateProduct():
                fields.setdefault(", ".join(_fields(change)), [])
            case _:
                sentences.append(_one_done(change, reason, storefronts))
    if fields:
        told = (names + (f" of {', '.join(of)}" if of else "") for names, of in fields.items())
        sentences.append(f"Sent to Orderchamp: {'; '.join(told)}.")
    if stock:
        told = (f"{quantity} for {', '.join(of)}" for quantity, of in stock.items())
        sentences.append(f"Stock on Orderchamp set to {'; '.join(told)}.")
    return sentences


def _one_done(
    change: CreateProduct | CreateVariant | Publish | Unpublish | RefreshListing,
    reason: str,
    storefronts: Mapping[StorefrontId, str],
) -> str:
    match change:
        case CreateProduct():
            names = ", ".join(variant.sku for variant in change.variants)
            return f"Created on Orderchamp as a draft, with the variant(s) {names}: none of them was there."
        case CreateVariant():
            return f"Variant {change.variant.sku} created on Orderchamp: no variant with this SKU was there."
        case Publish():
            where = storefronts.get(change.storefront_id, change.storefront_id)
            return f"Published on Orderchamp, on the storefront “{where}”, because {reason}."
        case Unpublish():
            return f"Unpublished on Orderchamp, because {reason}."
        case RefreshListing():
            return "Listing refreshed on Orderchamp, so that it takes up the variants that were added."


WORDS = {"option_names": "option names", "msrp": "retail price", "sku": "SKU", "policy": "selling when sold out"}
SHOWN = frozenset({"price", "msrp", "sku"})
"""Fields that are told with their values."""


def _fields(change: UpdateProduct | UpdateVariant) -> list[str]:
    told = change.told()
    found = [WORDS.get(name, name) + (f" {told[name]!s}" if name in SHOWN else "") for name in told]
    if isinstance(change, UpdateProduct) and change.measures != UNTOLD:
        found += [name.split("_")[0] for name in change.measures.told()]
    return found


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a product stands: a word to filter by, and the reason as a sentence."""

    state: str
    why: str


def standing(situation: Situation, reasons: Sequence[str], *, troubled: bool) -> Standing:
    """Return where a product stands once nothing is left to do for it.

    ``reasons`` are what Orderchamp refused, or why variants are kept apart; ``troubled``: a person should look at them.
    """
    desired = situation.desired
    skipped = [f"Variant {each.source_id}: {each.reason}" for each in desired.skipped]
    problems = [*reasons, *skipped]
    homeless = lacks_storefront(situation)
    if homeless:
        problems.append("It is not said on which storefront to publish it; choose one in the Application's settings.")
    state, why = _standing(situation)
    if troubled or homeless:
        state = "problem"
    return Standing(state, " ".join([why, *problems]))


def _standing(situation: Situation) -> tuple[str, str]:
    desired = situation.desired
    shown = [target.observed for target in situation.targets.values() if target.observed is not None]
    if situation.only_stock:
        return _stock_kept(situation, shown=any(observed.published for observed in shown))
    if wants_hiding(situation) and not situation.may_hide:
        why = f"Still published, although {desired.reason}: unusually many products would be unpublished at once."
        return "held", why
    if any(observed.published for observed in shown):
        if desired.published:
            return "published", f"Published, because {desired.reason}."
        return "published", "Published, because another product of this shop on the same Orderchamp product is."
    if not situation.may_create and not situation.targets and situation.settings.mode == "everything":
        return (
            "detached",
            "Somebody deleted it on Orderchamp; the next import creates it again, or a person who answers the problem.",
        )
    if not desired.living:
        return "deleted", f"Not published, because {desired.reason}."
    return _hidden(situation) if situation.bindings else _absent(situation)


def _stock_kept(situation: Situation, *, shown: bool) -> tuple[str, str]:
    if not situation.targets:
        return "skipped", "Not on Orderchamp, and only the stock of what is there already is kept up to date."
    if not situation.desired.living:
        return "deleted", f"Sold out, because {situation.desired.reason}; only its stock is kept up to date."
    return (
        "published" if shown else "unpublished",
        f"{'Published' if shown else 'Not published'}; only its stock is kept up to date.",
    )


def _absent(situation: Situation) -> tuple[str, str]:
    desired = situation.desired
    if not desired.variants:
        return "skipped", "Not on Orderchamp: none of its variants can be synchronised."
    if all(variant.source_id in situation.apart for variant in desired.variants):
        return "skipped", "Not on Orderchamp."
    if desired.published and situation.settings.mode == "follow":
        return "skipped", "Not on Orderchamp, and only what is there already is kept up to date."
    if desired.published:
        return "skipped", "Not on Orderchamp."
    return "skipped", f"Not on Orderchamp, because {desired.reason}."


def _hidden(situation: Situation) -> tuple[str, str]:
    desired = situation.desired
    if desired.published and any(target.held for target in situation.targets.values()):
        return "held", "Not published, because somebody unpublished it on Orderchamp."
    if desired.published and any(target.publication_unclear for target in situation.targets.values()):
        return "problem", "It is not known whether it is published."
    kind = draft_kind(situation)
    if desired.published and kind is not None:
        return "draft", f"A draft on Orderchamp, because {DRAFT_REASONS[kind]}."
    return "unpublished", f"Not published, because {desired.reason}."
