"""The retry table: what is sent again within a call, what never is, and what its outcome is then."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import AddressRefused, CredentialsRefused, OrderchampUnavailable, RateLimited
from app.domain.http import Request, Response
from app.domain.ids import Sku, TargetId
from app.domain.plan import Applied, Change, NotSent, Outcome, Refused, TargetMissing, Unclear
from app.orderchamp.caller import PATIENCE, TRIES
from tests.orderchamp.changes import (
    ADD,
    CREATE,
    DOWN,
    FINE,
    LOST,
    NEVER_LEFT,
    PUBLISH,
    REFRESH,
    SLOW_DOWN,
    UNPUBLISH,
    price,
    rename,
    stock,
    stock_answer,
)
from tests.orderchamp.scripted import LATER, NOW, Clock, Purse, Script, Scripted, account, each_alias, ok

HTML = Response(status=200, body=b"<html>")
CUT_OFF = Response(status=200, body=b'{"data": {"m0"')
BUSY = ok(None, errors=[{"message": "Throttled"}])
FAILED_INSIDE = ok(None, errors=[{"message": "Internal server error"}])
BACK_LATER = Response(status=503, headers={"retry-after": "20"})
WHO = ok({"account": {"id": "a", "name": "A"}, "storefronts": {"nodes": []}})

REPEATABLE: list[tuple[Change, Script]] = [
    (rename(1), each_alias(FINE)),
    (price(1), each_alias(FINE)),
    (UNPUBLISH, each_alias(FINE)),
    (stock(1), stock_answer()),
]
SINGLE: list[Change] = [CREATE, ADD, PUBLISH, REFRESH]


def names(changes: list[Change]) -> list[str]:
    return [type(each).__name__ for each in changes]


async def apply(transport: Scripted, change: Change, purse: Purse | None = None) -> Outcome:
    (outcome,) = await account(transport, purse).apply([change], before=LATER)
    return outcome


@pytest.mark.parametrize("first", [DOWN, LOST, HTML, CUT_OFF, FAILED_INSIDE, NEVER_LEFT])
@pytest.mark.parametrize(("change", "fine"), REPEATABLE, ids=names([each for each, _ in REPEATABLE]))
async def test_what_may_be_repeated_is_sent_again_at_once(change: Change, fine: Script, first: Script) -> None:
    transport = Scripted([first, first, fine])
    assert await apply(transport, change) == Applied()
    assert len(transport.sent) == TRIES
    assert transport.sent[0] == transport.sent[2]


@pytest.mark.parametrize("change", [each for each, _ in REPEATABLE], ids=names([each for each, _ in REPEATABLE]))
async def test_a_repeatable_change_that_never_gets_an_answer_is_unclear_in_the_end(change: Change) -> None:
    transport = Scripted([LOST])
    assert isinstance(await apply(transport, change), Unclear)
    assert len(transport.sent) == TRIES


@pytest.mark.parametrize("answer", [DOWN, LOST, HTML, CUT_OFF, FAILED_INSIDE, BACK_LATER])
@pytest.mark.parametrize("change", SINGLE, ids=names(SINGLE))
async def test_what_must_not_be_repeated_is_sent_once_and_unclear(change: Change, answer: Script) -> None:
    transport = Scripted([answer])
    assert isinstance(await apply(transport, change), Unclear)
    assert len(transport.sent) == 1


EVERY: list[Change] = [*(each for each, _ in REPEATABLE), *SINGLE]


@pytest.mark.parametrize("answer", [SLOW_DOWN, BUSY, Response(status=401)])
@pytest.mark.parametrize("change", EVERY, ids=names(EVERY))
async def test_nothing_is_repeated_when_orderchamp_says_no_for_now(change: Change, answer: Script) -> None:
    transport = Scripted([answer])
    assert isinstance(await apply(transport, change), NotSent)
    assert len(transport.sent) == 1


@pytest.mark.parametrize("change", EVERY, ids=names(EVERY))
async def test_a_request_that_never_left_is_not_sent(change: Change) -> None:
    assert isinstance(await apply(Scripted([NEVER_LEFT]), change), NotSent)


@pytest.mark.parametrize("then", [SLOW_DOWN, BUSY, Response(status=401), NEVER_LEFT, Response(status=404)])
@pytest.mark.parametrize("change", [each for each, _ in REPEATABLE], ids=names([each for each, _ in REPEATABLE]))
async def test_a_lost_answer_is_not_forgotten_when_the_next_try_surely_does_nothing(
    change: Change, then: Script
) -> None:
    # "Not sent" would leave us believing in the old state, which may not be there any more.
    assert isinstance(await apply(Scripted([LOST, then]), change), Unclear)


async def test_a_wait_that_was_asked_for_is_not_undercut_by_a_repetition() -> None:
    purse, transport = Purse(), Scripted([BACK_LATER])
    assert isinstance(await apply(transport, rename(1), purse), Unclear)
    assert len(transport.sent) == 1
    assert purse.blocked == [timedelta(seconds=20)]


async def test_pauses_between_tries_grow_and_differ_by_chance() -> None:
    async def slept(jitter: float) -> list[float]:
        clock = Clock()
        await account(Scripted([LOST]), clock=clock, jitter=lambda: jitter).apply([rename(1)], before=LATER)
        return clock.slept

    assert await slept(0.0) == [0.1, 0.2]
    assert await slept(1.0) == [0.2, 0.4]


class Slow(Scripted):
    """Every answer gets lost, after as long as a call may last."""

    def __init__(self, clock: Clock) -> None:
        super().__init__([LOST])
        self._clock = clock

    async def send(self, request: Request, *, within: timedelta) -> Response:
        self._clock.now += within
        return await super().send(request, within=within)


@pytest.mark.parametrize(("lease", "tries"), [(11, 1), (21, 1), (22, 2), (34, 3), (60, 3)])
async def test_no_try_starts_that_could_outlast_the_lease(lease: int, tries: int) -> None:
    clock = Clock()
    transport = Slow(clock)
    before = NOW + timedelta(seconds=lease)
    (outcome,) = await account(transport, clock=clock).apply([stock(1)], before=before)
    assert isinstance(outcome, Unclear)
    assert len(transport.sent) == tries
    assert clock.now <= before


async def test_the_wait_for_the_budget_counts_towards_the_lease() -> None:
    clock, transport = Clock(), Scripted([stock_answer()])
    purse = Purse(waits=[PATIENCE * 0.6, PATIENCE * 0.4])
    before = NOW + timedelta(seconds=11)
    assert await account(transport, purse, clock=clock).apply([stock(1)], before=before) == (Applied(),)
    assert clock.now + timedelta(seconds=10) <= before


@pytest.mark.parametrize("change", EVERY, ids=names(EVERY))
async def test_a_lease_too_short_for_a_call_sends_and_pays_nothing(change: Change) -> None:
    purse, transport = Purse(), Scripted([DOWN])
    (outcome,) = await account(transport, purse).apply([change], before=NOW + timedelta(seconds=10.9))
    assert isinstance(outcome, NotSent)
    assert (transport.sent, purse.drawn) == ([], [])


async def test_the_bulk_that_is_sent_in_pieces_ends_with_the_lease() -> None:
    clock = Clock()

    def slow(_: object) -> Response:
        clock.now += timedelta(seconds=5)
        return ok(None, errors=[{"message": "Something is wrong"}])

    transport = Scripted([slow])
    before = NOW + timedelta(seconds=18)
    outcomes = await account(transport, clock=clock).apply([stock(n) for n in range(8)], before=before)
    assert len(transport.sent) == 2
    assert all(isinstance(each, NotSent) for each in outcomes)


@pytest.mark.parametrize("answer", [LOST, DOWN, HTML, FAILED_INSIDE])
async def test_a_question_is_asked_again_and_then_unanswered(answer: Script) -> None:
    transport = Scripted([answer])
    with pytest.raises(OrderchampUnavailable) as unanswered:
        await account(transport).find([Sku("A")])
    assert type(unanswered.value) is OrderchampUnavailable
    assert len(transport.sent) == TRIES


@pytest.mark.parametrize("answer", [SLOW_DOWN, BUSY])
async def test_a_question_after_a_lost_answer_still_tells_the_wait(answer: Script) -> None:
    with pytest.raises(RateLimited) as limited:
        await account(Scripted([LOST, answer])).read([TargetId("p")])
    assert limited.value.retry_after


async def test_an_address_that_may_not_be_called_is_an_outage_and_no_crash() -> None:
    class Barred:
        async def send(self, request: Request, *, within: timedelta) -> Response:
            raise AddressRefused("Orderchamp has an address that is not public; it is not called.")

    opened = account(Barred())
    (outcome,) = await opened.apply([PUBLISH], before=LATER)
    assert isinstance(outcome, NotSent)
    with pytest.raises(OrderchampUnavailable):
        await opened.account()


async def test_a_dead_token_stops_everything() -> None:
    transport = Scripted([Response(status=401)])
    outcomes = await account(transport).apply([PUBLISH, stock(1), rename(2)], before=LATER)
    assert len(transport.sent) == 1
    assert [isinstance(each, NotSent) and type(each.error) for each in outcomes] == [CredentialsRefused] * 3


def only(*allowed: str) -> Callable[..., Response]:
    """Answer what a token may do that lacks the permission for anything else."""

    def answer(given: Mapping[str, Any]) -> Response:
        operation = given["operationName"]
        if operation not in allowed:
            return Response(status=403)
        return WHO if operation == "account" else stock_answer()

    return answer


async def test_one_forbidden_operation_is_refused_and_stock_goes_on() -> None:
    changes: list[Change] = [PUBLISH, rename(1), rename(2), stock(1), CREATE]
    outcomes = await account(Scripted([only("account", "inventoryLevelBulkAdjust")])).apply(changes, before=LATER)
    assert [type(each) for each in outcomes] == [Refused, Refused, Refused, Applied, Refused]


async def test_a_forbidden_operation_does_not_speak_for_others_in_its_document() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        if given["operationName"] == "account":
            return WHO
        return Response(status=403) if "productUnpublish" in given["query"] else each_alias(FINE)(given)

    changes: list[Change] = [rename(1), UNPUBLISH, price(3)]
    outcomes = await account(Scripted([answer])).apply(changes, before=LATER)
    assert [type(each) for each in outcomes] == [Applied, Refused, Applied]


async def test_a_token_that_may_do_nothing_at_all_is_dead() -> None:
    outcomes = await account(Scripted([Response(status=403)])).apply([PUBLISH, stock(1)], before=LATER)
    assert all(isinstance(each, NotSent) and isinstance(each.error, CredentialsRefused) for each in outcomes)


async def test_a_creation_whose_variants_cannot_all_be_read_is_unclear() -> None:
    page = {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}
    created = ok({"productCreate": {"product": {"id": "p", "title": "T", "listing": None, "variants": page}, **FINE}})
    transport = Scripted([created, DOWN])
    assert isinstance(await apply(transport, CREATE), Unclear)
    assert transport.operations[0] == "productCreate"
    assert set(transport.operations[1:]) == {"read"}


@pytest.mark.parametrize("payload", [None, {}, {"userErrors": None}, {"product": {"id": "p"}}, {"product": 1}, 7])
@pytest.mark.parametrize("change", [CREATE, ADD], ids=["CreateProduct", "CreateVariant"])
async def test_a_creation_that_is_not_shown_is_never_called_done(change: Change, payload: object) -> None:
    operation = "productCreate" if change is CREATE else "productVariantCreate"
    outcome = await apply(Scripted([ok({operation: payload})]), change)
    # A variant without payload is about a product that is not there; that is looked at before anything is sent again.
    assert isinstance(outcome, TargetMissing if change is ADD and payload is None else Unclear)
