"""Settings that name platforms are compared with the platforms that there are."""

import json
from typing import Any

import pytest
from pydantic import ValidationError

from app.composition import WrongSettings, apps, shop_url
from app.settings import Settings

URL = "postgresql://localhost/x"


def settings(**changes: Any) -> Settings:
    return Settings(environment="development", database_url=URL, **changes)


def test_an_app_has_exactly_the_keys_that_its_adapter_asks_for() -> None:
    keys = {"client_id": "id", "client_secret": "new,old"}

    assert apps(settings(platform_apps={"shopify": keys})) == {"shopify": keys}
    assert apps(settings()) == {}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"shopfiy": {}}, "there is no platform 'shopfiy'; known are: "),
        ({"shopify": {"client_id": "hush"}}, "shopify lacks 'client_secret'. Its client secret"),
        ({"shopify": {"client_id": " ", "client_secret": "hush"}}, "shopify lacks 'client_id'. The client id"),
        ({"shopify": {"client_id": "x", "client_secret": "y", "secret": "hush"}}, "shopify has no key 'secret'"),
    ],
)
def test_keys_of_an_app_that_do_not_fit_stop_the_start_with_each_reason(given: dict[str, Any], told: str) -> None:
    with pytest.raises(WrongSettings) as wrong:
        apps(settings(platform_apps=given))

    assert f"PLATFORM_APPS: {told}" in str(wrong.value)
    assert "hush" not in str(wrong.value)


def test_the_keys_are_read_from_the_environment_as_json_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORM_APPS", json.dumps({"shopify": {"client_id": "id", "client_secret": "hush"}}))

    chosen = settings()

    assert apps(chosen)["shopify"]["client_secret"] == "hush"
    assert "hush" not in repr(chosen)


def test_shops_answer_at_their_own_address_unless_the_development_has_them_elsewhere() -> None:
    shop = "oak-and-ash.myshopify.com"

    assert shop_url(settings())("shopify", shop) == f"https://{shop}"
    elsewhere = settings(shop_urls={"shopify": "http://127.0.0.1:8002/shops/{shop}/"})
    assert shop_url(elsewhere)("shopify", shop) == f"http://127.0.0.1:8002/shops/{shop}"


def test_addresses_for_a_platform_that_there_is_not_stop_the_start() -> None:
    with pytest.raises(WrongSettings, match="SHOP_URLS: there is no platform 'shop'"):
        shop_url(settings(shop_urls={"shop": "http://127.0.0.1"}))


def test_production_lets_no_setting_move_the_shops() -> None:
    with pytest.raises(ValidationError, match="SHOP_URLS is for development only"):
        Settings(
            environment="production",
            database_url=URL,
            vault_keys="a:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=",
            shop_urls={"shopify": "http://127.0.0.1"},
        )
