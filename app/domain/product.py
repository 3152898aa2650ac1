"""Source products: what a shop says about a product, and how a newer statement replaces an older one."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal

from app.domain.ids import LocationId, Sku, SourceId, SourceVariantId, StockItemId
from app.domain.structs import Struct, asdict, replace


class StockLevel(Struct, frozen=True, kw_only=True):
    """Stock of one variant at one location, in pieces, with a version of its own."""

    location_id: LocationId
    quantity: int
    version: datetime


class Measures(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What something weighs, in grams, and how large it is, in centimetres. None: not told."""

    weight_grams: Decimal | None = None
    length_cm: Decimal | None = None
    width_cm: Decimal | None = None
    height_cm: Decimal | None = None

    def told(self) -> Mapping[str, Decimal]:
        """Return what is told, by name."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def beside(self, others: "Measures") -> "Measures":
        """Return what is told here and is otherwise, or not told, in ``others``."""
        return Measures(**{name: found for name, found in self.told().items() if found != getattr(others, name)})


MEASURES = ("weight_grams", "length_cm", "width_cm", "height_cm")
UNTOLD = Measures()


def in_common(measures: Iterable[Measures]) -> Measures:
    """Return what all of these have in common."""
    told = list(measures)
    first = told[0] if told else UNTOLD
    if told.count(first) == len(told):
        return first
    found = {name: {getattr(each, name) for each in told} for name in MEASURES}
    return Measures(**{name: values.pop() for name, values in found.items() if len(values) == 1})


class SourceVariant(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A variant as the shop has it.

    ``sku`` is trimmed, None when the shop has none. ``net_price`` is ``price`` without VAT where the shop tells both; None
    where it has one price, of which only the supplier knows what it includes. ``tracked`` None means that this statement
    does not say whether the shop counts the variant's stock. ``levels`` None means that it does not say how stock is spread
    over locations; ``quantity`` is the total then. ``options`` are in the order of the product's option names.
    ``measures`` UNTOLD means that it does not say how large and heavy the variant is.
    """

    id: SourceVariantId
    sku: Sku | None
    price: Decimal | None
    net_price: Decimal | None = None
    compare_at_price: Decimal | None = None
    barcode: str | None = None
    options: tuple[str, ...] = ()
    stock_item_id: StockItemId
    tracked: bool | None
    sell_when_empty: bool = False
    quantity: int | None = None
    levels: tuple[StockLevel, ...] | None = None
    measures: Measures = UNTOLD


