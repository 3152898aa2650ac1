"""Structs are changed by a function of their own, dataclasses by theirs. No type checker tells the two apart."""

import dataclasses

import pytest

from app.domain.structs import Struct, replace


class Record(Struct, frozen=True):
    number: int


@dataclasses.dataclass(frozen=True)
class Setting:
    number: int


def test_a_struct_is_changed() -> None:
    assert replace(Record(1), number=2) == Record(2)


def test_a_field_that_a_struct_does_not_have_is_refused() -> None:
    with pytest.raises(TypeError):
        replace(Record(1), other=2)  # type: ignore[call-arg]


def test_who_confuses_the_two_is_told_at_once() -> None:
    with pytest.raises(TypeError):
        replace(Setting(1), number=2)
    with pytest.raises(TypeError):
        dataclasses.replace(Record(1), number=2)
