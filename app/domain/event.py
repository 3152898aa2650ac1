"""Facts: what a verified delivery says, in our own words."""

from dataclasses import dataclass
from typing import TypeAlias

from app.domain.ids import SourceId, StockItemId
from app.domain.product import Snapshot, StockLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class StockFact:
    """The stock of one variant at one location is now this."""

    stock_item_id: StockItemId
    level: StockLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class Incomplete:
    """Something changed that must be read from the shop.

    One of ``source_id`` and ``stock_item_id`` names the product. ``reason`` continues the sentence "The product is read
    from the shop, because …".
    """

    source_id: SourceId | None = None
    stock_item_id: StockItemId | None = None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tombstone:
    """The shop says that a source product is gone."""

    source_id: SourceId


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """The shop says that the app was removed. It may be late: a working credential proves a new installation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """The platform asks to erase what is held about a shop, or (``subject`` "customer") about a customer of it.

    A customer is none of ours: no customer data is stored, so there is nothing to erase or to hand out.
    """

    subject: str


Fact: TypeAlias = Snapshot | StockFact | Incomplete | Tombstone | Uninstalled | Erasure
