"""Documents: what is kept of products as JSON, and read again by this version and the next."""

from datetime import UTC, datetime
from decimal import Decimal

from app.domain.ids import Sku, SourceId, SourceVariantId, StockItemId, TargetId, TargetVariantId
from app.domain.product import Snapshot, SourceVariant
from app.domain.state import Observed, ObservedVariant
from app.domain.structs import replace
from app.store.documents import from_observed, lines, text_lines, to_observed, to_snapshot

SNAPSHOT = Snapshot(
    source_id=SourceId("1"),
    version=datetime(2026, 11, 20, 15, 1, 33, 250000, tzinfo=UTC),
    title="Oak “board”",
    published=True,
    status="active",
    variants=(
        SourceVariant(
            id=SourceVariantId("11"),
            sku=Sku("OAK"),
            price=Decimal("12345678901234567890.10"),
            stock_item_id=StockItemId("111"),
            tracked=None,
        ),
    ),
)
OBSERVED = Observed(
    id=TargetId("t"),
    title="Oak board",
    published=True,
    variants={TargetVariantId("v"): ObservedVariant(id=TargetVariantId("v"), sku=Sku("OAK"))},
    listed_variants=frozenset({TargetVariantId("v")}),
)


def test_every_field_comes_back_as_it_was() -> None:
    assert to_snapshot(lines([SNAPSHOT])) == SNAPSHOT
    assert to_observed(from_observed(OBSERVED)) == OBSERVED


def test_each_document_is_a_line_whatever_is_in_it() -> None:
    broken = replace(SNAPSHOT, title="two\nlines\r\u2028", description="NUL \x00, half a pair \ud800")
    first, second, third = lines([broken, None, SNAPSHOT]).split("\n")
    assert to_snapshot(first).title == broken.title
    assert to_snapshot(first).description == "NUL , half a pair ?"
    assert second == "null"
    assert to_snapshot(third) == SNAPSHOT


def test_documents_of_earlier_versions_are_still_read() -> None:
    """With fields that no longer exist, and without such as did not exist yet."""
    kept = (
        '{"source_id":"1","version":"2026-11-20T15:01:33.250000Z","title":"Oak “board”","published":true,"status":"active",'
        '"former":[1],"variants":[{"id":"11","sku":"OAK","price":"12345678901234567890.10","stock_item_id":"111",'
        '"tracked":null}]}'
    )

    assert to_snapshot(kept) == SNAPSHOT


def test_texts_travel_as_lines_that_postgresql_can_hold() -> None:
    assert text_lines(["a", "", "b\nc"]) == "a\n\nb c\n"
    assert text_lines(["a\x00", "\ud800"]) == "a\n?\n"
