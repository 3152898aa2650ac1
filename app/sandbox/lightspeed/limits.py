"""How often a key may ask: three windows, each of which begins anew at its end."""

import time
from collections.abc import Callable, Mapping

WINDOWS = (300, 3600, 86_400)
"""Seconds."""


class Limits:
    """Counts the requests of every key."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[tuple[str, int], tuple[float, int]] = {}

    def spend(self, key: str, limits: str) -> tuple[bool, Mapping[str, str]]:
        """Count a request; return whether it may pass, and the headers that tell how much is left."""
        now = self._clock()
        allowed = [int(each) for each in limits.split("/")]
        remaining, resets, passes = [], [], True
        for window, most in zip(WINDOWS, allowed, strict=True):
            began, used = self._used.get((key, window), (now, 0))
            if now - began >= window:
                began, used = now, 0
            passes = passes and used < most
            self._used[key, window] = (began, min(used + 1, most))
            remaining.append(str(max(most - used - 1, 0)))
            resets.append(str(int(began + window - now) or 1))
        return passes, {
            "X-RateLimit-Limit": limits,
            "X-RateLimit-Remaining": "/".join(remaining),
            "X-RateLimit-Reset": "/".join(resets),
        }
