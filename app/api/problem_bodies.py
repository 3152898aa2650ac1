"""The bodies about problems: what is shown of one, and the answers to it, told apart by their ``action``."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.problem import Action, ProblemKind, ProblemState

Text = Annotated[str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True, pattern=r"^[^\x00]*$")]


class WayOut(BaseModel):
    """A way out of a problem: the `action` of the resolve call, and what it does."""

    action: Action
    does: str


class ProblemOut(BaseModel):
    """A problem: what it is, which products have it, and the ways out. It closes by itself when its cause is gone."""

    id: UUID
    application_id: UUID
    kind: ProblemKind
    title: str = Field(examples=["Unpublished by hand"])
    meaning: str = Field(examples=["Somebody unpublished it on Orderchamp, so it is not published again."])
    sentence: str = Field(examples=["“Oak board” was unpublished on Orderchamp."])
    subject: str = Field(description="What it is about: a product, an SKU, a kind of call, a topic; may be empty.")
    details: dict[str, Any] = Field(description="What is needed to decide, such as all candidates for an SKU.")
    state: ProblemState
    since: datetime = Field(description="When it was opened, dismissed or closed.")
    times_seen: int
    first_seen_at: datetime
    last_seen_at: datetime
    source_ids: list[str] = Field(description="The products that have it; empty when it is about the Application.")
    ways: list[WayOut]


class PlainAnswer(BaseModel):
    """An answer that needs no more than its name."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["dismiss", "adopt", "publish", "release", "create", "try_again", "resume"]


class BindAnswer(BaseModel):
    """The SKU is this variant of the shop, and that variant on Orderchamp; the other candidates stay out."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["bind"]
    source_variant_id: Text
    application_id: UUID | None = Field(
        default=None, description="The Application of the variant, when it is not the one that has the problem."
    )
    target_variant_id: Text | None = Field(
        default=None, description="Leave it out when at most one variant on Orderchamp has the SKU."
    )


class StorefrontAnswer(BaseModel):
    """Publish the products there."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["choose_storefront"]
    storefront_id: Text


class ApproveAnswer(BaseModel):
    """Unpublish what the guard holds."""

    model_config = ConfigDict(extra="forbid")

    action: Literal["approve"]
    source_ids: list[Text] | None = Field(
        default=None, min_length=1, max_length=10_000, description="Only these; null: all that are listed."
    )


Answer = Annotated[PlainAnswer | BindAnswer | StorefrontAnswer | ApproveAnswer, Field(discriminator="action")]
