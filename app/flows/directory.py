"""Who a delivery is for: the installed Applications, looked up many at once and remembered.

What is remembered may be old. That is found out when a delivery is kept: it names the revision that it was verified
against, and is not kept under another one. So nothing has to be told to every process when an Application changes.
Who is not installed is not remembered: asking for a stranger costs the same each time, and fills nothing.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

import structlog

from app.domain.errors import NotStored
from app.domain.ids import ApplicationId
from app.platforms.adapter import Secret
from app.ports import Addressee, Entrance

logger = structlog.get_logger(__name__)

REMEMBERED = 20_000
"""Applications that one process remembers at most; the one that was looked up first goes first."""

ASKED_AT_ONCE = 200
ASKED = 2_000
"""Applications that one statement looks up at most, and that may wait to be looked up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """An installed Application as it was when it was looked up, with the keys that may sign its deliveries."""

    id: ApplicationId
    platform: str
    revision: int
    secrets: tuple[Secret, ...]


class Directory:
    """The installed Applications. ``secrets_of`` gives the keys in what is stored of one."""

    def __init__(
        self, store: Entrance, secrets_of: Callable[[Addressee], tuple[Secret, ...]], *, most: int = REMEMBERED
    ) -> None:
        self._store = store
        self._most = most
        self._secrets_of = secrets_of
        self._remembered: dict[str, Recipient] = {}
        self._asked: dict[ApplicationId, asyncio.Future[Addressee | NotStored | None]] = {}
        self._asking: asyncio.Task[None] | None = None

    def remembered(self, name: str) -> Recipient | None:
        """Return the Application with the id ``name`` as it was when it was looked up last; None: look it up."""
        return self._remembered.get(name)

    async def look_up(self, name: str, *, deadline: float) -> Recipient | None:
        """Return the Application with the id ``name`` as it is now; None when none is installed.

        NotStored when the database does not tell by ``deadline``, on the loop's clock.
        """
        try:
            application_id = ApplicationId(UUID(name))
        except ValueError:
            return None
        self._remembered.pop(name, None)
        found = await self._ask(application_id, deadline)
        if found is None:
            return None
        recipient = Recipient(
            id=found.id, platform=found.platform, revision=found.revision, secrets=self._secrets_of(found)
        )
        if str(application_id) == name:  # Else one Application could be remembered under many spellings of its id.
            if len(self._remembered) >= self._most:
                del self._remembered[next(iter(self._remembered))]
            self._remembered[name] = recipient
        return recipient

    async def _ask(self, application_id: ApplicationId, deadline: float) -> Addressee | None:
        """Ask together with everybody who asks now; a question that is already on its way may miss a change."""
        loop = asyncio.get_running_loop()
        answer = self._asked.get(application_id)
        if answer is None:
            if len(self._asked) >= ASKED:
                raise NotStored("Too many Applications are waiting to be looked up.")
            answer = self._asked[application_id] = loop.create_future()
            if self._asking is None:
                self._asking = loop.create_task(self._ask_together())
        try:
            async with asyncio.timeout_at(deadline):
                found = await asyncio.shield(answer)
        except TimeoutError as error:
            raise NotStored("The Application could not be looked up in time.") from error
        if isinstance(found, NotStored):
            raise NotStored("The Application could not be looked up, because the database is not available.") from found
        return found

    async def _ask_together(self) -> None:
        try:
            while self._asked:
                now = tuple(self._asked)[:ASKED_AT_ONCE]
                answers = {application_id: self._asked.pop(application_id) for application_id in now}
                found: Mapping[ApplicationId, Addressee] | NotStored
                try:
                    found = await self._store.addressees(now)
                except NotStored as error:
                    found = error
                    answers |= self._asked
                    self._asked.clear()
                except Exception as error:  # A bug of ours must not leave shops without an answer.
                    logger.exception("look_up_failed")
                    found = NotStored("The Application could not be looked up.")
                    found.__cause__ = error
                for application_id, answer in answers.items():
                    answer.set_result(found if isinstance(found, NotStored) else found.get(application_id))
        finally:
            self._asking = None
