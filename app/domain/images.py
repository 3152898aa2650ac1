"""Images: Orderchamp downloads them some time after it is told of them, and tells nobody when that fails. Pure."""

from datetime import timedelta
from typing import Literal

from app.domain.ids import SourceId, TargetId
from app.domain.structs import Struct

ARRIVED_AFTER = timedelta(minutes=10)
"""When images are looked for. They were seen to appear within five minutes (observed)."""

SOONEST = timedelta(seconds=10)
"""However much waits are shortened, a download takes a while."""

TRIES = 3
"""How often a set of which nothing arrives is sent, in all."""

MOST_SHOWN = 50
"""How many images of a product are looked for at most."""

Verdict = Literal["arrived", "again", "missing"]


class Sent(Struct, frozen=True, kw_only=True):
    """Images of a target that should have arrived by now: how many were sent, and how often before in vain.

    ``missing``: it is known that some of those before never arrived. ``source_ids`` are the source products that are bound to it.
    """

    target_id: TargetId
    count: int
    tries: int
    missing: bool
    source_ids: tuple[SourceId, ...]


def judge(sent: Sent, shown: int) -> Verdict:
    """Say what follows when a target shows so many images.

    A set of which nothing arrived is sent again. One that arrived in part is not, since that would take away what is there.
    """
    if shown >= min(sent.count, MOST_SHOWN):
        return "arrived"
    return "again" if shown == 0 and sent.tries + 1 < TRIES else "missing"
