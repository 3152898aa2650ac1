"""A preview: what an import would do, learned without doing it; how far that is, and what was found."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from app.domain.ids import ApplicationId, Cursor, Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.progress import added, in_words, listed, share_done, share_read
from app.domain.structs import Struct, field, replace

PreviewState = Literal["running", "done", "cancelled", "failed"]
PreviewPhase = Literal["reading", "missing", "asking", "planning"]
ItemKind = Literal[
    "matched",
    "create",
    "update",
    "publish",
    "unpublish",
    "conflict",
    "skipped",
    "held",
    "draft",
    "waiting",
    "problem",
]
Operation = Literal[
    "create_product",
    "create_variant",
    "update_product",
    "update_variant",
    "set_stock",
    "publish",
    "unpublish",
    "refresh_listing",
]

READ = 0.5
"""Reading is taken for half of the work, planning for the other half."""


class FromTo(Struct, frozen=True, kw_only=True):
    """A field as it is and as it is to be, as JSON values. ``before`` None: it is not known, or not there."""

    before: Any
    after: Any


class PreviewItem(Struct, frozen=True, kw_only=True):
    """One thing that would be done, or that would not be and why.

    ``operation`` None: nothing would be sent. ``source_variant_id`` None: it is about the product. ``target_id`` None: it is
    not on Orderchamp yet. ``fields`` are those that would be sent.
    """

    kind: ItemKind
    operation: Operation | None = None
    source_id: SourceId
    source_variant_id: SourceVariantId | None = None
    sku: Sku | None = None
    target_id: TargetId | None = None
    target_variant_id: TargetVariantId | None = None
    fields: Mapping[str, FromTo] = field(default_factory=dict[str, FromTo])
    sentence: str


class Preview(Struct, frozen=True, kw_only=True):
    """A preview and how far it is.

    ``source_id`` None: of the whole Application. ``cursor`` None: it is at the start of its phase. ``counters``: products
    ``read``, those ``wanted`` on Orderchamp and those ``planned``, and the items by their kinds. ``total`` is how many products
    the shop says it has; None: it does not say. ``progress`` is from 0 to 1 and never falls.
    """

    id: UUID
    application_id: ApplicationId
    source_id: SourceId | None
    state: PreviewState
    phase: PreviewPhase
    reason: str
    cursor: Cursor | None
    counters: Mapping[str, int] = field(default_factory=dict[str, int])
    total: int | None = None
    progress: float = 0.0
    attempts: int
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None
    expires_at: datetime

    def counted(self, more: Mapping[str, int]) -> "Preview":
        """Return the preview with so many more of each counter, and its progress."""
        return replace(self, counters=added(self.counters, more)).progressed()

    def progressed(self) -> "Preview":
        """Return the preview with the progress that its phase and counters say, if that is more than before."""
        return replace(self, progress=max(self.progress, _progress(self)))

    def summary(self) -> str:
        """Return what was found as one sentence."""
        words = {"matched": "matched", "create": "to create", "update": "to update", "publish": "to publish"}
        words |= {"unpublish": "to unpublish", "conflict": "in conflicts", "skipped": "skipped", "held": "held"}
        words |= {"draft": "left as drafts", "waiting": "tried again later", "problem": "for a person to decide"}
        return f"{listed(self.counters, words) or 'Nothing to change'}."


def by_kind(items: Iterable[PreviewItem]) -> Mapping[str, int]:
    """Return how many items there are of each kind."""
    return Counter[str](each.kind for each in items)


def _progress(now: Preview) -> float:
    match now.phase:
        case "reading":
            return READ * share_read(now.counters.get("read", 0), now.total)
        case "missing" | "asking":
            return READ
        case "planning":
            wanted, planned = (now.counters.get(each, 0) for each in ("wanted", "planned"))
            return READ + (1 - READ) * share_done(planned, wanted)


PHASES: Mapping[PreviewPhase, str] = {
    "reading": "reading the catalogue",
    "missing": "looking what vanished",
    "asking": "asking for single products",
    "planning": "planning",
}


def told(now: Preview) -> str:
    """Return what a preview does now, in few words and numbers."""
    done = now.counters.get("planned" if now.phase == "planning" else "read", 0)
    total = now.counters.get("wanted") if now.phase == "planning" else now.total
    return in_words(now.state, now.reason, doing=PHASES[now.phase], done=done, total=total)
