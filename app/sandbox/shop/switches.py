"""How one shop misbehaves until it is told otherwise."""

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """Everything off: the shop behaves. A platform adds switches of its own in a subclass."""

    model_config = ConfigDict(extra="forbid")

    drop_next: int = Field(default=0, ge=0, description="So many of the next webhooks are never sent.")
    drop_probability: float = Field(default=0, ge=0, le=1)
    lose_probability: float = Field(
        default=0, ge=0, le=1, description="A try gets lost on its way, and counts as failed."
    )
    duplicate_probability: float = Field(default=0, ge=0, le=1, description="A webhook is sent twice at the same time.")
    reorder: bool = Field(default=False, description="Webhooks are held back and sent in another order.")
    delay_seconds: float = Field(default=0, ge=0, description="Webhooks are late by so much.")
    time_scale: float = Field(default=1, ge=0, description="Shortens the time between retries.")
