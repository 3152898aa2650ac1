"""What a person can answer to a problem. ``Action`` is the name of each."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from app.domain.ids import ApplicationId, SourceId, SourceVariantId, StorefrontId, TargetVariantId
from app.domain.problem import Action


@dataclass(frozen=True, slots=True)
class Plain:
    """An answer that needs no more than its name."""

    action: Literal["dismiss", "adopt", "publish", "release", "create", "try_again", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """The SKU is this variant of the shop. ``application_id`` None: of the Application that has the problem.

    ``target_variant_id`` None: whichever variant on Orderchamp has the SKU, or a new one.
    """

    action: Action = "bind"
    application_id: ApplicationId | None = None
    source_variant_id: SourceVariantId
    target_variant_id: TargetVariantId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseStorefront:
    """Publish the products there."""

    action: Action = "choose_storefront"
    storefront_id: StorefrontId


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Unpublish these products; None: all that are held."""

    action: Action = "approve"
    source_ids: tuple[SourceId, ...] | None = None


Resolution: TypeAlias = Plain | Bind | ChooseStorefront | Approve
