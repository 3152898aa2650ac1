"""The world outside: HTTP, and Orderchamp."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from app.domain.application import Account
from app.domain.http import Delivery, Request, Response
from app.domain.ids import Sku, TargetId
from app.domain.plan import Change, Outcome
from app.domain.state import Observed
from app.domain.webhook import Registered
from app.ports.records import Ring


class Transport(Protocol):
    """Sends what adapters describe."""

    async def send(self, request: Request, *, within: timedelta) -> Response:
        """Send one request and return its whole answer, whatever its status; redirects are not followed.

        NoAnswer when none came ``within`` the time, or it was too large. AddressRefused, before anything is sent, for an
        address that is not to be called.
        """


class Budget(Protocol):
    """What one Orderchamp account may spend, in its own points; shared by everybody who spends for that account."""

    async def draw(self, cost: int) -> timedelta:
        """Take ``cost`` points and return zero; or take nothing and return how long to wait before asking again."""

    async def report(self, *, limit: float, remaining: float, restore_rate: float, unused: float) -> None:
        """Take over what Orderchamp said of the account's bucket: points, points, points a second.

        ``unused`` of the points that were drawn for the call were not needed; below zero when it cost more.
        """

    async def block(self, wait: timedelta) -> None:
        """Let nobody draw for ``wait``, since Orderchamp asked for it."""


class MarketView(Protocol):
    """One Orderchamp account, as far as it can be looked at; nothing here changes anything.

    Raises CredentialsRefused, OrderchampUnavailable or RateLimited (which names the wait).
    """

    async def account(self) -> Account:
        """Return whose token this is, with all storefronts."""

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        """Return the products that have a variant with one of ``skus``, each with those variants only.

        SKUs that nobody has are absent. Compared exactly.
        """

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        """Return each product with all its variants; None for those that do not exist."""

    async def count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, int]:
        """Return how many images each product shows, at most MOST_SHOWN; those that do not exist are absent."""


class Marketplace(MarketView, Protocol):
    """One Orderchamp account, behind the supplier's token."""

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make the changes with as few calls as possible and return the outcome of each, in the order given.

        Starts no call that could last beyond ``before``. Raises nothing: what went wrong is in the outcomes.
        """

    async def webhooks(self) -> tuple[Registered, ...]:
        """Return the account's webhooks, whoever registered them. OrderchampRejected when they are not told."""

    async def add_webhook(self, address: str) -> str:
        """Register a webhook that rings at ``address`` and return its id. OrderchampRejected; OutcomeUnknown: list them."""

    async def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook; one that does not exist is removed. OrderchampRejected."""


class Bell(Protocol):
    """What Orderchamp's webhooks bring. Pure."""

    def is_signed(self, delivery: Delivery) -> bool:
        """Tell whether the secret of our app at Orderchamp signed the body; False where there is no app."""

    def read(self, delivery: Delivery) -> Ring:
        """Return what a delivery announces. Never raises: one that cannot be read is about no product."""


class OrderchampApp(Protocol):
    """Our app at Orderchamp, which suppliers let into their accounts."""

    def ask(self, *, state: str, callback: str) -> str:
        """Return the address at which a supplier is asked; the answer comes to ``callback``, and brings ``state``."""

    def state_of(self, call: Delivery) -> str | None:
        """Return the state that an answer brings; None when it brings none."""

    def hear(self, call: Delivery, *, now: datetime) -> str | None:
        """Return the code that a supplier's consent brought; None: they refused. InvalidSignature for what is not theirs."""

    async def token(self, code: str) -> str:
        """Exchange a code, which works once, for a token of the account. CredentialsRefused or OrderchampUnavailable."""


class Marketplaces(Protocol):
    """Opens accounts."""

    def open(self, token: str, budget: Budget) -> Marketplace:
        """Return the account behind ``token``, whose calls are paid from ``budget``."""
