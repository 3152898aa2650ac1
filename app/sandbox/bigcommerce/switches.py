"""How one store misbehaves, or differs from the next, until it is told otherwise."""

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything as a store of the smaller plans has it. ``time_scale`` shortens the waits between tries."""

    signs: bool = Field(default=True, description="Webhooks carry the headers of Standard Webhooks.")
    catalogue_lag_seconds: float = Field(
        default=2.0, ge=0, description="For so long the catalogue tells the stock from before its last change."
    )
    quota: int = Field(default=150, ge=1, description="Requests in 30 seconds, of all apps together.")
