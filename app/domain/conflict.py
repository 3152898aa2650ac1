"""Conflicts: an SKU that names more than one variant on either side, kept apart until a person says which it is.

Pure, and a function of what is there now: whatever came first, all holders of an SKU are judged alike.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.problem import Raised
from app.domain.structs import Struct


def folded(sku: Sku) -> str:
    """Return the SKU without the difference of upper and lower case: what is equal then is a conflict, not a match."""
    return sku.casefold()


class Holder(Struct, frozen=True, kw_only=True):
    """A variant of a shop that exists and has the SKU. ``title`` is its product's."""

    application_id: ApplicationId
    source_id: SourceId
    source_variant_id: SourceVariantId
    sku: Sku
    title: str = ""


class BoundTo(Struct, frozen=True, kw_only=True):
    """What a target variant is bound to. ``sku`` is that variant's SKU in the shop now; None: the shop deleted it."""

    application_id: ApplicationId
    source_id: SourceId
    source_variant_id: SourceVariantId
    sku: Sku | None


class Found(Struct, frozen=True, kw_only=True):
    """A variant on Orderchamp that has the SKU. ``bound_to`` None: it is bound to nothing."""

    target_id: TargetId
    target_variant_id: TargetVariantId
    sku: Sku
    title: str = ""
    bound_to: BoundTo | None = None


class Choice(Struct, frozen=True, kw_only=True):
    """A person's word on which source variant has the SKU; ``target_variant_id`` None: no word on which target variant."""

    application_id: ApplicationId
    source_variant_id: SourceVariantId
    target_variant_id: TargetVariantId | None = None


class Conflict(Struct, frozen=True, kw_only=True):
    """An SKU that is several variants'. ``found`` are those on Orderchamp, as far as they were looked for."""

    sku: Sku
    holders: tuple[Holder, ...]
    found: tuple[Found, ...] = ()

    def raised(self) -> Raised:
        """Return the problem that this is, with all candidates."""
        spelled = sorted({each.sku for each in self.holders} | {each.sku for each in self.found})
        where = f"{len(self.holders)} variant(s) in the shop" + (
            f" and {len(self.found)} on Orderchamp" if self.found else ""
        )
        sentence = f"The SKU {' or '.join(spelled)} is on {where}."
        return Raised(
            kind="sku_conflict", subject=folded(self.sku), sentence=sentence, details={"candidates": self._candidates()}
        )

    def _candidates(self) -> Mapping[str, Any]:
        return {
            "shop": [
                {
                    "application_id": str(each.application_id),
                    "source_id": each.source_id,
                    "source_variant_id": each.source_variant_id,
                    "sku": each.sku,
                    "title": each.title,
                }
                for each in self.holders
            ],
            "orderchamp": [
                {
                    "target_id": each.target_id,
                    "target_variant_id": each.target_variant_id,
                    "sku": each.sku,
                    "title": each.title,
                }
                for each in self.found
            ],
        }


class LeftOut(Struct, frozen=True):
    """A person gave the SKU to another variant."""

    sku: Sku


Ruling: TypeAlias = Conflict | LeftOut


def rule(
    holders: Iterable[Holder], choices: Mapping[str, Choice]
) -> Mapping[tuple[ApplicationId, SourceVariantId], Ruling]:
    """Return what keeps variants apart; those that have their SKU for themselves, or by a person's word, are absent.

    ``choices`` by folded SKU. A choice whose variant has the SKU no more counts for nothing.
    """
    groups: dict[str, list[Holder]] = {}
    for holder in holders:
        groups.setdefault(folded(holder.sku), []).append(holder)
    ruled: dict[tuple[ApplicationId, SourceVariantId], Ruling] = {}
    for key, group in groups.items():
        if len(group) == 1:
            continue
        ordered = sorted(group, key=lambda each: (each.application_id, each.source_id, each.source_variant_id))
        chosen = _chosen(ordered, choices.get(key))
        for holder in ordered:
            if chosen is None:
                ruled[holder.application_id, holder.source_variant_id] = Conflict(
                    sku=ordered[0].sku, holders=tuple(ordered)
                )
            elif holder is not chosen:
                ruled[holder.application_id, holder.source_variant_id] = LeftOut(holder.sku)
    return ruled


def _chosen(holders: Sequence[Holder], choice: Choice | None) -> Holder | None:
    if choice is None:
        return None
    named = (choice.application_id, choice.source_variant_id)
    return next((each for each in holders if (each.application_id, each.source_variant_id) == named), None)
