"""The Marketplace on Orderchamp's API: few calls, paced by cost, and no write repeated whose outcome is unknown."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from app.domain.application import Account
from app.domain.errors import (
    CredentialsRefused,
    NoAnswer,
    OrderchampRejected,
    OrderchampUnavailable,
    OutcomeUnknown,
    RateLimited,
)
from app.domain.http import Request
from app.domain.ids import Sku, TargetId
from app.domain.plan import Change, Outcome
from app.domain.state import Observed, ObservedVariant
from app.orderchamp import codec, documents
from app.orderchamp.answers import Answer, Throttled, is_missing, read_answer
from app.orderchamp.unknowns import COST_LIMIT
from app.orderchamp.writes import Writer
from app.ports import Budget, Marketplace, Transport

USER_AGENT = "orderchamp-applications/1"
TRIES = 3
"""How often a query, or a change that may be repeated, is sent within one call, in all."""

PATIENCE = timedelta(seconds=1)
"""The longest wait for the budget within one call; a longer one is the caller's to sleep over."""

Observe = Callable[[str, int, str], None]
"""Told the operation, its cost and how it ended, after every request."""

Thing = TypeVar("Thing")


class OrderchampMarketplaces:
    """Opens accounts of the Orderchamp at ``url``."""

    def __init__(
        self,
        transport: Transport,
        *,
        url: str,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
        call_deadline: timedelta = timedelta(seconds=10),
        observe: Observe = lambda *_: None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._clock = clock
        self._sleep = sleep
        self._call_deadline = call_deadline
        self._observe = observe

    def open(self, token: str, budget: Budget) -> Marketplace:
        """Return the account behind ``token``, whose calls are paid from ``budget``."""
        caller = Caller(
            self._transport,
            url=self._url,
            token=token,
            budget=budget,
            clock=self._clock,
            sleep=self._sleep,
            call_deadline=self._call_deadline,
            observe=self._observe,
        )
        return OrderchampAccount(caller)


class Caller:
    """Sends documents: pays for them first, and repeats those that may be repeated."""

    def __init__(
        self,
        transport: Transport,
        *,
        url: str,
        token: str,
        budget: Budget,
        clock: Callable[[], datetime],
        sleep: Callable[[float], Awaitable[None]],
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
        self.call_deadline = call_deadline
        self._observe = observe

    def may_start(self, before: datetime) -> bool:
        """Tell whether a call begun now is surely over by ``before``, with the wait for the budget."""
        return self._clock() + self.call_deadline + PATIENCE <= before

    async def repeatable(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        """Send a document that may be sent again when its outcome is unknown."""
        retrying = AsyncRetrying(
            stop=stop_after_attempt(TRIES),
            wait=wait_random_exponential(multiplier=0.2, max=2),
            retry=retry_if_exception_type(OutcomeUnknown),
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self.once, document, variables, cost=cost)

    async def once(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        """Send a document once and return what was executed.

        RateLimited, CredentialsRefused, OrderchampRejected and plain OrderchampUnavailable: nothing was.
        OutcomeUnknown: it may have been.
        """
        await self._pay(cost)
        operation = document.split("(", 1)[0].split("{", 1)[0].split()[1]
        try:
            answer = await self._send(operation, document, variables, cost)
        except Throttled as error:
            if error.throttle is not None:
                await self._report(error.throttle.limit, error.throttle.remaining, error.throttle.restore_rate)
            await self._budget.block(error.retry_after or PATIENCE)
            raise
        if answer.throttle is not None:
            await self._report(answer.throttle.limit, answer.throttle.remaining, answer.throttle.restore_rate)
        return answer

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
            response = await self._transport.send(request, within=self.call_deadline)
            answer = read_answer(response, now=self._clock())
            ended = "ok"
        except NoAnswer as error:
            ended = "no answer"
            if error.maybe_executed:
                raise OutcomeUnknown(str(error)) from error
            raise OrderchampUnavailable(str(error)) from error
        except RateLimited:
            ended = "throttled"
            raise
        finally:
            self._observe(operation, cost, ended)
        return answer

    async def _pay(self, cost: int) -> None:
        waited = timedelta(0)
        while (wait := await self._budget.draw(cost)) > timedelta(0):
            waited += wait
            if waited > PATIENCE:
                raise RateLimited("Orderchamp's limit for this account is used up for now.", retry_after=wait)
            await self._sleep(wait.total_seconds())

    async def _report(self, limit: float, remaining: float, restore_rate: float) -> None:
        await self._budget.report(limit=limit, remaining=remaining, restore_rate=restore_rate)


class OrderchampAccount:
    """One account behind its token."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._writer = Writer(caller, read=self.read)

    async def account(self) -> Account:
        """Return whose token this is, with all storefronts."""
        answer = await self._query(documents.ACCOUNT, {}, cost=documents.ACCOUNT_COST)
        if not answer.data.get("account"):
            raise CredentialsRefused("orderchamp", "The token belongs to no account.")
        return codec.to_account(answer.data)

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        """Return the products that have a variant with one of ``skus``, each with those variants only."""
        products: dict[str, Mapping[str, Any]] = {}
        variants: dict[str, list[ObservedVariant]] = {}
        wanted = set(skus)
        for page in chunks(sorted(wanted), documents.FIND_PAGE):
            async for node in self._found(page):
                if node["sku"] in wanted and node.get("product"):
                    products[node["product"]["id"]] = node["product"]
                    variants.setdefault(node["product"]["id"], []).append(codec.to_variant(node))
        return tuple(codec.to_observed(product, variants[product_id]) for product_id, product in products.items())

    async def _found(self, skus: Sequence[Sku]) -> Any:
        cost = documents.FIND_COST_EACH * len(skus)
        variables: dict[str, Any] = {"skus": list(skus), "first": len(skus), "after": None}
        while True:
            answer = await self._query(documents.FIND, variables, cost=cost)
            found = answer.data["productVariants"]
            for node in found["nodes"]:
                yield node
            if not found["pageInfo"]["hasNextPage"]:
                return
            variables["after"] = found["pageInfo"]["endCursor"]

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        """Return each product with all its variants; None for those that do not exist."""
        nodes: dict[TargetId, Mapping[str, Any] | None] = {}
        variants: dict[TargetId, list[ObservedVariant]] = {each: [] for each in ids}
        pages: list[tuple[TargetId, str | None]] = [(each, None) for each in ids]
        while pages:
            now, pages = pages[: documents.READS], pages[documents.READS :]
            for (target_id, _), node in zip(now, await self._read(now), strict=True):
                nodes[target_id] = node
                if node is None:
                    continue
                variants[target_id] += [codec.to_variant(each) for each in node["variants"]["nodes"]]
                if node["variants"]["pageInfo"]["hasNextPage"]:
                    pages.append((target_id, node["variants"]["pageInfo"]["endCursor"]))
        return {
            target_id: None if node is None else codec.to_observed(node, variants[target_id])
            for target_id, node in nodes.items()
        }

    async def _read(self, pages: Sequence[tuple[TargetId, str | None]]) -> list[Mapping[str, Any] | None]:
        """Read one page of each product. A product that is missing costs the others nothing."""
        variables: dict[str, Any] = {}
        for n, (target_id, after) in enumerate(pages):
            variables |= {f"id{n}": target_id, f"after{n}": after}
        cost = documents.READ_COST_EACH * len(pages)
        try:
            answer = await self._query(documents.read([after for _, after in pages]), variables, cost=cost)
        except OrderchampRejected as error:
            if not any(is_missing(each) for each in error.reasons):
                raise OrderchampUnavailable(str(error)) from error
            if len(pages) == 1:
                return [None]
            # An answer without data does not tell which product is missing: ask for each of them alone.
            return [(await self._read([page]))[0] for page in pages]
        unexplained = [each for each in answer.errors.values() if not is_missing(each)]
        if unexplained:
            raise OrderchampUnavailable("Orderchamp could not read products: " + "; ".join(unexplained))
        return [answer.data.get(f"p{n}") for n in range(len(pages))]

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make the changes with as few calls as possible and return the outcome of each, in the order given."""
        return await self._writer.apply(changes, before=before)

    async def _query(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        try:
            answer = await self._caller.repeatable(document, variables, cost=min(cost, COST_LIMIT))
        except OutcomeUnknown as error:
            raise OrderchampUnavailable(str(error)) from error
        if "" in answer.errors:
            raise OrderchampUnavailable(f"Orderchamp could not answer: {answer.errors['']}")
        return answer


def chunks(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """Return ``things`` in pieces of at most ``size``."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
