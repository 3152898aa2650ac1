"""How far something is that takes long: what it has counted, what share of the work that is, and both in words."""

from collections.abc import Mapping
from typing import TypeVar

UNKNOWN_SIZE = 1000
"""How large a catalogue is taken for at least, as long as the shop does not say."""

Name = TypeVar("Name", bound=str)


def added(counters: Mapping[str, int], more: Mapping[Name, int]) -> Mapping[str, int]:
    """Return the counters with so many more of each."""
    return {**counters, **{name: counters.get(name, 0) + count for name, count in more.items()}}


def share_read(read: int, total: int | None) -> float:
    """Return which share of a catalogue is read, from 0 to 1. ``total`` None: the shop does not say how large it is."""
    size = total if total is not None else read + UNKNOWN_SIZE
    return min(read / size, 1.0) if size else 0.0


def share_done(done: int, wanted: int) -> float:
    """Return which share of what is wanted is done, from 0 to 1; of nothing, all is done."""
    return min(done / wanted, 1.0) if wanted else 1.0


def listed(counters: Mapping[str, int], words: Mapping[str, str]) -> str:
    """Return what was counted, in the order and the words of ``words``; empty when none of it was."""
    return ", ".join(f"{counters[name]} {word}" for name, word in words.items() if counters.get(name))


def in_words(state: str, reason: str, *, doing: str, done: int, total: int | None) -> str:
    """Return in few words and numbers what is done now; empty ``reason``: it does not wait; ``total`` None: not known."""
    if state != "running":
        return state
    if reason:
        return f"waiting: {reason}"
    return f"{doing}, {done}{'' if total is None else f' of {total}'}"
