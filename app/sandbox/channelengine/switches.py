"""How one channel misbehaves, or differs from the next, until it is told otherwise."""

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything as the help centre says."""

    throttle_next: int = Field(default=0, ge=0, description="So many of the next requests are answered 429.")
    retry_after: int = Field(default=1, ge=0, description="Seconds that such an answer asks to wait.")
    forgets_acknowledgements: bool = Field(
        default=False, description="Acknowledgements are answered as usual, and change nothing."
    )
    refuses_politely: bool = Field(default=False, description="Everything is refused, with status 200.")
