"""One run of a lane: what its holder has in hand, and how long it may go on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.domain.application import Application
from app.domain.errors import ChangedMeanwhile
from app.domain.ids import SourceId, StorefrontId
from app.domain.projection import SourceProduct
from app.flows.services import Services
from app.flows.tenure import Tenure
from app.platforms.adapter import Adapter, Connection
from app.ports import Claim, Marketplace, Transaction

SHOP = "shop."
ORDERCHAMP_TOKEN = "orderchamp.token"  # noqa: S105 - the name of a secret
"""Names of secrets in the vault: the shop's credentials carry the prefix ``SHOP``."""


@dataclass(slots=True, kw_only=True)
class LaneRun:
    """A held lane. ``not_before`` rises when somebody asked us to wait; what is left then waits with the lane.

    ``services`` are this run's own: whatever calls with them needs the permission of its ``tenure``. ``storefronts``
    are the names of the account's storefronts. ``spent`` tells how many points its calls to Orderchamp cost so far.
    ``secrets`` is what the vault keeps of the Application. ``products`` counts how many were reconciled in this run.
    ``without_shop``: the shop gives no credentials now, so it is not called. ``wanted`` are the products that the last batch
    of events changed, as they were stored.
    """

    services: Services
    tenure: Tenure
    application: Application
    adapter: Adapter
    connection: Connection
    marketplace: Marketplace
    secrets: Mapping[str, str] = field(repr=False)
    storefronts: Mapping[StorefrontId, str]
    fallback_storefront_id: StorefrontId | None
    started: float
    spent: Callable[[], float]
    products: int = 0
    not_before: datetime | None = None
    ended: bool = field(default=False)
    without_shop: bool = field(default=False)
    wanted: Mapping[SourceId, SourceProduct] = field(default_factory=dict, repr=False)

    @property
    def claim(self) -> Claim:
        return self.tenure.claim

    def now(self) -> datetime:
        """Return the time on the database's clock, by which everything due is compared."""
        return self.claim.now + timedelta(seconds=self.services.monotonic() - self.started)

    def time_left(self) -> bool:
        """Tell whether this run may begin something new; afterwards it is the others' turn."""
        pace = self.services.pace
        spent = self.services.monotonic() - self.started
        within_caps = spent < pace.run.total_seconds() and self.products < pace.run_products
        return within_caps and not self.ended and not self.tenure.stopping.told

    async def hold(self, at_least: timedelta) -> None:
        """Make sure that the lease lasts for ``at_least`` from now; LeaseLost if somebody else holds the lane."""
        await self.tenure.hold(at_least)

    async def require_current(self, tx: Transaction) -> None:
        """Raise ChangedMeanwhile if the Application is not as this run knows it. If it is, nobody changes it until the commit."""
        if not await tx.applications.is_current(self.application):
            raise ChangedMeanwhile

    def wait(self, wait: timedelta) -> None:
        """End this run; what is left goes on after ``wait``."""
        self._not_before(wait)
        self.ended = True

    def leave_shop_alone(self, wait: timedelta) -> None:
        """Do in this run only what needs no shop; what is left goes on after ``wait``."""
        self._not_before(wait)
        self.without_shop = True

    def _not_before(self, wait: timedelta) -> None:
        until = self.now() + wait
        self.not_before = until if self.not_before is None else max(self.not_before, until)


def shop_credentials(secrets: Mapping[str, str]) -> Mapping[str, str]:
    """Return the shop's credentials among an Application's secrets."""
    return {name.removeprefix(SHOP): value for name, value in secrets.items() if name.startswith(SHOP)}


def as_secrets(credentials: Mapping[str, str]) -> Mapping[str, str]:
    """Return a shop's credentials under the names that the vault keeps them by."""
    return {SHOP + name: value for name, value in credentials.items()}
