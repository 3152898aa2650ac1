"""A made-up Admin API that answers what the adapter asks, and the products that it is made of."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from app.domain.http import Request, Response
from app.platforms.adapter import Connection
from app.platforms.shopware.ids import DEFAULT_CURRENCY

CONNECTION = Connection(
    base_url="https://shop.example/nl",
    credentials={"access_key_id": "SWIAKEY", "secret_access_key": "hush", "access_token": "kept-token"},
)
WITHOUT_TOKEN = Connection(
    base_url="https://shop.example/nl", credentials={"access_key_id": "SWIAKEY", "secret_access_key": "hush"}
)
CREATED = "2026-11-20T15:01:32.118+00:00"
UPDATED = "2026-11-21T09:00:00.000+00:00"
STOREFRONT, OTHER_CHANNEL = "c" * 32, "d" * 32

Node = dict[str, Any]
T = TypeVar("T")


def answer(body: object = None, *, status: int = 200, **headers: str) -> Response:
    """An answer with this body: bytes as they are, anything else as JSON, and None as nothing."""
    written = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status=status, headers=named, body=written)


def errors(status: int, detail: str, **more: object) -> Response:
    """An answer with one error in it."""
    return answer({"errors": [{"status": str(status), "detail": detail, **more}]}, status=status)


def lacking(*privileges: str) -> Response:
    """An answer to a key that may not do this."""
    detail = json.dumps({"message": "Missing privilege", "missingPrivileges": privileges})
    return errors(403, detail, code="FRAMEWORK__MISSING_PRIVILEGE_ERROR")


def in_turn(*answers: Response, asked: list[Request] | None = None) -> Callable[[Request], Response]:
    """Answer with each of these once, and note what was asked."""
    left = list(answers)

    def say(request: Request) -> Response:
        if asked is not None:
            asked.append(request)
        return left.pop(0)

    return say


def key(number: int) -> str:
    """The id of the product with a number."""
    return f"{number:032x}"


def visible(where: str = STOREFRONT, how: int = 30) -> Node:
    return {"salesChannelId": where, "visibility": how}


def price(gross: object = 34.95, net: object = 29.369747899159663, **more: object) -> Node:
    return {"currencyId": DEFAULT_CURRENCY, "net": net, "gross": gross, "linked": True, "listPrice": None, **more}


def image(number: int, position: int | None = None) -> Node:
    return {
        "position": number if position is None else position,
        "media": {"url": f"https://shop.example/media/{number}.jpg"},
    }


def option(group: str, value: str, position: int = 1) -> Node:
    return {
        "id": f"{abs(hash((group, value))):032x}"[-32:],
        "name": value,
        "translated": {"name": value},
        "group": {"id": group.encode().hex().zfill(32), "name": group, "translated": [], "position": position},
    }


def product(number: int, **changes: object) -> Node:
    """A product without variants."""
    return {
        "id": key(number),
        "parentId": None,
        "autoIncrement": number,
        "childCount": 0,
        "productNumber": f"OAK-{number}",
        "ean": None,
        "name": "Oak board",
        "description": "<p>Oak</p>",
        "translated": {"name": "Oak board", "description": "<p>Oak</p>"},
        "active": True,
        "price": [price()],
        "stock": 7,
        "availableStock": 7,
        "isCloseout": True,
        "createdAt": CREATED,
        "updatedAt": UPDATED,
        "manufacturer": {"name": "Holt", "translated": {"name": "Holt"}},
        "cover": None,
        "media": [],
        "options": [],
        "visibilities": [visible()],
        **changes,
    }


def variant(number: int, parent: int, **changes: object) -> Node:
    """A variant that leaves everything to its parent but its number, its stock and its options."""
    left_open = ("ean", "name", "description", "active", "price", "isCloseout", "manufacturer", "updatedAt")
    return {
        **product(number),
        **dict.fromkeys(left_open),
        "parentId": key(parent),
        "translated": {"name": None, "description": None},
        "visibilities": [],
        **changes,
    }


@dataclass
class Admin:
    """The shop's side. ``meanwhile`` is called before each answer, so that a test can change the shop between pages."""

    products: dict[str, Node] = field(default_factory=dict)
    limit: int = 500
    meanwhile: Callable[[], None] = lambda: None
    asked: list[Mapping[str, Any]] = field(default_factory=list)

    def put(self, *nodes: Node) -> None:
        for node in nodes:
            self.products[node["id"]] = node

    def __call__(self, request: Request) -> Response:
        assert request.url == "https://shop.example/nl/api/search/product"
        assert request.headers["Authorization"] == "Bearer kept-token"
        criteria = json.loads(request.body)
        self.asked.append(criteria)
        self.meanwhile()
        found = [each for each in self.products.values() if all(_fits(each, one) for one in criteria["filter"])]
        found.sort(key=lambda each: each["autoIncrement"])
        return answer({"total": 0, "data": found[: min(criteria["limit"], self.limit)]})


def _fits(node: Node, wanted: Node) -> bool:
    match wanted["type"]:
        case "equals":
            return bool(node[wanted["field"]] == wanted["value"])
        case "equalsAny":
            return node[wanted["field"]] in wanted["value"]
        case "range":
            return bool(node[wanted["field"]] > wanted["parameters"]["gt"])
        case "multi":
            assert wanted["operator"] == "OR"
            return any(_fits(node, each) for each in wanted["queries"])
        case unknown:
            raise AssertionError(unknown)
