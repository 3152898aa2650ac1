"""The open questions about the real Orderchamp, each a switch with the likelier answer first."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """How the stand-in answers what nobody knows of the real one; unknown names and values are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    listing_after_unpublish: Literal["keep", "null"] = "keep"
    """What ``Product.listing`` is after an unpublish."""
    new_variant_in_listing: Literal["only_after_republish", "immediate"] = "only_after_republish"
    publish_twice: Literal["duplicate_listing_variants", "no_op"] = "duplicate_listing_variants"
    throttle_form: Literal["graphql_200", "http_429_text"] = "graphql_200"
    retry_after_seconds: int | None = Field(default=None, ge=0)
    """``Retry-After`` of the HTTP 429; None: no such header."""
    bucket: Literal["2000/100", "1000/50", "unlimited"] = "2000/100"
    """Points, and points that come back a second."""
    max_cost: int = Field(default=2000, ge=1)
    """Points that one document may ask for; a smaller bucket lowers it."""
    mutation_cost: int = Field(default=10, ge=0)
    payload_cost: Literal["free", "counted"] = "free"
    """Whether what a mutation selects of its payload costs something."""
    image_delay_seconds: float = Field(default=3.0, ge=0)
    image_downloads: Literal["arrive", "fail"] = "arrive"
    """What becomes of the images that are told while it stands like this."""
    inventory_quantity: Literal["available", "physical"] = "available"
    """What ``ProductVariant.inventoryQuantity`` counts."""
    missing_id: Literal["top_level_error", "null_payload"] = "top_level_error"
    webhook_timeout_seconds: float = Field(default=5.0, gt=0)
    webhook_retries: int = Field(default=19, ge=0)
    webhook_retry_hours: float = Field(default=48.0, ge=0)
    """How long all retries of one delivery take together."""
    webhook_secret: str = "sandbox-webhook-secret"
    """The key of webhook signatures; which one the real API uses for a private token is not known."""
    webhook_for_stock: bool = False
    """Tell webhooks of stock that was set, too."""
    refuse_local_webhooks: bool = False
    """Refuse the addresses that the real API refuses, among them every address of this machine."""
