"""A store that is interrupted: something else happens in the middle of a run."""

from collections.abc import Awaitable, Callable

from app.ports import Store
from tests.fakes.watching import WatchedStore


class Interrupted(WatchedStore):
    """A store before whose n-th transaction something else happens. ``left`` above zero: it has not happened yet."""

    def __init__(self, store: Store, *, at: int, happening: Callable[[], Awaitable[object]]) -> None:
        super().__init__(store)
        self.left = at
        self._happening = happening

    async def before(self) -> None:
        self.left -= 1
        if self.left == 0:
            await self._happening()
