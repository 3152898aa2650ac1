"""What the stand-in keeps, as plain data that can be saved as it is. Records are changed in place by their owners.

``details`` holds, under the API's own names, what is only taken in and shown again.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

Details = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Storefront:
    """A shop window of the account. While it is not published itself, nobody sees what is published on it."""

    id: str
    name: str
    slug: str
    is_published: bool


@dataclass(slots=True, kw_only=True)
class Location:
    """The account's warehouse; the stand-in knows one an account."""

    id: str
    name: str = "Warehouse"
    is_primary: bool = True


@dataclass(slots=True, kw_only=True)
class CustomCategory:
    """A category of the supplier's own; an unpublished one is silently ignored when it is set on a product."""

    id: str
    value: str
    label: str
    is_published: bool = False


@dataclass(slots=True, kw_only=True)
class Image:
    """An image of a product, shown from ``appears_at`` on, when its download is done."""

    id: str
    source_url: str
    appears_at: datetime


@dataclass(slots=True, kw_only=True)
class Listing:
    """The publication of a product, with its own copy of the variants' ids; one id twice is a ghost copy.

    It outlives an unpublish, since the last storefront is remembered.
    """

    id: str
    status: Literal["PUBLISHED", "UNPUBLISHED"]
    storefront_id: str
    variant_ids: list[str]
    published_at: datetime
    publications: int = 1
    """How often the product was put on a storefront, renewals included."""


@dataclass(slots=True, kw_only=True)
class Variant:
    """What is priced, counted and sold. ``quantity`` is the physical stock; None: not tracked."""

    id: str
    product_id: str
    level_id: str
    sku: str
    price: Decimal
    msrp: Decimal | None = None
    quantity: int | None = None
    reserved: int = 0
    inventory_policy: Literal["DENY", "CONTINUE"] = "DENY"
    image_id: str | None = None
    created_at: datetime
    updated_at: datetime
    counted_at: datetime
    details: Details = field(default_factory=dict)

    @property
    def available(self) -> int | None:
        """The physical stock without what open orders have reserved; None: not tracked."""
        return None if self.quantity is None else self.quantity - self.reserved


@dataclass(slots=True, kw_only=True)
class Product:
    """A product; ``listing`` None: a draft that was never published.

    ``revision`` grows with every change in the account, so that sorting by it is sorting by the time of the last change.
    """

    id: str
    title: str
    variant_ids: list[str] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    category: str | None = None
    custom_category_id: str | None = None
    listing: Listing | None = None
    revision: int = 0
    created_at: datetime
    updated_at: datetime
    content_updated_at: datetime
    details: Details = field(default_factory=dict)

    def arrived(self, now: datetime) -> list[Image]:
        """Return the images whose download is done."""
        return [each for each in self.images if each.appears_at <= now]


@dataclass(slots=True, kw_only=True)
class Webhook:
    """A standing order to be told about events. ``of_app``: our app registered it, so its secret signs."""

    id: str
    url: str
    events: list[str]
    name: str | None = None
    template: str | None = None
    of_app: bool = False


@dataclass(slots=True, kw_only=True)
class Token:
    """A token of an account: a private one, or one that an app got."""

    account_id: str
    revoked: bool = False
    of_app: bool = False
