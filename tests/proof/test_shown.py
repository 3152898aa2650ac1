"""The checker's own knowledge of what Orderchamp must show: it finds every kind of difference, and no others."""

from copy import deepcopy
from typing import Any

import pytest

from app.proof.life import Memory
from app.proof.shown import Seen, differences, doubled

Thing = dict[str, Any]


def seen(**changes: Any) -> Seen:
    """A shop with one product of two variants, one of them removed since, which Orderchamp shows as it should."""
    memory = Memory()
    memory.skus[1] = {"A", "OLD"}
    product: Thing = {
        "id": 1,
        "title": "Oak board",
        "body_html": "<p>Oak</p>",
        "status": "active",
        "published_at": "2026-11-20T12:00:00+01:00",
        "images": [{"src": "https://cdn.example/1.jpg"}],
        "variants": [
            {
                "id": 11,
                "sku": "A",
                "price": "9.00",
                "tracked": True,
                "inventory_policy": "deny",
                "levels": {"1": {"available": 3}, "2": {"available": 4}},
            }
        ],
    }
    shown: Thing = {
        "id": "P1",
        "title": "Oak board",
        "description": "<p>Oak</p>",
        "status": "published",
        "storefront": {"id": "front", "name": "Main"},
        "images": ["https://cdn.example/1.jpg"],
        "listing_variants": ["A", "OLD"],
        "variants": [
            {"sku": "A", "price": "9.0", "quantity": 7, "policy": "DENY"},
            {"sku": "OLD", "price": "9.0", "quantity": 0, "policy": "DENY"},
        ],
    }
    given: Thing = {
        "products": [product],
        "shown": [shown],
        "memory": memory,
        "bound": {"11"},
        "storefront_id": "front",
    }
    return Seen(**{**given, **changes})


def with_shown(**changes: Any) -> Seen:
    right = seen()
    return seen(shown=[{**right.shown[0], **changes}])


def with_variant(position: int, **changes: Any) -> Seen:
    shown = deepcopy(seen().shown[0])
    shown["variants"][position] |= changes
    return seen(shown=[shown])


def told(found: Seen) -> list[str]:
    return [sentence for _, sentence in differences(found)]


def test_finds_nothing_where_all_is_right() -> None:
    assert told(seen()) == []
    assert list(doubled(seen())) == []


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (seen(shown=[]), "A is not on Orderchamp"),
        (with_shown(status="unpublished"), "A is unpublished, not published"),
        (with_shown(storefront={"id": "other", "name": "Outlet"}), "A is on the storefront Outlet"),
        (with_shown(listing_variants=["OLD"]), "A is not in the listing"),
        (with_shown(title="Ash"), "the title is “Ash”, not “Oak board”"),
        (with_shown(description=None), "the description is None, not '<p>Oak</p>'"),
        (with_shown(images=[]), "the images are [], not ['https://cdn.example/1.jpg']"),
        (with_variant(0, quantity=3), "A has the stock 3, not 7"),
        (with_variant(0, price="1.00"), "A has the price 1.00, not 9.00"),
        (with_variant(0, policy="CONTINUE"), "A has the policy CONTINUE, not DENY"),
        (with_variant(1, quantity=2), "OLD was removed from the shop, but has 2 pieces and DENY"),
        (seen(bound=set()), "A is on Orderchamp, but the service does not know it there"),
        (seen(products=[{**seen().products[0], "status": "draft"}]), "A is published"),
        (seen(products=[{**seen().products[0], "published_at": None}]), "A is published"),
        (seen(products=[]), "it was deleted in the shop, but A is published"),
    ],
)
def test_finds_what_is_shown_wrongly(found: Seen, sentence: str) -> None:
    assert sentence in told(found)


def test_a_variant_matched_elsewhere_than_where_it_was_before_is_wrong() -> None:
    found = seen()
    found.memory.by_hand["A"] = "P0"
    assert "A is on P1, not on P0, where it was before" in told(found)


def test_finds_what_is_there_twice() -> None:
    right = seen().shown[0]
    again = {**right, "id": "P2"}
    assert "Orderchamp has A 2 times" in list(doubled(seen(shown=[right, again])))
    assert "product 1 was created 2 times: ['P1', 'P2']" in list(doubled(seen(shown=[right, again])))
    ghost = with_shown(listing_variants=["A", "A"])
    assert list(doubled(ghost)) == ["the listing of “Oak board” has A 2 times"]


def test_finds_products_that_nobody_ordered() -> None:
    stray = {**seen().shown[0], "id": "P2", "listing_variants": [], "variants": [{"sku": "STRAY"}]}
    (sentence,) = doubled(seen(shown=[*seen().shown, stray]))
    assert sentence == "['P2'] on Orderchamp have SKUs that no product of the shop ever had"
