"""Writes: what may be repeated goes out together, what may not goes out alone and once.

========================================  =====================  =========================================
change                                    after a 429            after a 5xx or a lost connection
========================================  =====================  =========================================
update, unpublish, set stock              later                  sent again, at once and then later
create a product or a variant             later                  looked up before anything is sent again
publish, refresh a listing                later                  looked at before anything is sent again
========================================  =====================  =========================================
"""

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from app.domain.application import Account
from app.domain.errors import CredentialsRefused, OrderchampRejected, OutcomeUnknown, TemporaryError
from app.domain.ids import TargetId
from app.domain.plan import (
    Applied,
    Change,
    CreateProduct,
    CreateVariant,
    NotSent,
    Outcome,
    Publish,
    RefreshListing,
    Refused,
    SetStock,
    TargetMissing,
    Unclear,
    Unpublish,
    UpdateProduct,
    UpdateVariant,
)
from app.domain.state import Observed
from app.orderchamp import codec, documents
from app.orderchamp.answers import NO_REASON, Answer, Forbidden, readable, sentence, user_errors
from app.orderchamp.caller import Caller, TooLate
from app.orderchamp.unknowns import (
    MUTATION_COST,
    NULL_PAYLOAD_IS_MISSING,
    STOCK_BATCH,
    failed_inside,
    is_missing,
    refused_line,
)

Single: TypeAlias = CreateProduct | CreateVariant | Publish | RefreshListing
Repeatable: TypeAlias = UpdateProduct | UpdateVariant | Unpublish
Undecided: TypeAlias = Outcome | None
"""The outcome of a change; None when it was sent together with others and has to be sent again without some of them."""


