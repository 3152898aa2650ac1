"""Projecting: what a fact, or a read of the shop, makes of what we know about a source product.

Pure. The same statements in any order and any number end in the same product, once the reads that they asked for are
done; the tests try the orders.
"""

from datetime import datetime
from typing import Literal

from app.domain.event import Incomplete, ProductFact, StockFact, Tombstone
from app.domain.ids import DeliveryId, SourceId
from app.domain.product import (
    AskShop,
    Ignored,
    Part,
    Snapshot,
    Taken,
    merge,
    merge_page,
    merge_read,
    with_part,
    with_stock,
)
from app.domain.retry import CONFIRM_GONE, SCHEDULE
from app.domain.settings import ApplicationSettings
from app.domain.state import Desired, DesiredVariant, desired_state
from app.domain.structs import Struct, replace

OutcomeKind = Literal["applied", "ignored", "reading"]


class ReadRequest(Struct, frozen=True, kw_only=True):
    """A read of the product in the shop that is still to be done.

    ``gone_checks`` counts how often an announced deletion was looked up in vain; None when none was announced.
    """

    due_at: datetime
    reason: str
    attempts: int = 0
    gone_checks: int | None = None


class SourceProduct(Struct, frozen=True, kw_only=True):
    """What we know about one source product and what follows from it. ``snapshot`` None: nothing was ever read.

    ``shown_again``: since it was loaded, it went from inactive to active in the shop; that is acted on and not kept.
    """

    source_id: SourceId
    snapshot: Snapshot | None = None
    gone: bool = False
    desired: Desired | None = None
    generation: int = 0
    cause: DeliveryId | None = None
    read: ReadRequest | None = None
    shown_again: bool = False


class Projected(Struct, frozen=True, kw_only=True):
    """The product afterwards, the outcome's name, and what happened as one sentence."""

    product: SourceProduct
    outcome: OutcomeKind
    sentence: str


def project(
    product: SourceProduct,
    fact: ProductFact,
    *,
    settings: ApplicationSettings,
    now: datetime,
    cause: DeliveryId | None,
) -> Projected:
    """Take in one fact about ``product``."""
    match fact:
        case Snapshot():
            verdict = merge(product.snapshot, fact, gone=product.gone)
            return _judged(product, verdict, settings=settings, now=now, cause=cause)
        case Part():
            verdict = with_part(None if product.gone else product.snapshot, fact)
            return _judged(product, verdict, settings=settings, now=now, cause=cause)
        case StockFact():
            if product.snapshot is None or product.gone:
                return Projected(
                    product=product, outcome="ignored", sentence="Ignored: the product is not known to exist."
                )
            verdict = with_stock(product.snapshot, fact.stock_item_id, fact.level)
            return _judged(product, verdict, settings=settings, now=now, cause=cause)
        case Incomplete():
            asked = _ask(product, ReadRequest(due_at=now, reason=fact.reason), cause)
            return Projected(product=asked, outcome="reading", sentence=_reading(fact.reason))
        case Tombstone():
            if product.gone and product.read is None:
                return Projected(product=product, outcome="ignored", sentence="Ignored: it is known to be deleted.")
            reason = "a deletion is believed only when the shop confirms it"
            asked = _ask(product, ReadRequest(due_at=now, reason=reason, gone_checks=0), cause)
            return Projected(product=asked, outcome="reading", sentence=_reading(reason))


def _judged(
    product: SourceProduct,
    verdict: Taken | Ignored | AskShop,
    *,
    settings: ApplicationSettings,
    now: datetime,
    cause: DeliveryId | None,
) -> Projected:
    match verdict:
        case Ignored():
            return Projected(product=product, outcome="ignored", sentence=f"Ignored: {verdict.reason}.")
        case AskShop():
            asked = _ask(product, ReadRequest(due_at=now, reason=verdict.reason), cause)
            return Projected(product=asked, outcome="reading", sentence=_reading(verdict.reason))
        case Taken():
            taken = want(
                replace(product, snapshot=verdict.snapshot, gone=False), settings=settings, now=now, cause=cause
            )
            return Projected(product=taken, outcome="applied", sentence=describe(product, taken))


def project_told(
    product: SourceProduct, fact: ProductFact, *, settings: ApplicationSettings, now: datetime
) -> Projected:
    """Take in what the shop told when it was asked what changed: it is as new as a read, and believed as one is."""
    match fact:
        case Snapshot():
            return project_read(product, fact, settings=settings, now=now)
        case Tombstone() if product.snapshot is None:
            return Projected(product=product, outcome="ignored", sentence="Ignored: nothing is known of the product.")
        case Tombstone():
            return project_read(product, None, settings=settings, now=now)
        case _:
            return project(product, fact, settings=settings, now=now, cause=product.cause)


def project_page(product: SourceProduct, found: Snapshot, *, settings: ApplicationSettings, now: datetime) -> Projected:
    """Take in a product as a page of the catalogue has it, which may be older than what notices told since.

    A read that was asked for before is still done, unless the page answers it.
    """
    verdict = merge_page(product.snapshot, found, gone=product.gone)
    if isinstance(verdict, AskShop):
        return _judged(product, verdict, settings=settings, now=now, cause=product.cause)
    snapshot = verdict.snapshot if isinstance(verdict, Taken) else product.snapshot
    after = want(replace(product, snapshot=snapshot), settings=settings, now=now, cause=product.cause)
    outcome: OutcomeKind = "applied" if after != product else "ignored"
    return Projected(product=after, outcome=outcome, sentence=describe(product, after))


