"""Changes to be made, and answers to them."""

from decimal import Decimal

from app.domain.errors import NoAnswer
from app.domain.http import Response
from app.domain.ids import Sku, SourceId, SourceVariantId, StorefrontId, TargetId, TargetVariantId
from app.domain.plan import (
    CreateProduct,
    CreateVariant,
    Publish,
    RefreshListing,
    SetStock,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.state import DesiredVariant
from tests.orderchamp.scripted import ok

FINE: dict[str, object] = {"userErrors": []}
LOST = NoAnswer("No answer came.", maybe_executed=True)
NEVER_LEFT = NoAnswer("The connection was refused.", maybe_executed=False)
DOWN = Response(status=503)
SLOW_DOWN = Response(status=429, headers={"retry-after": "30"})


def stock(number: int) -> SetStock:
    return SetStock(
        source_id=SourceId(str(number)),
        target_id=TargetId(f"p{number}"),
        target_variant_id=TargetVariantId(f"v{number}"),
        quantity=number,
    )


def rename(number: int) -> UpdateProduct:
    return UpdateProduct(source_id=SourceId(str(number)), target_id=TargetId(f"p{number}"), title=f"T{number}")


def price(number: int) -> UpdateVariant:
    return UpdateVariant(
        source_id=SourceId(str(number)),
        target_id=TargetId(f"p{number}"),
        target_variant_id=TargetVariantId(f"v{number}"),
        price=Decimal(1),
    )


PUBLISH = Publish(source_id=SourceId("1"), target_id=TargetId("p1"), storefront_id=StorefrontId("s"))
REFRESH = RefreshListing(source_id=SourceId("1"), target_id=TargetId("p1"))
UNPUBLISH = Unpublish(source_id=SourceId("1"), target_id=TargetId("p1"))
VARIANT = DesiredVariant(source_id=SourceVariantId("v"), sku=Sku("A"), price=Decimal(1), stock=1, policy="DENY")
ADD = CreateVariant(source_id=SourceId("1"), target_id=TargetId("p1"), variant=VARIANT)
CREATE = CreateProduct(
    source_id=SourceId("1"),
    title="T",
    description="",
    brand=None,
    option_names=(),
    images=(),
    variants=(VARIANT,),
)


def stock_answer(*shown: str, **errors: str) -> Response:
    """An answer to a bulk that shows these variants as counted, and these errors by line (``line3``)."""
    found = [
        {"field": ["inventoryLevels", line.removeprefix("line"), "adjustment"], "message": message}
        for line, message in errors.items()
    ]
    levels = [{"productVariant": {"id": each}, "quantity": 1} for each in shown]
    return ok({"inventoryLevelBulkAdjust": {"inventoryLevels": levels, "userErrors": found}})
