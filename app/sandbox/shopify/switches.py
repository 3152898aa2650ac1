"""How one shop misbehaves, or bends Shopify's rules, until it is told otherwise."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """Everything off: the shop behaves."""

    model_config = ConfigDict(extra="forbid")

    drop_next: int = Field(default=0, ge=0, description="So many of the next webhooks are never sent.")
    drop_probability: float = Field(default=0, ge=0, le=1)
    lose_probability: float = Field(
        default=0, ge=0, le=1, description="A try gets lost on its way, and counts as failed."
    )
    duplicate_probability: float = Field(default=0, ge=0, le=1, description="A webhook is sent twice at the same time.")
    reorder: bool = Field(default=False, description="Webhooks are held back and sent in another order.")
    delay_seconds: float = Field(default=0, ge=0, description="Webhooks are late by so much.")
    time_scale: float = Field(default=1, ge=0, description="Shortens the four hours of retries.")
    failures_that_delete: int = Field(default=8, ge=1, description="So many in a row delete a subscription.")
    allow_http_callbacks: bool = Field(default=True, description="Shopify itself takes https:// only.")
    restore_rate: float = Field(
        default=100, gt=0, description="Points that come back each second; the bucket holds twenty times as many."
    )
    throttled_status: Literal[200, 429] = 200
