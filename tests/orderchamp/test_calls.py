"""How calls are put together, paid, repeated, and what their outcomes are."""

import contextlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import (
    AddressRefused,
    CredentialsRefused,
    IntegrationError,
    NoAnswer,
    OrderchampUnavailable,
    RateLimited,
)
from app.domain.http import Response
from app.domain.ids import Sku, TargetId
from app.domain.plan import (
    Applied,
    Change,
    NotSent,
    Refused,
    TargetMissing,
)
from app.orderchamp import documents
from app.orderchamp.unknowns import STOCK_BATCH
from tests.orderchamp.changes import (
    DOWN,
    FINE,
    PUBLISH,
    SLOW_DOWN,
    price,
    rename,
    stock,
    stock_answer,
)
from tests.orderchamp.scripted import LATER, NOW, Clock, Purse, Script, Scripted, account, each_alias, ok


async def test_stock_goes_out_a_hundred_lines_a_call() -> None:
    transport = Scripted([stock_answer()])
    outcomes = await account(transport).apply([stock(n) for n in range(250)], before=LATER)
    sizes = [len(each["variables"]["input"]["inventoryLevels"]) for each in transport.sent]
    assert sizes == [STOCK_BATCH, STOCK_BATCH, 50]
    assert outcomes == (Applied(),) * 250


async def test_one_refused_line_costs_the_others_nothing() -> None:
    transport = Scripted([stock_answer("v0", "v2", line1="Must be positive")])
    outcomes = await account(transport).apply([stock(n) for n in range(3)], before=LATER)
    refused = Refused(("Must be positive (inventoryLevels.1.adjustment)",))
    assert outcomes == (Applied(), refused, Applied())
    assert len(transport.sent) == 1


async def test_a_bulk_refused_as_a_whole_is_tried_line_by_line() -> None:
    def picky(given: Mapping[str, Any]) -> Response:
        lines = given["variables"]["input"]["inventoryLevels"]
        if any(each["productVariantId"] == "v1" for each in lines):
            return ok(None, errors=[{"message": "ProductVariant not found"}])
        return stock_answer()

    outcomes = await account(Scripted([picky])).apply([stock(n) for n in range(3)], before=LATER)
    assert outcomes == (Applied(), TargetMissing(), Applied())


async def test_changes_of_many_products_share_a_document_within_the_cost_limit() -> None:
    purse, transport = Purse(), Scripted([each_alias(FINE)])
    changes: list[Change] = [rename(n) if n % 2 else price(n) for n in range(documents.ALIASES + 3)]
    outcomes = await account(transport, purse).apply(changes, before=LATER)
    assert [len(each["variables"]) for each in transport.sent] == [documents.ALIASES, 3]
    assert purse.drawn == [10 * documents.ALIASES, 30]
    assert outcomes == (Applied(),) * len(changes)


async def test_outcomes_stand_in_the_order_of_the_changes() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        if given["operationName"] == "inventoryLevelBulkAdjust":
            return stock_answer("v0", line1="No")
        if given["operationName"] == "productPublish":
            return ok({"productPublish": {"userErrors": [{"field": None, "message": "Not yet"}]}})
        return ok({"m0": FINE, "m1": None}, errors=[{"message": "Product not found", "path": ["m1"]}])

    changes: list[Change] = [stock(0), rename(1), PUBLISH, stock(2), rename(3)]
    outcomes = await account(Scripted([answer])).apply(changes, before=LATER)
    assert outcomes == (
        Applied(),
        Applied(),
        Refused(("Not yet",)),
        Refused(("No (inventoryLevels.1.adjustment)",)),
        TargetMissing(),
    )


async def test_no_call_starts_that_could_outlast_the_lease() -> None:
    transport = Scripted([stock_answer()])
    outcomes = await account(transport).apply([stock(0)], before=NOW + timedelta(seconds=10))
    assert isinstance(outcomes[0], NotSent)
    assert transport.sent == []


async def test_after_a_throttled_call_nothing_more_goes_out_and_the_account_rests() -> None:
    purse, transport = Purse(), Scripted([SLOW_DOWN])
    outcomes = await account(transport, purse).apply([stock(0), rename(1), PUBLISH], before=LATER)
    assert all(isinstance(each, NotSent) for each in outcomes)
    assert len(transport.sent) == 1
    assert purse.blocked == [timedelta(seconds=30)]


async def test_an_answer_tells_the_budget_how_full_the_bucket_is() -> None:
    purse = Purse()
    told = {"limit": 2000, "remaining": 1990, "restoreRate": 100, "requestedCost": 10, "actualCost": 6}
    transport = Scripted([ok({"m0": FINE}, throttle=told)])
    await account(transport, purse).apply([rename(1)], before=LATER)
    assert purse.reported == [(2000.0, 1990.0, 100.0, 4.0)]


async def test_a_long_wait_for_the_budget_is_the_callers() -> None:
    transport = Scripted([stock_answer()])
    (outcome,) = await account(transport, Purse(waits=[timedelta(seconds=9)])).apply([stock(0)], before=LATER)
    assert isinstance(outcome, NotSent)
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == timedelta(seconds=9)
    assert transport.sent == []


