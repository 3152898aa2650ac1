"""Installs on their way: what a supplier has begun, whose word is missing, and what came of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from app.domain.ids import AccountId, ApplicationId, InstallId, StorefrontId, SupplierId
from app.domain.settings import ApplicationSettings

InstallState = Literal["waiting", "agreed", "done", "refused", "failed", "expired"]
"""``waiting`` for the supplier, Orderchamp or the shop. ``agreed``: both sides have, and the rest is ours. Then an end."""

Asked = Literal["orderchamp", "shop"]
Step = Literal["orderchamp", "choice", "shop", "finish"]

START_AGAIN = "Start the installation again in Orderchamp, under Apps & Integrations."
TOOK_TOO_LONG = "It was not finished in time, so nothing was installed."


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingInstall:
    """One install from its start to its outcome.

    ``supplier_id`` None: Orderchamp has yet to tell whose account it is. ``platform`` and ``settings`` None: the supplier
    has yet to choose. ``shop`` None: the platform will tell. ``account_id`` is there when Orderchamp told it in a browser.
    ``why`` tells how it stands and ``way_on`` what to do, in sentences for the supplier; ``way_on`` empty: nothing.
    ``asked`` is whose answer was sent for last, ``answered`` whether it has come. ``attempts`` counts how often finishing it
    was put off. It ends by itself at ``expires_at``.
    """

    id: InstallId
    supplier_id: SupplierId | None
    platform: str | None
    shop: str | None
    account_id: AccountId | None = None
    storefront_id: StorefrontId | None
    settings: ApplicationSettings | None
    state: InstallState = "waiting"
    why: str
    way_on: str
    application_id: ApplicationId | None = None
    asked: Asked | None = None
    answered: bool = False
    attempts: int = 0
    created_at: datetime
    expires_at: datetime


def next_step(install: PendingInstall, *, has_token: bool, has_credentials: bool) -> Step:
    """Return whose turn it is: Orderchamp's, the supplier's, the shop's, or ours."""
    if not has_token:
        return "orderchamp"
    if install.platform is None or install.settings is None:
        return "choice"
    return "finish" if has_credentials else "shop"


def as_of(install: PendingInstall, now: datetime) -> PendingInstall:
    """Return an install as it is now: one that waited for too long has expired."""
    if install.state != "waiting" or now < install.expires_at:
        return install
    return replace(install, state="expired", why=TOOK_TOO_LONG, way_on=START_AGAIN)
