"""Facts: what a verified delivery says, in our own words."""

from typing import TypeAlias

from app.domain.ids import SourceId, StockItemId
from app.domain.product import Part, Snapshot, StockLevel
from app.domain.structs import Struct


class StockFact(Struct, frozen=True, kw_only=True):
    """The stock of one variant at one location is now this."""

    stock_item_id: StockItemId
    level: StockLevel


class Incomplete(Struct, frozen=True, kw_only=True):
    """Something changed that must be read from the shop.

    One of ``source_id`` and ``stock_item_id`` names the product; both do where the platform names variants as it names
    products, and nobody can tell which this is. ``reason`` continues the sentence "The product is read from the shop,
    because …".
    """

    source_id: SourceId | None = None
    stock_item_id: StockItemId | None = None
    reason: str


class Tombstone(Struct, frozen=True, kw_only=True):
    """The shop says that a source product is gone.

    ``stock_item_id`` is given where the platform names variants as it names products: then it may be the variant with this
    stock item that is gone.
    """

    source_id: SourceId
    stock_item_id: StockItemId | None = None


class Rung(Struct, frozen=True):
    """The shop says that something changed, and not what: it has to be asked."""


class Uninstalled(Struct, frozen=True):
    """The shop says that the app was removed. It may be late: a working credential proves a new installation."""


class Erasure(Struct, frozen=True, kw_only=True):
    """The platform asks to erase what is held about a shop, or (``subject`` "customer") about a customer of it.

    A customer is none of ours: no customer data is stored, so there is nothing to erase or to hand out.
    """

    subject: str


SUBSTITUTE = "same:"
"""How the event ids begin that an adapter makes up where the platform gives none to be trusted.

Such an id says only that two deliveries are alike. That makes them one event while nothing has become of the first, since
whatever both announce is looked for afterwards; a delivery that is like one from before is news.
"""

ProductFact: TypeAlias = Snapshot | Part | StockFact | Incomplete | Tombstone
"""What is about one product."""

Fact: TypeAlias = ProductFact | Rung | Uninstalled | Erasure
