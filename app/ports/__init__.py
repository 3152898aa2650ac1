"""What the flows need from the outside, as Protocols. ``store``, ``orderchamp`` and ``transport`` provide it."""

from app.ports.outside import Budget, Marketplace, Marketplaces, Transport
from app.ports.records import (
    ApiKey,
    Arrival,
    BoundVariant,
    Claim,
    DueProduct,
    Hidings,
    Import,
    ImportState,
    InboxEntry,
    ProductView,
    Reconciled,
    Settled,
    Sibling,
    StoredDelivery,
    SubscriptionHealth,
    TargetRecord,
    Told,
)
from app.ports.store import Store, Transaction

__all__ = [
    "ApiKey",
    "Arrival",
    "BoundVariant",
    "Budget",
    "Claim",
    "DueProduct",
    "Hidings",
    "Import",
    "ImportState",
    "InboxEntry",
    "Marketplace",
    "Marketplaces",
    "ProductView",
    "Reconciled",
    "Settled",
    "Sibling",
    "Store",
    "StoredDelivery",
    "SubscriptionHealth",
    "TargetRecord",
    "Told",
    "Transaction",
    "Transport",
]
