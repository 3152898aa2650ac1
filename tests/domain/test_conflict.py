"""Who an SKU belongs to, whatever came first."""

from itertools import permutations
from uuid import UUID

import pytest

from app.domain.conflict import Choice, Conflict, Holder, LeftOut, rule
from app.domain.ids import ApplicationId, Sku, SourceId, SourceVariantId, TargetVariantId

ONE, TWO = ApplicationId(UUID(int=1)), ApplicationId(UUID(int=2))


def holder(name: str, sku: str, *, application: ApplicationId = ONE) -> Holder:
    return Holder(
        application_id=application,
        source_id=SourceId(f"p-{name}"),
        source_variant_id=SourceVariantId(name),
        sku=Sku(sku),
    )


def apart(*holders: Holder, choices: dict[str, Choice] | None = None) -> dict[str, str]:
    ruled = rule(holders, choices or {})
    return {variant: type(ruling).__name__ for (_, variant), ruling in ruled.items()}


@pytest.mark.policy("sku_conflict")
@pytest.mark.parametrize(
    ("holders", "expected"),
    [
        ([holder("a", "X"), holder("b", "Y")], {}),
        ([holder("a", "X"), holder("b", "X")], {"a": "Conflict", "b": "Conflict"}),
        ([holder("a", "X"), holder("b", "x")], {"a": "Conflict", "b": "Conflict"}),
        ([holder("a", "X"), holder("b", "X", application=TWO)], {"a": "Conflict", "b": "Conflict"}),
        ([holder("a", "X"), holder("b", "X"), holder("c", "Y")], {"a": "Conflict", "b": "Conflict"}),
        ([holder("a", "STRASSE"), holder("b", "straße")], {"a": "Conflict", "b": "Conflict"}),
    ],
)
def test_an_sku_of_several_variants_is_nobodys_in_every_order(holders: list[Holder], expected: dict[str, str]) -> None:
    rulings = []
    for order in permutations(holders):
        assert apart(*order) == expected
        rulings.append(dict(rule(order, {})))
    assert all(each == rulings[0] for each in rulings)


@pytest.mark.policy("sku_conflict")
def test_a_person_decides_and_the_others_are_left_out() -> None:
    choices = {"x": Choice(application_id=ONE, source_variant_id=SourceVariantId("b"))}
    assert apart(holder("a", "X"), holder("b", "X"), choices=choices) == {"a": "LeftOut"}
    assert apart(holder("a", "X"), holder("b", "X"), holder("c", "x"), choices=choices) == {
        "a": "LeftOut",
        "c": "LeftOut",
    }


def test_a_choice_of_a_variant_that_has_the_sku_no_more_counts_for_nothing() -> None:
    choices = {"x": Choice(application_id=ONE, source_variant_id=SourceVariantId("gone"))}
    assert apart(holder("a", "X"), choices=choices) == {}
    assert apart(holder("a", "X"), holder("b", "X"), choices=choices) == {"a": "Conflict", "b": "Conflict"}


def test_a_conflict_lists_all_candidates_on_both_sides() -> None:
    ruled = rule([holder("b", "X"), holder("a", "x")], {})
    conflict = ruled[ONE, SourceVariantId("a")]
    assert isinstance(conflict, Conflict)
    raised = conflict.raised()
    assert (raised.kind, raised.subject) == ("sku_conflict", "x")
    assert raised.sentence == "The SKU X or x is on 2 variant(s) in the shop."
    assert [each["source_variant_id"] for each in raised.details["candidates"]["shop"]] == ["a", "b"]


def test_what_is_left_out_names_its_sku() -> None:
    choices = {
        "x": Choice(application_id=ONE, source_variant_id=SourceVariantId("b"), target_variant_id=TargetVariantId("t"))
    }
    assert rule([holder("a", "X"), holder("b", "X")], choices)[ONE, SourceVariantId("a")] == LeftOut(Sku("X"))
