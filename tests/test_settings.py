"""Settings that cannot work together stop the start, with a message that names them."""

import pytest
from pydantic import ValidationError

from app.settings import Settings

URL = "postgresql://localhost/x"


@pytest.mark.parametrize(("lease", "call"), [(16, 8.1), (1.6, 0.7)])
def test_refuses_a_lease_in_which_no_call_could_start(lease: float, call: float) -> None:
    with pytest.raises(ValidationError, match=r"LEASE_SECONDS is .* CALL_SECONDS asks for"):
        Settings(environment="development", database_url=URL, lease_seconds=lease, call_seconds=call)


def test_takes_a_lease_that_outlasts_its_calls() -> None:
    chosen = Settings(environment="development", database_url=URL, lease_seconds=2.5, call_seconds=1.2)
    assert chosen.lease_seconds == 2.5
