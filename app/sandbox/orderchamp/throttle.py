"""The leaky bucket of each token, in points of cost."""

from collections.abc import Callable

SIZES = {"2000/100": (2000, 100), "1000/50": (1000, 50), "unlimited": (1_000_000_000, 1_000_000_000)}
"""What a bucket holds, and what flows back a second, by the switch's value."""


class Buckets:
    """Every token's bucket, full at first. ``size`` is a key of SIZES."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._levels: dict[str, tuple[float, float]] = {}

    def remaining(self, token: str, size: str) -> float:
        """Return the points that a token has now."""
        limit, rate = SIZES[size]
        level, at = self._levels.get(token, (limit, 0.0))
        return min(limit, level + (self._clock() - at) * rate)

    def take(self, token: str, size: str, cost: float) -> bool:
        """Take the points of a request if they are there; False if not, and then nothing is taken."""
        remaining = self.remaining(token, size)
        if remaining < cost:
            return False
        self._levels[token] = (remaining - cost, self._clock())
        return True

    def give_back(self, token: str, size: str, cost: float) -> None:
        """Return what a request did not need after all."""
        limit, _ = SIZES[size]
        self._levels[token] = (min(limit, self.remaining(token, size) + cost), self._clock())

    def refill(self) -> None:
        """Fill every bucket."""
        self._levels.clear()
