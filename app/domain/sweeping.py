"""A sweep: comparing a shop and Orderchamp with what we know, little by little, and what may be mended without asking."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from app.domain.drift import Drift, DriftKind
from app.domain.ids import ApplicationId, Cursor
from app.domain.progress import added
from app.domain.settings import Mode
from app.domain.structs import Struct, field, replace

SweepState = Literal["running", "done", "cancelled", "failed"]
SweepPhase = Literal["listing", "missing", "showing"]

SHARE = 0.2
"""Of what the account and the shop allow, the most that a sweep takes."""

ASSUMED_LOAD = timedelta(seconds=0.5)
"""What a page is taken to cost a shop that does not tell: two requests a second."""

REPAIRED: frozenset[DriftKind] = frozenset({"stock", "published"})
"""What somebody did on Orderchamp that is undone, once: buyers may not be sold what is not there, or not for sale.

Other fields are overwritten at the next change of the product, what was unpublished is held, what was deleted stays so.
"""

SET_AGAIN: frozenset[DriftKind] = frozenset({"reserved"})
"""What is undone each time, since it may be nobody's doing: to set a stock again that is only reserved changes nothing."""


def is_repaired(kind: DriftKind, mode: Mode, *, again: bool) -> bool:
    """Tell whether a sweep undoes this. ``again``: it did before, for the same desired state."""
    if mode == "stock" and kind == "published":
        return False
    return kind in SET_AGAIN or (kind in REPAIRED and not again)


class Sweep(Struct, frozen=True, kw_only=True):
    """One sweep. ``cursor`` None: it is at the start of its phase. ``counters`` count ``products``, ``targets`` and findings."""

    id: UUID
    application_id: ApplicationId
    state: SweepState
    phase: SweepPhase
    reason: str
    cursor: Cursor | None
    counters: Mapping[str, int] = field(default_factory=dict[str, int])
    attempts: int
    due_at: datetime
    started_at: datetime
    finished_at: datetime | None

    def counted(self, more: Mapping[str, int]) -> "Sweep":
        """Return the sweep with so many more of each counter."""
        return replace(self, counters=added(self.counters, more))

    def summary(self) -> str:
        """Return what was found as one sentence."""
        found = {name: count for name, count in self.counters.items() if name not in ("products", "targets")}
        parts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in sorted(found.items()) if count)
        looked = f"{self.counters.get('products', 0)} of the shop and {self.counters.get('targets', 0)} on Orderchamp"
        return f"Compared {looked}: {parts or 'nothing differs'}."


class Finding(Struct, frozen=True, kw_only=True):
    """A difference that a sweep found. ``repaired``: it is being mended; otherwise it is left, as the rules say.

    ``generation`` is that of the product's desired state then.
    """

    drift: Drift
    side: Literal["shop", "orderchamp"]
    repaired: bool
    generation: int = 0
    at: datetime | None = None


def pause_after(load: timedelta, *, share: float = SHARE) -> timedelta:
    """Return how long a sweep waits after it took ``load`` of what the other side gives back in that time."""
    return load / share
