"""The Marketplace on Orderchamp's API: few calls, paced by cost, and no write repeated whose outcome is unknown."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from app.domain.application import Account
from app.domain.conflict import folded
from app.domain.errors import CredentialsRefused, OrderchampRejected, OrderchampUnavailable
from app.domain.ids import Sku, TargetId
from app.domain.plan import Change, Outcome
from app.domain.state import Observed, ObservedVariant
from app.domain.webhook import Registered
from app.orderchamp import codec, documents
from app.orderchamp.answers import NO_REASON, Answer, readable, sentence, user_errors
from app.orderchamp.caller import Caller, Observe
from app.orderchamp.unknowns import MUTATION_COST, is_missing, is_missing_webhook, webhook_input
from app.orderchamp.writes import Writer
from app.ports import Budget, Marketplace, Transport

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
        jitter: Callable[[], float],
        call_deadline: timedelta = timedelta(seconds=10),
        observe: Observe = lambda *_: None,
    ) -> None:
        self._transport = transport
        self._url = url
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter
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
            jitter=self._jitter,
            call_deadline=self._call_deadline,
            observe=self._observe,
        )
        return OrderchampAccount(caller)


class OrderchampAccount:
    """One account behind its token."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._writer = Writer(caller, read=self.read, probe=self.account)

    async def account(self) -> Account:
        """Return whose token this is, with all storefronts."""
        answer = await self._query(documents.ACCOUNT, {}, cost=documents.ACCOUNT_COST)
        if not answer.data.get("account"):
            raise CredentialsRefused("orderchamp", "The token belongs to no account.")
        with readable(OrderchampUnavailable):
            return codec.to_account(answer.data)

    async def find(self, skus: Sequence[Sku]) -> tuple[Observed, ...]:
        """Return the products that have a variant with one of ``skus``, each with those variants only.

        Whether Orderchamp looks for SKUs in exactly this spelling is not known: one in another case is returned as it is shown.
        """
        products: dict[str, Mapping[str, Any]] = {}
        variants: dict[str, list[ObservedVariant]] = {}
        wanted = {folded(each) for each in skus}
        for page in chunks(sorted(set(skus)), documents.FIND_PAGE):
            found = await self._find(page)
            with readable(OrderchampUnavailable):
                for node in found:
                    if folded(node["sku"]) in wanted and node.get("product"):
                        products[node["product"]["id"]] = node["product"]
                        variants.setdefault(node["product"]["id"], []).append(codec.to_variant(node))
        with readable(OrderchampUnavailable):
            return tuple(codec.to_observed(product, variants[product_id]) for product_id, product in products.items())

    async def _find(self, skus: Sequence[Sku]) -> list[Mapping[str, Any]]:
        """Return the variants with these SKUs. A page that is too large for Orderchamp is asked for in halves."""
        try:
            return [node async for node in self._found(skus)]
        except OrderchampRejected as error:
            if len(skus) == 1:
                raise OrderchampUnavailable(str(error)) from error
        return [node for half in halves(skus) for node in await self._find(half)]

    async def _found(self, skus: Sequence[Sku]) -> AsyncIterator[Mapping[str, Any]]:
        cost = documents.FIND_COST_EACH * len(skus)
        after: str | None = None
        while True:
            variables = {"skus": list(skus), "first": len(skus), "after": after}
            answer = await self._query(documents.FIND, variables, cost=cost)
            with readable(OrderchampUnavailable):
                found = answer.data["productVariants"]
                nodes, following = list(found["nodes"]), _next_page(found, after)
            for node in nodes:
                yield node
            if following is None:
                return
            after = following

    async def read(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Observed | None]:
        """Return each product with all its variants; None for those that do not exist."""
        nodes: dict[TargetId, Mapping[str, Any] | None] = {}
        variants: dict[TargetId, list[ObservedVariant]] = {each: [] for each in ids}
        pages: list[tuple[TargetId, str | None]] = [(each, None) for each in variants]
        while pages:
            now, pages = pages[: documents.READS], pages[documents.READS :]
            found = await self._read(now)
            with readable(OrderchampUnavailable):
                for (target_id, after), node in zip(now, found, strict=True):
                    nodes[target_id] = node
                    if node is None:
                        continue
                    variants[target_id] += [codec.to_variant(each) for each in node["variants"]["nodes"]]
                    following = _next_page(node["variants"], after)
                    if following is not None:
                        pages.append((target_id, following))
        with readable(OrderchampUnavailable):
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
            answer = await self._query(documents.read(len(pages)), variables, cost=cost)
        except OrderchampRejected as error:
            if len(pages) > 1:
                # An answer without data does not tell which product is missing, or it was too much at once.
                return [node for half in halves(pages) for node in await self._read(half)]
            if any(is_missing(each) for each in error.reasons):
                return [None]
            raise OrderchampUnavailable(str(error)) from error
        return [answer.data.get(f"p{n}") for n in range(len(pages))]

    async def count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, int]:
        """Return how many images each product shows, at most MOST_SHOWN; those that do not exist are absent."""
        counts: dict[TargetId, int] = {}
        for now in chunks(ids, documents.IMAGE_COUNTS):
            found = await self._count_images(now)
            with readable(OrderchampUnavailable):
                counts |= {each: len(node["images"]["nodes"]) for each, node in found.items() if node is not None}
        return counts

    async def _count_images(self, ids: Sequence[TargetId]) -> Mapping[TargetId, Mapping[str, Any] | None]:
        variables = {f"id{n}": target_id for n, target_id in enumerate(ids)}
        try:
            answer = await self._query(
                documents.count_images(len(ids)), variables, cost=documents.IMAGES_COST_EACH * len(ids)
            )
        except OrderchampRejected as error:
            if len(ids) > 1:
                first, second = halves(ids)
                return {**await self._count_images(first), **await self._count_images(second)}
            if any(is_missing(each) for each in error.reasons):
                return {}
            raise OrderchampUnavailable(str(error)) from error
        return {target_id: answer.data.get(f"p{n}") for n, target_id in enumerate(ids)}

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make the changes with as few calls as possible and return the outcome of each, in the order given."""
        return await self._writer.apply(changes, before=before)

    async def webhooks(self) -> tuple[Registered, ...]:
        """Return every webhook of the account that the token is shown. OrderchampRejected when they are not told."""
        found: list[Registered] = []
        after: str | None = None
        while True:
            answer = await self._query(documents.WEBHOOKS, {"after": after}, cost=documents.WEBHOOK_PAGE)
            with readable(OrderchampUnavailable):
                page = answer.data["webhooks"]
                found += [codec.to_webhook(each) for each in page["nodes"]]
                after = _next_page(page, after)
            if after is None:
                return tuple(found)

    async def add_webhook(self, address: str) -> str:
        """Register a webhook that delivers to ``address`` and return its id. OrderchampRejected; OutcomeUnknown: list them."""
        given = {"input": webhook_input(address)}
        answer = await self._caller.once(documents.CREATE_WEBHOOK, given, cost=documents.CREATE_WEBHOOK_COST)
        with readable():
            payload = _done(answer, "webhookCreate")
            return str(payload["webhook"]["id"])

    async def remove_webhook(self, webhook_id: str) -> None:
        """Remove a webhook; one that does not exist is removed."""
        given = {"input": {"id": webhook_id}}
        try:
            answer = await self._caller.repeatable(documents.DELETE_WEBHOOK, given, cost=MUTATION_COST, before=None)
            with readable():
                _done(answer, "webhookDelete")
        except OrderchampRejected as error:
            if not all(is_missing_webhook(each) or each == NO_REASON for each in error.reasons):
                raise

    async def _query(self, document: str, variables: Mapping[str, Any], *, cost: int) -> Answer:
        """Ask; an answer in which anything but a missing product is wrong is none."""
        answer = await self._caller.query(document, variables, cost=cost)
        wrong = [each for told in answer.errors.values() for each in told if not is_missing(each)]
        if wrong:
            raise OrderchampUnavailable("Orderchamp could not answer: " + "; ".join(wrong))
        return answer


def _done(answer: Answer, alias: str) -> Mapping[str, Any]:
    """Return the payload of a mutation that was done; OrderchampRejected with the reasons of one that was not."""
    payload = answer.data.get(alias)
    if payload is None:
        raise OrderchampRejected(answer.about(alias) or [NO_REASON])
    refused = user_errors(payload)
    if refused:
        raise OrderchampRejected([sentence(each) for each in refused])
    done: Mapping[str, Any] = payload
    return done


def _next_page(connection: Mapping[str, Any], after: str | None) -> str | None:
    """Return the cursor at which a connection goes on; None when it is at its end."""
    info = connection["pageInfo"]
    if not info["hasNextPage"]:
        return None
    following: str | None = info.get("endCursor")
    if following is None or following == after:
        raise OrderchampUnavailable("Orderchamp does not say where its answer goes on.")
    return following


def halves(things: Sequence[Thing]) -> tuple[Sequence[Thing], Sequence[Thing]]:
    """Return the first and the second half of two or more ``things``."""
    middle = len(things) // 2
    return things[:middle], things[middle:]


def chunks(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    """Return ``things`` in pieces of at most ``size``."""
    for start in range(0, len(things), size):
        yield things[start : start + size]
