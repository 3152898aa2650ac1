from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import CredentialsRefused
from app.platforms.adapter import Connection
from app.platforms.shopware.renewal import LONG_AGO, Renewal
from tests.platforms.asking import drive
from tests.platforms.shopware.admin import WITHOUT_TOKEN, answer, errors, in_turn

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


def renewed(seconds: int, connection: Connection = WITHOUT_TOKEN) -> dict[str, str]:
    told = answer({"access_token": "new-token", "expires_in": seconds})
    return dict(drive(Renewal().renew(connection, now=NOW), in_turn(told)))


@pytest.mark.parametrize(("seconds", "due"), [(600, 540), (3600, 3540), (90, 60)])
def test_a_token_is_replaced_before_it_ends(seconds: int, due: int) -> None:
    credentials = renewed(seconds)

    assert credentials["access_token"] == "new-token"
    assert credentials["secret_access_key"] == "hush"
    assert Renewal().due(credentials) == NOW + timedelta(seconds=due)


@pytest.mark.parametrize("credentials", [{}, WITHOUT_TOKEN.credentials, {"renew_access_token_at": "soon"}])
def test_credentials_without_a_token_get_one_now(credentials: dict[str, str]) -> None:
    assert Renewal().due(credentials) == LONG_AGO


def test_the_secret_that_the_shop_signed_with_before_is_forgotten() -> None:
    given = {**WITHOUT_TOKEN.credentials, "shop_secret": "now", "former_shop_secret": "before"}
    credentials = renewed(600, Connection(base_url="https://shop.example", credentials=given))

    assert credentials["shop_secret"] == "now"
    assert "former_shop_secret" not in credentials


def test_a_key_that_is_not_accepted_any_more_is_refused() -> None:
    with pytest.raises(CredentialsRefused):
        drive(Renewal().renew(WITHOUT_TOKEN, now=NOW), in_turn(errors(401, "Client authentication failed")))
