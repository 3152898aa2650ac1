"""The doorbell: a connection that listens for commits that add work, and tells whether the database still answers."""

import asyncio
import contextlib

import asyncpg

from app.store.connect import BROKEN, drop
from app.store.connection import Driver


class Doorbell:
    """A connection that listens. Nothing is lost with it: it only saves the waiting for the next look."""

    def __init__(self, connection: Driver) -> None:
        self._connection = connection

    @property
    def broken(self) -> bool:
        """Whether the connection is gone, as both sides know."""
        return self._connection.is_closed()

    async def answers(self, *, within: float) -> bool:
        """Tell whether what is rung will be heard: False when the connection is gone, or silent for so many seconds.

        A connection can hang for ever without an error, as when a database moves to another machine.
        """
        try:
            async with asyncio.timeout(within):
                await self._connection.execute("SELECT 1")
        except (OSError, TimeoutError, asyncpg.PostgresError, *BROKEN):
            return False
        return True

    async def close(self) -> None:
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError, *BROKEN):
            await self._connection.close(timeout=2)

    def drop(self) -> None:
        """Close the connection without a word."""
        drop([self._connection])