class Snapshot(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A complete, normalised description of a source product at one version.

    ``version`` None means that the platform gave no order mark. ``status`` is the platform's own word for the state that
    ``published`` sums up. ``published_from`` is set when the shop will publish the product by itself at that time.
    ``storefront`` is the storefront that the shop names for this product, in its own words; None: it names none.
    """

    source_id: SourceId
    version: datetime | None
    title: str
    description: str = ""
    brand: str | None = None
    published: bool
    published_from: datetime | None = None
    status: str
    option_names: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    storefront: str | None = None
    variants: tuple[SourceVariant, ...]


class Head(Struct, frozen=True, kw_only=True):
    """What a snapshot says about a product apart from its variants."""

    title: str
    description: str = ""
    brand: str | None = None
    published: bool
    status: str
    option_names: tuple[str, ...] = ()
    images: tuple[str, ...] = ()
    storefront: str | None = None


class Offer(Struct, frozen=True, kw_only=True):
    """What one variant costs now, and how many pieces there are. None: as before."""

    variant_id: SourceVariantId
    price: Decimal | None = None
    net_price: Decimal | None = None
    quantity: int | None = None


class Part(Struct, frozen=True, kw_only=True):
    """Some of what a shop says about a product, where it tells products in parts. What is not told is as it was.

    ``stand_in`` describes the product for as long as no ``head`` was told. ``gone`` are variants that the shop has no more;
    one that is told as well has come again.
    """

    source_id: SourceId
    head: Head | None = None
    stand_in: Head | None = None
    variants: tuple[SourceVariant, ...] = ()
    offers: tuple[Offer, ...] = ()
    gone: frozenset[SourceVariantId] = frozenset()


class Taken(Struct, frozen=True):
    """The statement is newer: this is what the shop says now."""

    snapshot: Snapshot


class Ignored(Struct, frozen=True):
    """The statement changes nothing, for this reason."""

    reason: str


class AskShop(Struct, frozen=True):
    """The statement cannot be ordered or is not complete: only a read of the product tells."""

    reason: str


def merge(known: Snapshot | None, incoming: Snapshot, *, gone: bool = False) -> Taken | Ignored | AskShop:
    """Decide what a full body pushed by the shop is worth beside what we know.

    ``gone`` says that we last knew the product as deleted: then only a read brings it back. Tracking, stock levels and measures
    that the body does not tell are kept from what we know.
    """
    if gone:
        return AskShop("it was deleted before, so only a read of the shop can bring it back")
    filled = carry_over(known, incoming)
    if any(variant.tracked is None for variant in filled.variants):
        return AskShop("it does not say whether the stock of a new variant is tracked")
    if known is None:
        return Taken(filled)
    if incoming.version is None or known.version is None:
        return Ignored("nothing in it is new") if filled == known else AskShop("it has no version to order it by")
    if incoming.version < known.version:
        return Ignored("it is older than what we know")
    if incoming.version == known.version:
        return (
            Ignored("nothing in it is new") if filled == known else AskShop("it has the version we know, but differs")
        )
    return Taken(filled)


def merge_read(known: Snapshot | None, read: Snapshot) -> Taken | Ignored | AskShop:
    """Decide what a read of the shop is worth: all, unless it is older than what the shop had pushed before."""
    if known is not None and known.version is not None and read.version is not None and read.version < known.version:
        return AskShop("the shop's answer is older than its last notice")
    filled = carry_over(known, read)
    return Ignored("the shop has what we know") if filled == known else Taken(filled)


def merge_page(known: Snapshot | None, page: Snapshot, *, gone: bool = False) -> Taken | Ignored | AskShop:
    """Decide what a product in a page of the catalogue is worth. A page may be old by now: what a notice told since wins.

    ``gone`` as for ``merge``. Stock that the page tells otherwise at a version that we know cannot be ordered.
    """
    if gone:
        return AskShop("it was deleted before, so only a read of the shop can bring it back")
    if known is None:
        return Taken(page)
    if known.version is not None and page.version is not None and page.version < known.version:
        return Ignored("a notice told more of it since")
    if _contradict(known, page):
        return AskShop("the page has a version of its stock that we know, but another number")
    filled = carry_over(known, page)
    return Ignored("the shop has what we know") if filled == known else Taken(filled)


def _contradict(known: Snapshot, page: Snapshot) -> bool:
    levels = {
        (variant.id, level.location_id, level.version): level.quantity
        for variant in known.variants
        for level in variant.levels or ()
    }
    return any(
        levels.get((variant.id, level.location_id, level.version), level.quantity) != level.quantity
        for variant in page.variants
        for level in variant.levels or ()
    )


def carry_over(known: Snapshot | None, incoming: Snapshot) -> Snapshot:
    """Fill what ``incoming`` leaves open from ``known``; of two levels of one location the newer one stays."""
    before = {variant.id: variant for variant in known.variants} if known else {}
    variants = tuple(_carry_over_variant(before.get(variant.id), variant) for variant in incoming.variants)
    return replace(incoming, variants=variants)


def _carry_over_variant(known: SourceVariant | None, incoming: SourceVariant) -> SourceVariant:
    if known is None:
        return incoming
    located = known.levels is not None or incoming.levels is not None
    if incoming.tracked is not None and not located and incoming.measures == known.measures:
        return incoming
    tracked = known.tracked if incoming.tracked is None else incoming.tracked
    levels = _newest(known.levels, incoming.levels)
    quantity = incoming.quantity if levels is None else total(levels)
    measures = known.measures if incoming.measures == UNTOLD else incoming.measures
    return replace(incoming, tracked=tracked, levels=levels, quantity=quantity, measures=measures)


def _newest(
    known: tuple[StockLevel, ...] | None, incoming: tuple[StockLevel, ...] | None
) -> tuple[StockLevel, ...] | None:
    if known is None or incoming is None:
        return known if incoming is None else incoming
    by_location: Mapping[LocationId, StockLevel] = {level.location_id: level for level in known}
    return tuple(
        max(level, by_location.get(level.location_id, level), key=lambda candidate: candidate.version)
        for level in incoming
    )


def total(levels: tuple[StockLevel, ...]) -> int:
    """Return the stock over all locations, in pieces."""
    return sum(level.quantity for level in levels)


def with_stock(known: Snapshot, stock_item_id: StockItemId, level: StockLevel) -> Taken | Ignored | AskShop:
    """Return ``known`` with one location's stock replaced, when the statement is newer than what we know."""
    variant = next((each for each in known.variants if each.stock_item_id == stock_item_id), None)
    if variant is None:
        return Ignored("no variant of the product has this stock item any more")
    if variant.levels is None:
        return AskShop("how the stock is spread over the locations is not known yet")
    before = next((each for each in variant.levels if each.location_id == level.location_id), None)
    if before is not None and level.version < before.version:
        return Ignored("it is older than the stock we know")
    if before is not None and level.version == before.version and level.quantity != before.quantity:
        return AskShop("it has the version of the stock we know, but another number")
    if before is not None and level.quantity == before.quantity and level.version == before.version:
        return Ignored("the stock is what we know")
    others = tuple(each for each in variant.levels if each.location_id != level.location_id)
    levels = tuple(sorted((*others, level), key=lambda each: each.location_id))
    changed = replace(variant, levels=levels, quantity=total(levels))
    variants = tuple(changed if each.id == variant.id else each for each in known.variants)
    return Taken(replace(known, variants=variants))


def with_part(known: Snapshot | None, part: Part) -> Taken | Ignored:
    """Return ``known`` with what ``part`` tells; None: nothing is known, or the product had been deleted."""
    head = part.head or (part.stand_in if known is None else None)
    if known is None and head is None:
        return Ignored("nothing else is known of the product")
    if head is not None:
        variants = () if known is None else known.variants
        described = Snapshot(source_id=part.source_id, version=None, variants=variants, **asdict(head))
    else:
        assert known is not None  # noqa: S101 - looked at above
        described = known
    told = {each.id: each for each in part.variants}
    left = [each for each in described.variants if each.id in told or each.id not in part.gone]
    variants = (*(told.pop(each.id, each) for each in left), *told.values())
    offers = {each.variant_id: each for each in part.offers}
    offered = tuple(_offered(each, offers[each.id]) if each.id in offers else each for each in variants)
    now = replace(described, variants=offered)
    return Ignored("nothing in it is new") if now == known else Taken(now)


def _offered(variant: SourceVariant, offer: Offer) -> SourceVariant:
    return replace(
        variant,
        price=variant.price if offer.price is None else offer.price,
        net_price=variant.net_price if offer.net_price is None else offer.net_price,
        quantity=variant.quantity if offer.quantity is None else offer.quantity,
    )
