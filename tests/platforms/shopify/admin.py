"""A made-up Admin API that answers what the adapter asks, page by page, and the nodes it is made of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.domain.http import Request, Response
from app.platforms.adapter import Connection

CONNECTION = Connection(
    base_url="https://oak-and-ash.myshopify.com", credentials={"access_token": "shpat_token", "client_secret": "hush"}
)
UPDATED = "2026-11-20T15:01:33Z"

Node = dict[str, Any]
T = TypeVar("T")


def saying(body: object, *, status: int = 200, **headers: str) -> Callable[[Request], Response]:
    """Answer everything with this body: bytes as they are, anything else as JSON."""
    written = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Response(status=status, headers=named, body=written)


def level(location: int, available: int, *, at: str = UPDATED) -> Node:
    return {
        "location": {"id": f"gid://shopify/Location/{location}"},
        "updatedAt": at,
        "quantities": [{"name": "available", "quantity": available}],
    }


def variant(number: int, *, levels: list[Node] | None = None, **changes: Any) -> Node:
    return {
        "id": f"gid://shopify/ProductVariant/{number}",
        "sku": f"OAK-{number}",
        "price": "34.95",
        "compareAtPrice": None,
        "barcode": None,
        "inventoryPolicy": "DENY",
        "selectedOptions": [{"name": "Size", "value": f"Size {number}"}],
        "inventoryItem": {
            "id": f"gid://shopify/InventoryItem/{number}9",
            "tracked": True,
            "inventoryLevels": levels if levels is not None else [level(7, 3)],
        },
        **changes,
    }


def product(number: int, variants: list[Node] | None = None, **changes: Any) -> Node:
    return {
        "id": f"gid://shopify/Product/{number}",
        "title": "Oak board",
        "descriptionHtml": "<p>Oak</p>",
        "vendor": "Holt",
        "status": "ACTIVE",
        "publishedAt": "2026-05-04T07:15:00Z",
        "updatedAt": UPDATED,
        "options": [{"name": "Size", "position": 1}],
        "media": [image(1)],
        "variants": [variant(1)] if variants is None else variants,
        **changes,
    }


def image(number: int) -> Node:
    return {"image": {"url": f"https://cdn.example/{number}.jpg"}}


@dataclass
class Admin:
    """The shop's side: products by number, whole; it cuts them into the pages that a document asks for.

    ``meanwhile`` is called with the operation before each answer, so that a test can change the shop between pages.
    """

    products: dict[str, Node] = field(default_factory=dict)
    subscriptions: list[Node] = field(default_factory=list)
    meanwhile: Callable[[str], None] = lambda _: None
    asked: list[str] = field(default_factory=list)
    sizes: dict[str, Mapping[str, int]] = field(
        default_factory=lambda: {
            "product": {"variants": 40, "media": 10, "levels": 10},
            "page": {"products": 8, "variants": 10, "media": 10, "levels": 3},
            "media": {"media": 250},
            "levels": {"levels": 200},
            "subscriptions": {"subscriptions": 250},
        }
    )

    def put(self, *nodes: Node) -> None:
        for node in nodes:
            self.products[number_of(node)] = node

    def __call__(self, request: Request) -> Response:
        asked = json.loads(request.body)
        operation, given = asked["operationName"], asked["variables"]
        self.asked.append(operation)
        self.meanwhile(operation)
        data = getattr(self, f"_{operation}")(given)
        return Response(status=200, body=json.dumps({"data": data}).encode())

    def _count(self, given: Node) -> Node:
        variants = sum(len(each["variants"]) for each in self.products.values())
        return {"productsCount": {"count": len(self.products)}, "productVariantsCount": {"count": variants}}

    def _product(self, given: Node) -> Node:
        found = self.products.get(given["id"].rsplit("/", 1)[-1])
        return {"product": found and _cut(found, self.sizes["product"], given["after"])}

    def _media(self, given: Node) -> Node:
        found = self.products.get(given["id"].rsplit("/", 1)[-1])
        size = self.sizes["media"]["media"]
        return {"product": found and {**found, "media": _page(found["media"], size, given["after"])}}

    def _levels(self, given: Node) -> Node:
        items = [each["inventoryItem"] for found in self.products.values() for each in found["variants"]]
        item = next((each for each in items if each["id"] == given["id"]), None)
        size = self.sizes["levels"]["levels"]
        return {"inventoryItem": item and {"inventoryLevels": _page(item["inventoryLevels"], size, given["after"])}}

    def _page(self, given: Node) -> Node:
        sizes = self.sizes["page"]
        page = _page(list(self.products.values()), sizes["products"], given["after"])
        return {"products": {**page, "nodes": [_cut(each, sizes, None) for each in page["nodes"]]}}

    def _subscriptions(self, given: Node) -> Node:
        return {"webhookSubscriptions": _page(self.subscriptions, 250, given["after"])}


def number_of(node: Node) -> str:
    number: str = node["id"].rsplit("/", 1)[-1]
    return number


def _page(nodes: list[Node], size: int, after: str | None) -> Node:
    start = int(after or 0)
    end = start + size
    return {"nodes": nodes[start:end], "pageInfo": {"hasNextPage": end < len(nodes), "endCursor": str(end)}}


def _cut(node: Node, sizes: Mapping[str, int], after: str | None) -> Node:
    variants = _page(node["variants"], sizes["variants"], after)
    for n, each in enumerate(variants["nodes"]):
        item = each["inventoryItem"]
        levels = _page(item["inventoryLevels"], sizes["levels"], None)
        variants["nodes"][n] = {**each, "inventoryItem": {**item, "inventoryLevels": levels}}
    return {**node, "variants": variants, "media": _page(node["media"], sizes["media"], None)}
