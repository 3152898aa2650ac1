import pytest
from graphql import parse

from app.sandbox.shop.gate import Gate
from app.sandbox.shopify.admin import Admin
from app.sandbox.shopify.cost import Refused, cost
from app.sandbox.shopify.shops import Shops
from app.sandbox.shopify.switches import Switches
from tests.sandbox.shopify.standin import SHOP, TOKEN, StandIn

LEVELS = "inventoryLevels(first: 10) { nodes { id location { id } } }"


def products(first: int, inner: str) -> str:
    return f"{{ products(first: {first}) {{ nodes {{ id {inner} }} pageInfo {{ endCursor }} }} }}"


@pytest.mark.parametrize(
    ("document", "points"),
    [
        ("{ shop { name plan { displayName } } }", 2),
        (products(10, ""), 10),
        ("{ products(first: 10) { edges { cursor node { id } } } }", 10),
        (products(10, "variants(first: 5) { nodes { id inventoryItem { id } } }"), 110),
        ("query q { ...some } fragment some on QueryRoot { products(first: 3) { nodes { id } } }", 3),
        ('mutation { webhookSubscriptionDelete(id: "1") { userErrors { message } } }', 10),
    ],
)
def test_a_document_costs_its_objects(document: str, points: int) -> None:
    assert cost(parse(document), {}) == points


def test_the_size_of_a_page_may_come_as_a_variable() -> None:
    assert cost(parse("query q($n: Int) { products(first: $n) { nodes { id } } }"), {"n": 7}) == 7


@pytest.mark.parametrize("arguments", ["", "(first: 251)", "(first: -1)", "(after: null)"])
def test_a_page_says_how_large_it_is_and_stays_below_the_limit(arguments: str) -> None:
    with pytest.raises(Refused):
        cost(parse(f"{{ products{arguments} {{ nodes {{ id }} }} }}"), {})


async def test_refuses_a_document_that_costs_too_much(shopify: StandIn) -> None:
    document = products(10, f"variants(first: 100) {{ nodes {{ inventoryItem {{ {LEVELS} }} }} }}")

    whole = await shopify.whole(document)

    assert whole["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert "data" not in whole


async def test_tells_what_was_asked_for_and_what_was_charged(shopify: StandIn) -> None:
    await shopify.add()

    told = (await shopify.whole(products(10, "variants(first: 5) { nodes { id } }")))["extensions"]["cost"]

    assert (told["requestedQueryCost"], told["actualQueryCost"]) == (60, 2)
    assert told["throttleStatus"] == {"maximumAvailable": 2000, "currentlyAvailable": 1998, "restoreRate": 100}


@pytest.mark.parametrize("status", [200, 429])
async def test_a_throttled_answer_has_no_data_and_says_how_long_to_wait(shopify: StandIn, status: int) -> None:
    await shopify.do("PUT", "/switches", {"throttled_status": status})
    await shopify.client.post("/_sandbox/faults", json={"kind": "throttled"})

    answer = await shopify.post("{ shop { id } }")

    assert answer.status_code == status
    whole = answer.json()
    assert "data" not in whole
    assert whole["errors"] == [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}]
    assert whole["extensions"]["cost"]["actualQueryCost"] is None
    await shopify.ask("{ shop { id } }")


def test_a_bucket_empties_and_fills_again_over_time() -> None:
    time = [0.0]
    shops = Shops()
    shop = shops.open(SHOP, {"token": TOKEN})
    admin = Admin(shops, Gate(), lambda _: Switches(), lambda *_: True, clock=lambda: time[0])

    assert admin.available(shop) == 2000
    admin.charge(shop, 1900)
    assert admin.available(shop) == 100
    time[0] = 1.5
    assert admin.available(shop) == 250
    time[0] = 60.0
    assert admin.available(shop) == 2000
