"""The plan: what must change on Orderchamp so that it shows the desired state, in the order in which it may happen.

Planning is done again after every stage, from what is known then; a plan therefore only says what to do next. That makes
a crash between two stages nothing special: whoever comes next plans from the same rows.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.domain.errors import CredentialsRefused, TemporaryError
from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.settings import ApplicationSettings
from app.domain.state import (
    Binding,
    Desired,
    DesiredVariant,
    InventoryPolicy,
    Observed,
    ObservedVariant,
    Price,
    Target,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateProduct:
    """Create a product, as a draft, with all its variants and their stock."""

    source_id: SourceId
    title: str
    description: str
    brand: str | None
    option_names: tuple[str, ...]
    images: tuple[str, ...]
    variants: tuple[DesiredVariant, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateVariant:
    """Create a variant on an existing product."""

    source_id: SourceId
    target_id: TargetId
    variant: DesiredVariant


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateProduct:
    """Change fields of a product; None leaves a field as it is, ``images`` replaces the whole set."""

    source_id: SourceId
    target_id: TargetId
    title: str | None = None
    description: str | None = None
    option_names: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateVariant:
    """Change fields of a variant; None leaves a field as it is."""

    source_id: SourceId
    target_id: TargetId
    target_variant_id: TargetVariantId
    sku: Sku | None = None
    price: Price | None = None
    msrp: Price | None = None
    policy: InventoryPolicy | None = None
    options: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetStock:
    """Set the stock of a variant to this many pieces."""

    source_id: SourceId
    target_id: TargetId
    target_variant_id: TargetVariantId
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Publish:
    """Put a product on a storefront. Never repeated blindly: each extra one leaves ghost copies of the variants."""

    source_id: SourceId
    target_id: TargetId
    storefront_id: StorefrontId


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpublish:
    """Hide a product from buyers."""

    source_id: SourceId
    target_id: TargetId


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshListing:
    """Have a published product's listing take up variants that were added after it was published."""

    source_id: SourceId
    target_id: TargetId


