"""What the controls of every shop take. A field that nobody knows is refused, so that a slip of the pen is found out."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


def _price(value: object) -> object:
    """Write a price with two digits behind the point."""
    if value is None:
        return None
    try:
        return str(Decimal(str(value)).quantize(Decimal("0.01")))
    except InvalidOperation:
        raise ValueError("a price is a number") from None


Price = Annotated[str, BeforeValidator(_price)]


class Given(BaseModel):
    """Fields of which only those count that are given."""

    model_config = ConfigDict(extra="forbid")

    def fields(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class VariantChange(Given):
    """Fields of a variant. ``options``: its value for each option of the product. ``tracked``: its stock is counted.

    ``weight`` in kilograms; None: nobody weighed it.
    """

    sku: str | None = None
    price: Price | None = "1.00"
    barcode: str | None = None
    weight: float | None = None
    options: list[str] = []
    tracked: bool = True


class NewVariant(VariantChange):
    """A variant. ``quantity``: pieces in stock."""

    id: int | None = None
    quantity: int = 0


class ProductChange(Given):
    """Fields of a product. ``options``: their names. ``images``: URLs."""

    title: str = ""
    description: str = ""
    brand: str = ""
    options: list[str] = []
    images: list[str] = []


class NewProduct(ProductChange):
    """A product with its variants; one of its own if none is given."""

    id: int | None = None
    title: str
    published: bool = True
    variants: list[NewVariant] = []


class Stock(Given):
    """Pieces of a variant."""

    quantity: int


class Opened(Given):
    """A shop. ``credentials`` are those that its API takes, by the platform's names; ``catalogue`` fills a new shop."""

    name: str | None = None
    currency: str = "EUR"
    credentials: Annotated[dict[str, str], Field(description="Made up where they are not given.")] = {}
    catalogue: list[NewProduct] = []
