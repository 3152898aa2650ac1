"""What the controls take. A field that nobody knows is refused, so that a slip of the pen does not pass for a change."""

from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field

from app.sandbox.shopify.times import seconds


def _price(value: object) -> object:
    """Write a price with two digits behind the point, as Shopify does."""
    if value is None:
        return None
    try:
        return str(Decimal(str(value)).quantize(Decimal("0.01")))
    except InvalidOperation:
        raise ValueError("a price is a number") from None


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _moment(value: object) -> object:
    if value is not None:
        seconds(str(value))
    return value


def _tags(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


Price = Annotated[str, BeforeValidator(_price)]
Status = Annotated[Literal["active", "archived", "draft", "unlisted"], BeforeValidator(_lower)]
Policy = Annotated[Literal["deny", "continue"], BeforeValidator(_lower)]
Html = Annotated[str, Field(validation_alias=AliasChoices("body_html", "descriptionHtml"))]
Moment = Annotated[str, BeforeValidator(_moment)]
Tags = Annotated[str, BeforeValidator(_tags)]


class Given(BaseModel):
    """Fields of which only those count that are given."""

    model_config = ConfigDict(extra="forbid")

    def fields(self) -> dict[str, Any]:
        return self.model_dump(exclude_unset=True)


class VariantChange(Given):
    """Fields of a variant."""

    sku: str | None = None
    price: Price = "1.00"
    compare_at_price: Price | None = None
    barcode: str | None = None
    options: list[str] = []
    tracked: bool = True
    inventory_policy: Policy = "deny"


class NewVariant(VariantChange):
    """A variant. ``quantity``: pieces at the first location, or by the id or name of each."""

    id: int | None = None
    quantity: int | dict[str, int] = 0


class ProductChange(Given):
    """Fields of a product. ``images``: URLs. ``published`` sets or clears ``published_at``."""

    title: str = ""
    body_html: Html = ""
    vendor: str = ""
    product_type: str = ""
    handle: str = ""
    status: Status = "active"
    published: bool = True
    published_at: Moment | None = None
    tags: Tags = ""
    options: list[str] = []
    images: list[str] = []


class NewProduct(ProductChange):
    """A product with its variants; one of its own if none is given."""

    id: int | None = None
    title: str
    variants: list[NewVariant] = []


class Stock(Given):
    """Pieces of a variant at a location: its id or name, the first one unless given."""

    quantity: int
    location: int | str | None = None


class Scopes(Given):
    """What the app may do from now on."""

    scopes: list[str]


class Installed(Given):
    """How the app is installed again; without ``token`` with a new one."""

    token: str | None = None
    scopes: list[str] | None = None


class Opened(Installed):
    """A shop. ``catalogue`` fills a new one; ``app_url`` is where compliance webhooks of the app go."""

    name: str | None = None
    currency: str = "EUR"
    offset: Annotated[str, Field(pattern=r"^[+-]\d\d:\d\d$")] = "+01:00"
    catalogue: Literal["none", "sample"] | list[NewProduct] = "none"
    app_url: str | None = None


class Frozen(Given):
    """Whether the shop is frozen for not paying."""

    frozen: bool
