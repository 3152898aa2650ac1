"""How one shop misbehaves, or bends Shopify's rules, until it is told otherwise."""

from typing import Literal

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything off: the shop behaves. ``time_scale`` shortens the four hours of retries."""

    failures_that_delete: int = Field(default=8, ge=1, description="So many in a row delete a subscription.")
    allow_http_callbacks: bool = Field(default=True, description="Shopify itself takes https:// only.")
    token_seconds: float = Field(default=3600, gt=0, description="How long a token lasts that expires.")
    restore_rate: float = Field(
        default=100, gt=0, description="Points that come back each second; the bucket holds twenty times as many."
    )
    bulk: Literal["works", "fails", "refused"] = Field(default="works", description="What becomes of bulk operations.")
    bulk_seconds: float = Field(default=0.2, ge=0, description="How long a bulk operation takes before it writes.")
    ignores_range: bool = Field(default=False, description="Files are always given as a whole.")
    throttled_status: Literal[200, 429] = 200
