"""The intake: deliveries that arrive together are kept together (group commit).

Whoever arrives while a batch is on its way to the disk waits for the next one; each is answered only after the commit
that holds it. Nobody waits long, whatever the database does:

- A delivery is answered by its deadline. One that could not be kept in time is told to come back.
- While the database is away, everybody who waits is told so at once, and whoever comes next asks it again.
- What waits is bounded. An Application may wait with no more bytes than are still free, so that one flood takes at most
  half of the room, two take two thirds, and there is always some left for the others.
- Of a batch, every Application that waits gets an equal share before any gets more. Thus a delivery of a quiet shop is
  in the very next batch however many of another wait; only where more Applications wait than a batch takes, some of them
  come in the one after it.

A batch takes half of those who are at it: of those who wait and those who have just been answered, and may come again at
once. Whoever took all would have the web process idle while the database works, and the other way round. Where few are at
it, the next batch waits for a few milliseconds: a shop hardly notices, and a commit and a bell for two cost less than two.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from app.domain.errors import Concern, NotStored
from app.domain.ids import ApplicationId
from app.ports import Arrival, Entrance

logger = structlog.get_logger(__name__)

BATCH = 200
"""Deliveries that one statement keeps at most."""

SMALL_BATCH = 16
"""So many are always kept together: a batch of its own would cost the database about as much as they do."""

COMPANY_SECONDS = 0.005
"""How long after the last batch the next one begins where fewer than ``SMALL_BATCH`` are at it. After a silence none waits."""

BATCH_BYTES = 8 * 1024 * 1024
"""A batch that has reached this size takes no more."""

ROOM = 64 * 1024 * 1024
"""Bytes that may wait in one process, each delivery with ``OVERHEAD`` for what comes with its body."""

OVERHEAD = 2048

STATEMENT_SECONDS = 0.45
"""How long the store may take for a batch; who has less time left is told to come back instead."""


TOO_LATE = "The delivery could not be stored in time."


@dataclass(slots=True)
class Waiting:
    """A delivery that waits to be kept until ``deadline``, on the loop's clock. ``kept`` tells whether it was."""

    arrival: Arrival
    deadline: float
    kept: asyncio.Future[bool]
    size: int


@dataclass(slots=True)
class Queue:
    """Deliveries of one Application that wait, and how many bytes they take of the room."""

    waiting: deque[Waiting] = field(default_factory=deque)
    size: int = 0


