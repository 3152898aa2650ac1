"""The bodies of previews."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from app.api.bodies import Text
from app.domain.previewing import ItemKind, Operation, PreviewPhase, PreviewState


class PreviewBody(BaseModel):
    """What to preview; nothing: the whole Application."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}, {"source_id": "8012345678901"}]})

    source_id: Text | None = Field(default=None, description="One product of the shop. Left out: everything.")


class PreviewOut(BaseModel):
    """What an import, and reconciling after it, would do: how far finding out is, and how much was found."""

    id: UUID
    source_id: str | None = Field(description="The one product that is previewed; null: everything is.")
    state: PreviewState
    phase: PreviewPhase = Field(
        description="`reading` the catalogue, looking what is `missing` from it, `asking` for single products, `planning`."
    )
    reason: str = Field(examples=["3 matched, 5 to create, 12 to update, 5 to publish, 1 skipped."])
    counters: dict[str, int] = Field(
        description="Products `read` from the shop and their `variants`; products that reconciling is `wanted` for, and those "
        "`planned` so far; and items by their kinds.",
        examples=[{"read": 12, "variants": 31, "wanted": 12, "planned": 12, "matched": 3, "create": 5, "publish": 5}],
    )
    progress: float = Field(ge=0, le=1, description="From 0 to 1; never falls.")
    started_at: datetime
    finished_at: datetime | None
    expires_at: datetime = Field(description="When it is dropped, with its items.")


class FromToOut(BaseModel):
    """A field as it is and as it is to be. ``from`` null: it is not there, or not known."""

    model_config = ConfigDict(populate_by_name=True)

    from_: Any = Field(alias="from", examples=["10.00"])
    to: Any = Field(examples=["12.50"])


class PreviewItemOut(BaseModel):
    """One thing that would be done; or, with ``operation`` null, that would not be, and why."""

    kind: ItemKind
    operation: Operation | None = Field(description="What would be sent to Orderchamp; null: nothing.")
    source_id: str
    source_variant_id: str | None = Field(description="null: it is about the product.")
    sku: str | None
    target_id: str | None = Field(description="The product on Orderchamp; null: there is none yet.")
    target_variant_id: str | None
    fields: dict[str, FromToOut] = Field(description="What would be sent, as it is and as it is to be.")
    sentence: str = Field(examples=["Change OAK-S: price from 10.00 to 12.50."])


class PreviewDetailsOut(PreviewOut):
    """A preview with a page of its items, in the order in which they were found. ``next_cursor`` null: no more so far."""

    items: list[PreviewItemOut]
    next_cursor: str | None
