"""An import: reading a whole catalogue, then its closing list, then bringing about what it found; and how far that is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal
from uuid import UUID

from app.domain.ids import ApplicationId, Cursor
from app.domain.progress import added, in_words, listed, share_done, share_read
from app.domain.structs import Struct, field, replace

ImportState = Literal["running", "done", "cancelled", "failed"]
ImportPhase = Literal["reading", "listing", "missing", "sending"]
Counter = Literal[
    "pages",
    "read",
    "variants",
    "wanted",
    "tried",
    "matched",
    "created",
    "updated",
    "skipped",
    "conflicts",
    "waiting",
    "failed",
]

HALF = 0.5
"""Reading is taken for half of the work, the list for a little, and bringing about for the rest."""
LIST = 0.05


class Import(Struct, frozen=True, kw_only=True):
    """A reading of the whole catalogue, and what came of it.

    ``cursor`` None: it is at the start of its phase. ``counters`` count products, but for pages and variants: those
    ``wanted`` have to be brought about, ``tried`` were; one that is found by its SKU, created or written to counts as matched,
    created or updated, one that stays away from Orderchamp as skipped. ``total`` is how many the shop says it has; None: it
    does not say. ``progress`` is from 0 to 1 and never falls. ``listed_from``: when the closing list was begun.
    """

    id: UUID
    application_id: ApplicationId
    state: ImportState
    phase: ImportPhase
    reason: str
    cursor: Cursor | None
    counters: Mapping[str, int] = field(default_factory=dict[str, int])
    total: int | None = None
    progress: float = 0.0
    listed_from: datetime | None = None
    attempts: int
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None

    def counted(self, more: Mapping[Counter, int]) -> "Import":
        """Return the import with so many more of each counter, and its progress."""
        return replace(self, counters=added(self.counters, more)).progressed()

    def summary(self) -> str:
        """Return what came of it as one sentence."""
        words = {name: name for name in ("matched", "created", "updated", "skipped")}
        words |= {"conflicts": "in conflicts", "waiting": "tried again later", "failed": "failed"}
        parts = listed(self.counters, words) or "nothing to change"
        return f"The whole catalogue was read, {self.counters.get('read', 0)} product(s): {parts}."

    def progressed(self) -> "Import":
        """Return the import with the progress that its phase and counters say, if that is more than before."""
        return replace(self, progress=max(self.progress, _progress(self)))


def _progress(now: Import) -> float:
    match now.phase:
        case "reading":
            return HALF * share_read(now.counters.get("read", 0), now.total)
        case "listing":
            return HALF
        case "missing":
            return HALF + LIST / 2
        case "sending":
            wanted, tried = (now.counters.get(each, 0) for each in ("wanted", "tried"))
            return HALF + LIST + (1 - HALF - LIST) * share_done(tried, wanted)


def seconds_left(now: Import, *, at: datetime) -> float | None:
    """Guess from the pace so far how long a running import will take; None while nothing lets it be guessed."""
    if now.state != "running" or now.progress <= 0:
        return None
    spent = max((at - now.started_at).total_seconds(), 0.0)
    return spent / now.progress * (1 - now.progress)


PHASES: Mapping[ImportPhase, str] = {
    "reading": "reading the catalogue",
    "listing": "looking what changed meanwhile",
    "missing": "looking what vanished meanwhile",
    "sending": "bringing it to Orderchamp",
}


def told(now: Import) -> str:
    """Return what an import does now, in few words and numbers."""
    done = now.counters.get("tried" if now.phase == "sending" else "read", 0)
    total = now.counters.get("wanted") if now.phase == "sending" else now.total
    return in_words(now.state, now.reason, doing=PHASES[now.phase], done=done, total=total)