class Intake:
    """Collects deliveries while a batch is being kept, so that the next batch keeps them all at once."""

    def __init__(self, store: Entrance) -> None:
        self._store = store
        self._queues: dict[ApplicationId, Queue] = {}
        self._free = ROOM
        self._answered = 0
        self._next_at = 0.0
        self._draining: asyncio.Task[None] | None = None

    def keep(self, arrival: Arrival, *, deadline: float) -> asyncio.Future[bool]:
        """Return what is True once ``arrival`` is committed.

        It is False when nothing was kept, because the Application is no longer as it was when the delivery was verified,
        and NotStored when it could not be kept by ``deadline``. NotStored at once if there is no room to wait in.
        """
        loop = asyncio.get_running_loop()
        queue = self._queues.get(arrival.application_id) or Queue()
        if queue.size >= self._free:
            raise NotStored("Too many deliveries are waiting to be stored.")
        waiting = Waiting(arrival, deadline, loop.create_future(), len(arrival.delivery.body) + OVERHEAD)
        queue.waiting.append(waiting)
        queue.size += waiting.size
        self._free -= waiting.size
        self._queues[arrival.application_id] = queue
        if self._draining is None:
            self._draining = loop.create_task(self._drain())
        return waiting.kept

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._queues:
                if (early := self._next_at - loop.time()) > 0:
                    await asyncio.sleep(early)
                batch = self._next_batch()
                await self._keep(batch)
                self._answered = len(batch)
                if self._at_it() < SMALL_BATCH:
                    self._next_at = loop.time() + COMPANY_SECONDS
        finally:
            self._answered = 0
            self._draining = None

    def _at_it(self) -> int:
        """Return how many wait or have just been answered."""
        return self._answered + sum(len(queue.waiting) for queue in self._queues.values())

    def _most(self) -> int:
        """Return how many deliveries the next batch takes at most."""
        return min(max(SMALL_BATCH, self._at_it() // 2), BATCH)

    def _next_batch(self) -> list[Waiting]:
        """Take what is kept next out of the queues, an equal share of every Application before more of any."""
        latest = asyncio.get_running_loop().time() + STATEMENT_SECONDS
        most = self._most()
        batch: list[Waiting] = []
        size = 0
        while self._queues and len(batch) < most and size < BATCH_BYTES:
            share = max(1, (most - len(batch)) // len(self._queues))
            for application_id in tuple(self._queues)[: most - len(batch)]:
                # Taken out and put back: whoever had a share is behind those who had none.
                queue = self._queues.pop(application_id)
                for _ in range(min(share, len(queue.waiting))):
                    each = queue.waiting.popleft()
                    queue.size -= each.size
                    self._free += each.size
                    if each.deadline < latest:
                        _refuse([each], NotStored(TOO_LATE))
                        continue
                    batch.append(each)
                    size += each.size
                    if size >= BATCH_BYTES:
                        break
                if queue.waiting:
                    self._queues[application_id] = queue
                if size >= BATCH_BYTES:
                    break
        return batch

    async def _keep(self, batch: Sequence[Waiting]) -> None:
        if not batch:
            return
        try:
            changed = await self._store.accept([each.arrival for each in batch])
        except NotStored as error:
            if error.concerns == "everybody":
                _refuse(batch, error)
                self._refuse_everybody(error)
            elif (parts := _parts(batch, error.concerns)) is None:
                _refuse(batch, error)
            else:
                await self._keep_apart(parts)
        except Exception as error:  # A bug of ours must not leave shops without an answer.
            concerned = {str(each.arrival.application_id): None for each in batch}
            logger.exception("intake_failed", deliveries=len(batch), application_ids=list(concerned)[:20])
            _refuse(batch, NotStored("The delivery could not be stored."), because=error)
        else:
            for each in batch:
                if not each.kept.done():  # Else the caller went away; what it brought is kept all the same.
                    arrival = each.arrival
                    each.kept.set_result((arrival.application_id, arrival.revision) not in changed)

    async def _keep_apart(self, parts: Sequence[Sequence[Waiting]]) -> None:
        """One poisonous row, or one lane that somebody holds on to, must not cost the neighbours."""
        for part in parts:
            latest = asyncio.get_running_loop().time() + STATEMENT_SECONDS
            _refuse([each for each in part if each.deadline < latest], NotStored(TOO_LATE))
            await self._keep([each for each in part if each.deadline >= latest])

    def _refuse_everybody(self, error: NotStored) -> None:
        for queue in self._queues.values():
            _refuse(queue.waiting, error)
        self._queues.clear()
        self._free = ROOM


def _parts(batch: Sequence[Waiting], concerns: Concern) -> Sequence[Sequence[Waiting]] | None:
    """Return the parts of a refused batch that may be kept without the others; None when it cannot be taken apart."""
    of_application: dict[ApplicationId, list[Waiting]] = {}
    for each in batch:
        of_application.setdefault(each.arrival.application_id, []).append(each)
    if len(of_application) > 1:
        return tuple(of_application.values())
    return [[each] for each in batch] if concerns == "delivery" and len(batch) > 1 else None


def _refuse(waiting: Sequence[Waiting] | deque[Waiting], error: NotStored, *, because: Exception | None = None) -> None:
    error.__cause__ = because or error.__cause__
    for each in waiting:
        if not each.kept.done():
            each.kept.set_exception(error)
