"""The leaky bucket of each token, in points."""

import time
from dataclasses import dataclass, field

SIZES = {"2000/100": (2000.0, 100.0), "1000/50": (1000.0, 50.0), "unlimited": (1_000_000.0, 1_000_000.0)}
"""Bucket size and points that come back a second, by the switch's value."""


@dataclass
class Buckets:
    """Every token's bucket."""

    levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def remaining(self, token: str, size: str) -> float:
        """Return how many points a token has now."""
        limit, rate = SIZES[size]
        level, at = self.levels.get(token, (limit, time.monotonic()))
        return min(limit, level + (time.monotonic() - at) * rate)

    def take(self, token: str, size: str, cost: float) -> bool:
        """Take the points if they are there."""
        remaining = self.remaining(token, size)
        if remaining < cost:
            return False
        self.levels[token] = (remaining - cost, time.monotonic())
        return True
