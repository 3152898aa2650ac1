"""Which deliveries are meant: the body that replaying and dropping have in common."""

from typing import Annotated
from uuid import UUID

from fastapi.openapi.models import Example
from pydantic import BaseModel, ConfigDict, Field, model_validator

from app.api.dependencies import TEXT, Time
from app.domain.ids import ApplicationId, DeliveryId, SourceId, Topic
from app.domain.replay import Selection

EXAMPLES = {
    "one": Example(summary="Some deliveries", value={"delivery_ids": ["4711", "4712"]}),
    "dead_letters": Example(
        summary="The dead letters of an Application",
        value={"application_id": "1f0e4f4a-6f2b-4d0a-9b57-2f8c1f6f3a10", "outcome": "dead-letter"},
    ),
    "time_range": Example(
        summary="A topic within an hour",
        value={
            "topic": "products/update",
            "received_from": "2026-11-20T12:00:00Z",
            "received_until": "2026-11-20T13:00:00Z",
        },
    ),
}

Words = Annotated[str, Field(min_length=1, max_length=255, pattern=TEXT)]
DeliveryName = Annotated[str, Field(pattern=r"^[0-9]{1,18}$")]


class SelectionBody(BaseModel):
    """Which deliveries; everything that is given has to hold. Those on which nothing was decided yet are left out."""

    model_config = ConfigDict(extra="forbid")

    delivery_ids: list[DeliveryName] | None = Field(default=None, min_length=1, max_length=1000)
    application_id: UUID | None = Field(default=None, description="Without it, every Application that the key may see.")
    topic: Words | None = None
    outcome: Words | None = Field(
        default=None,
        description="What became of them first, such as `unreadable`; or `dead-letter`: what no replay has mended since.",
    )
    source_id: Words | None = Field(default=None, description="The product that they were found to be about.")
    received_from: Time | None = None
    received_until: Time | None = Field(default=None, description="Up to this time, which is not included.")

    @model_validator(mode="after")
    def _say_something(self) -> "SelectionBody":
        if not self.model_dump(exclude_none=True):
            raise ValueError("Say which deliveries: all of them is never meant.")
        return self

    def meant(self) -> Selection:
        """Return the selection that was asked for."""
        ids = self.delivery_ids
        return Selection(
            delivery_ids=None if ids is None else tuple(DeliveryId(int(each)) for each in ids),
            application_id=None if self.application_id is None else ApplicationId(self.application_id),
            topic=None if self.topic is None else Topic(self.topic),
            outcome=self.outcome,
            source_id=None if self.source_id is None else SourceId(self.source_id),
            received_from=self.received_from,
            received_until=self.received_until,
        )


def told(selection: Selection) -> SelectionBody:
    """Return a selection as it was asked for."""
    ids = selection.delivery_ids
    return SelectionBody.model_construct(
        delivery_ids=None if ids is None else [str(each) for each in ids],
        application_id=selection.application_id,
        topic=selection.topic,
        outcome=selection.outcome,
        source_id=selection.source_id,
        received_from=selection.received_from,
        received_until=selection.received_until,
    )
