"""The plan: what must change on Orderchamp so that it shows the desired state, in the order in which it may happen.

Planning is done again after every stage, from what is known then; a plan therefore only says what to do next. That makes
a crash between two stages nothing special: whoever comes next plans from the same rows.
"""

from collections.abc import Callable, Iterable, Mapping

from app.domain.changes import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Outcome,
    Publish,
    RefreshListing,
    Refused,
    SetStock,
    TargetMissing,
    Unclear,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
    sent,
)
from app.domain.ids import Sku, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.images import to_show
from app.domain.product import UNTOLD, in_common
from app.domain.settings import ApplicationSettings
from app.domain.state import (
    Binding,
    Desired,
    DesiredVariant,
    DraftKind,
    Observed,
    ObservedVariant,
    Skipped,
    Target,
)
from app.domain.structs import Struct, field

__all__ = [
    "Applied",
    "Change",
    "CreateProduct",
    "CreateVariant",
    "NotSent",
    "Outcome",
    "Publish",
    "RefreshListing",
    "Refused",
    "SetStock",
    "Situation",
    "TargetMissing",
    "Unclear",
    "Unpublish",
    "UpdateProduct",
    "UpdateVariant",
    "draft_kind",
    "lacks_storefront",
    "makes_way",
    "next_stage",
    "sent",
    "stays_draft",
    "unbound_variants",
    "wants_hiding",
    "worth_finding",
]


class Situation(Struct, frozen=True, kw_only=True):
    """All that planning for one source product needs to know.

    ``bindings`` by source variant, ``targets`` by id (one for each bound target). ``fallback_storefront_id`` is where to
    publish what we never published; None: the supplier has to choose. ``off_limits`` are changes that Orderchamp
    refused, ``not_permitted`` kinds of change for which the token has no permission. ``apart`` are variants that are
    neither created nor written, but for their stock: somebody else holds their SKU, or nobody knows who does.
    ``occupied`` are SKUs that another variant on Orderchamp shows and will give up. ``may_create`` False: the product was
    deleted on Orderchamp by hand, and is not made again. ``may_hide`` False: the guard holds it published.
    ``shop_currency`` None: the shop does not tell in which currency its prices are. ``leaving``: the Application is being
    uninstalled, so its products are hidden and nothing else.
    ``storefront_is_named``: the shop's input says where to publish, which is ``named_storefront_id``, wherever it was before;
    None: the account has no such storefront.
    """

    desired: Desired
    settings: ApplicationSettings
    bindings: Mapping[SourceVariantId, Binding]
    targets: Mapping[TargetId, Target]
    fallback_storefront_id: StorefrontId | None
    off_limits: frozenset[Change] = frozenset()
    not_permitted: frozenset[type[Change]] = frozenset()
    apart: frozenset[SourceVariantId] = frozenset()
    occupied: Mapping[Sku, "Occupant"] = field(default_factory=dict)
    storefront_is_named: bool = False
    named_storefront_id: StorefrontId | None = None
    may_create: bool = True
    may_hide: bool = True
    shop_currency: str | None = None
    leaving: bool = False

    @property
    def foreign_prices(self) -> bool:
        """Whether the shop's prices are in another currency than the account's."""
        return self.shop_currency not in (None, self.settings.currency)

    @property
    def only_stock(self) -> bool:
        """Whether nothing but stock is kept up to date, and people publish."""
        return self.settings.mode == "stock" and not self.leaving


class Occupant(Struct, frozen=True, kw_only=True):
    """A variant on Orderchamp that shows an SKU which is another one's by now."""

    target_id: TargetId
    target_variant_id: TargetVariantId


def temporary_sku(target_variant_id: TargetVariantId) -> Sku:
    """Return the SKU under which a variant makes way for another one. The same each time, so a crash costs nothing."""
    return Sku(f"moving-{target_variant_id}")


def makes_way(change: Change) -> bool:
    """Tell whether a change only has a variant make way for another one."""
    if not isinstance(change, UpdateVariant) or change.sku is None:
        return False
    return change.sku == temporary_sku(change.target_variant_id)


def next_stage(situation: Situation) -> tuple[Change, ...]:
    """Return the changes to make next, together; empty when Orderchamp shows what it should.

    Hiding comes first and showing last: what should not be sold is gone at once, and a product is shown complete.
    """
    off_limits, not_permitted = situation.off_limits, situation.not_permitted
    for stage in _stages(situation):
        changes = tuple(stage(situation))
        if off_limits or not_permitted:
            changes = tuple(each for each in changes if each not in off_limits and type(each) not in not_permitted)
        if changes:
            return changes
    return ()


def _stages(situation: Situation) -> tuple[Callable[[Situation], Iterable[Change]], ...]:
    if situation.leaving:
        return (_hide,)
    if situation.settings.mode == "stock":
        return (_update,)
    return (_hide, _create, _update, _make_way, _show)