async def test_skus_are_looked_up_in_pages_and_shown_as_they_are_spelled_there() -> None:
    def page(given: Mapping[str, Any]) -> Response:
        product = {"id": "p", "title": "T", "listing": None}
        nodes = [
            {"id": f"v-{sku}", "sku": sku.upper(), "price": "1", "product": product}
            for sku in given["variables"]["skus"]
        ]
        return ok({"productVariants": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}})

    transport = Scripted([page])
    skus = [Sku(f"S{n}") for n in range(documents.FIND_PAGE + 1)] + [Sku("lower")]
    (found,) = await account(transport).find(skus)
    assert [len(each["variables"]["skus"]) for each in transport.sent] == [documents.FIND_PAGE, 2]
    shown = {each.sku for each in found.variants.values()}
    assert shown == {*skus[:-1], "LOWER"}, "whoever compares exactly sees that it is another one"


async def test_what_was_not_looked_for_is_not_found() -> None:
    node = {"id": "v", "sku": "AB", "price": "1", "product": {"id": "p", "title": "T", "listing": None}}
    page = {"productVariants": {"nodes": [node], "pageInfo": {"hasNextPage": False}}}
    assert await account(Scripted([ok(page)])).find([Sku("A")]) == ()


async def test_a_look_up_that_went_wrong_in_part_is_none() -> None:
    """Otherwise what it did not show would be taken for missing, and created."""
    page = {"productVariants": {"nodes": [], "pageInfo": {"hasNextPage": False}}}
    wrong = ok(page, errors=[{"message": "Internal server error", "path": ["productVariants"]}])
    with pytest.raises(OrderchampUnavailable):
        await account(Scripted([wrong])).find([Sku("A")])


async def test_a_look_up_that_does_not_go_on_ends() -> None:
    stuck = ok({"productVariants": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "here"}}})
    transport = Scripted([stuck, stuck, DOWN])
    with pytest.raises(OrderchampUnavailable):
        await account(transport).find([Sku("A")])
    assert len(transport.sent) == 2


async def test_many_short_waits_for_the_budget_are_a_long_one() -> None:
    clock, waits = Clock(), [timedelta(seconds=0.6)] * 9
    (outcome,) = await account(Scripted([stock_answer()]), Purse(waits=waits), clock=clock).apply(
        [stock(0)], before=LATER
    )
    assert isinstance(outcome, NotSent)
    assert isinstance(outcome.error, RateLimited)
    assert clock.slept == [0.6], "nobody else has the slot meanwhile"


async def test_a_look_up_of_several_pages_is_read_to_its_end() -> None:
    def page(given: Mapping[str, Any]) -> Response:
        first = given["variables"]["after"] is None
        sku = "A" if first else "B"
        node = {"id": f"v-{sku}", "sku": sku, "price": "1", "product": {"id": "p", "title": "T", "listing": None}}
        info = {"hasNextPage": first, "endCursor": "here"}
        return ok({"productVariants": {"nodes": [node], "pageInfo": info}})

    (found,) = await account(Scripted([page])).find([Sku("A"), Sku("B")])
    assert {each.sku for each in found.variants.values()} == {"A", "B"}


async def test_a_product_that_is_gone_does_not_hide_the_others() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        ids = [value for name, value in given["variables"].items() if name.startswith("id")]
        if "gone" in ids:
            return ok(None, errors=[{"message": "Product not found"}])
        page = {"nodes": [], "pageInfo": {"hasNextPage": False}}
        return ok(
            {f"p{n}": {"id": each, "title": "T", "listing": None, "variants": page} for n, each in enumerate(ids)}
        )

    found = await account(Scripted([answer])).read([TargetId("a"), TargetId("gone"), TargetId("b")])
    assert {each: seen is not None for each, seen in found.items()} == {"a": True, "gone": False, "b": True}


async def test_a_read_that_fails_says_so() -> None:
    with pytest.raises(OrderchampUnavailable):
        await account(Scripted([DOWN])).find([Sku("A")])
    with pytest.raises(CredentialsRefused):
        await account(Scripted([Response(status=403)])).account()


async def test_the_token_is_in_no_error() -> None:
    with pytest.raises(OrderchampUnavailable) as failed:
        await account(
            Scripted([Response(status=500, body=json.dumps({"Authorization": "Bearer token"}).encode())])
        ).find([Sku("A")])
    assert "token" not in str(failed.value)


@pytest.mark.parametrize(
    ("answer", "ended"),
    [
        (ok({"account": {"id": "a", "name": "Oak & Ash"}, "storefronts": {"nodes": []}}), "ok"),
        (Response(status=401), "refused"),
        (ok(None, errors=[{"message": "Cannot query field"}]), "refused"),
        (SLOW_DOWN, "throttled"),
        (DOWN, "error"),
        (NoAnswer("nothing", maybe_executed=True), "no answer"),
        (AddressRefused("a private address"), "not called"),
    ],
)
async def test_each_request_is_told_with_its_cost_and_how_it_ended(answer: Script, ended: str) -> None:
    purse, told = Purse(), list[tuple[str, int, str]]()
    asked = account(Scripted([answer]), purse, observe=lambda *each: told.append(each)).account()
    with contextlib.suppress(IntegrationError):
        await asked
    assert [*told] == [("account", cost, ended) for cost in purse.drawn]
    assert told
    assert all(cost > 0 for _, cost, _ in told)
