"""Half of it worked: what was refused is told apart, only the rest is sent again, and outcomes stay in order."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from app.domain.http import Response
from app.domain.ids import Sku, TargetId
from app.domain.plan import Applied, Change, NotSent, Outcome, Refused, TargetMissing, Unclear
from app.orderchamp import documents
from tests.orderchamp.changes import DOWN, FINE, PUBLISH, SLOW_DOWN, rename, stock, stock_answer
from tests.orderchamp.scripted import LATER, Script, Scripted, account, each_alias, ok

TOO_MUCH = ok(None, errors=[{"message": "The query costs 2001 points, and at most 2000 are allowed"}])


def lines(given: Mapping[str, Any]) -> list[str]:
    return [each["productVariantId"] for each in given["variables"]["input"]["inventoryLevels"]]


async def apply(transport: Scripted, changes: Sequence[Change]) -> tuple[Outcome, ...]:
    return await account(transport).apply(changes, before=LATER)


def bulk(
    refused: str, *, shows: bool, names: Callable[[int], list[str] | None]
) -> Callable[[Mapping[str, Any]], Response]:
    """Refuse one line of a bulk; ``shows``: the others are counted all the same, ``names`` is how the line is named."""

    def answer(given: Mapping[str, Any]) -> Response:
        asked = lines(given)
        counted = [each for each in asked if each != refused]
        if refused not in asked:
            return stock_answer(*asked)
        levels = [{"productVariant": {"id": each}} for each in counted] if shows else []
        errors = [{"message": "Must be positive", "field": names(asked.index(refused))}]
        return ok({"inventoryLevelBulkAdjust": {"inventoryLevels": levels, "userErrors": errors}})

    return answer


REFUSED = "Must be positive"


@pytest.mark.parametrize(
    ("shows", "names", "calls"),
    [
        (True, lambda n: ["inventoryLevels", str(n)], [8]),
        (False, lambda n: ["inventoryLevels", str(n)], [8, 7]),
        (True, lambda _: None, [8, 1]),
        (True, lambda n: ["inventoryLevels", str(n + 1)], [8, 1]),
        (False, lambda _: None, [8, 4, 4, 2, 1, 1, 2]),
        (False, lambda _: ["inventoryLevels", "9"], [8, 4, 4, 2, 1, 1, 2]),
    ],
    ids=["told", "told, others dropped", "not told", "told wrongly", "nothing told", "told out of range"],
)
async def test_one_refused_line_of_a_bulk_is_found_and_only_the_rest_is_sent_again(
    shows: bool, names: Callable[[int], list[str] | None], calls: list[int]
) -> None:
    transport = Scripted([bulk("v5", shows=shows, names=names)])
    outcomes = await apply(transport, [stock(n) for n in range(8)])
    assert [type(each) for each in outcomes] == [Applied] * 5 + [Refused] + [Applied] * 2
    assert isinstance(outcomes[5], Refused)
    assert outcomes[5].reasons[0].startswith(REFUSED)
    assert [len(lines(each)) for each in transport.sent] == calls


async def test_a_refused_line_of_a_hundred_costs_few_calls() -> None:
    transport = Scripted([bulk("v77", shows=False, names=lambda _: None)])
    outcomes = await apply(transport, [stock(n) for n in range(100)])
    assert [n for n, each in enumerate(outcomes) if each != Applied()] == [77]
    assert len(transport.sent) <= 15


async def test_all_reasons_of_a_line_are_told() -> None:
    errors = [{"message": "Too small", "field": ["inventoryLevels", 0]}, {"message": "Odd", "field": ["x", "0"]}]
    answer = ok({"inventoryLevelBulkAdjust": {"inventoryLevels": None, "userErrors": errors}})
    outcomes = await apply(Scripted([answer, stock_answer("v1")]), [stock(0), stock(1)])
    assert outcomes == (Refused(("Too small (inventoryLevels.0)", "Odd (x.0)")), Applied())


async def test_a_variant_that_is_gone_does_not_keep_the_others_stock_back() -> None:
    transport = Scripted([stock_answer("v0", "v2", line1="Product variant not found")])
    assert await apply(transport, [stock(0), stock(1), stock(2)]) == (Applied(), TargetMissing(), Applied())


async def test_a_bulk_without_a_payload_is_sent_in_pieces() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        return ok({"inventoryLevelBulkAdjust": None}) if "v1" in lines(given) else stock_answer(*lines(given))

    assert await apply(Scripted([answer]), [stock(0), stock(1), stock(2)]) == (Applied(), TargetMissing(), Applied())


async def test_a_document_refused_for_one_change_is_sent_in_halves() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        titles = [each["title"] for each in given["variables"].values()]
        return ok(None, errors=[{"message": "Title is odd"}]) if "T3" in titles else each_alias(FINE)(given)

    transport = Scripted([answer])
    outcomes = await apply(transport, [rename(n) for n in range(8)])
    assert outcomes == (*[Applied()] * 3, Refused(("Title is odd",)), *[Applied()] * 4)
    assert [len(each["variables"]) for each in transport.sent] == [8, 4, 2, 2, 1, 1, 4]


async def test_a_document_that_costs_more_than_we_know_is_sent_in_pieces_that_do_not() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        return TOO_MUCH if len(given["variables"]) > 20 else each_alias(FINE)(given)

    transport = Scripted([answer])
    outcomes = await apply(transport, [rename(n) for n in range(documents.ALIASES)])
    assert outcomes == (Applied(),) * documents.ALIASES
    assert len(transport.sent) == 7


async def test_one_alias_that_fails_inside_is_unclear_and_the_others_are_not() -> None:
    answer = ok(
        {"m0": FINE, "m1": None, "m2": {"userErrors": [{"message": "Too long", "field": ["title"]}]}},
        errors=[{"message": "Internal server error", "path": ["m1"]}],
    )
    outcomes = await apply(Scripted([answer]), [rename(n) for n in range(3)])
    assert [type(each) for each in outcomes] == [Applied, Unclear, Refused]


async def test_a_missing_storefront_is_no_missing_product() -> None:
    answer = ok({"productPublish": None}, errors=[{"message": "Storefront not found", "path": ["productPublish"]}])
    assert await apply(Scripted([answer]), [PUBLISH]) == (Refused(("Storefront not found",)),)


async def test_what_follows_a_throttled_piece_is_not_sent() -> None:
    script: list[Script] = [bulk("v1", shows=False, names=lambda n: ["inventoryLevels", str(n)]), SLOW_DOWN]
    transport = Scripted(script)
    outcomes = await apply(transport, [stock(0), stock(1), rename(2)])
    assert [type(each) for each in outcomes] == [NotSent, Refused, NotSent]
    assert len(transport.sent) == 2


async def test_a_bulk_whose_answer_is_lost_is_sent_again_as_a_whole() -> None:
    transport = Scripted([DOWN, stock_answer("v0", "v1")])
    assert await apply(transport, [stock(0), stock(1)]) == (Applied(), Applied())
    assert [lines(each) for each in transport.sent] == [["v0", "v1"]] * 2


async def test_a_look_up_that_is_too_large_is_made_in_halves() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        skus = given["variables"]["skus"]
        if len(skus) > 100:
            return TOO_MUCH
        product = {"id": "p", "title": "T", "listing": None}
        nodes = [{"id": f"v-{each}", "sku": each, "product": product} for each in skus]
        return ok({"productVariants": {"nodes": nodes, "pageInfo": {"hasNextPage": False}}})

    transport = Scripted([answer])
    (found,) = await account(transport).find([Sku(f"S{n}") for n in range(documents.FIND_PAGE)])
    assert len(found.variants) == documents.FIND_PAGE


async def test_a_read_that_is_too_large_is_made_in_halves() -> None:
    def answer(given: Mapping[str, Any]) -> Response:
        ids = [value for name, value in given["variables"].items() if name.startswith("id")]
        if len(ids) > 2:
            return TOO_MUCH
        page = {"nodes": [], "pageInfo": {"hasNextPage": False}}
        return ok(
            {f"p{n}": {"id": each, "title": "T", "listing": None, "variants": page} for n, each in enumerate(ids)}
        )

    wanted = [TargetId(f"t{n}") for n in range(documents.READS + 1)]
    found = await account(Scripted([answer])).read(wanted)
    assert [each for each, seen in found.items() if seen is not None] == wanted
