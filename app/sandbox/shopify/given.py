"""What the controls take: Shopify's names, and beside them those that all shops take."""

from typing import Annotated, Literal

from pydantic import AliasChoices, BeforeValidator, Field

from app.sandbox.shop.given import Given, Price
from app.sandbox.shopify.times import seconds


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _moment(value: object) -> object:
    if value is not None:
        seconds(str(value))
    return value


def _tags(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, list) else value


Status = Annotated[Literal["active", "archived", "draft", "unlisted"], BeforeValidator(_lower)]
Policy = Annotated[Literal["deny", "continue"], BeforeValidator(_lower)]
Html = Annotated[str, Field(validation_alias=AliasChoices("body_html", "descriptionHtml", "description"))]
Vendor = Annotated[str, Field(validation_alias=AliasChoices("vendor", "brand"))]
Moment = Annotated[str, BeforeValidator(_moment)]
Tags = Annotated[str, BeforeValidator(_tags)]


class VariantChange(Given):
    """Fields of a variant. ``weight`` in kilograms; None: nobody weighed it."""

    sku: str | None = None
    price: Price = "1.00"
    compare_at_price: Price | None = None
    barcode: str | None = None
    weight: float | None = None
    options: list[str] = Field(default=[])
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
    vendor: Vendor = ""
    product_type: str = ""
    handle: str = ""
    status: Status = "active"
    published: bool = True
    published_at: Moment | None = None
    tags: Tags = ""
    options: list[str] = Field(default=[])
    images: list[str] = Field(default=[])


class NewProduct(ProductChange):
    """A product with its variants; one of its own if none is given."""

    id: int | None = None
    title: str
    variants: list[NewVariant] = Field(default=[])


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
    """A shop. ``catalogue`` fills a new one; ``app_url`` is where compliance webhooks of the app go.

    ``installed`` False: the merchant has yet to approve the app; where it is installed already, it stays.

    ``credentials`` is how all shops take a token: under the platform's name for it, ``access_token``.
    """

    credentials: dict[Literal["access_token"], str] = Field(default={})
    installed: bool = True
    name: str | None = None
    currency: str = "EUR"
    offset: Annotated[str, Field(pattern=r"^[+-]\d\d:\d\d$")] = "+01:00"
    catalogue: Literal["none", "sample"] | list[NewProduct] = "none"
    app_url: str | None = None


class Frozen(Given):
    """Whether the shop is frozen for not paying."""

    frozen: bool
