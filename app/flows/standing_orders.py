"""How the standing orders at a shop were found, and what is told of it. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import Enum

from app.domain.ids import Topic
from app.domain.structs import replace
from app.platforms.adapter import Subscription
from app.ports import SubscriptionHealth

ALL = ""
"""The key under which a refusal stands that is about all subscriptions."""


class Found(Enum):
    """How the order for one topic was found: what is wrong with it, if notices are missed, and what was done about it."""

    STANDS = ("", "")
    DOUBLED = ("", "It was ordered more than once; the other orders were cancelled.")
    MOVED = ("", "It delivered to an earlier address of this Application, and was ordered for the one that counts now.")
    ASTRAY = ("It delivers to another address.", "It delivered to another address, and was ordered for the right one.")
    STOPPED = ("The shop has stopped it.", "The shop had stopped it; it was told to send again.")
    MISSING = ("It is missing at the shop.", "It was missing at the shop, and was ordered again.")

    def __init__(self, wrong: str, mended: str) -> None:
        self.wrong = wrong
        self.mended = mended


def look(
    existing: Sequence[Subscription], topics: Sequence[Topic], *, address: str, earlier: str
) -> Mapping[Topic, Found]:
    """Return how the order for each topic stands. ``earlier`` begins every address at which deliveries are taken, too."""
    return {
        topic: _look([each for each in existing if each.topic == topic], address=address, earlier=earlier)
        for topic in topics
    }


def _look(orders: Sequence[Subscription], *, address: str, earlier: str) -> Found:
    here = [each for each in orders if each.address in (address, None)]
    if any(each.active for each in here):
        return Found.STANDS if len(orders) == 1 else Found.DOUBLED
    if any(each.active and f"{each.address}/".startswith(f"{earlier}/") for each in orders):
        return Found.MOVED
    if here:
        return Found.STOPPED
    return Found.ASTRAY if orders else Found.MISSING


def broken(
    before: Mapping[Topic, SubscriptionHealth], found: Mapping[Topic, Found], *, address: str
) -> tuple[SubscriptionHealth, ...]:
    """Return what is to be written down before anything is mended, so that no crash hides a gap; empty: nothing new."""
    return tuple(
        replace(_stands(before.get(topic), topic, address), health="broken", message=each.wrong)
        for topic, each in found.items()
        if each.wrong and topic in before and before[topic].health != "broken"
    )


def never_ordered(
    before: Mapping[Topic, SubscriptionHealth], topics: Sequence[Topic], *, address: str, reason: str
) -> tuple[SubscriptionHealth, ...]:
    """Return what is to be written down when the first orders have to wait, while the catalogue is read already."""
    return tuple(
        replace(_stands(None, topic, address), health="broken", message=reason)
        for topic in topics
        if topic not in before
    )


def health(
    before: Mapping[Topic, SubscriptionHealth],
    found: Mapping[Topic, Found],
    refused: Mapping[str, str],
    *,
    address: str,
    now: datetime,
) -> tuple[SubscriptionHealth, ...]:
    """Return how each order stands after this look. ``refused`` has the shop's words, by topic or under ALL.

    What was made good is told until something else happens. The first order for a topic mends nothing.
    """
    return tuple(_health(before.get(topic), topic, each, refused, address, now) for topic, each in found.items())


def _health(
    before: SubscriptionHealth | None,
    topic: Topic,
    found: Found,
    refused: Mapping[str, str],
    address: str,
    now: datetime,
) -> SubscriptionHealth:
    stands = _stands(before, topic, address)
    if topic in refused:
        return replace(stands, health="refused", message=refused[topic])
    if ALL in refused:
        was_broken = before is not None and before.health == "broken"
        return replace(stands, health="broken" if was_broken else "unknown", message=refused[ALL])
    if before is None:
        return stands
    if found is not Found.STANDS:
        return replace(stands, message=found.mended, mended_at=now)
    if before.health == "broken":
        return replace(stands, message=f"{before.message} It was made good.", mended_at=now)
    return replace(stands, message=before.message if before.health == "active" else "")


def _stands(before: SubscriptionHealth | None, topic: Topic, address: str) -> SubscriptionHealth:
    mended_at = None if before is None else before.mended_at
    return SubscriptionHealth(topic=topic, address=address, health="active", message="", mended_at=mended_at)


def gaps(
    before: Mapping[Topic, SubscriptionHealth], found: Mapping[Topic, Found], refused: Mapping[str, str]
) -> tuple[Topic, ...]:
    """Return the topics of which notices may have been missed, and come again from now on."""
    if ALL in refused:
        return ()
    return tuple(
        topic
        for topic, each in found.items()
        if topic in before and topic not in refused and (each.wrong or before[topic].health in ("broken", "refused"))
    )
