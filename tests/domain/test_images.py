"""What follows when images should have arrived, and which ones a target is to show: the rules as tables."""

import pytest

from app.domain.ids import SourceId, TargetId
from app.domain.images import MOST_SHOWN, TRIES, Sent, Verdict, judge, may_be_tried_again, to_show

OLD, NEW, NEWER = ("old",), ("new", "new-2"), ("newer",)


@pytest.mark.parametrize("replaceable", [True, False])
@pytest.mark.parametrize("tries", [0, TRIES - 1])
@pytest.mark.parametrize(
    ("count", "shown", "verdict"),
    [
        (2, 2, "arrived"),
        (2, 3, "arrived"),
        (MOST_SHOWN + 10, MOST_SHOWN, "arrived"),
        (0, 0, "arrived"),
        (2, 1, "missing"),
        (MOST_SHOWN, 1, "missing"),
    ],
)
def test_what_is_there_is_left_whatever_was_before(
    count: int, shown: int, verdict: Verdict, tries: int, replaceable: bool
) -> None:
    assert judge(_sent(count, tries=tries, replaceable=replaceable), shown) == verdict


@pytest.mark.parametrize(
    ("tries", "replaceable", "verdict"),
    [
        (0, False, "again"),
        (TRIES - 2, False, "again"),
        (TRIES - 1, False, "missing"),
        (0, True, "replaced"),
        (TRIES - 1, True, "replaced"),
    ],
)
def test_where_nothing_is_shown_an_earlier_set_comes_before_another_try(
    tries: int, replaceable: bool, verdict: Verdict
) -> None:
    assert judge(_sent(2, tries=tries, replaceable=replaceable), 0) == verdict


@pytest.mark.parametrize(
    ("wanted", "arrived", "failed", "shown"),
    [
        (NEW, None, None, NEW),
        (NEW, OLD, None, NEW),
        (NEW, OLD, NEW, OLD),
        (NEWER, OLD, NEW, NEWER),
        (OLD, OLD, NEW, OLD),
        (NEW[::-1], OLD, NEW, NEW[::-1]),
        ((), OLD, None, ()),
        ((), OLD, NEW, OLD),
    ],
)
def test_the_last_set_that_arrived_stands_in_for_the_one_that_failed(
    wanted: tuple[str, ...],
    arrived: tuple[str, ...] | None,
    failed: tuple[str, ...] | None,
    shown: tuple[str, ...],
) -> None:
    assert to_show(wanted, arrived=arrived, failed=failed) == shown


def _sent(count: int, *, tries: int, replaceable: bool) -> Sent:
    return Sent(
        target_id=TargetId("t"),
        count=count,
        tries=tries,
        replaceable=replaceable,
        missing=False,
        source_ids=(SourceId("1"),),
    )


@pytest.mark.parametrize(
    ("wanted", "arrived", "failed", "forgiven"),
    [
        (OLD, OLD, NEW, True),
        (NEW, OLD, NEW, False),
        (NEWER, OLD, NEW, False),
        ((), OLD, NEW, False),
        (OLD, OLD, None, False),
    ],
)
def test_a_set_that_failed_is_forgiven_once_the_shop_has_the_one_that_stands_in(
    wanted: tuple[str, ...], arrived: tuple[str, ...], failed: tuple[str, ...] | None, forgiven: bool
) -> None:
    assert may_be_tried_again(wanted, arrived=arrived, failed=failed) is forgiven
