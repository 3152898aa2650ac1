"""The keeper: what the steps of reconciling ask, and where they leave what they learned. There are two.

One keeps everything for good, the other for a preview alone. So both go through the same steps, and come to the same plans.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from app.domain.ids import Sku, SourceId, TargetId
from app.domain.state import Binding
from app.flows.reconcile.batch import Batch, Work
from app.flows.reconcile.sight import Sight
from app.ports import Hidings, MarketView, TargetRecord, Told, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look at targets came to: those that are there, those that are gone, and the sentences that follow.

    ``gone`` has, for each of those, the products of the batch that lost it.
    """

    there: Sequence[TargetRecord]
    gone: Mapping[TargetId, Sequence[SourceId]]
    sight: Sight
    told: Sequence[Told]


@dataclass(frozen=True, slots=True)
class Matched:
    """A variant that was found, and the binding that follows."""

    work: Work
    sku: Sku
    binding: Binding
    takes_over: bool


class Keeper(Protocol):
    """What the steps of reconciling ask of others, and where they leave what they learned."""

    @property
    def market(self) -> MarketView:
        """Return Orderchamp, to be looked at."""

    def reading(self) -> AbstractAsyncContextManager[Transaction]:
        """Give what is known, to be read."""

    async def hidings(self, *, since: datetime) -> Hidings:
        """Count what the guard weighs."""

    async def looked(self, looked: Looked) -> Mapping[TargetId, TargetRecord]:
        """Keep what a look showed, and return the records from which the batch is to go on: those that were stored."""

    async def matched(self, batch: Batch, matches: Sequence[Matched], sight: Sight) -> None:
        """Keep the matches and have the batch know them, with whoever else is bound to the same targets."""
