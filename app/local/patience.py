"""Patience: waiting for something as long as it moves, however slow the machine is, and no longer."""

import asyncio
from collections.abc import Awaitable, Callable

from app.local.processes import NotStarted

Look = Callable[[], Awaitable[tuple[bool, object]]]
"""Tells whether it is done, and what shows how far it is."""


async def until(look: Look, what: str, *, patience: float, every: float = 0.1) -> None:
    """Look every so many seconds until it is done.

    NotStarted, in a sentence about ``what``, once ``patience`` seconds have passed in which nothing that is seen changed.
    """
    loop = asyncio.get_running_loop()
    before, since = None, loop.time()
    while True:
        done, seen = await look()
        if done:
            return
        if seen != before:
            before, since = seen, loop.time()
        elif loop.time() - since >= patience:
            raise NotStarted(f"{what} came no further for {patience:.0f} s. It stands at: {seen}")
        await asyncio.sleep(every)
