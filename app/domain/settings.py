"""What a supplier may choose for an Application. One frozen model: validated at the edge, stored as JSON.

Settings that were stored before a choice existed have its default.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Mode = Literal["everything", "follow", "stock"]
Name = Annotated[str, Field(min_length=1, max_length=255)]


class FieldSwitches(BaseModel):
    """Which product details are kept up to date on Orderchamp. Stock and SKU always are.

    A switched-off field is sent once, when we create the product, and never again.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: bool = Field(default=True, description="Keep the title as it is in the shop.")
    description: bool = Field(default=True, description="Keep the description as it is in the shop.")
    price: bool = Field(default=True, description="Keep the prices as they are in the shop.")
    images: bool = Field(default=True, description="Keep the images as they are in the shop.")
    specifications: bool = Field(
        default=True,
        description="Keep barcode (EAN), weight and dimensions as they are in the shop, where it tells them. Weight and "
        "dimensions of a variant are sent when it is created, later only those that all variants of a product share.",
    )


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

    mode: Mode = Field(
        default="everything",
        description="What is kept up to date. everything: products are matched, created and updated. follow: only what is on "
        "Orderchamp already, with the variants that are added to it; no product is created. stock: only the stock of what is "
        "on Orderchamp already; nothing is created, published or unpublished, and what the shop deletes is sold out.",
    )
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
    retail_multiplier: Decimal | None = Field(
        default=None,
        ge=1,
        le=100,
        description="The recommended retail price as a multiple of the wholesale price. "
        "Without it, none is sent for a shop with wholesale prices.",
    )
    vat_percentage: Decimal = Field(
        default=Decimal(0),
        ge=0,
        le=100,
        description="VAT that consumers pay, in percent. It is taken off a consumer price before the wholesale price is made "
        "of it, and put on a retail price that is made of a wholesale price. 0: both rules go by the prices as they are.",
    )
    price_step: Decimal = Field(
        default=Decimal("0.01"),
        gt=0,
        le=1000,
        decimal_places=2,
        description="Prices that are made by a rule are rounded to a multiple of this, and are at least this much.",
    )
    currency: str = Field(
        default="EUR",
        pattern=r"^[A-Z]{3}$",
        description="The currency of the prices on the Orderchamp account, which Orderchamp does not tell. Prices of a shop "
        "with another currency are not sent, and its products are created as drafts.",
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
    removed_variants: Literal["sell_out", "leave"] = Field(
        default="sell_out",
        description="What becomes of a variant on Orderchamp that the shop removed from its product: it is sold out (stock 0, "
        "not sold beyond that), or left as it is. None is ever deleted.",
    )
    option_names: dict[Name, Name] = Field(
        default_factory=dict,
        max_length=100,
        description="What options are called on Orderchamp, by their names in the shop, whatever the case. Common names in "
        "other languages become English by themselves (“Kleur” is “Color”), since Orderchamp understands no others; to "
        "keep one, name it as itself.",
        examples=[{"Houtsoort": "Wood"}],
    )
    category: str | None = Field(
        default=None,
        max_length=200,
        pattern=r"^[A-Z0-9_]+$",
        description="Orderchamp's category for products that we create: a leaf of its own tree. null: Orderchamp guesses. "
        "Products that are there keep theirs.",
        examples=["JEWELRY_ACCESSORIES_BRACELETS_BANGLE_BRACELETS"],
    )
    locations: tuple[str, ...] | None = Field(
        default=None, description="Stock locations in the shop whose sum counts. null: all of them."
    )
    safety_stock: int = Field(
        default=0,
        ge=0,
        le=1_000_000,
        description="Pieces of each variant that are kept back from Orderchamp: taken off its stock, which is never below 0.",
    )
    guard: GuardSettings = Field(
        default=GuardSettings(), description="How many products may be unpublished before a person has to approve."
    )
    failure_limit: int = Field(
        default=100,
        gt=0,
        description="How many products Orderchamp may refuse within a day before the Application is paused.",
    )
