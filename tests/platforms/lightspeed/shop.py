"""A shop's API as plain functions: what was asked, and what it answers."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from app.domain.http import Request, Response
from app.platforms.adapter import Connection

T = TypeVar("T")
Node = dict[str, Any]

CONNECTION = Connection(
    base_url="https://api.webshopapp.com",
    credentials={"api_key": "k" * 32, "api_secret": "s" * 32, "language": "nl"},
)
UPDATED = "2026-11-20T16:01:33+01:00"
MISSING = Response(status=404, body=b'{"error":{"code":404,"method":"GET","message":"There is no such resource."}}')


def told(body: object, status: int = 200, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=json.dumps(body).encode())


def product(number: int, **changes: object) -> Node:
    return {
        "id": number,
        "createdAt": "2026-05-04T09:12:11+02:00",
        "updatedAt": UPDATED,
        "isVisible": True,
        "visibility": "visible",
        "title": f"Thing {number}",
        "fulltitle": f"Brand Thing {number}",
        "description": "Short",
        "content": "<p>Long</p>",
        "brand": {"resource": {"id": 77, "url": "brands/77", "link": "https://api.webshopapp.com/nl/brands/77.json"}},
        "image": {"src": "https://cdn.example/1.jpg"},
        "variants": {"resource": {"id": False, "url": f"variants?product={number}", "link": "…"}},
        **changes,
    }


def variant(number: int, of: int, **changes: object) -> Node:
    return {
        "id": number,
        "updatedAt": UPDATED,
        "sortOrder": 1,
        "articleCode": f"ART-{number}",
        "ean": "8712345678906",
        "sku": "",
        "priceExcl": 28.8843,
        "priceIncl": 34.95,
        "oldPriceIncl": 0,
        "stockTracking": "enabled",
        "stockLevel": 12,
        "title": "Small",
        "product": {"resource": {"id": of, "url": f"products/{of}", "link": "…"}},
        **changes,
    }


@dataclass
class Shop:
    """``language`` is the one that is active."""

    products: dict[int, Node] = field(default_factory=dict)
    variants: dict[int, Node] = field(default_factory=dict)
    images: list[Node] = field(default_factory=lambda: [{"id": 1, "sortOrder": 1, "src": "https://cdn.example/1.jpg"}])
    brands: dict[int, Node] = field(default_factory=lambda: {77: {"id": 77, "title": "Oak & Ash"}})
    language: str = "nl"
    asked: list[str] = field(default_factory=list)

    def put(self, *nodes: Node) -> None:
        for each in nodes:
            (self.variants if "stockLevel" in each else self.products)[each["id"]] = each

    def __call__(self, request: Request) -> Response:
        parts = urlsplit(request.url)
        query = {name: each[0] for name, each in parse_qs(parts.query).items()}
        _, language, path = parts.path.split("/", 2)
        self.asked.append(path)
        if language != self.language:
            return MISSING
        return self._answer(path.removesuffix(".json").split("/"), query)

    def _answer(self, path: list[str], query: Mapping[str, str]) -> Response:
        match path:
            case ["products", "count"]:
                return told({"count": len(self.products)})
            case ["products", number, "images"]:
                return told({"productImages": self.images})
            case ["products", number]:
                found = self.products.get(int(number))
                return MISSING if found is None else told({"product": found})
            case ["brands", number]:
                brand = self.brands.get(int(number))
                return MISSING if brand is None else told({"brand": brand})
            case ["variants"]:
                of = [
                    each
                    for each in self.variants.values()
                    if str(each["product"]["resource"]["id"]) == query["product"]
                ]
                return told({"variants": _after(of, query)})
            case ["catalog"]:
                return told({"products": [self._whole(each) for each in _after(list(self.products.values()), query)]})
        raise AssertionError(path)

    def _whole(self, product: Node) -> Node:
        of = {
            str(number): each
            for number, each in self.variants.items()
            if each["product"]["resource"]["id"] == product["id"]
        }
        brand = self.brands[product["brand"]["resource"]["id"]]
        return {**product, "variants": of, "images": self.images, "brand": brand}


def _after(nodes: list[Node], query: Mapping[str, str]) -> list[Node]:
    found = sorted((each for each in nodes if each["id"] > int(query["since_id"])), key=lambda each: int(each["id"]))
    return found[: int(query["limit"])]
