"""Desired state: what Orderchamp should show for a source product, and observed state: what it showed last."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.option_names import in_english
from app.domain.pricing import MOST, prices
from app.domain.product import UNTOLD, Measures, Snapshot, SourceVariant
from app.domain.settings import ApplicationSettings
from app.domain.structs import Struct, field, replace

InventoryPolicy = Literal["DENY", "CONTINUE"]
DraftKind = Literal["wholesale_price_unknown", "not_wanted", "currency_differs"]
Price: TypeAlias = Decimal

MAX_OPTIONS = 3
"""Orderchamp has three option axes (option1 to option3)."""


class DesiredVariant(Struct, frozen=True, kw_only=True):
    """A variant as Orderchamp should show it.

    ``price`` is the wholesale price, ``msrp`` the recommended retail price, VAT included; both in the shop's currency.
    ``price`` None: the shop has none, and only stock is kept, so that none is needed. ``stock`` in pieces; None when the
    shop does not count it, then no quantity is ever written.
    """

    source_id: SourceVariantId
    sku: Sku
    price: Price | None
    msrp: Price | None = None
    stock: int | None
    policy: InventoryPolicy
    options: tuple[str, ...] = ()
    barcode: str | None = None
    measures: Measures = UNTOLD


class Skipped(Struct, frozen=True, kw_only=True):
    """A variant that is not synchronised, with the reason as a sentence. ``stock`` still counts if it is bound."""

    source_id: SourceVariantId
    reason: str
    stock: int | None = None


class Desired(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What Orderchamp should show for one source product.

    ``living`` False: the shop deleted it. ``reason`` completes "It is (not) published because …". ``draft_kind`` is
    set when the product may be created but must not be published by us. ``storefront`` is what the shop calls
    the storefront for it; None: it names none.
    """

    source_id: SourceId
    title: str
    description: str
    brand: str | None
    option_names: tuple[str, ...]
    images: tuple[str, ...]
    variants: tuple[DesiredVariant, ...]
    skipped: tuple[Skipped, ...] = ()
    living: bool
    published: bool
    reason: str
    draft_kind: DraftKind | None = None
    storefront: str | None = None


class ObservedVariant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant as Orderchamp showed it, or as we last wrote it. None: not known, or not set there."""

    id: TargetVariantId
    sku: Sku
    price: Price | None = None
    msrp: Price | None = None
    stock: int | None = None
    policy: InventoryPolicy | None = None
    options: tuple[str, ...] = ()
    barcode: str | None = None


class Observed(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A target product as Orderchamp showed it, or as we last wrote it.

    ``variants`` are those that we know: the bound ones at least. ``images`` are the addresses that we sent last; None
    when we never sent any, because Orderchamp does not tell where its images came from. ``listed_variants`` None:
    Orderchamp does not tell which variants its listing has.
    """

    id: TargetId
    title: str
    description: str | None = None
    option_names: tuple[str, ...] = ()
    measures: Measures = UNTOLD
    images: tuple[str, ...] | None = None
    published: bool
    variants: Mapping[TargetVariantId, ObservedVariant] = field(default_factory=dict)
    listed_variants: frozenset[TargetVariantId] | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


def desired_state(snapshot: Snapshot, settings: ApplicationSettings, *, now: datetime, gone: bool = False) -> Desired:
    """Compute what Orderchamp should show for ``snapshot`` under ``settings``. Pure; every skip has its reason."""
    snapshot = _without_empty_axes(snapshot)
    variants, skipped = _variants(snapshot, settings)
    published, reason = _publication(snapshot, now=now, gone=gone)
    if published and not variants:
        published, reason = False, "none of its variants can be synchronised"
    return Desired(
        source_id=snapshot.source_id,
        title=snapshot.title,
        description=snapshot.description,
        brand=snapshot.brand,
        option_names=in_english(snapshot.option_names[:MAX_OPTIONS], settings.option_names),
        images=snapshot.images,
        variants=variants,
        skipped=skipped,
        living=not gone,
        published=published,
        reason=reason,
        draft_kind=_draft_kind(settings),
        storefront=snapshot.storefront,
    )


def _without_empty_axes(snapshot: Snapshot) -> Snapshot:
    """Leave out the options for which every variant has an empty value."""
    variants = snapshot.variants
    if not variants or all(variants[0].options):
        # An option for which the first one has a value is not empty.
        return snapshot
    empty = {
        n
        for n in range(len(snapshot.option_names))
        if all(len(each.options) > n and not each.options[n] for each in variants)
    }
    if not empty:
        return snapshot
    return replace(
        snapshot,
        option_names=tuple(name for n, name in enumerate(snapshot.option_names) if n not in empty),
        variants=tuple(
            replace(each, options=tuple(value for n, value in enumerate(each.options) if n not in empty))
            for each in variants
        ),
    )