def project_read(
    product: SourceProduct,
    found: Snapshot | None,
    *,
    settings: ApplicationSettings,
    now: datetime,
    cause: DeliveryId | None = None,
) -> Projected:
    """Take in what the shop answered when it was asked for ``product``; None: it has no such product."""
    cause = cause if cause is not None else product.cause
    if found is None:
        known_gone = product.gone
        after = want(replace(product, gone=True, read=None), settings=settings, now=now, cause=cause)
        sentence = "The shop has no such product any more."
        return Projected(product=after, outcome="ignored" if known_gone else "applied", sentence=sentence)
    checks = product.read.gone_checks if product.read is not None else None
    verdict = merge_read(product.snapshot, found)
    if isinstance(verdict, AskShop):
        again = replace(product, read=_read_again(product.read, verdict.reason, now))
        return Projected(product=again, outcome="reading", sentence=_reading(verdict.reason))
    snapshot = verdict.snapshot if isinstance(verdict, Taken) else product.snapshot
    after = replace(product, snapshot=snapshot, gone=False, read=_next_check(checks, now))
    after = want(after, settings=settings, now=now, cause=cause)
    return Projected(product=after, outcome="applied", sentence=describe(product, after))


def _read_again(before: ReadRequest | None, reason: str, now: datetime) -> ReadRequest | None:
    """Repeat a read whose answer was older than what the shop had pushed, ever more slowly; None: no more."""
    attempts = 0 if before is None else before.attempts
    if attempts >= len(SCHEDULE):
        return None
    checks = None if before is None else before.gone_checks
    return ReadRequest(due_at=now + SCHEDULE[attempts], reason=reason, attempts=attempts + 1, gone_checks=checks)


def _next_check(checks: int | None, now: datetime) -> ReadRequest | None:
    if checks is None or checks >= len(CONFIRM_GONE):
        return None
    reason = "a deletion was announced, but the shop still has the product"
    return ReadRequest(due_at=now + CONFIRM_GONE[checks], reason=reason, gone_checks=checks + 1)


def want(
    product: SourceProduct, *, settings: ApplicationSettings, now: datetime, cause: DeliveryId | None
) -> SourceProduct:
    """Compute the desired state afresh and raise the generation if it differs.

    A publication that the shop has scheduled asks for a read at its time, since no shop promises a notice then.
    """
    if product.snapshot is None:
        return product
    desired = desired_state(product.snapshot, settings, now=now, gone=product.gone)
    starts = product.snapshot.published_from
    if not product.gone and starts is not None and starts > now:
        product = _ask(product, ReadRequest(due_at=starts, reason="the shop publishes it at this time"), product.cause)
    if desired == product.desired:
        return product
    shown_again = product.desired is not None and not product.desired.published and desired.published
    return replace(
        product,
        desired=desired,
        generation=product.generation + 1,
        cause=cause,
        shown_again=product.shown_again or shown_again,
    )


def _ask(product: SourceProduct, request: ReadRequest, cause: DeliveryId | None) -> SourceProduct:
    """Ask for a read; of two requests the earlier time counts, and an announced deletion is not forgotten."""
    before = product.read
    if before is None:
        return replace(product, read=request, cause=cause)
    checks = request.gone_checks if request.gone_checks is not None else before.gone_checks
    first = request if request.due_at <= before.due_at else before
    return replace(product, read=replace(first, gone_checks=checks, attempts=0), cause=cause)


def _reading(reason: str) -> str:
    return f"The product is read from the shop, because {reason}."


def describe(before: SourceProduct, after: SourceProduct) -> str:
    """Return what changed between two states of a product as one sentence."""
    if after.desired is None or after.desired == before.desired:
        return "Nothing changed that Orderchamp shows."
    if before.desired is None:
        count = len(after.desired.variants)
        wish = "published" if after.desired.published else "not published"
        return f"First seen: “{after.desired.title}” with {count} variant(s); {wish}, because {after.desired.reason}."
    told = "; ".join(_differences(before.desired, after.desired))
    return told[0].upper() + told[1:] + "."


def _differences(before: Desired, after: Desired) -> list[str]:
    found = []
    if before.published != after.published:
        wish = "it is to be published" if after.published else "it is to be unpublished"
        found.append(f"{wish}, because {after.reason}")
    found += [
        f"the {name} changed"
        for name in ("title", "description", "brand", "images")
        if getattr(before, name) != getattr(after, name)
    ]
    olds = {variant.source_id: variant for variant in before.variants}
    for new in after.variants:
        old = olds.pop(new.source_id, None)
        if old is None:
            found.append(f"variant {new.sku} was added")
        elif old != new:
            found += _variant_differences(old, new)
    found += [f"variant {old.sku} was removed" for old in olds.values()]
    return found or ["details changed"]


def _variant_differences(old: DesiredVariant, new: DesiredVariant) -> list[str]:
    found = []
    if old.stock != new.stock:
        found.append(f"the stock of {new.sku} is now {'not counted' if new.stock is None else new.stock}")
    if old.price != new.price or old.msrp != new.msrp:
        # As text: formatting a Decimal takes three times as long.
        found.append(f"the price of {new.sku} is now {new.price!s}")
    if old.sku != new.sku:
        found.append(f"the SKU {old.sku} is now {new.sku}")
    return found
