"""What a supplier may choose for an Application. One frozen model: validated at the edge, stored as JSON."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class FieldSwitches(BaseModel):
    """Which product details are kept up to date on Orderchamp. Stock and SKU always are.

    A switched-off field is sent once, when we create the product, and never again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: bool = Field(default=True, description="Keep the title as it is in the shop.")
    description: bool = Field(default=True, description="Keep the description as it is in the shop.")
    price: bool = Field(default=True, description="Keep the prices as they are in the shop.")
    images: bool = Field(default=True, description="Keep the images as they are in the shop.")


class GuardSettings(BaseModel):
    """When unpublishing stops to be believable: more than this share and more than this number within the window."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(
        default=0.25, ge=0, le=1, description="Share of the products on Orderchamp; 1 turns the guard off."
    )
    number: int = Field(default=20, ge=0, description="Number of products.")
    window_minutes: int = Field(default=60, gt=0, le=7 * 24 * 60, description="Length of the window, in minutes.")


class ApplicationSettings(BaseModel):
    """The choices of one Application. Every default is what a supplier would expect who never opened the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: FieldSwitches = Field(default=FieldSwitches(), description="Product details to keep up to date.")
    price_kind: Literal["wholesale", "consumer"] = Field(
        description="What the shop's prices are: what a retailer pays, or what a consumer pays (VAT included)."
    )
    wholesale_percentage: Decimal | None = Field(
        default=None,
        gt=0,
        le=100,
        description="The wholesale price as a percentage of the consumer price. "
        "Without it, products of a shop with consumer prices are created as drafts.",
    )
    publish_new: bool = Field(default=True, description="Publish new products; otherwise they are left as drafts.")
    inactive_products: Literal["skip", "draft"] = Field(
        default="skip", description="What to do with products that are not published in the shop and not on Orderchamp."
    )
    listing_refresh: Literal["unless_shown", "never"] = Field(
        default="unless_shown",
        description="After a variant was added to a published product: refresh its listing unless Orderchamp shows "
        "that the listing has the variant, or leave it.",
    )
    locations: tuple[str, ...] | None = Field(
        default=None, description="Stock locations in the shop that count. null: all of them."
    )
    guard: GuardSettings = Field(
        default=GuardSettings(), description="How many products may be unpublished before a person has to approve."
    )
    failure_limit: int = Field(
        default=100,
        gt=0,
        description="How many products Orderchamp may refuse within a day before the Application is paused.",
    )
