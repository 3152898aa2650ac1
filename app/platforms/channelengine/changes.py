"""What changed: asked for, and acknowledged, since ChannelEngine tells it again until it is.

``GET v2/products/data`` has what is to be created, updated and removed; ``GET v2/products/offers`` has prices and stock, which
may change without the former. Variants are told only after their product was acknowledged with the number that we give it, so a
first reading takes several rounds. Neither has versions: what is told later is newer.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.domain.errors import PlatformRejected
from app.domain.event import ProductFact, Tombstone
from app.domain.http import Reading
from app.domain.ids import Cursor, SourceId, SourceVariantId
from app.domain.product import Head, Offer, Part, SourceVariant
from app.platforms.adapter import Connection, Polled
from app.platforms.channelengine.numbers import is_product, made, product_of, variant_of
from app.platforms.channelengine.products import Record, head, offer, variant
from app.platforms.channelengine.rest import ask

MOST = 100
"""Records asked for at once: the answer takes longer the more there are."""

DATA, OFFERS = "v2/products/data", "v2/products/offers"
WITH_VARIANTS = frozenset({"PARENT", "GRANDPARENT"})


class Changes:
    """Products and offers of a channel."""

    every = timedelta(minutes=2)

    def poll(self, connection: Connection, cursor: Cursor | None) -> Reading[Polled]:  # noqa: ARG002 - it keeps count itself
        """Ask for what was not acknowledged yet. Each record that cannot be read is left out, and told of."""
        data = yield from ask(
            connection, "GET", DATA, operation="changes", query={"maxCount": str(MOST), "stripHtml": "false"}
        )
        offers = yield from ask(
            connection, "GET", OFFERS, operation="offers", query={"page": "1", "pageSize": str(MOST)}
        )
        if not isinstance(data, dict):
            raise PlatformRejected("ChannelEngine's answer has no list of changes.")
        read = Reader()
        for each in _many(data, "ToBeCreated"):
            read.created(each)
        for each in _many(data, "ToBeUpdated"):
            read.updated(each)
        for each in _many({"offers": offers}, "offers"):
            read.offered(each)
        for number in _many(data, "ToBeRemoved"):
            read.removed(number)
        return read.polled()

    def acknowledge(self, connection: Connection, receipt: str) -> Reading[None]:
        """Say what is stored, and by which numbers we call what is new."""
        told = json.loads(receipt)
        data = {name: told[name] for name in ("Created", "Updated", "Removed")}
        if any(data.values()):
            yield from ask(connection, "POST", DATA, operation="acknowledge changes", body=data)
        if told["Offers"]:
            yield from ask(connection, "POST", OFFERS, operation="acknowledge offers", body=told["Offers"])


@dataclass(slots=True)
class Piece:
    """What was told of one product."""

    head: Head | None = None
    stand_in: Head | None = None
    variants: dict[SourceVariantId, SourceVariant] = field(default_factory=dict)
    offers: dict[SourceVariantId, Offer] = field(default_factory=dict)
    gone: set[SourceVariantId] = field(default_factory=set)
    is_gone: bool = False


@dataclass(slots=True)
class Reader:
    """Gathers what one answer tells, product by product, and what is to be acknowledged of it."""

    pieces: dict[SourceId, Piece] = field(default_factory=dict)
    receipt: dict[str, list[Any]] = field(
        default_factory=lambda: {"Created": [], "Updated": [], "Removed": [], "Offers": []}
    )
    unread: list[str] = field(default_factory=list)

    def created(self, record: object) -> None:
        """Take in what is new, and give it its number."""
        try:
            own_id, parent = _id(_record(record)), _number(_record(record), "ParentChannelProductNo")
            number = made(own_id, parent)
            self._take_in(_record(record), number)
        except ValueError as error:
            self._leave_out("a new product", record, error)
        else:
            self.receipt["Created"].append({"Id": own_id, "ChannelProductNo": number})

    def updated(self, record: object) -> None:
        try:
            number = _number(_record(record), "ChannelProductNo")
            if number is None:
                raise ValueError("it has no number")  # noqa: TRY301 - one way out for all that cannot be read
            self._take_in(_record(record), number)
        except ValueError as error:
            self._leave_out("a changed product", record, error)
        else:
            self.receipt["Updated"].append(number)

    def offered(self, record: object) -> None:
        try:
            number = _number(_record(record), "ChannelProductNo")
            if number is None:
                raise ValueError("it has no number")  # noqa: TRY301
            told = offer(_record(record), number)
        except ValueError as error:
            self._leave_out("an offer", record, error)
        else:
            self._piece(number).offers[told.variant_id] = told
            self.receipt["Offers"].append(number)

    def removed(self, number: object) -> None:
        if not isinstance(number, str) or not number.strip():
            self._leave_out("a removal", number, ValueError("it has no number"))
            return
        piece = self._piece(number)
        piece.is_gone |= is_product(number)
        piece.gone.add(variant_of(number))
        self.receipt["Removed"].append(number)

    def polled(self) -> Polled:
        """Return what was told. There may be more once anything was acknowledged."""
        anything = any(self.receipt.values())
        return Polled(
            facts=tuple(_fact(source_id, piece) for source_id, piece in self.pieces.items()),
            receipt=json.dumps(self.receipt, sort_keys=True) if anything else None,
            more=anything,
            unread=tuple(self.unread),
        )

    def _take_in(self, record: Record, number: str) -> None:
        kind = str(record.get("ProductType") or ("CHILD" if not is_product(number) else "SINGLE")).upper()
        leads = is_product(number)
        told = head(record, has_variants=kind in WITH_VARIANTS or not leads)
        item = None if kind in WITH_VARIANTS else variant(record, number, alone=leads)
        piece = self._piece(number)
        if leads:
            piece.head = told
        elif piece.stand_in is None:
            piece.stand_in = told
        if item is not None:
            piece.variants[item.id] = item

    def _piece(self, number: str) -> Piece:
        return self.pieces.setdefault(product_of(number), Piece())

    def _leave_out(self, what: str, record: object, error: ValueError) -> None:
        named = record.get("MerchantProductNo") or record.get("ChannelProductNo") if isinstance(record, dict) else None
        called = f" ({str(named)[:60]})" if named else ""
        self.unread.append(f"What it tells of {what}{called} cannot be read: {str(error)[:200]}.")


def _fact(source_id: SourceId, piece: Piece) -> ProductFact:
    if piece.is_gone and piece.head is None:
        return Tombstone(source_id=source_id)
    return Part(
        source_id=source_id,
        head=piece.head,
        stand_in=piece.stand_in,
        variants=tuple(piece.variants.values()),
        offers=tuple(piece.offers.values()),
        gone=frozenset(piece.gone),
    )


def _many(told: Mapping[str, Any], name: str) -> Sequence[object]:
    found = told.get(name)
    return found if isinstance(found, list) else ()


def _record(record: object) -> Record:
    if not isinstance(record, dict):
        raise ValueError("it is no record")  # noqa: TRY004 - what is wrong is what was told
    return record


def _id(record: Record) -> int:
    found = record.get("Id")
    if isinstance(found, bool) or not isinstance(found, int) or found <= 0:
        raise ValueError("it has no id")
    return found


def _number(record: Record, name: str) -> str | None:
    found = record.get(name)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise ValueError("its number is no text")  # noqa: TRY004
    return found
