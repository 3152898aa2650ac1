"""Matching: what a look-up by SKU is worth to the variant that it was made for."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

from app.domain.conflict import Choice, Conflict, Found, Holder
from app.domain.ids import Sku
from app.domain.state import Observed
from app.domain.structs import Struct


class Match(Struct, frozen=True):
    """This is the variant. ``takes_over``: it was another one's, which the shop deleted or a person left out."""

    found: Found
    takes_over: bool = False


class Wait(Struct, frozen=True):
    """The SKU is shown by a variant that has another one in the shop by now, or none: it will make way."""

    found: Found


Verdict: TypeAlias = Match | Wait | Conflict | None
"""None: nobody has the SKU on Orderchamp."""


def judge(holder: Holder, found: Sequence[Found], *, bound: bool, choice: Choice | None = None) -> Verdict:
    """Judge what was found for the SKU of ``holder``.

    ``bound``: the variant is on Orderchamp already and only wants the SKU. ``choice``: a person gave it the SKU.
    """
    exact = [each for each in found if each.sku == holder.sku and not _own(holder, each)]
    others = [each for each in found if each.sku != holder.sku and not _own(holder, each)]
    if choice is not None and choice.target_variant_id is not None and not bound:
        named = [each for each in exact if each.target_variant_id == choice.target_variant_id]
        exact = named or exact
    if not exact:
        return Conflict(sku=holder.sku, holders=(holder,), found=tuple(others)) if others else None
    if len(exact) > 1 or (others and choice is None):
        return Conflict(sku=holder.sku, holders=(holder,), found=(*exact, *others))
    return _one(holder, exact[0], bound=bound, chosen=choice is not None)


def _own(holder: Holder, found: Found) -> bool:
    bound_to = found.bound_to
    return bound_to is not None and (bound_to.application_id, bound_to.source_variant_id) == (
        holder.application_id,
        holder.source_variant_id,
    )


def _one(holder: Holder, found: Found, *, bound: bool, chosen: bool) -> Verdict:
    if found.bound_to is None:
        return Conflict(sku=holder.sku, holders=(holder,), found=(found,)) if bound else Match(found)
    if not bound and (found.bound_to.sku is None or (chosen and found.bound_to.sku == holder.sku)):
        return Match(found, takes_over=True)
    if chosen or found.bound_to.sku != holder.sku:
        same_lane = found.bound_to.application_id == holder.application_id
        return Wait(found) if same_lane else Conflict(sku=holder.sku, holders=(holder,), found=(found,))
    return Conflict(sku=holder.sku, holders=(holder,), found=(found,))


def may_adopt(observed: Observed, *, claimed: Sequence[Sku], since: datetime, bound: bool) -> bool:
    """Tell whether a creation of unknown outcome, begun at ``since``, can have made this product.

    Only one that has every SKU claimed for it, is not older than the attempt, and is bound to nothing. ``observed`` has
    the variants that were looked for. Orderchamp's times are in whole seconds.
    """
    shown = {variant.sku for variant in observed.variants.values()}
    newer = observed.created_at is not None and observed.created_at >= since.replace(microsecond=0)
    return newer and not bound and set(claimed) <= shown


def was_published(observed: Observed, *, since: datetime, refreshing: bool = False) -> bool | None:
    """Tell what came of a publication of unknown outcome, begun at ``since``: True done, False not, None undecided.

    ``refreshing``: it was to refresh the listing of a product that was published before. A product that was not touched
    since the attempt was not published by it.
    """
    if observed.published and not refreshing:
        return True
    if observed.updated_at is None:
        return None
    if observed.updated_at <= since:
        return False
    return True if observed.published else None
