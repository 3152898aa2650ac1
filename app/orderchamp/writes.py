"""Writes: what may be repeated goes out together, what may not goes out alone and once.

========================================  =====================  =========================================
change                                    after a 429            after a 5xx or a lost connection
========================================  =====================  =========================================
update, unpublish, set stock              later                  sent again, at once and then later
create a product or a variant             later                  looked up before anything is sent again
publish, refresh a listing                later                  looked at before anything is sent again
========================================  =====================  =========================================
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from app.domain.errors import (
    CredentialsRefused,
    OrderchampRejected,
    OutcomeUnknown,
    TemporaryError,
)
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
from app.orderchamp.answers import Answer, is_missing, user_errors
from app.orderchamp.unknowns import MUTATION_COST, NULL_PAYLOAD_IS_MISSING, STOCK_BATCH, refused_line

if TYPE_CHECKING:
    from app.orderchamp.client import Caller

Single: TypeAlias = CreateProduct | CreateVariant | Publish | RefreshListing
Repeatable: TypeAlias = UpdateProduct | UpdateVariant | Unpublish
Read: TypeAlias = Callable[[Sequence[TargetId]], Awaitable[Mapping[TargetId, Observed | None]]]


class Writer:
    """Applies changes for one account. ``read`` shows a product with all its variants."""

    def __init__(self, caller: "Caller", *, read: Read) -> None:
        self._caller = caller
        self._read = read

    async def apply(self, changes: Sequence[Change], *, before: datetime) -> tuple[Outcome, ...]:
        """Make the changes and return the outcome of each, in the order given; see ``Marketplace.apply``."""
        outcomes: dict[int, Outcome] = {}
        stopped: TemporaryError | CredentialsRefused | None = None
        for group in _groups(changes):
            if stopped is None and not self._caller.may_start(before):
                stopped = TemporaryError("The lane's lease is too short for another call.")
            if stopped is not None:
                outcomes |= dict.fromkeys(group, NotSent(stopped))
                continue
            made = await self._group([changes[n] for n in group])
            outcomes |= dict(zip(group, made, strict=True))
            stopped = next((each.error for each in made if isinstance(each, NotSent)), None)
        return tuple(outcomes[n] for n in range(len(changes)))

    async def _group(self, changes: Sequence[Change]) -> Sequence[Outcome]:
        try:
            stock = [each for each in changes if isinstance(each, SetStock)]
            if stock:
                return await self._set_stock(stock)
            together = [each for each in changes if isinstance(each, UpdateProduct | UpdateVariant | Unpublish)]
            if together:
                return await self._together(together)
            return [await self._alone(each) for each in changes if isinstance(each, Single)]
        except OutcomeUnknown as error:
            return [Unclear(str(error).rstrip("."))] * len(changes)
        except (TemporaryError, CredentialsRefused) as error:
            return [NotSent(error)] * len(changes)
        except OrderchampRejected as error:
            if len(changes) > 1:
                # The whole document was refused for the sake of one change: find out which, one by one.
                return [outcome for each in changes for outcome in await self._group([each])]
            if any(is_missing(each) for each in error.reasons):
                return [TargetMissing()]
            return [Refused(error.reasons)]

    async def _set_stock(self, changes: Sequence[SetStock]) -> Sequence[Outcome]:
        answer = await self._caller.repeatable(
            documents.SET_STOCK,
            {"input": {"inventoryLevels": [codec.stock_line(each) for each in changes]}},
            cost=documents.set_stock_cost(len(changes)),
        )
        payload = _payload(answer, "inventoryLevelBulkAdjust")
        errors = payload.get("userErrors") or ()
        if not errors:
            return [Applied()] * len(changes)
        lines = {refused_line(each.get("field")): each for each in errors}
        if None not in lines:
            return [
                _refused(user_errors({"userErrors": [lines[n]]})) if n in lines else Applied()
                for n in range(len(changes))
            ]
        if len(changes) == 1:
            return [_refused(user_errors(payload))]
        return [outcome for each in changes for outcome in await self._group([each])]

    async def _together(self, changes: Sequence[Repeatable]) -> Sequence[Outcome]:
        mutations = [codec.repeatable(each) for each in changes]
        answer = await self._caller.repeatable(
            documents.many([name for name, _ in mutations]),
            {f"m{n}": given for n, (_, given) in enumerate(mutations)},
            cost=MUTATION_COST * len(mutations),
        )
        return [_outcome(answer, f"m{n}") for n in range(len(changes))]

    async def _alone(self, change: Single) -> Outcome:
        match change:
            case CreateProduct():
                return await self._create_product(change)
            case CreateVariant():
                return await self._create_variant(change)
            case Publish():
                given = {"id": change.target_id, "storefrontId": change.storefront_id}
                answer = await self._once(documents.PUBLISH, given, documents.PUBLISH_COST)
                return _outcome(answer, "productPublish")
            case RefreshListing():
                answer = await self._once(documents.REFRESH, {"id": change.target_id}, documents.REFRESH_COST)
                return _outcome(answer, "productRepublish")

    async def _create_product(self, change: CreateProduct) -> Outcome:
        answer = await self._once(
            documents.CREATE_PRODUCT, codec.create_product_input(change), documents.CREATE_PRODUCT_COST
        )
        failed = _outcome(answer, "productCreate")
        if not isinstance(failed, Applied):
            return failed
        node = _payload(answer, "productCreate").get("product")
        if node is None:
            return Unclear("Orderchamp did not show the product that it created")
        seen: Observed | None = codec.to_observed(node, [codec.to_variant(each) for each in node["variants"]["nodes"]])
        if node["variants"]["pageInfo"]["hasNextPage"]:
            try:
                seen = (await self._read([TargetId(node["id"])]))[TargetId(node["id"])]
            except (TemporaryError, CredentialsRefused) as error:
                return Unclear(f"the product was created, but not all of its variants could be read: {error}")
        if seen is None:
            return Unclear("Orderchamp does not show the product that it created")
        return Applied(observed=codec.created_product(change, seen))

    async def _create_variant(self, change: CreateVariant) -> Outcome:
        answer = await self._once(
            documents.CREATE_VARIANT, codec.create_variant_input(change), documents.CREATE_VARIANT_COST
        )
        failed = _outcome(answer, "productVariantCreate")
        if not isinstance(failed, Applied):
            return failed
        node = _payload(answer, "productVariantCreate").get("productVariant")
        if node is None:
            return Unclear("Orderchamp did not show the variant that it created")
        return Applied(observed=codec.created_variant(change.variant, codec.to_variant(node)))

    async def _once(self, document: str, given: Mapping[str, Any], cost: int) -> Answer:
        return await self._caller.once(document, {"input": dict(given)}, cost=cost)


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


def _payload(answer: Answer, alias: str) -> Mapping[str, Any]:
    payload = answer.data.get(alias)
    if payload is None:
        raise OrderchampRejected([answer.errors.get(alias) or answer.errors.get("") or "no reason given"])
    found: Mapping[str, Any] = payload
    return found


def _outcome(answer: Answer, alias: str) -> Outcome:
    """Return the outcome of one mutation of a document that was executed."""
    message = answer.errors.get(alias) or answer.errors.get("")
    payload = answer.data.get(alias)
    if payload is None:
        if is_missing(message) or (message is None and NULL_PAYLOAD_IS_MISSING):
            return TargetMissing()
        return Refused((message or "no reason given",))
    reasons = user_errors(payload)
    return _refused(reasons) if reasons else Applied()


def _refused(reasons: tuple[str, ...]) -> Outcome:
    if all(is_missing(each.split(" (")[0]) for each in reasons):
        return TargetMissing()
    return Refused(reasons)
