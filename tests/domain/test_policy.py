"""The table of policies is whole."""

import re
from pathlib import Path
from typing import get_args

import pytest

from app.domain.policy import POLICIES, leads_out, problem_type
from app.domain.problem import Action, ProblemKind


@pytest.mark.parametrize("kind", get_args(ProblemKind))
def test_every_kind_of_problem_says_what_it_is_and_how_to_get_out(kind: ProblemKind) -> None:
    about = problem_type(kind)
    assert about.title
    assert about.sentence.endswith(".")
    assert leads_out(kind, "dismiss")
    assert len({way.action for way in about.ways}) == len(about.ways)


def test_every_action_resolves_some_problem() -> None:
    used = {way.action for policy in POLICIES.values() if policy.problem for way in policy.problem.ways}
    assert used == set(get_args(Action))


def test_every_rule_is_named_by_a_test() -> None:
    sources = (each.read_text() for each in Path("tests").rglob("test_*.py"))
    named = {name for source in sources for name in re.findall(r'mark\.policy\("(\w+)"\)', source)}
    assert named == set(POLICIES)


def test_a_rule_is_a_sentence() -> None:
    assert [name for name, policy in POLICIES.items() if not policy.rule.endswith(".")] == []
