"""Large shops write a file; whatever part of it is read, every product comes once, whole, and in bounded memory."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from graphql import parse, validate

from app.domain.errors import PlatformUnavailable
from app.domain.http import Request, Response
from app.domain.ids import Cursor, SourceId
from app.domain.product import Snapshot
from app.platforms.adapter import Page
from app.platforms.shopify import bulk, queries
from app.platforms.shopify.catalogue import MANY_PRODUCTS, Catalogue
from app.sandbox.shopify import bulk as sandbox
from app.sandbox.shopify.api import SCHEMA, cost
from tests.platforms.asking import drive
from tests.platforms.shopify.admin import CONNECTION, Admin, level, product, variant

Node = dict[str, Any]
URL = "https://storage.example/result.jsonl"


def written(node: Node, *, levels_below: str = "variant") -> list[Node]:
    """A product as lines of the file. What levels name as their parent is not documented."""
    plain = {name: value for name, value in node.items() if name not in ("media", "variants")}
    rows: list[Node] = [plain]
    rows += [
        {"id": f"gid://shopify/MediaImage/{n}", **each, "__parentId": node["id"]}
        for n, each in enumerate(node["media"])
    ]
    for each in node["variants"]:
        item = each["inventoryItem"]
        rows.append({**each, "inventoryItem": {"id": item["id"], "tracked": item["tracked"]}, "__parentId": node["id"]})
        parent = each["id"] if levels_below == "variant" else item["id"]
        rows += [
            {"id": f"gid://shopify/InventoryLevel/{n}?inventory_item_id=1", **one, "__parentId": parent}
            for n, one in enumerate(item["inventoryLevels"])
        ]
    return rows


@dataclass
class Large(Admin):
    """A shop that writes files. ``states`` are what it says of the operation, the last one for good."""

    states: list[str] = field(default_factory=lambda: ["COMPLETED"])
    levels_below: str = "variant"
    refuses: bool = False
    parts: int = 0
    longest: int = 0
    _written: bytes = b""

    def file(self) -> bytes:
        rows = [row for each in self.products.values() for row in written(each, levels_below=self.levels_below)]
        return b"".join(json.dumps(row).encode() + b"\n" for row in rows)

    def __call__(self, request: Request) -> Response:
        if request.url != URL:
            return super().__call__(request)
        assert request.part is not None
        self.parts += 1
        self._written = self._written or self.file()
        body = self._written[request.part.start :][: request.part.length]
        self.longest = max(self.longest, len(body))
        return Response(status=206 if body else 416, body=body)

    def _count(self, given: Node) -> Node:
        return {"productsCount": {"count": MANY_PRODUCTS + 1}, "productVariantsCount": {"count": 1}}

    def _bulkStart(self, given: Node) -> Node:  # noqa: N802
        if self.refuses:
            return {"bulkOperationRunQuery": {"bulkOperation": None, "userErrors": [{"message": "In progress"}]}}
        begun = {"id": "gid://shopify/BulkOperation/7", "status": "CREATED"}
        return {"bulkOperationRunQuery": {"bulkOperation": begun, "userErrors": []}}

    def _bulkStatus(self, given: Node) -> Node:  # noqa: N802
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        url = URL if status == "COMPLETED" and self.products else None
        return {"node": {"id": given["id"], "status": status, "errorCode": None, "url": url}}


def pages(shop: Admin) -> Iterator[Page]:
    cursor: Cursor | None = None
    for _ in range(10_000):
        page = drive(Catalogue().page(CONNECTION, cursor), shop)
        yield page
        if page.next is None:
            return
        cursor = page.next
    raise AssertionError("it never ends")


def everything(shop: Admin) -> list[Snapshot]:
    return [each for page in pages(shop) for each in page.snapshots]


def filled(count: int = 20) -> Large:
    shop = Large()
    for n in range(1, count + 1):
        variants = [variant(10 * n + each, levels=[level(7, each), level(8, 1)]) for each in range(n % 4 + 1)]
        shop.put(product(n, variants))
    return shop


def single(shop: Admin, number: int) -> Snapshot | None:
    return drive(Catalogue().product(CONNECTION, SourceId(str(number))), shop)


def test_documents_are_ones_that_the_schema_knows() -> None:
    for document in (bulk.START, bulk.STATUS, queries.COUNT, queries.VERSIONS):
        assert validate(SCHEMA, parse(document)) == []
    assert sandbox.problem(bulk.CONTENTS) is None
    assert cost(parse(queries.COUNT), {}) <= queries.COUNT_COST
    assert cost(parse(queries.VERSIONS), {}) <= queries.VERSIONS_COST


@pytest.mark.parametrize("size", [1, 50, 700, 1500, 10**6])
@pytest.mark.parametrize("levels_below", ["variant", "item"])
def test_a_file_read_in_parts_of_any_size_has_every_product_once_and_whole(
    monkeypatch: pytest.MonkeyPatch, size: int, levels_below: str
) -> None:
    monkeypatch.setattr(bulk, "PART", size)
    shop = filled()
    shop.levels_below = levels_below
    assert everything(shop) == [single(shop, n) for n in range(1, 21)]


def test_a_file_without_a_last_line_end_is_read_to_its_end() -> None:
    class Short(Large):
        def file(self) -> bytes:
            return super().file().rstrip(b"\n")

    shop = Short(products=filled(3).products)
    assert len(everything(shop)) == 3


def test_any_place_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 1500)
    shop = filled()
    read = list(pages(shop))
    cursors = [each.next for each in read]
    for at, cursor in enumerate(cursors[:-1]):
        again = drive(Catalogue().page(CONNECTION, cursor), shop)
        assert again == read[at + 1]


def test_a_part_of_the_file_is_all_that_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 2000)
    shop = filled(200)
    assert len(everything(shop)) == 200
    assert shop.longest <= 2000
    assert shop.parts > len(shop.file()) // 2000


def test_a_product_that_is_too_large_for_a_part_is_read_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "PART", 1000)
    monkeypatch.setattr(bulk, "LARGEST", 8000)
    shop = filled(3)
    shop.put(product(2, [variant(n) for n in range(100, 200)]))
    read = list(pages(shop))
    assert [each.source_id for page in read for each in page.snapshots] == ["1", "3"]
    assert [each for page in read for each in page.incomplete] == ["2"]


def test_while_the_shop_writes_it_is_left_alone() -> None:
    shop = filled(1)
    shop.states = ["CREATED", "RUNNING", "COMPLETED"]
    read = list(pages(shop))
    assert [each.wait > timedelta(0) for each in read] == [True, True, True, False]
    assert read[0].total == MANY_PRODUCTS + 1
    assert len(read[-1].snapshots) == 1


@pytest.mark.parametrize("states", [["FAILED"], ["CANCELED"], ["RUNNING", "EXPIRED"]])
def test_when_nothing_comes_of_it_pages_are_read(states: list[str]) -> None:
    shop = filled()
    shop.states = states
    assert len(everything(shop)) == 20
    assert shop.asked.count("bulkStart") == 1


def test_a_shop_that_refuses_is_read_page_by_page() -> None:
    shop = filled()
    shop.refuses = True
    assert len(everything(shop)) == 20


def test_a_large_shop_without_products_has_an_empty_page() -> None:
    assert everything(Large()) == []


def test_a_product_that_cannot_be_read_is_named_and_stops_no_other() -> None:
    shop = filled(3)
    shop.put(product(2, [variant(21, price="none")]))
    read = list(pages(shop))
    assert [each for page in read for each in page.incomplete] == ["2"]
    assert [each.source_id for page in read for each in page.snapshots] == ["1", "3"]


def test_a_file_that_is_not_there_is_asked_for_again() -> None:
    class Gone(Large):
        def __call__(self, request: Request) -> Response:
            return Response(status=403) if request.url == URL else super().__call__(request)

    shop = Gone(products=filled(1).products)
    with pytest.raises(PlatformUnavailable, match="could not be read"):
        everything(shop)
