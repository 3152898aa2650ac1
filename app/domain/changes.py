"""Changes on Orderchamp, what can come of each, and what a product shows after them."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from app.domain.errors import CredentialsRefused, TemporaryError
from app.domain.ids import Sku, SourceId, StorefrontId, TargetId, TargetVariantId
from app.domain.product import UNTOLD, Measures
from app.domain.state import DesiredVariant, InventoryPolicy, Observed, ObservedVariant, Price
from app.domain.structs import Struct, replace


class CreateProduct(Struct, frozen=True, kw_only=True):
    """Create a product, as a draft, with all its variants and their stock. ``category`` None: Orderchamp chooses one."""

    source_id: SourceId
    title: str
    description: str
    brand: str | None
    option_names: tuple[str, ...]
    images: tuple[str, ...]
    variants: tuple[DesiredVariant, ...]
    category: str | None = None
    measures: Measures = UNTOLD


class CreateVariant(Struct, frozen=True, kw_only=True):
    """Create a variant on an existing product."""

    source_id: SourceId
    target_id: TargetId
    variant: DesiredVariant


class UpdateProduct(Struct, frozen=True, kw_only=True):
    """Change fields of a product; None leaves a field as it is, as do ``measures`` that are None; ``images`` replaces the set."""

    source_id: SourceId
    target_id: TargetId
    title: str | None = None
    description: str | None = None
    option_names: tuple[str, ...] | None = None
    images: tuple[str, ...] | None = None
    measures: Measures = UNTOLD

    def told(self) -> Mapping[str, Any]:
        """Return the fields that are changed, by name, apart from ``measures``."""
        found: dict[str, Any] = {}
        if self.title is not None:
            found["title"] = self.title
        if self.description is not None:
            found["description"] = self.description
        if self.option_names is not None:
            found["option_names"] = self.option_names
        if self.images is not None:
            found["images"] = self.images
        return found


class UpdateVariant(Struct, frozen=True, kw_only=True):
    """Change fields of a variant; None leaves a field as it is."""

    source_id: SourceId
    target_id: TargetId
    target_variant_id: TargetVariantId
    sku: Sku | None = None
    price: Price | None = None
    msrp: Price | None = None
    policy: InventoryPolicy | None = None
    options: tuple[str, ...] | None = None
    barcode: str | None = None

    def told(self) -> Mapping[str, Any]:
        """Return the fields that are changed, by name."""
        found: dict[str, Any] = {}  # Going through the fields would take four times as long.
        if self.sku is not None:
            found["sku"] = self.sku
        if self.price is not None:
            found["price"] = self.price
        if self.msrp is not None:
            found["msrp"] = self.msrp
        if self.policy is not None:
            found["policy"] = self.policy
        if self.options is not None:
            found["options"] = self.options
        if self.barcode is not None:
            found["barcode"] = self.barcode
        return found


class SetStock(Struct, frozen=True, kw_only=True):
    """Set the stock of a variant to this many pieces."""

    source_id: SourceId
    target_id: TargetId
    target_variant_id: TargetVariantId
    quantity: int


class Publish(Struct, frozen=True, kw_only=True):
    """Put a product on a storefront. Never repeated blindly: each extra one leaves ghost copies of the variants."""

    source_id: SourceId
    target_id: TargetId
    storefront_id: StorefrontId


class Unpublish(Struct, frozen=True, kw_only=True):
    """Hide a product from buyers."""

    source_id: SourceId
    target_id: TargetId


class RefreshListing(Struct, frozen=True, kw_only=True):
    """Have a published product's listing take up variants that were added after it was published."""

    source_id: SourceId
    target_id: TargetId


Change: TypeAlias = (
    CreateProduct | CreateVariant | UpdateProduct | UpdateVariant | SetStock | Publish | Unpublish | RefreshListing
)

EDITS: frozenset[type[Change]] = frozenset({UpdateProduct, UpdateVariant, SetStock})
"""Changes of what is there, which come by the thousand. Made twice they do no harm, so nothing is written down for each."""


class Applied(Struct, frozen=True, kw_only=True):
    """The change was made. ``observed`` is set for creations: the new product or variant with its ids."""

    observed: Observed | ObservedVariant | None = None


class Refused(Struct, frozen=True):
    """Orderchamp refused the change, for these reasons."""

    reasons: tuple[str, ...]


class TargetMissing(Struct, frozen=True):
    """The product or variant does not exist on Orderchamp (any more)."""


class Unclear(Struct, frozen=True):
    """The change was sent and nobody knows whether it was made."""

    reason: str


class NotSent(Struct, frozen=True):
    """The change was not made: the call never started, or Orderchamp said that it executed nothing."""

    error: TemporaryError | CredentialsRefused


Outcome: TypeAlias = Applied | Refused | TargetMissing | Unclear | NotSent


def sent(observed: Observed, changes: Iterable[Change]) -> Observed:
    """Return what Orderchamp shows after these changes were made to ``observed``, as far as we can know without reading."""
    variants = dict(observed.variants)
    for change in changes:
        match change:
            case SetStock():
                if (before := variants.get(change.target_variant_id)) is not None:
                    variants[before.id] = replace(before, stock=change.quantity)
            case UpdateVariant():
                if (before := variants.get(change.target_variant_id)) is not None:
                    variants[before.id] = replace(before, **change.told())
            case UpdateProduct():
                observed = _updated(observed, change)
            case Publish() | RefreshListing():
                observed = replace(observed, published=True)
            case Unpublish():
                observed = replace(observed, published=False)
            case CreateProduct() | CreateVariant():
                pass
    return replace(observed, variants=variants)


def _updated(observed: Observed, change: UpdateProduct) -> Observed:
    if change.measures == UNTOLD:
        return replace(observed, **change.told())
    measures = replace(observed.measures, **change.measures.told())
    return replace(observed, **change.told(), measures=measures)
