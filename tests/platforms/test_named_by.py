"""Addresses that are secrets."""

import pytest

from app.platforms.adapter import Secret, named_by

OLD, NEW = Secret(b"old"), Secret(b"new")


@pytest.mark.parametrize("token", ["old", "new"])
def test_any_of_the_secrets_fits(token: str) -> None:
    assert named_by(token, [OLD, NEW])


@pytest.mark.parametrize("token", ["", "ol", "oldx", "OLD", "ö", "\ud800"])
def test_nothing_else_does(token: str) -> None:
    assert not named_by(token, [OLD, NEW])


def test_nothing_fits_where_there_is_no_secret_or_an_empty_one() -> None:
    assert not named_by("old", [])
    assert not named_by("", [Secret(b"")])