def lacks_storefront(situation: Situation) -> bool:
    """Tell whether a product waits to be published and nobody has said where."""
    return any(
        target.observed is not None
        and not target.observed.published
        and _should_show(situation, target)
        and _storefront(situation, target) is None
        for target in situation.targets.values()
    )


def wants_hiding(situation: Situation) -> bool:
    """Tell whether the product's desired state hides a target that buyers see, whoever may have to agree to that."""
    return any(_to_hide(situation, target) for target in situation.targets.values())


def _to_hide(situation: Situation, target: Target) -> bool:
    if situation.desired.published or target.published_by_others or situation.only_stock:
        return False
    return target.observed is not None and target.observed.published


def _hide(situation: Situation) -> Iterable[Change]:
    for target in situation.targets.values():
        if situation.may_hide and _to_hide(situation, target):
            yield Unpublish(source_id=situation.desired.source_id, target_id=target.id)


def _create(situation: Situation) -> Iterable[Change]:
    desired = situation.desired
    if not desired.living or not situation.may_create:
        return
    unbound = tuple(
        variant
        for variant in desired.variants
        if variant.source_id not in situation.bindings
        and variant.source_id not in situation.apart
        and variant.sku not in situation.occupied
    )
    if not unbound:
        return
    home = _home(situation)
    if home is not None:
        # Buyers would see at once what has a wrong price.
        for variant in () if situation.foreign_prices else unbound:
            yield CreateVariant(source_id=desired.source_id, target_id=home, variant=variant)
    elif not situation.targets and _may_be_new(situation):
        yield CreateProduct(
            source_id=desired.source_id,
            title=desired.title,
            description=desired.description,
            brand=desired.brand,
            option_names=desired.option_names,
            images=desired.images,
            variants=unbound,
            category=situation.settings.category,
            measures=in_common(variant.measures for variant in unbound),
        )


def _may_be_new(situation: Situation) -> bool:
    """Tell whether a product that is not on Orderchamp is to be created there."""
    if situation.settings.mode != "everything":
        return False
    return situation.desired.published or situation.settings.inactive_products == "draft"


def unbound_variants(situation: Situation) -> tuple[DesiredVariant, ...]:
    """Return the variants that are not on Orderchamp yet, as far as we know."""
    return tuple(variant for variant in situation.desired.variants if variant.source_id not in situation.bindings)


def worth_finding(situation: Situation) -> bool:
    """Tell whether variants that are not bound should be looked for on Orderchamp.

    A product that is not published in the shop and was never synchronised stays alone, unless drafts are wanted, or only
    stock is kept.
    """
    desired, settings = situation.desired, situation.settings
    wanted = settings.mode == "stock" or settings.inactive_products == "draft"
    return desired.living and not situation.leaving and (desired.published or bool(situation.bindings) or wanted)


def _home(situation: Situation) -> TargetId | None:
    """Return the target on which new variants belong: the one with most variants of this product, else the oldest."""
    counts: dict[TargetId, int] = {}
    for binding in situation.bindings.values():
        counts[binding.target_id] = counts.get(binding.target_id, 0) + 1
    return max(counts, key=lambda target_id: counts[target_id], default=None)


def _update(situation: Situation) -> Iterable[Change]:
    desired = situation.desired
    changes: list[Change] = []
    for target in situation.targets.values():
        if target.observed is not None and target.owner and desired.living and not situation.only_stock:
            changes += _update_product(situation, target, target.observed)
            changes += _update_measures(situation, target.observed)
    known = {variant.source_id: variant for variants in (desired.skipped, desired.variants) for variant in variants}
    for binding in situation.bindings.values():
        target = situation.targets[binding.target_id]
        observed = None if target.observed is None else target.observed.variants.get(binding.target_variant_id)
        if observed is None:
            continue
        variant = known.get(binding.source_variant_id)
        if _is_off_sale(situation, target, variant):
            changes += _retire_variant(situation, binding, observed)
        elif variant is not None and desired.living:
            changes += _keep_up(situation, binding, variant, observed)
    return changes


def _keep_up(
    situation: Situation, binding: Binding, variant: DesiredVariant | Skipped, observed: ObservedVariant
) -> list[Change]:
    changes: list[Change] = []
    if isinstance(variant, DesiredVariant) and variant.source_id not in situation.apart:
        if (details := _details(situation, binding, variant, observed)) is not None:
            changes.append(details)
        if variant.barcode not in (None, observed.barcode):
            changes += _barcode(situation, binding, variant)
    if variant.stock is not None and variant.stock != observed.stock:
        changes.append(_set_stock(situation, binding, variant.stock))
    return changes


def _is_off_sale(situation: Situation, target: Target, variant: DesiredVariant | Skipped | None) -> bool:
    """Tell whether buyers would still see what the shop does not sell (any more), so that it has to be sold out.

    A variant that was removed; a deleted product that is not hidden; an inactive one beside others that are shown. What is
    hidden with its target is left as it was.
    """
    desired = situation.desired
    if not desired.living:
        stays = situation.only_stock or (not situation.may_hide and wants_hiding(situation))
        return target.shared_with_living or stays
    if variant is None:
        return situation.settings.removed_variants == "sell_out"
    return target.published_by_others and not desired.published and not situation.only_stock


