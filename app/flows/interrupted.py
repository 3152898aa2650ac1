"""Reads that a shop has wait in their midst.

A large product takes many requests, more than a shop may allow at once. Such a read is kept in memory while the shop has us
wait, and goes on where it stopped; whoever else takes the lane meanwhile begins it anew.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic

from app.domain.errors import RateLimited
from app.domain.http import Reading, Request, T
from app.domain.ids import ApplicationId, SourceId
from app.domain.product import Snapshot
from app.domain.projection import SourceProduct
from app.domain.structs import replace

MOST = 100
"""Interrupted reads that one process keeps at most; beyond that the oldest is begun anew."""


class Interrupted(RateLimited, Generic[T]):
    """The shop asked for a wait in the midst of a read, which can go on where it stopped."""

    def __init__(self, reading: Reading[T], request: Request) -> None:
        super().__init__("The shop asked to slow down.", retry_after=request.after)
        self.reading = reading
        self.request = request


ProductRead = Interrupted[Snapshot | None]


@dataclass(slots=True)
class InterruptedReads:
    """The interrupted reads of one process, each with the product as it was when its read began."""

    _kept: OrderedDict[tuple[ApplicationId, SourceId], tuple[SourceProduct, ProductRead]] = field(
        default_factory=OrderedDict
    )

    def keep(self, application_id: ApplicationId, product: SourceProduct, read: ProductRead) -> None:
        """Keep a read until its wait is over."""
        self._kept[application_id, product.source_id] = (replace(product, read=None), read)
        if len(self._kept) > MOST:
            self._kept.popitem(last=False)

    def take(self, application_id: ApplicationId, product: SourceProduct) -> ProductRead | None:
        """Return the read to go on with; None if there is none, or the shop has told more of the product since."""
        began, read = self._kept.pop((application_id, product.source_id), (None, None))
        return read if began == replace(product, read=None) else None
