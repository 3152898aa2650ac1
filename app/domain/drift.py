"""Drift: what a shop or Orderchamp shows otherwise than we know, although nobody told us. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from app.domain.ids import SourceId, SourceVariantId
from app.domain.product import UNTOLD
from app.domain.projection import SourceProduct
from app.domain.state import Observed, ObservedVariant
from app.domain.structs import Struct, field, replace

DriftKind = Literal[
    "missed_creation",
    "missed_change",
    "missed_stock",
    "missed_deletion",
    "deleted",
    "variant_deleted",
    "unpublished",
    "published",
    "stock",
    "reserved",
    "edited",
]
"""First what no notice of the shop told, then what somebody did on Orderchamp."""


class SeenProduct(Struct, frozen=True, kw_only=True):
    """A product as a list of the shop's products names it.

    ``version`` None: the list does not tell. ``stock`` in pieces over all locations, of the variants that the list told here;
    variants whose stock is not counted, and those of other pages, are absent. ``counted``: whether the stock of a variant is
    counted, where the list tells.
    """

    source_id: SourceId
    version: datetime | None = None
    stock: Mapping[SourceVariantId, int] = field(default_factory=dict[SourceVariantId, int])
    counted: Mapping[SourceVariantId, bool] = field(default_factory=dict[SourceVariantId, bool])


class Drift(Struct, frozen=True):
    """One difference. ``sentence`` says it for people."""

    source_id: SourceId
    kind: DriftKind
    sentence: str


def shop_drift(known: SourceProduct | None, seen: SeenProduct) -> Drift | None:
    """Compare what the shop lists with what we know; None when they agree, as far as the list tells."""
    if known is None or known.snapshot is None:
        return Drift(seen.source_id, "missed_creation", "The shop has the product, and no notice of it came.")
    if known.gone:
        return Drift(seen.source_id, "missed_creation", "The shop has the product, which was known as deleted.")
    version = known.snapshot.version
    if seen.version is not None and (version is None or seen.version > version):
        return Drift(seen.source_id, "missed_change", "The shop changed the product, and no notice of that came.")
    told = {each.id: each for each in known.snapshot.variants}
    for variant_id, counted in seen.counted.items():
        variant = told.get(variant_id)
        if variant is not None and variant.tracked is not None and variant.tracked is not counted:
            how = "counts" if counted else "does not count"
            sentence = f"The shop {how} the stock of {variant.sku or variant_id}, and no notice came of that."
            return Drift(seen.source_id, "missed_stock", sentence)
    for variant_id, quantity in seen.stock.items():
        variant = told.get(variant_id)
        if variant is None:
            return Drift(seen.source_id, "missed_change", "The shop has a variant of which no notice came.")
        if variant.tracked and variant.quantity is not None and variant.quantity != quantity:
            named = variant.sku or variant_id
            sentence = f"The shop has {quantity} of {named}, and no notice came since it had {variant.quantity}."
            return Drift(seen.source_id, "missed_stock", sentence)
    return None


def missing(source_id: SourceId) -> Drift:
    """Return the drift of a product that the shop does not list any more."""
    return Drift(
        source_id, "missed_deletion", "The shop does not list the product any more, and no notice of that came."
    )


def market_drift(source_id: SourceId, before: Observed, shown: Observed | None) -> tuple[Drift, ...]:
    """Compare what Orderchamp shows of a target with what it showed last, or was last sent; one drift for each kind.

    ``shown`` has the variants that were looked for, which are those of ``before``; None: it does not exist.
    """
    if shown is None:
        return (Drift(source_id, "deleted", f"“{before.title}” does not exist on Orderchamp any more."),)
    found: dict[DriftKind, list[str]] = {}
    if before.published != shown.published:
        found["published" if shown.published else "unpublished"] = ["by somebody on Orderchamp"]
    for name in ("title", "description", "option_names"):
        if (getattr(before, name) or None) != (getattr(shown, name) or None):
            found.setdefault("edited", []).append(name.replace("_", " "))
    if before.measures.beside(shown.measures) != UNTOLD:
        found.setdefault("edited", []).append("weight or dimensions")
    for variant_id, old in before.variants.items():
        new = shown.variants.get(variant_id)
        if new is None:
            found.setdefault("variant_deleted", []).append(old.sku)
            continue
        if old.stock is not None and new.stock != old.stock:
            # Fewer than we set may be what open orders reserve, which Orderchamp may take off the number that it shows.
            fewer = new.stock is not None and new.stock < old.stock
            kind: DriftKind = "reserved" if fewer else "stock"
            found.setdefault(kind, []).append(f"{old.sku} is {new.stock}, and was {old.stock}")
        changed = [
            name for name in ("sku", "price", "msrp", "policy", "options", "barcode") if _differs(old, new, name)
        ]
        if changed:
            found.setdefault("edited", []).append(f"{', '.join(changed)} of {old.sku}")
    return tuple(Drift(source_id, kind, f"{_WHAT[kind]}: {'; '.join(what)}.") for kind, what in found.items())


def without_sales(before: Observed, shown: Observed) -> Observed:
    """Return what is shown as if nothing had been sold since: stock that fell is as it was before.

    An order on Orderchamp lowers the stock there before the shop knows of it. Whoever set it right at that moment would
    have the same piece sold twice; a sweep, or the shop's own word, comes later.
    """
    variants = {
        variant_id: replace(each, stock=old.stock)
        if (old := before.variants.get(variant_id)) is not None
        and old.stock is not None
        and each.stock is not None
        and each.stock < old.stock
        else each
        for variant_id, each in shown.variants.items()
    }
    return replace(shown, variants=variants)


_WHAT: Mapping[DriftKind, str] = {
    "published": "Published",
    "unpublished": "Unpublished",
    "edited": "Edited on Orderchamp",
    "variant_deleted": "Variants are gone from Orderchamp",
    "stock": "Orderchamp shows another stock",
    "reserved": "Orderchamp shows less stock, perhaps for what open orders reserve",
}


def _differs(old: ObservedVariant, new: ObservedVariant, name: str) -> bool:
    """Tell whether a field that we know is shown otherwise."""
    known = getattr(old, name)
    return known is not None and known != () and getattr(new, name) != known
