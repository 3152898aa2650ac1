"""A made-up shop: its connection, what it answers, and products as its REST API shows them."""

from typing import Any

from app.domain.http import Response
from app.platforms.adapter import Connection
from tests.platforms.asking import answer

CONNECTION = Connection(
    base_url="https://shop.example/winkel",
    credentials={"consumer_key": "ck_key", "consumer_secret": "cs_secret"},
)
MODIFIED = "2026-11-20T15:01:33"

Thing = dict[str, Any]


def product(product_id: int = 901, **changes: Any) -> Thing:
    """A product that is sold by itself."""
    return {
        "id": product_id,
        "name": "Ash bowl",
        "type": "simple",
        "status": "publish",
        "parent_id": 0,
        "catalog_visibility": "visible",
        "description": "<p>Ash</p>",
        "date_created_gmt": "2026-05-04T09:12:11",
        "date_modified_gmt": MODIFIED,
        "sku": f"SKU-{product_id}",
        "price": "49.00",
        "regular_price": "49.00",
        "global_unique_id": "",
        "manage_stock": True,
        "stock_quantity": 25,
        "stock_status": "instock",
        "backorders": "no",
        "images": [],
        "brands": [],
        "attributes": [],
        "variations": [],
        **changes,
    }


def axis(name: str = "Size", *options: str, number: int = 1, position: int = 0, variation: bool = True) -> Thing:
    """An attribute of a product."""
    return {"id": number, "name": name, "position": position, "variation": variation, "options": list(options)}


def variable(product_id: int = 812, variations: tuple[int, ...] = (813, 814), **changes: Any) -> Thing:
    """A product with variations."""
    given: Thing = {"type": "variable", "sku": "", "regular_price": "", "manage_stock": False, "stock_quantity": None}
    given |= {"variations": list(variations), "attributes": [axis("Size", "S", "L")]}
    return product(product_id, **(given | changes))


def variation(variation_id: int = 813, option: str = "S", **changes: Any) -> Thing:
    """A variation as its product's list of them has it."""
    given = product(
        variation_id, parent_id=812, type="variation", attributes=[{"id": 1, "name": "Size", "option": option}]
    )
    for name in ("name", "description", "catalog_visibility", "images", "brands", "variations"):
        del given[name]
    return {**given, **changes}


def refusal(status: int, code: str, message: str = "Sorry.") -> Response:
    """An error of the REST API."""
    return answer({"code": code, "message": message, "data": {"status": status}}, status=status)


def page_for_people(status: int, **headers: str) -> Response:
    """What a firewall answers, or a site that has no such page."""
    return answer(b"<!DOCTYPE html><html></html>", status=status, content_type="text/html", **headers)


GONE = refusal(404, "woocommerce_rest_product_invalid_id", "Invalid ID.")
