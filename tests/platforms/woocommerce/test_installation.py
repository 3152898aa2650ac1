from collections.abc import Mapping

import pytest

from app.domain.errors import CredentialsRefused, InvalidInstallation, PlatformUnavailable
from app.domain.http import Request, Response
from app.platforms.woocommerce.installation import Installation
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.woocommerce.shop import CONNECTION, page_for_people, refusal

INSTALLATION = Installation()
CURRENCY = answer({"id": "woocommerce_currency", "value": "EUR"})
TAX = answer({"id": "woocommerce_prices_include_tax", "value": "yes"})
UNITS = (
    answer({"id": "woocommerce_weight_unit", "value": "kg"}),
    answer({"id": "woocommerce_dimension_unit", "value": "mm"}),
)
NOTHING_DONE = answer([])
NOT_SEEN = refusal(401, "woocommerce_rest_cannot_view")


def probe(*answers: Response, asked: list[Request] | None = None) -> Mapping[str, str]:
    return drive(INSTALLATION.probe(CONNECTION), in_turn(*answers, asked=asked))


@pytest.mark.parametrize(
    ("written", "normal"),
    [
        ("shop.example", "shop.example"),
        (" https://Shop.Example/ ", "shop.example"),
        ("http://www.shop.example", "www.shop.example"),
        ("https://shop.example:443/", "shop.example"),
        ("https://shop.example/winkel/", "shop.example/winkel"),
        ("https://shop.example/Winkel/nl", "shop.example/Winkel/nl"),
        ("https://shop.example/wp-admin/admin.php?page=wc-settings", "shop.example"),
        ("https://shop.example/winkel/wp-json/wc/v3/products", "shop.example/winkel"),
        ("https://shop.example/wp-login.php", "shop.example"),
        ("https://shop.example:8443/", "shop.example:8443"),
        ("bücher.example", "xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_normal_form_however_it_is_written(written: str, normal: str) -> None:
    assert INSTALLATION.shop(written) == normal
    assert INSTALLATION.base_url(normal) == f"https://{normal}"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "shop",
        "localhost",
        "127.0.0.1",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://[::1]/",
        "https://shop.example:8080/",
        "https://shop.example/?page_id=7",
        "https://user:password@shop.example/",
        "https://user@shop.example/",
        "ftp://shop.example",
        "javascript://shop.example",
        "https://shop.example/../admin",
        "https://shop.example/a b",
        "https://shop.example/%2e%2e/",
        "https://shop..example/",
        "https://-shop.example/",
        "https://shop_1.example\\@evil.example/",
        "https://[shop.example/",
        "https://shop.example:port/",
        f"https://{'a' * 64}.example/",
        f"https://shop.example/{'a' * 300}",
    ],
)
def test_what_cannot_be_a_shops_address_is_refused_with_a_reason(written: str) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        INSTALLATION.shop(written)

    assert refused.value.reasons[0][0] == "shop"


def test_credentials_are_kept_without_the_space_around_them() -> None:
    kept = INSTALLATION.credentials({"consumer_key": " ck_key ", "consumer_secret": "cs_secret\n"})

    assert kept == {"consumer_key": "ck_key", "consumer_secret": "cs_secret"}
    assert INSTALLATION.secret_kind(kept) == "ours"
    assert INSTALLATION.secrets(kept) == INSTALLATION.app_secrets({}) == ()


@pytest.mark.parametrize(
    ("given", "reasons"),
    [
        ({"consumer_key": "cs_secret", "consumer_secret": "ck_key"}, ["consumer_key", "consumer_secret"]),
        ({"consumer_key": "ck_key"}, ["consumer_secret"]),
        ({"consumer_key": "ck_a:b", "consumer_secret": "cs_a b"}, ["consumer_key", "consumer_secret"]),
        ({"consumer_key": "ck_ключ", "consumer_secret": "cs_\x00"}, ["consumer_key", "consumer_secret"]),
        ({"consumer_key": "ck_1", "consumer_secret": "cs_1", "token": "x"}, ["token"]),
    ],
)
def test_every_wrong_credential_is_told(given: dict[str, str], reasons: list[str]) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        INSTALLATION.credentials(given)

    assert [where for where, _ in refused.value.reasons] == [f"credentials.{each}" for each in reasons]
    assert not any(value in why for value in given.values() for _, why in refused.value.reasons if len(value) > 5)


def test_a_key_that_works_tells_the_shops_currency_tax_mode_and_units() -> None:
    asked: list[Request] = []

    details = probe(CURRENCY, TAX, *UNITS, NOTHING_DONE, asked=asked)

    assert details == {
        "rest_api_at": "wp-json",
        "key_sent_in": "header",
        "currency": "EUR",
        "prices_include_tax": "yes",
        "weight_unit": "kg",
        "dimension_unit": "mm",
    }
    assert [each.method for each in asked] == ["GET", "GET", "GET", "GET", "POST"]
    assert asked[-1].body == b'{"delete": []}'


def test_a_shop_with_plain_permalinks_is_found_at_its_other_address() -> None:
    asked: list[Request] = []

    details = probe(page_for_people(404), CURRENCY, TAX, *UNITS, NOTHING_DONE, asked=asked)

    assert details["rest_api_at"] == "rest_route"
    assert all("rest_route=" in each.url for each in asked[1:])


def test_a_shop_whose_host_takes_headers_away_is_given_the_key_otherwise() -> None:
    asked: list[Request] = []

    details = probe(page_for_people(404), NOT_SEEN, CURRENCY, TAX, *UNITS, NOTHING_DONE, asked=asked)

    assert (details["rest_api_at"], details["key_sent_in"]) == ("rest_route", "parameters")
    assert all("consumer_key=ck_key" in each.url for each in asked[2:])


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ([page_for_people(404), page_for_people(404)], PlatformUnavailable, "is it the address of the WordPress site?"),
        ([page_for_people(404), page_for_people(200)], PlatformUnavailable, "not JSON"),
        ([refusal(404, "rest_no_route")] * 2, PlatformUnavailable, "is the plugin active?"),
        ([NOT_SEEN, NOT_SEEN], CredentialsRefused, "does not see the key"),
        ([refusal(401, "woocommerce_rest_authentication_error")], CredentialsRefused, "does not accept the key"),
        ([refusal(403, "woocommerce_rest_cannot_view")], CredentialsRefused, "has to manage the shop"),
        ([page_for_people(403)], PlatformUnavailable, "firewall"),
        ([page_for_people(301, location="https://www.shop.example/")], PlatformUnavailable, "www.shop.example"),
        (
            [CURRENCY, TAX, *UNITS, refusal(401, "woocommerce_rest_authentication_error", "No write permissions.")],
            CredentialsRefused,
            "may read and not write",
        ),
    ],
)
def test_a_shop_that_cannot_be_installed_says_why(answers: list[Response], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words.replace("?", r"\?")):
        probe(*answers)
