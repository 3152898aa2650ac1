"""The names by which things are known. Foreign ids are opaque text: stored as given, never built or parsed."""

from typing import NewType
from uuid import UUID

ApplicationId = NewType("ApplicationId", UUID)
InstallId = NewType("InstallId", UUID)
SupplierId = NewType("SupplierId", str)
AccountId = NewType("AccountId", str)
StorefrontId = NewType("StorefrontId", str)

SourceId = NewType("SourceId", str)
SourceVariantId = NewType("SourceVariantId", str)
StockItemId = NewType("StockItemId", str)
LocationId = NewType("LocationId", str)

TargetId = NewType("TargetId", str)
TargetVariantId = NewType("TargetVariantId", str)

DeliveryId = NewType("DeliveryId", int)
EventId = NewType("EventId", str)
Topic = NewType("Topic", str)
Cursor = NewType("Cursor", str)
Sku = NewType("Sku", str)