Change: TypeAlias = (
    CreateProduct | CreateVariant | UpdateProduct | UpdateVariant | SetStock | Publish | Unpublish | RefreshListing
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The change was made. ``observed`` is set for creations: the new product or variant with its ids."""

    observed: Observed | ObservedVariant | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Orderchamp refused the change, for these reasons."""

    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TargetMissing:
    """The product or variant does not exist on Orderchamp (any more)."""


@dataclass(frozen=True, slots=True)
class Unclear:
    """The change was sent and nobody knows whether it was made."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """The change was not made: the call never started, or Orderchamp said that it executed nothing."""

    error: TemporaryError | CredentialsRefused


Outcome: TypeAlias = Applied | Refused | TargetMissing | Unclear | NotSent


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All that planning for one source product needs to know.

    ``bindings`` by source variant, ``targets`` by id (one for each bound target). ``fallback_storefront_id`` is where to
    publish what we never published; None: the supplier has to choose. ``off_limits`` are changes that Orderchamp
    refused, ``blocked`` variants that somebody else holds on Orderchamp. ``may_create`` False: the product was deleted
    on Orderchamp by hand, and is not made again.
    """

    desired: Desired
    settings: ApplicationSettings
    bindings: Mapping[SourceVariantId, Binding]
    targets: Mapping[TargetId, Target]
    fallback_storefront_id: StorefrontId | None
    off_limits: frozenset[Change] = frozenset()
    blocked: frozenset[SourceVariantId] = frozenset()
    may_create: bool = True


def next_stage(situation: Situation) -> tuple[Change, ...]:
    """Return the changes to make next, together; empty when Orderchamp shows what it should.

    Hiding comes first and showing last: what should not be sold is gone at once, and a product is shown complete.
    """
    for stage in (_hide, _create, _update, _show):
        changes = tuple(change for change in stage(situation) if change not in situation.off_limits)
        if changes:
            return changes
    return ()


def lacks_storefront(situation: Situation) -> bool:
    """Tell whether a product waits to be published and nobody has said where."""
    return any(
        _should_show(situation, target)
        and target.observed is not None
        and not target.observed.published
        and _storefront(situation, target) is None
        for target in situation.targets.values()
    )


def _hide(situation: Situation) -> Iterable[Change]:
    for target in situation.targets.values():
        if target.observed is None or not target.observed.published:
            continue
        if not situation.desired.published and not target.published_by_others:
            yield Unpublish(source_id=situation.desired.source_id, target_id=target.id)


def _create(situation: Situation) -> Iterable[Change]:
    desired = situation.desired
    if not desired.living or not situation.may_create:
        return
    unbound = tuple(variant for variant in unbound_variants(situation) if variant.source_id not in situation.blocked)
    if not unbound:
        return
    home = _home(situation)
    if home is not None:
        for variant in unbound:
            yield CreateVariant(source_id=desired.source_id, target_id=home, variant=variant)
    elif not situation.targets and (desired.published or situation.settings.inactive_products == "draft"):
        yield CreateProduct(
            source_id=desired.source_id,
            title=desired.title,
            description=desired.description,
            brand=desired.brand,
            option_names=desired.option_names,
            images=desired.images,
            variants=unbound,
        )


def unbound_variants(situation: Situation) -> tuple[DesiredVariant, ...]:
    """Return the variants that are not on Orderchamp yet, as far as we know."""
    return tuple(variant for variant in situation.desired.variants if variant.source_id not in situation.bindings)


def worth_finding(situation: Situation) -> bool:
    """Tell whether variants that are not bound should be looked for on Orderchamp.

    A product that is not published in the shop and was never synchronised stays alone, unless drafts are wanted.
    """
    desired = situation.desired
    wanted = desired.published or bool(situation.bindings) or situation.settings.inactive_products == "draft"
    return desired.living and wanted


def _home(situation: Situation) -> TargetId | None:
    """Return the target on which new variants belong: the one with most variants of this product, else the oldest."""
    counts: dict[TargetId, int] = {}
    for binding in situation.bindings.values():
        counts[binding.target_id] = counts.get(binding.target_id, 0) + 1
    return max(counts, key=lambda target_id: counts[target_id], default=None)


def _update(situation: Situation) -> Iterable[Change]:
    wanted = {variant.source_id: variant for variant in situation.desired.variants}
    skipped = {variant.source_id for variant in situation.desired.skipped}
    for target in situation.targets.values():
        if target.observed is not None and target.owner and situation.desired.living:
            yield from _update_product(situation, target.observed)
    for binding in situation.bindings.values():
        observed = _observed_variant(situation, binding)
        if observed is None or binding.source_variant_id in skipped:
            continue
        variant = wanted.get(binding.source_variant_id)
        if variant is not None and situation.desired.living:
            yield from _update_variant(situation, binding, variant, observed)
        elif variant is None or situation.targets[binding.target_id].published_by_others:
            yield from _retire_variant(situation, binding, observed)


def _observed_variant(situation: Situation, binding: Binding) -> ObservedVariant | None:
    target = situation.targets.get(binding.target_id)
    if target is None or target.observed is None:
        return None
    return target.observed.variants.get(binding.target_variant_id)


def _update_product(situation: Situation, observed: Observed) -> Iterable[Change]:
    desired, fields = situation.desired, situation.settings.fields
    change = UpdateProduct(
        source_id=desired.source_id,
        target_id=observed.id,
        title=desired.title if fields.title and desired.title != observed.title else None,
        description=desired.description
        if fields.description and desired.description != (observed.description or "")
        else None,
        option_names=desired.option_names
        if desired.option_names and desired.option_names != observed.option_names
        else None,
        images=desired.images if fields.images and desired.images and desired.images != observed.images else None,
    )
    if change != UpdateProduct(source_id=desired.source_id, target_id=observed.id):
        yield change


def _update_variant(
    situation: Situation, binding: Binding, variant: DesiredVariant, observed: ObservedVariant
) -> Iterable[Change]:
    fields = situation.settings.fields
    nothing = UpdateVariant(
        source_id=situation.desired.source_id,
        target_id=binding.target_id,
        target_variant_id=binding.target_variant_id,
    )
    change = replace(
        nothing,
        sku=variant.sku if variant.sku != observed.sku else None,
        price=variant.price if fields.price and variant.price != observed.price else None,
        msrp=variant.msrp if fields.price and variant.msrp is not None and variant.msrp != observed.msrp else None,
        policy=variant.policy if variant.policy != observed.policy else None,
        options=variant.options if variant.options and variant.options != observed.options else None,
    )
    if change != nothing:
        yield change
    if variant.stock is not None and variant.stock != observed.stock:
        yield _set_stock(situation, binding, variant.stock)


def _retire_variant(situation: Situation, binding: Binding, observed: ObservedVariant) -> Iterable[Change]:
    """A variant that the shop no longer has is never deleted: it is sold out, and its binding stays."""
    if observed.policy != "DENY":
        yield UpdateVariant(
            source_id=situation.desired.source_id,
            target_id=binding.target_id,
            target_variant_id=binding.target_variant_id,
            policy="DENY",
        )
    if observed.stock != 0:
        yield _set_stock(situation, binding, 0)


def _set_stock(situation: Situation, binding: Binding, quantity: int) -> SetStock:
    return SetStock(
        source_id=situation.desired.source_id,
        target_id=binding.target_id,
        target_variant_id=binding.target_variant_id,
        quantity=quantity,
    )


def _show(situation: Situation) -> Iterable[Change]:
    source_id = situation.desired.source_id
    for target in situation.targets.values():
        if target.observed is None or not _should_show(situation, target):
            continue
        if not target.observed.published:
            storefront_id = _storefront(situation, target)
            if storefront_id is not None:
                yield Publish(source_id=source_id, target_id=target.id, storefront_id=storefront_id)
        elif target.refresh_listing and situation.settings.listing_refresh == "unless_shown":
            yield RefreshListing(source_id=source_id, target_id=target.id)


def _should_show(situation: Situation, target: Target) -> bool:
    """A draft that we made and never published stays one while there is a reason for it."""
    if not situation.desired.published:
        return False
    return situation.desired.draft_reason is None or target.last_storefront_id is not None


def _storefront(situation: Situation, target: Target) -> StorefrontId | None:
    return target.last_storefront_id or situation.fallback_storefront_id


def sent(observed: Observed, changes: Sequence[Change]) -> Observed:
    """Return what Orderchamp shows after these changes were made to ``observed``, as far as we can know without reading."""
    for change in changes:
        observed = _after(observed, change)
    return observed


def _after(observed: Observed, change: Change) -> Observed:
    match change:
        case UpdateProduct():
            return replace(
                observed,
                title=observed.title if change.title is None else change.title,
                description=observed.description if change.description is None else change.description,
                option_names=observed.option_names if change.option_names is None else change.option_names,
                images=observed.images if change.images is None else change.images,
            )
        case UpdateVariant() | SetStock():
            before = observed.variants.get(change.target_variant_id)
            if before is None:
                return observed
            return replace(observed, variants={**observed.variants, before.id: _variant_after(before, change)})
        case Publish() | RefreshListing():
            return replace(observed, published=True)
        case Unpublish():
            return replace(observed, published=False)
        case CreateProduct() | CreateVariant():
            return observed


def _variant_after(before: ObservedVariant, change: UpdateVariant | SetStock) -> ObservedVariant:
    if isinstance(change, SetStock):
        return replace(before, stock=change.quantity)
    return replace(
        before,
        sku=before.sku if change.sku is None else change.sku,
        price=before.price if change.price is None else change.price,
        msrp=before.msrp if change.msrp is None else change.msrp,
        policy=before.policy if change.policy is None else change.policy,
        options=before.options if change.options is None else change.options,
    )
