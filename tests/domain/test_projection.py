"""Any order and any repetition of what a shop says ends in the state that the shop is in."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.event import Incomplete, StockFact, Tombstone
from app.domain.ids import SourceId, StockItemId
from app.domain.product import Snapshot, SourceVariant, StockLevel
from app.domain.projection import ReadRequest, SourceProduct, project, project_page, project_read, want
from app.domain.retry import CONFIRM_GONE, SCHEDULE
from app.domain.settings import ApplicationSettings
from app.domain.state import desired_state
from app.domain.structs import replace
from tests.fakes.shop import EPOCH, HOME, product, variant

SETTINGS = ApplicationSettings(price_kind="wholesale")
NOW = EPOCH + timedelta(hours=1)
PRODUCT = SourceId("1")
Fact = Snapshot | StockFact | Incomplete | Tombstone


def stocked(quantity: int, at: int) -> SourceVariant:
    level = StockLevel(location_id=HOME, quantity=quantity, version=EPOCH + timedelta(seconds=at))
    return replace(variant("1-A"), quantity=quantity, levels=(level,))


def pushed(snapshot: Snapshot) -> Snapshot:
    """A product as Shopify pushes it: nothing is said of tracking, and of stock only a total."""
    return replace(snapshot, variants=tuple(replace(each, tracked=None, levels=None) for each in snapshot.variants))


def sold(quantity: int, at: int) -> StockFact:
    level = StockLevel(location_id=HOME, quantity=quantity, version=EPOCH + timedelta(seconds=at))
    return StockFact(stock_item_id=StockItemId("item-v-1-A"), level=level)


LIFE: tuple[Fact, ...] = (
    pushed(product("1", stocked(5, 0))),
    pushed(product("1", stocked(5, 0), at=1, title="Renamed", published=False, status="draft")),
    sold(4, at=2),
    sold(3, at=3),
    pushed(product("1", stocked(3, 3), variant("1-B"), at=4, title="Renamed")),
)
LATEST = product("1", stocked(3, 3), variant("1-B"), at=4, title="Renamed")
THIN = Incomplete(source_id=PRODUCT, reason="it is thin")
GONE = Tombstone(source_id=PRODUCT)


def tell(known: SourceProduct, fact: Fact) -> SourceProduct:
    return project(known, fact, settings=SETTINGS, now=NOW, cause=None).product


def read(known: SourceProduct, shop: Snapshot | None) -> SourceProduct:
    """Do the read that is asked for, at its time."""
    now = NOW if known.read is None else max(NOW, known.read.due_at)
    return project_read(known, shop, settings=SETTINGS, now=now).product


def settled(known: SourceProduct, shop: Snapshot | None) -> SourceProduct:
    for _ in range(20):
        if known.read is None:
            return known
        known = read(known, shop)
    raise AssertionError("the reads never end")


def end(facts: Iterable[Fact], shop: Snapshot | None, *, reads_after: Sequence[int] = ()) -> SourceProduct:
    """Tell these facts, with the reads that are asked for done after those at ``reads_after``, and after the last."""
    known = SourceProduct(source_id=PRODUCT)
    for n, fact in enumerate(facts):
        known = tell(known, fact)
        if n in reads_after:
            known = settled(known, shop)
    return settled(known, shop)


def is_as_the_shop(known: SourceProduct, shop: Snapshot | None) -> bool:
    if shop is None:
        return known.gone and (known.desired is None or not (known.desired.published or known.desired.living))
    return not known.gone and known.snapshot == shop and known.desired == desired_state(shop, SETTINGS, now=NOW)


@pytest.mark.parametrize("reads_after", [(), (0,), (2,), (0, 1, 2, 3, 4)])
def test_every_order_of_a_life_ends_as_the_shop_is(reads_after: Sequence[int]) -> None:
    for order in permutations(LIFE):
        assert is_as_the_shop(end(order, LATEST, reads_after=reads_after), LATEST), order


@pytest.mark.parametrize("reads_after", [(), (1,), (0, 1, 2, 3, 4, 5)])
def test_every_order_with_a_deletion_ends_unpublished(reads_after: Sequence[int]) -> None:
    for order in permutations((*LIFE, GONE)):
        assert is_as_the_shop(end(order, None, reads_after=reads_after), None), order


facts = st.lists(st.sampled_from((*LIFE, THIN, GONE)), max_size=15)
positions = st.lists(st.integers(0, 25), max_size=6)


@given(before=facts, after=facts, whole=st.permutations(LIFE), reads_after=positions, gone=st.booleans())
def test_any_repetition_ends_as_the_shop_is(
    before: list[Fact], after: list[Fact], whole: list[Fact], reads_after: list[int], gone: bool
) -> None:
    shop = None if gone else LATEST
    told = [*before, *whole, *after, *([GONE] if gone else [])]
    assert is_as_the_shop(end(told, shop, reads_after=reads_after), shop)


@given(told=facts)
def test_saying_everything_again_changes_nothing(told: list[Fact]) -> None:
    once = end([*told, *LIFE], LATEST)
    again = once
    for fact in told:
        again = settled(tell(again, fact), LATEST)
    assert again.desired == once.desired
    assert again.generation == once.generation, "a product is due again although nothing has changed"


def test_a_shown_product_is_hidden_only_when_a_read_says_that_it_is_gone() -> None:
    known = end(LIFE, LATEST)
    told = tell(known, GONE)
    assert told.desired == known.desired
    assert told.read is not None
    assert told.read.gone_checks == 0
    hidden = read(told, None)
    assert hidden.desired is not None
    assert not hidden.desired.published
    assert hidden.read is None


def test_a_deletion_that_the_shop_does_not_show_yet_is_looked_up_twice_more() -> None:
    known = tell(end(LIFE, LATEST), GONE)
    waits: list[timedelta] = []
    now = NOW
    while known.read is not None:
        waits.append(known.read.due_at - now)
        now = known.read.due_at
        known = project_read(known, LATEST, settings=SETTINGS, now=now).product
    assert waits == [timedelta(0), *CONFIRM_GONE]


def test_an_answer_older_than_a_notice_is_asked_for_again_ever_more_slowly_and_not_for_ever() -> None:
    known = end(LIFE, LATEST)
    older = replace(LATEST, version=EPOCH)
    known = replace(known, read=ReadRequest(due_at=NOW, reason="a test asks"))
    waits: list[timedelta] = []
    now: datetime = NOW
    while known.read is not None:
        waits.append(known.read.due_at - now)
        now = known.read.due_at
        known = project_read(known, older, settings=SETTINGS, now=now).product
    assert waits == [timedelta(0), *SCHEDULE]
    assert known.snapshot == LATEST


def test_a_publication_that_the_shop_has_scheduled_is_looked_at_at_its_time() -> None:
    opens = NOW + timedelta(days=1)
    known = want(
        SourceProduct(source_id=PRODUCT, snapshot=replace(LATEST, published_from=opens)),
        settings=SETTINGS,
        now=NOW,
        cause=None,
    )
    assert known.desired is not None
    assert not known.desired.published
    assert known.read is not None
    assert known.read.due_at == opens
    shown = project_read(known, LATEST, settings=SETTINGS, now=opens).product
    assert shown.desired is not None
    assert shown.desired.published
    assert shown.shown_again


def deleted() -> SourceProduct:
    return read(tell(end(LIFE, LATEST), GONE), None)


@pytest.mark.parametrize(
    "fact", [sold(9, at=99), pushed(product("1", stocked(9, 99), at=99)), THIN, GONE, pushed(LATEST)], ids=repr
)
def test_only_a_read_brings_back_what_was_deleted(fact: Fact) -> None:
    told = tell(deleted(), fact)
    assert told.gone
    assert told.desired == deleted().desired
    back = read(told, LATEST)
    assert is_as_the_shop(replace(back, read=None), LATEST)
    assert back.shown_again


@pytest.mark.policy("notice_beats_page")
def test_a_page_that_has_what_was_deleted_has_it_read() -> None:
    found = project_page(deleted(), replace(LATEST, version=NOW), settings=SETTINGS, now=NOW).product
    assert found.gone
    assert found.desired == deleted().desired
    assert is_as_the_shop(settled(found, LATEST), LATEST)


def test_a_read_that_is_asked_for_twice_is_done_at_the_earlier_time_and_forgets_no_deletion() -> None:
    known = end(LIFE, LATEST)
    for told in (tell(tell(known, GONE), THIN), tell(tell(known, THIN), GONE), tell(tell(deleted(), THIN), GONE)):
        assert told.read is not None
        assert told.read.gone_checks == 0
    failed = replace(known, read=ReadRequest(due_at=NOW + timedelta(days=1), reason="a test asks", attempts=5))
    for before, due in ((failed, NOW), (replace(failed, read=replace(failed.read, due_at=EPOCH)), EPOCH)):  # type: ignore[type-var]
        asked = tell(before, THIN).read
        assert asked is not None
        assert (asked.due_at, asked.attempts) == (due, 0)
    opens = replace(known, snapshot=replace(LATEST, published_from=NOW + timedelta(days=1)))
    for due, first in ((NOW, NOW), (NOW + timedelta(days=2), NOW + timedelta(days=1))):
        waits = want(
            replace(opens, read=ReadRequest(due_at=due, reason="a test asks")), settings=SETTINGS, now=NOW, cause=None
        )
        assert waits.read is not None
        assert waits.read.due_at == first
    assert want(replace(opens, gone=True), settings=SETTINGS, now=NOW, cause=None).read is None


def test_that_a_product_is_shown_again_is_known_though_more_is_told_at_once() -> None:
    hidden = end([pushed(product("1", stocked(5, 0), published=False, status="draft"))], product("1", published=False))
    shown = tell(hidden, pushed(product("1", stocked(5, 0), at=5)))
    assert shown.shown_again
    assert tell(shown, pushed(product("1", stocked(5, 0), at=6, title="Renamed"))).shown_again
