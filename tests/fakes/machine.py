"""How much of the time the machine gave to others: on a busy one a second by the clock is not a second for us."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass

BEAT = 0.01


@dataclass
class Machine:
    """Watches the event loop. Time in which it should have run and did not is the machine's, unless we computed in it."""

    began: float
    computed: float
    late: float = 0.0

    def taken(self) -> float:
        """Seconds since the watch began that somebody else had the processor while we wanted it."""
        return max(0.0, self.late - (time.process_time() - self.computed))

    def ours(self) -> float:
        """Seconds since the watch began, without those."""
        return time.monotonic() - self.began - self.taken()


@contextlib.asynccontextmanager
async def watched() -> AsyncIterator[Machine]:
    """Watch from here on."""
    machine = Machine(began=time.monotonic(), computed=time.process_time())

    async def beat() -> None:
        while True:
            due = time.monotonic() + BEAT
            await asyncio.sleep(BEAT)
            machine.late += max(0.0, time.monotonic() - due)

    beating = asyncio.create_task(beat())
    try:
        yield machine
    finally:
        beating.cancel()