def _update_product(situation: Situation, target: Target, observed: Observed) -> Iterable[Change]:
    desired, fields = situation.desired, situation.settings.fields
    title = fields.title and desired.title != observed.title
    description = fields.description and desired.description != (observed.description or "")
    option_names = desired.option_names and desired.option_names != observed.option_names
    pictures = to_show(desired.images, arrived=target.arrived_images, failed=target.failed_images)
    images = fields.images and pictures and pictures != observed.images
    if title or description or option_names or images:
        yield UpdateProduct(
            source_id=desired.source_id,
            target_id=observed.id,
            title=desired.title if title else None,
            description=desired.description if description else None,
            option_names=desired.option_names if option_names else None,
            images=pictures if images else None,
        )


def _update_measures(situation: Situation, observed: Observed) -> Iterable[Change]:
    """Send what all variants on a target share. Apart, since it is less sure than other fields that it may be sent.

    Orderchamp takes a variant's own weight and dimensions only when it is created.
    """
    if not situation.settings.fields.specifications:
        return
    bound = situation.bindings
    shared = in_common(
        [
            each.measures
            for each in situation.desired.variants
            if each.source_id in bound and bound[each.source_id].target_id == observed.id
        ]
    )
    if shared not in (UNTOLD, observed.measures) and (changed := shared.beside(observed.measures)) != UNTOLD:
        yield UpdateProduct(source_id=situation.desired.source_id, target_id=observed.id, measures=changed)


def _barcode(situation: Situation, binding: Binding, variant: DesiredVariant) -> Iterable[Change]:
    """Send a barcode. Apart, as measures are."""
    if situation.settings.fields.specifications and not situation.only_stock:
        yield UpdateVariant(
            source_id=situation.desired.source_id,
            target_id=binding.target_id,
            target_variant_id=binding.target_variant_id,
            barcode=variant.barcode,
        )


def _details(
    situation: Situation, binding: Binding, variant: DesiredVariant, observed: ObservedVariant
) -> UpdateVariant | None:
    sku = variant.sku != observed.sku and variant.sku not in situation.occupied
    price = variant.price is not None and variant.price != observed.price
    msrp = variant.msrp is not None and variant.msrp != observed.msrp
    options = bool(variant.options) and variant.options != observed.options
    policy = variant.policy != observed.policy
    if not (sku or price or msrp or policy or options):
        return None
    if situation.only_stock:
        sku = price = msrp = options = False
    elif (price or msrp) and (not situation.settings.fields.price or situation.foreign_prices):
        price = msrp = False
    if not (sku or price or msrp or policy or options):
        return None
    return UpdateVariant(
        source_id=situation.desired.source_id,
        target_id=binding.target_id,
        target_variant_id=binding.target_variant_id,
        sku=variant.sku if sku else None,
        price=variant.price if price else None,
        msrp=variant.msrp if msrp else None,
        policy=variant.policy if policy else None,
        options=variant.options if options else None,
    )


def _make_way(situation: Situation) -> Iterable[Change]:
    """Have one variant that shows an SKU wanted here take a temporary one; its own product gives it the right one.

    Only when nothing else can go on, so that a chain of renames needs none; and one at a time, so that a swap needs one.
    """
    if not situation.desired.living or not situation.occupied:
        return
    for variant in situation.desired.variants:
        occupant = situation.occupied.get(variant.sku)
        binding = situation.bindings.get(variant.source_id)
        if occupant is None or variant.source_id in situation.apart:
            continue
        if binding is None or binding.target_variant_id != occupant.target_variant_id:
            yield UpdateVariant(
                source_id=situation.desired.source_id,
                target_id=occupant.target_id,
                target_variant_id=occupant.target_variant_id,
                sku=temporary_sku(occupant.target_variant_id),
            )
            return


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
        elif (
            target.refresh_listing
            and not target.publication_unclear
            and situation.settings.listing_refresh == "unless_shown"
        ):
            yield RefreshListing(source_id=source_id, target_id=target.id)


def _should_show(situation: Situation, target: Target) -> bool:
    """A draft stays one while there is a reason for it; so does what a person hid."""
    if not situation.desired.published or situation.only_stock or target.held or target.publication_unclear:
        return False
    return not stays_draft(situation, target)


def stays_draft(situation: Situation, target: Target) -> bool:
    """Tell whether a target that buyers have never seen is not to be published by us."""
    seen = target.last_storefront_id is not None or target.was_published
    return not seen and draft_kind(situation) is not None


def draft_kind(situation: Situation) -> DraftKind | None:
    """Return why a new product is left as a draft; None: it is not."""
    return "currency_differs" if situation.foreign_prices else situation.desired.draft_kind


def _storefront(situation: Situation, target: Target) -> StorefrontId | None:
    if situation.storefront_is_named:
        return situation.named_storefront_id
    return target.last_storefront_id or situation.fallback_storefront_id
