"""Images: Orderchamp downloads them some time after it is told of them, and tells nobody when that fails. Pure.

A set replaces the one before it at once, so a product whose new images never arrive would have none. The last set that
is known to have arrived therefore stands in for one that did not, until the shop has others or a person asks for it again.
"""

from datetime import timedelta
from typing import Literal

from app.domain.ids import SourceId, TargetId
from app.domain.structs import Struct

ARRIVED_AFTER = timedelta(minutes=10)
"""When images are looked for. They were seen to appear within five minutes (observed)."""

SOONEST = timedelta(seconds=10)
"""However much waits are shortened, a download takes a while."""

TRIES = 3
"""How often a set of which nothing arrives is sent, in all, when there is none that could stand in for it."""

MOST_SHOWN = 50
"""How many images of a product are looked for at most."""

Verdict = Literal["arrived", "replaced", "again", "missing"]


class Sent(Struct, frozen=True, kw_only=True):
    """Images of a target that should have arrived by now: how many were sent, and how often before in vain.

    ``replaceable``: another set is known to have arrived before. ``missing``: it is known that some of those before never
    arrived. ``source_ids`` are the source products that are bound to it.
    """

    target_id: TargetId
    count: int
    tries: int
    replaceable: bool
    missing: bool
    source_ids: tuple[SourceId, ...]


def judge(sent: Sent, shown: int) -> Verdict:
    """Say what follows when a target shows so many images.

    A set of which nothing arrived is ``replaced`` by the last one that did; where there is none, or that is the one which
    fails now, the shop's is sent again. One that arrived in part is left: any other would take away what is there.
    """
    if shown >= min(sent.count, MOST_SHOWN):
        return "arrived"
    if shown > 0:
        return "missing"
    if sent.replaceable:
        return "replaced"
    return "again" if sent.tries + 1 < TRIES else "missing"


def to_show(
    wanted: tuple[str, ...], *, arrived: tuple[str, ...] | None, failed: tuple[str, ...] | None
) -> tuple[str, ...]:
    """Return the images that a target should show when the shop has those ``wanted``; empty: whatever it shows.

    ``arrived`` is the last set that did, which stands in for the one that ``failed``; also when the shop has none any more.
    """
    if failed is None or arrived is None or wanted not in ((), failed):
        return wanted
    return arrived


def may_be_tried_again(
    wanted: tuple[str, ...], *, arrived: tuple[str, ...] | None, failed: tuple[str, ...] | None
) -> bool:
    """Tell whether the set that ``failed`` is forgiven: once the shop has the one itself that stands in for it.

    It is sent when the shop has it again, then; what follows if it fails once more is the same as the first time.
    """
    return failed is not None and wanted == arrived