DRAFT_REASONS: Mapping[DraftKind, str] = {
    "wholesale_price_unknown": "the shop has consumer prices and no rule says what the wholesale price is "
    "(wholesale_percentage)",
    "not_wanted": "new products are left as drafts (publish_new is off)",
    "currency_differs": "the shop's prices are in another currency than the account's (currency)",
}


def _draft_kind(settings: ApplicationSettings) -> DraftKind | None:
    if settings.price_kind == "consumer" and settings.wholesale_percentage is None:
        return "wholesale_price_unknown"
    return None if settings.publish_new else "not_wanted"


def _publication(snapshot: Snapshot, *, now: datetime, gone: bool) -> tuple[bool, str]:
    if gone:
        return False, "it was deleted in the shop"
    if not snapshot.published:
        return False, f"it is {snapshot.status} in the shop"
    if snapshot.published_from is not None and snapshot.published_from > now:
        return False, f"the shop publishes it at {snapshot.published_from:%Y-%m-%d %H:%M} UTC"
    return True, f"it is {snapshot.status} in the shop"


def _variants(
    snapshot: Snapshot, settings: ApplicationSettings
) -> tuple[tuple[DesiredVariant, ...], tuple[Skipped, ...]]:
    kept: list[DesiredVariant] = []
    skipped: list[Skipped] = []
    for variant in snapshot.variants:
        problem = _problem(variant, settings)
        if problem is not None:
            skipped.append(Skipped(source_id=variant.id, reason=problem, stock=available(variant, settings)))
        else:
            kept.append(_variant(variant, settings))
    return tuple(kept), tuple(skipped)


def _problem(variant: SourceVariant, settings: ApplicationSettings) -> str | None:
    if variant.sku is None:
        return "It has no SKU in the shop; give it one to have it synchronised."
    if settings.mode == "stock":
        return None
    if variant.price is None or variant.price <= 0:
        return "It has no price above zero in the shop; Orderchamp needs one."
    if variant.price >= MOST:
        return "Its price in the shop is higher than any price can be."
    return None


def _variant(variant: SourceVariant, settings: ApplicationSettings) -> DesiredVariant:
    assert variant.sku is not None  # noqa: S101 - _problem has looked
    price, msrp = _prices(variant, settings)
    return DesiredVariant(
        source_id=variant.id,
        sku=variant.sku,
        price=price,
        msrp=msrp,
        stock=available(variant, settings),
        policy="CONTINUE" if variant.tracked is False or variant.sell_when_empty else "DENY",
        options=variant.options[:MAX_OPTIONS],
        barcode=variant.barcode,
        measures=variant.measures,
    )


def _prices(variant: SourceVariant, settings: ApplicationSettings) -> tuple[Price | None, Price | None]:
    if variant.price is None or not 0 < variant.price < MOST:
        return None, None
    found = prices(variant.price, variant.net_price, settings)
    return found.wholesale, found.retail


def available(variant: SourceVariant, settings: ApplicationSettings) -> int | None:
    """Return the stock that Orderchamp should show, in pieces; never negative; None when the shop does not count it.

    What the shop can still sell is told as what is there: Orderchamp takes off by itself what its own orders reserve, and
    those are not in the shop's number, since this service brings none there.
    """
    if variant.tracked is False:
        return None
    return max(_counted(variant, settings) - settings.safety_stock, 0)


def _counted(variant: SourceVariant, settings: ApplicationSettings) -> int:
    if variant.levels is None:
        return variant.quantity or 0
    return sum(
        level.quantity
        for level in variant.levels
        if settings.locations is None or level.location_id in settings.locations
    )


class Binding(Struct, frozen=True, kw_only=True):
    """The stored pair of a source variant and a target variant."""

    source_variant_id: SourceVariantId
    target_id: TargetId
    target_variant_id: TargetVariantId


class Target(Struct, frozen=True, kw_only=True):
    """A target product as one source product of ours meets it.

    ``observed`` None: what Orderchamp shows is not known and must be read. ``last_storefront_id`` is where we last
    published it; None when we never did. ``owner``: this source product is the oldest living one bound to it, so the
    product's own fields come from it. ``shared_with_living``: another living source product is bound to it;
    ``published_by_others``: and wants it published. ``refresh_listing``: a variant was added after it was published, and
    its listing was not refreshed since. ``was_published``: buyers saw it before, whoever published it.
    ``images_missing``: some of the images that were sent never arrived. ``arrived_images``: the last set that arrived; it
    stands in for ``failed_images``, of which none did. ``held``: a person unpublished it on Orderchamp.
    ``publication_unclear``: nobody knows what came of an attempt to publish it, so it is not published again.
    """

    id: TargetId
    observed: Observed | None
    last_storefront_id: StorefrontId | None = None
    owner: bool = True
    shared_with_living: bool = False
    published_by_others: bool = False
    refresh_listing: bool = False
    was_published: bool = False
    images_missing: bool = False
    arrived_images: tuple[str, ...] | None = None
    failed_images: tuple[str, ...] | None = None
    held: bool = False
    publication_unclear: bool = False
