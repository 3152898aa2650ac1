"""What a look-up by SKU is worth, and what came of an attempt whose answer got lost."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from app.domain.conflict import BoundTo, Choice, Found, Holder
from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, TargetId, TargetVariantId
from app.domain.matching import Match, Wait, judge, may_adopt, was_published
from app.domain.state import Observed, ObservedVariant

ONE, TWO = ApplicationId(UUID(int=1)), ApplicationId(UUID(int=2))
ME = Holder(application_id=ONE, source_id=SourceId("p"), source_variant_id=SourceVariantId("v"), sku=Sku("X"))
CHOSEN = Choice(application_id=ONE, source_variant_id=ME.source_variant_id)


def found(name: str = "t", sku: str = "X", *, bound_to: BoundTo | None = None) -> Found:
    return Found(target_id=TargetId("T"), target_variant_id=TargetVariantId(name), sku=Sku(sku), bound_to=bound_to)


def other(sku: str | None, *, application: ApplicationId = ONE) -> BoundTo:
    return BoundTo(
        application_id=application,
        source_id=SourceId("q"),
        source_variant_id=SourceVariantId("w"),
        sku=None if sku is None else Sku(sku),
    )


MYSELF = BoundTo(application_id=ONE, source_id=ME.source_id, source_variant_id=ME.source_variant_id, sku=Sku("X"))


@pytest.mark.policy("sku_conflict")
@pytest.mark.policy("sku_swap")
@pytest.mark.policy("successor")
@pytest.mark.parametrize(
    ("seen", "bound", "choice", "expected"),
    [
        ([], False, None, "None"),
        ([found()], False, None, "Match"),
        ([found(bound_to=other(None))], False, None, "Match, taken over"),
        ([found(bound_to=other("X"))], False, None, "Conflict"),
        ([found(bound_to=other("X"))], False, CHOSEN, "Match, taken over"),
        ([found(bound_to=other("Y"))], False, None, "Wait"),
        ([found(bound_to=other("Y"))], False, CHOSEN, "Wait"),
        ([found(bound_to=other("Y", application=TWO))], False, None, "Conflict"),
        ([found("t"), found("u")], False, None, "Conflict"),
        ([found("t"), found("u")], False, CHOSEN, "Conflict"),
        ([found("t", "x")], False, None, "Conflict"),
        ([found("t"), found("u", "x")], False, None, "Conflict"),
        ([found("t"), found("u", "x")], False, CHOSEN, "Match"),
        ([found()], True, None, "Conflict"),
        ([found(bound_to=MYSELF)], True, None, "None"),
        ([found(bound_to=other("Y"))], True, None, "Wait"),
        ([found(bound_to=other(None))], True, None, "Wait"),
        ([found(bound_to=other("X"))], True, None, "Conflict"),
        ([found(bound_to=other("X"))], True, CHOSEN, "Wait"),
    ],
)
def test_a_look_up_is_judged(seen: list[Found], bound: bool, choice: Choice | None, expected: str) -> None:
    for order in (seen, seen[::-1]):
        verdict = judge(ME, order, bound=bound, choice=choice)
        named = "None" if verdict is None else type(verdict).__name__
        if isinstance(verdict, Match) and verdict.takes_over:
            named += ", taken over"
        assert named == expected


@pytest.mark.policy("sku_conflict")
def test_of_several_on_orderchamp_the_one_is_matched_that_a_person_named() -> None:
    choice = Choice(application_id=ONE, source_variant_id=ME.source_variant_id, target_variant_id=TargetVariantId("u"))
    verdict = judge(ME, [found("t"), found("u")], bound=False, choice=choice)
    assert isinstance(verdict, Match)
    assert verdict.found.target_variant_id == "u"


def test_whoever_waits_knows_for_whom() -> None:
    assert judge(ME, [found(bound_to=other("Y"))], bound=True) == Wait(found(bound_to=other("Y")))


SINCE = datetime(2026, 11, 20, 12, 0, 0, 400_000, tzinfo=UTC)


def observed(
    *, after: float | None = 1, skus: str = "XY", published: bool = False, updated: float | None = None
) -> Observed:
    variants = {TargetVariantId(each): ObservedVariant(id=TargetVariantId(each), sku=Sku(each)) for each in skus}
    return Observed(
        id=TargetId("T"),
        title="",
        published=published,
        variants=variants,
        created_at=None if after is None else SINCE + timedelta(seconds=after),
        updated_at=None if updated is None else SINCE + timedelta(seconds=updated),
    )


@pytest.mark.policy("create_unclear")
@pytest.mark.parametrize(
    ("seen", "bound", "expected"),
    [
        (observed(), False, True),
        (observed(skus="XYZ"), False, True),
        (observed(after=-0.4), False, True),  # Orderchamp tells whole seconds.
        (observed(after=-1), False, False),
        (observed(after=None), False, False),
        (observed(skus="X"), False, False),
        (observed(), True, False),
    ],
)
def test_after_a_lost_answer_only_what_that_creation_can_have_made_is_adopted(
    seen: Observed, bound: bool, expected: bool
) -> None:
    assert may_adopt(seen, claimed=[Sku("X"), Sku("Y")], since=SINCE, bound=bound) is expected


@pytest.mark.policy("publish_unclear")
@pytest.mark.parametrize(
    ("seen", "refreshing", "expected"),
    [
        (observed(published=True), False, True),
        (observed(published=True, updated=-5), False, True),
        (observed(updated=-5), False, False),
        (observed(updated=-0.1), False, False),
        (observed(updated=0.1), False, None),
        (observed(), False, None),
        (observed(published=True, updated=1), True, True),
        (observed(published=True, updated=-5), True, False),
        (observed(published=True), True, None),
        (observed(published=False, updated=1), True, None),
    ],
)
def test_after_a_lost_answer_a_publication_is_done_or_not_or_undecided(
    seen: Observed, refreshing: bool, expected: bool | None
) -> None:
    assert was_published(seen, since=SINCE, refreshing=refreshing) is expected
