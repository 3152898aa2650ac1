"""A shop at which every call may be the last thing that a worker does, before it or after it was done."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from app.platforms.adapter import Adapter
from tests.fakes.killing import Killer

PARTS = ("installation", "catalogue", "subscriptions", "changes", "renewal")
READS = ("probe", "product", "page", "all", "change", "poll", "acknowledge", "renew")


def killing(adapter: Adapter, killer: Killer) -> Adapter:
    """Return the adapter with a step around each of its reads."""
    watched: dict[str, Any] = {
        name: _Watched(getattr(adapter, name), killer) for name in PARTS if getattr(adapter, name)
    }
    return replace(adapter, **watched)


class _Watched:
    def __init__(self, part: object, killer: Killer) -> None:
        self._part = part
        self._killer = killer

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._part, name)
        return self._around(value) if name in READS else value

    def _around(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*given: Any, **named: Any) -> Any:
            self._killer.step()
            found = yield from read(*given, **named)
            self._killer.step()
            return found

        return watched
