"""Applications: one installation tying one supplier to one shop."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.domain.ids import AccountId, ApplicationId, StorefrontId, SupplierId
from app.domain.settings import ApplicationSettings

ApplicationState = Literal["installing", "active", "paused", "uninstalling", "uninstalled", "failed"]
PausedBy = Literal["person", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One shop on one platform, installed by one supplier.

    ``shop`` is its address in the platform's normal form. ``storefront_id`` None means that the supplier chose none.
    ``details`` are facts about the shop that its adapter read at install. ``unpublish_on_uninstall`` is what the
    uninstall asked for; it is remembered while the uninstall works. ``revision`` rises with every change of any of these.
    ``erasing``: once it is uninstalled, everything that is kept for it goes, and it cannot return.
    """

    id: ApplicationId
    supplier_id: SupplierId
    platform: str
    shop: str
    state: ApplicationState
    state_reason: str
    state_since: datetime
    paused_by: PausedBy | None = None
    settings: ApplicationSettings
    account_id: AccountId
    storefront_id: StorefrontId | None = None
    details: Mapping[str, str] = field(default_factory=dict)
    unpublish_on_uninstall: bool = False
    created_at: datetime
    revision: int = 1
    erasing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Storefront:
    """A supplier's shop window on Orderchamp. Products on one that is not ``live`` stay invisible to buyers."""

    id: StorefrontId
    name: str
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The supplier's Orderchamp account, as its token shows it."""

    id: AccountId
    name: str
    storefronts: tuple[Storefront, ...]
