"""How many products may be hidden before it is not believed."""

import pytest

from app.domain.guard import too_many
from app.domain.settings import GuardSettings


@pytest.mark.policy("guard")
@pytest.mark.parametrize(
    ("targets", "lately", "pending", "expected"),
    [
        (10, 0, 10, False),  # fewer than the number, however large the share
        (40, 0, 20, False),
        (40, 0, 21, True),
        (40, 20, 1, True),
        (1000, 0, 250, False),  # a smaller share, however large the number
        (1000, 0, 251, True),
        (1000, 249, 2, True),
        (1000, 249, 1, False),
    ],
)
def test_both_the_number_and_the_share_have_to_be_exceeded(
    targets: int, lately: int, pending: int, expected: bool
) -> None:
    settings = GuardSettings(number=20, share=0.25)
    assert too_many(targets=targets, lately=lately, pending=pending, settings=settings) is expected


@pytest.mark.parametrize("pending", [100, 300])
def test_a_share_of_one_turns_the_guard_off_even_where_several_products_share_a_target(pending: int) -> None:
    assert not too_many(targets=100, lately=0, pending=pending, settings=GuardSettings(number=0, share=1))
