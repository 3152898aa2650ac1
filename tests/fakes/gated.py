"""A marketplace that pays for every call as the real one does, and lets a test step in before each of them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from app.domain.application import Account
from app.domain.errors import TemporaryError
from app.domain.ids import Sku, TargetId
from app.domain.plan import Change, NotSent, Outcome
from app.domain.state import Observed
from app.domain.webhook import Registered
from app.ports import Budget, Marketplace, Marketplaces

Step = Callable[[str], Awaitable[None]]


class Gated:
    """Opens accounts of ``inner``. Every call draws from the budget first, and then awaits ``step`` with its name."""

    def __init__(self, inner: Marketplaces, step: Step) -> None:
        self._inner = inner
        self._step = step

    def open(self, token: str, budget: Budget) -> Marketplace:
        return _Account(self._inner.open(token, budget), budget, self._step)


class _Account:
    def __init__(self, inner: Marketplace, budget: Budget, step: Step) -> None:
        self._inner = inner
        self._budget = budget
        self._step = step

    async def _enter(self, call: str) -> None:
        while await self._budget.draw(1):
            pass
        await self._step(call)

    async def account(self) -> Account:
        await self._enter("account")
        return await self._inner.account()

    async def webhooks(self) -> tuple[Registered, ...]:
        await self._enter("webhooks")
        return await self._inner.webhooks()

    async def add_webhook(self, address: str) -> str:
        await self._enter("add_webhook")
        return await self._inner.add_webhook(address)

    async def remove_webhook(self, webhook_id: str) -> None:
        await self._enter("remove_webhook")
        await self._inner.remove_webhook(webhook_id)

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        await self._enter("find")
        return await self._inner.find(skus)

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        await self._enter("read")
        return await self._inner.read(ids)

    async def count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, int]:
        await self._enter("count_images")
        return await self._inner.count_images(ids)

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make each change with a call of its own."""
        return tuple([await self._one(change, before) for change in changes])

    async def _one(self, change: Change, before: datetime) -> Outcome:
        try:
            await self._enter(type(change).__name__)
        except TemporaryError as error:
            return NotSent(error)
        return (await self._inner.apply([change], before=before))[0]
