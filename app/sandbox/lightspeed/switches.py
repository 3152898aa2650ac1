"""How one shop misbehaves, or differs from the next, until it is told otherwise."""

from pydantic import Field

from app.sandbox.shop import switches


class Switches(switches.Switches):
    """Everything as a shop of the better plans has it. ``time_scale`` shortens the waits between tries."""

    tries: int = Field(default=3, ge=1, description="How often a webhook is tried. Lightspeed does not tell.")
    failures_allowed: int | None = Field(
        default=None, ge=0, description="A webhook that fails more often in a row is switched off; null: never."
    )
    deletions_tell_ids: bool = Field(default=True, description="The body of a deletion has the id, not only a header.")
    names_events: bool = Field(default=True, description="Webhooks carry the header X-Event.")
    catalog_is_whole: bool = Field(default=True, description="catalog.json tells variants, and not only links to them.")
    limits: str = Field(
        default="300/3000/12000",
        pattern=r"^[1-9][0-9]*/[1-9][0-9]*/[1-9][0-9]*$",
        description="Requests in five minutes, an hour and a day.",
    )
