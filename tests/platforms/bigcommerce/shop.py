"""A store's API as plain functions: what was asked, and what it answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.domain.http import Request, Response
from app.platforms.adapter import Connection
from tests.platforms.asking import answer

Node = dict[str, Any]

CONNECTION = Connection(
    base_url="https://api.bigcommerce.com/stores/abc123",
    credentials={"access_token": "token", "client_secret": "secret"},
)
MODIFIED = "2026-11-20T15:01:33+00:00"
MISSING = answer({"status": 404, "title": "The product was not found with the given filters/ID"}, status=404)


def product(number: int, *variants: Node, **changes: object) -> Node:
    simple = not any(each["option_values"] for each in variants)
    return {
        "id": number,
        "name": f"Thing {number}",
        "type": "physical",
        "sku": f"P-{number}",
        "description": "<p>Long</p>",
        "price": 34.95,
        "calculated_price": 34.95,
        "brand_id": 37,
        "is_visible": True,
        "availability": "available",
        "inventory_tracking": "product" if simple else "variant",
        "inventory_level": 4,
        "base_variant_id": number * 10 if simple else None,
        "upc": "",
        "gtin": "8712345678906",
        "date_modified": MODIFIED,
        "variants": list(variants) or [variant(number * 10, sku="")],
        "images": [
            {"id": 2, "is_thumbnail": False, "sort_order": 0, "url_zoom": "https://cdn.example/2.jpg"},
            {
                "id": 1,
                "is_thumbnail": True,
                "sort_order": 1,
                "url_zoom": "",
                "url_standard": "https://cdn.example/1.jpg",
            },
        ],
        **changes,
    }


def variant(number: int, *options: tuple[str, str], **changes: object) -> Node:
    return {
        "id": number,
        "sku": f"V-{number}",
        "sku_id": 461,
        "price": None,
        "calculated_price": 34.95,
        "purchasing_disabled": False,
        "inventory_level": 3,
        "upc": "",
        "gtin": "",
        "option_values": [{"option_display_name": name, "label": label} for name, label in options],
        **changes,
    }


def item(product_id: int, variant_id: int | None, *locations: Node) -> Node:
    return {"identity": {"product_id": product_id, "variant_id": variant_id}, "locations": list(locations)}


def location(pieces: int, **changes: object) -> Node:
    return {"location_id": 1, "available_to_sell": pieces, "location_enabled": True, "settings": {}, **changes}


@dataclass
class Store:
    """What a store has, and the paths that were asked."""

    products: list[Node] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    brands: list[Node] = field(default_factory=lambda: [{"id": 37, "name": "Oak & Ash"}])
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        query = {name: each[0] for name, each in parse_qs(parts.query).items()}
        assert request.headers["X-Auth-Token"] == "token"
        path = parts.path.removeprefix("/stores/abc123")
        self.asked.append(path)
        match path.split("/")[1:]:
            case ["v3", "catalog", "products", number]:
                found = next((each for each in self.products if str(each["id"]) == number), None)
                return MISSING if found is None else answer({"data": found, "meta": {}})
            case ["v3", "catalog", "products"]:
                return _page(self._listed(query), query)
            case ["v3", "catalog", "brands"]:
                return _page([each for each in self.brands if str(each["id"]) in query["id:in"].split(",")], query)
            case ["v3", "inventory", "items"]:
                wanted = query["product_id:in"].split(",")
                return _page([each for each in self.items if str(each["identity"]["product_id"]) in wanted], query)
        raise AssertionError(path)

    def _listed(self, query: Mapping[str, str]) -> list[Node]:
        found = sorted(self.products, key=lambda each: int(each["id"]))
        if "id:in" in query:
            return [each for each in found if str(each["id"]) in query["id:in"].split(",")]
        return [each for each in found if each["id"] > int(query["id:greater"])]


def _page(found: Sequence[Node], query: Mapping[str, str]) -> Response:
    limit, page = int(query["limit"]), int(query.get("page", "1"))
    pagination = {"total": len(found), "total_pages": -(-len(found) // limit), "current_page": page}
    return answer(
        {"data": found[(page - 1) * limit : page * limit], "meta": {"pagination": pagination}},
        x_rate_limit_time_window_ms="30000",
        x_rate_limit_requests_quota="150",
    )
