"""How often a store may be asked, by all apps together: one window after the other."""

import time
from collections.abc import Callable, Mapping

WINDOW = 30.0
"""Seconds."""


class Quota:
    """Counts the requests of every store."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._used: dict[str, tuple[float, int]] = {}

    def spend(self, shop: str, quota: int) -> tuple[bool, Mapping[str, str]]:
        """Count a request; return whether it may pass, and the headers that tell how much is left."""
        now = self._clock()
        began, used = self._used.get(shop, (now, 0))
        if now - began >= WINDOW:
            began, used = now, 0
        passes = used < quota
        self._used[shop] = (began, min(used + 1, quota))
        return passes, {
            "X-Rate-Limit-Time-Window-Ms": str(int(WINDOW * 1000)),
            "X-Rate-Limit-Time-Reset-Ms": str(int((began + WINDOW - now) * 1000) or 1),
            "X-Rate-Limit-Requests-Quota": str(quota),
            "X-Rate-Limit-Requests-Left": str(max(quota - used - 1, 0)),
        }
