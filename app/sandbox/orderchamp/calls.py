"""What was called: counted by operation, with the last requests in order."""

from collections import Counter, deque
from collections.abc import Sequence
from datetime import datetime
from typing import Any

REMEMBERED = 200


class Calls:
    """Counts since the start or the last reset."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._by_operation: Counter[str] = Counter()
        self._requests = 0
        self._cost = 0
        self._throttled = 0
        self._history: deque[dict[str, Any]] = deque(maxlen=REMEMBERED)

    def requested(self, *, at: datetime, token: str, operations: Sequence[str], faults: Sequence[str] = ()) -> None:
        """Note a request of a known token, executed or not; ``operations`` is empty when it could not be read."""
        self._requests += 1
        hint = token[:4] + "…"
        self._history.append({"at": at, "operations": operations, "token_hint": hint, "faults": faults})

    def executed(self, operations: Sequence[str], *, cost: int) -> None:
        """Count queries and mutations that were executed, each alias by itself, and the points that they cost."""
        self._by_operation.update(operations)
        self._cost += cost

    def throttled(self) -> None:
        self._throttled += 1

    def shown(self) -> dict[str, Any]:
        return {
            "total": self._by_operation.total(),
            "cost": self._cost,
            "requests": self._requests,
            "throttled": self._throttled,
            "by_operation": dict(self._by_operation),
            "history": list(self._history),
        }
