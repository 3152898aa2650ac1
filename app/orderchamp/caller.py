"""Sends documents to Orderchamp: each is paid for first, and only those that may be repeated are."""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt

from app.domain.errors import (
    AddressRefused,
    CredentialsRefused,
    NoAnswer,
    OrderchampRejected,
    OrderchampUnavailable,
    OutcomeUnknown,
    RateLimited,
    TemporaryError,
)
from app.domain.http import Request, Response
from app.orderchamp.answers import Answer, Throttled, read_answer, read_body, read_throttle
from app.ports import Budget, Transport

USER_AGENT = "orderchamp-applications/1"
TRIES = 3
"""How often a query, or a change that may be repeated, is sent within one call, in all."""

PATIENCE = timedelta(seconds=1)
"""The longest wait for the budget within one call; a longer one is the caller's to sleep over."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 2.0
"""Seconds, at most, before the second try and before any later one."""

Observe = Callable[[str, int, str], None]
"""Told the operation, its cost in points and how it ended, after every request.

Ended "ok", "refused" (the token or the document), "throttled", "no answer", "not called", or with any other "error".
"""


class TooLate(TemporaryError):
    """The lane's lease is too short for another call."""


class Caller:
    """Sends documents with one token. ``jitter`` gives numbers between 0 and 1, so that many do not come back at once."""

    def __init__(
        self,
        transport: Transport,
        *,
        url: str,
        token: str,
        budget: Budget,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        call_deadline: timedelta,
        observe: Observe,
    ) -> None:
        self._transport = transport
        self._url = url
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": USER_AGENT,
        }
        self._budget = budget
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
        self._call_deadline = call_deadline
        self._observe = observe

    async def query(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        """Ask, several times if need be. Raises what ``once`` raises, but never OutcomeUnknown: nothing was to be done."""

        async def ask() -> Answer:
            return await self.once(document, variables, cost=cost)

        try:
            return await self._retrying(None)(ask)
        except OutcomeUnknown as error:
            raise OrderchampUnavailable(str(error), retry_after=error.retry_after) from error

    async def repeatable(
        self, document: str, variables: Mapping[str, Any], *, cost: int, before: datetime | None
    ) -> Answer:
        """Send a document that may be sent again when its outcome is unknown; raises what ``once`` raises."""
        lost = False

        async def send() -> Answer:
            nonlocal lost
            try:
                return await self.once(document, variables, cost=cost, before=before)
            except OutcomeUnknown:
                lost = True
                raise

        try:
            return await self._retrying(before)(send)
        except (TemporaryError, CredentialsRefused) as error:
            if lost and not isinstance(error, OutcomeUnknown):
                # This try did nothing, but an earlier one may have.
                raise OutcomeUnknown(str(error)) from error
            raise

    async def once(
        self, document: str, variables: Mapping[str, Any], *, cost: int, before: datetime | None = None
    ) -> Answer:
        """Send a document once and return what was executed. ``before`` None: the call may last as long as it likes.

        TooLate, RateLimited, CredentialsRefused, OrderchampRejected and plain OrderchampUnavailable: nothing was.
        OutcomeUnknown: it may have been.
        """
        if not self.may_start(before):
            raise TooLate
        await self._pay(cost)
        operation = document.split("(", 1)[0].split("{", 1)[0].split()[1]
        try:
            return await self._send(operation, document, variables, cost)
        except TemporaryError as error:
            if error.retry_after is not None:
                await self._budget.block(error.retry_after)
                error.retry_after = self._spread(error.retry_after)
            raise

    def may_start(self, before: datetime | None, *, after: timedelta = timedelta(0)) -> bool:
        """Tell whether a call begun ``after`` this time is surely over by ``before``, with the wait for the budget."""
        return before is None or self._clock() + after + PATIENCE + self._call_deadline <= before

    def _retrying(self, before: datetime | None) -> AsyncRetrying:
        tries = stop_after_attempt(TRIES)

        def stop(state: RetryCallState) -> bool:
            return tries(state) or not self.may_start(before, after=timedelta(seconds=state.upcoming_sleep))

        def pause(state: RetryCallState) -> float:
            longest = FIRST_PAUSE * 2.0 ** (state.attempt_number - 1)
            return min(longest, LONGEST_PAUSE) * (1 + self._jitter()) / 2

        return AsyncRetrying(
            stop=stop, wait=pause, retry=retry_if_exception(_is_passing), sleep=self._sleep, reraise=True
        )

    async def _send(self, operation: str, document: str, variables: Mapping[str, Any], cost: int) -> Answer:
        body = {"query": document, "variables": variables, "operationName": operation}
        request = Request(
            method="POST",
            url=self._url,
            operation=f"Orderchamp {operation}",
            headers=self._headers,
            body=json.dumps(body).encode(),
            cost=cost,
        )
        ended = "error"
        try:
            response = await self._transport.send(request, within=self._call_deadline)
            answer = await self._understand(response, cost)
            ended = "ok"
        except NoAnswer as error:
            ended = "no answer"
            if error.maybe_executed:
                raise OutcomeUnknown(str(error)) from error
            raise OrderchampUnavailable(str(error)) from error
        except AddressRefused as error:
            ended = "not called"
            raise OrderchampUnavailable(str(error)) from error
        except Throttled:
            ended = "throttled"
            raise
        except (CredentialsRefused, OrderchampRejected):
            ended = "refused"
            raise
        finally:
            self._observe(operation, cost, ended)
        return answer

    async def _understand(self, response: Response, cost: int) -> Answer:
        """Return what was executed, and pass on what the answer says of the budget, however it ended."""
        body = read_body(response)
        throttle = read_throttle(body)
        if throttle is not None:
            await self._budget.report(
                limit=throttle.limit,
                remaining=throttle.remaining,
                restore_rate=throttle.restore_rate,
                unused=0.0 if throttle.actual is None else cost - throttle.actual,
            )
        return read_answer(response, body, now=self._clock())

    async def _pay(self, cost: int) -> None:
        waited = timedelta(0)
        while (wait := await self._budget.draw(cost)) > timedelta(0):
            waited += wait
            if waited > PATIENCE:
                message = "Orderchamp's limit for this account is used up for now."
                raise RateLimited(message, retry_after=self._spread(wait))
            await self._sleep(wait.total_seconds())

    def _spread(self, wait: timedelta) -> timedelta:
        """Lengthen a wait by chance, since all lanes of the account are told the same."""
        return wait + max(wait / 5, PATIENCE) * self._jitter()


def _is_passing(error: BaseException) -> bool:
    """Tell whether sending the same again at once may help: nobody said that they want to be left alone for a while."""
    return isinstance(error, OrderchampUnavailable) and error.retry_after is None