class Writer:
    """Applies changes for one account. ``read`` shows products with all their variants, ``probe`` whose the token is."""

    def __init__(
        self,
        caller: Caller,
        *,
        read: Callable[[Sequence[TargetId]], Awaitable[Mapping[TargetId, Observed | None]]],
        probe: Callable[[], Awaitable[Account]],
    ) -> None:
        self._caller = caller
        self._read = read
        self._probe = probe

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make the changes and return the outcome of each, in the order given; see ``Marketplace.apply``."""
        outcomes: dict[int, Outcome] = {}
        stopped: TemporaryError | CredentialsRefused | None = None
        groups = deque(_groups(changes))
        while groups:
            group = groups.popleft()
            if stopped is not None:
                outcomes |= dict.fromkeys(group, NotSent(stopped))
                continue
            made = dict(zip(group, await self._group([changes[n] for n in group], before), strict=True))
            decided = {n: outcome for n, outcome in made.items() if outcome is not None}
            outcomes |= decided
            groups.extendleft(_again([n for n in group if n not in decided], halve=not decided))
            stopped = next((each.error for each in decided.values() if isinstance(each, NotSent)), None)
        return tuple(outcomes[n] for n in range(len(changes)))

    async def _group(self, changes: Sequence[Change], before: datetime) -> Sequence[Undecided]:
        try:
            return await self._send(changes, before)
        except OutcomeUnknown as error:
            return [Unclear(str(error).rstrip("."))] * len(changes)
        except Forbidden as error:
            return await self._forbidden(changes, error)
        except (TemporaryError, CredentialsRefused) as error:
            return [NotSent(error)] * len(changes)
        except OrderchampRejected as error:
            # The whole document was refused, maybe for the sake of one change.
            return [None] * len(changes) if len(changes) > 1 else [_refused(error.reasons, error.reasons)]

    async def _send(self, changes: Sequence[Change], before: datetime) -> Sequence[Undecided]:
        if stock := [each for each in changes if isinstance(each, SetStock)]:
            return await self._set_stock(stock, before)
        if together := [each for each in changes if isinstance(each, UpdateProduct | UpdateVariant | Unpublish)]:
            return await self._together(together, before)
        return [await self._alone(each, before) for each in changes if isinstance(each, Single)]

    async def _forbidden(self, changes: Sequence[Change], error: Forbidden) -> Sequence[Undecided]:
        """A token that may do other things is not dead: then only this is refused, and stock goes on."""
        try:
            await self._probe()
        except (TemporaryError, CredentialsRefused) as failed:
            return [NotSent(failed)] * len(changes)
        if len({type(each) for each in changes}) > 1:
            return [None] * len(changes)
        return [Refused((str(error).rstrip("."),))] * len(changes)

    async def _set_stock(self, changes: Sequence[SetStock], before: datetime) -> Sequence[Undecided]:
        answer = await self._caller.repeatable(
            documents.SET_STOCK,
            {"input": {"inventoryLevels": [codec.stock_line(each) for each in changes]}},
            cost=documents.set_stock_cost(len(changes)),
            before=before,
        )
        with readable():
            payload = answer.data.get("inventoryLevelBulkAdjust")
            if payload is None and len(changes) > 1:
                return [None] * len(changes)
            if payload is None or not user_errors(payload) or len(changes) == 1:
                return [_outcome(answer, "inventoryLevelBulkAdjust")] * len(changes)
            return _stock_outcomes(changes, payload)

    async def _together(self, changes: Sequence[Repeatable], before: datetime) -> Sequence[Undecided]:
        mutations = [codec.repeatable(each) for each in changes]
        answer = await self._caller.repeatable(
            documents.many([name for name, _ in mutations]),
            {f"m{n}": given for n, (_, given) in enumerate(mutations)},
            cost=MUTATION_COST * len(mutations),
            before=before,
        )
        with readable():
            return [_outcome(answer, f"m{n}") for n in range(len(changes))]

    async def _alone(self, change: Single, before: datetime) -> Outcome:
        document, given, cost = _single(change)
        answer = await self._caller.once(document, {"input": given}, cost=cost, before=before)
        with readable():
            match change:
                case CreateProduct():
                    return await self._created_product(change, answer, before)
                case CreateVariant():
                    return _created_variant(change, answer)
                case Publish():
                    return _outcome(answer, "productPublish")
                case RefreshListing():
                    return _outcome(answer, "productRepublish")

    async def _created_product(self, change: CreateProduct, answer: Answer, before: datetime) -> Outcome:
        outcome = _outcome(answer, "productCreate")
        if not isinstance(outcome, Applied | TargetMissing):
            return outcome
        node = (answer.data.get("productCreate") or {}).get("product")
        if node is None:
            return Unclear("Orderchamp did not show the product that it created")
        target_id, variants = TargetId(node["id"]), node["variants"]
        seen: Observed | None = codec.to_observed(node, [codec.to_variant(each) for each in variants["nodes"]])
        if variants["pageInfo"]["hasNextPage"]:
            try:
                if not self._caller.may_start(before):
                    raise TooLate
                seen = (await self._read([target_id]))[target_id]
            except (TemporaryError, CredentialsRefused) as error:
                return Unclear(f"the product was created, but not all of its variants could be read: {error}")
        if seen is None:
            return Unclear("Orderchamp does not show the product that it created")
        return Applied(observed=codec.created_product(change, seen))


def _groups(changes: Sequence[Change]) -> list[list[int]]:
    """Return the positions of the changes, put together as they may be sent; the order of the groups is the order given."""
    groups: list[list[int]] = []
    open_groups: dict[str, list[int]] = {}
    sizes = {"stock": STOCK_BATCH, "together": documents.ALIASES, "single": 1}
    for n, change in enumerate(changes):
        kind = "stock" if isinstance(change, SetStock) else "single" if isinstance(change, Single) else "together"
        group = open_groups.get(kind)
        if group is None or len(group) >= sizes[kind]:
            group = []
            groups.append(group)
            open_groups[kind] = group
        group.append(n)
    return groups


def _again(rest: list[int], *, halve: bool) -> list[list[int]]:
    """Return what to send next, the last first: the rest in one, or in halves when nothing at all was learned from it."""
    if not halve:
        return [rest] if rest else []
    middle = len(rest) // 2
    return [rest[middle:], rest[:middle]]


def _single(change: Single) -> tuple[str, dict[str, Any], int]:
    """Return the document, the input and the cost of a change that goes out alone."""
    match change:
        case CreateProduct():
            return documents.CREATE_PRODUCT, codec.create_product_input(change), documents.CREATE_PRODUCT_COST
        case CreateVariant():
            return documents.CREATE_VARIANT, codec.create_variant_input(change), documents.CREATE_VARIANT_COST
        case Publish():
            given = {"id": change.target_id, "storefrontId": change.storefront_id}
            return documents.PUBLISH, given, documents.PUBLISH_COST
        case RefreshListing():
            return documents.REFRESH, {"id": change.target_id}, documents.REFRESH_COST


def _stock_outcomes(changes: Sequence[SetStock], payload: Mapping[str, Any]) -> list[Undecided]:
    """Return what became of each line of a bulk in which something was refused.

    Whether the other lines were counted all the same is not known; the payload shows those that were, and the others are
    sent again. Lines that are named and yet shown as counted would mean that we do not understand the names.
    """
    levels = payload.get("inventoryLevels") or ()
    counted = {each["productVariant"]["id"] for each in levels if each.get("productVariant")}
    shown = [each.target_variant_id in counted for each in changes]
    refused: dict[int | None, list[Mapping[str, Any]]] = {}
    for error in user_errors(payload):
        refused.setdefault(refused_line(error.get("field")), []).append(error)
    if any(n is None or n >= len(changes) or shown[n] for n in refused):
        return [Applied() if each else None for each in shown]
    return [_rules(refused[n]) if n in refused else Applied() if each else None for n, each in enumerate(shown)]


def _created_variant(change: CreateVariant, answer: Answer) -> Outcome:
    outcome = _outcome(answer, "productVariantCreate")
    if not isinstance(outcome, Applied):
        return outcome
    node = answer.data["productVariantCreate"].get("productVariant")
    if node is None:
        return Unclear("Orderchamp did not show the variant that it created")
    return Applied(observed=codec.created_variant(change.variant, codec.to_variant(node)))


def _outcome(answer: Answer, alias: str) -> Outcome:
    """Return the outcome of one mutation of a document that was executed."""
    payload = answer.data.get(alias)
    if payload is not None:
        errors = user_errors(payload)
        return _rules(errors) if errors else Applied()
    messages = answer.about(alias)
    if any(failed_inside(each) for each in messages):
        return Unclear("Orderchamp failed: " + "; ".join(messages))
    if not messages and NULL_PAYLOAD_IS_MISSING:
        return TargetMissing()
    return _refused(messages, messages)


def _rules(errors: Sequence[Mapping[str, Any]]) -> Outcome:
    """Return what user errors mean, of which there is at least one."""
    return _refused([str(each.get("message")) for each in errors], [sentence(each) for each in errors])


def _refused(messages: Sequence[str], reasons: Sequence[str]) -> Outcome:
    if messages and all(is_missing(each) for each in messages):
        return TargetMissing()
    return Refused(tuple(reasons) or (NO_REASON,))
