import pytest

from app.domain.errors import CredentialsRefused, InvalidInstallation
from app.domain.http import Request
from app.platforms.adapter import Secret
from app.platforms.shopware.installation import Installation
from tests.platforms.asking import drive
from tests.platforms.shopware.admin import CONNECTION, answer, errors, in_turn, lacking

TOKEN = answer({"expires_in": 600, "access_token": "new-token"})
KEYS = {"access_key_id": "SWIAKEY", "secret_access_key": "hush"}


@pytest.mark.parametrize(
    ("written", "shop"),
    [
        ("shop.example", "shop.example"),
        (" https://Shop.Example/ ", "shop.example"),
        ("http://shop.example", "shop.example"),
        ("https://shop.example:443", "shop.example"),
        ("https://shop.example:8443/", "shop.example:8443"),
        ("https://shop.example//nl//", "shop.example/nl"),
        ("https://shop.example/Winkel", "shop.example/Winkel"),
        ("https://shop.example/admin#/sw/dashboard/index", "shop.example"),
        ("https://shop.example/nl/admin", "shop.example/nl"),
        ("https://shop.example/api/admin", "shop.example"),
        ("https://shop.example./", "shop.example"),
        ("müller.example", "xn--mller-kva.example"),
    ],
)
def test_any_way_of_writing_a_shop_has_one_normal_form(written: str, shop: str) -> None:
    assert Installation().shop(written) == shop
    assert Installation().base_url(shop) == f"https://{shop}"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "shop",
        "https://",
        "ftp://shop.example",
        "https://user@shop.example",
        "https://user:secret@shop.example",
        "https://shop.example?x=1",
        "https://shop.example/../etc",
        "https://shop.example/a b",
        "shop.example\n.evil.example",
        "shop..example",
        "-shop.example",
        "https://shop.example:0",
        "https://shop.example:99999",
        "https://[::1]/",
        "https://[::1",
        "shop.example\x00",
        "a" * 64 + ".example",
    ],
)
def test_an_address_that_is_none_of_a_shop_is_refused(written: str) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().shop(written)

    assert [where for where, _ in refused.value.reasons] == ["shop"]


def test_credentials_are_trimmed_and_empty_ones_left_out() -> None:
    given = {"access_key_id": " SWIAKEY ", "secret_access_key": "hush", "sales_channel": " "}

    assert Installation().credentials(given) == KEYS


def test_what_the_apps_registration_brought_is_kept() -> None:
    brought = {**KEYS, "shop_id": "dgrH7nLU6tlE", "shop_secret": "s" * 64, "former_shop_secret": "f" * 64}

    assert Installation().credentials(brought) == brought


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"credentials.access_key_id", "credentials.secret_access_key"}),
        ({**KEYS, "secret_access_key": " "}, {"credentials.secret_access_key"}),
        ({**KEYS, "access_key_id": "SWSCKEY"}, {"credentials.access_key_id"}),
        ({**KEYS, "sales_channel": "Storefront"}, {"credentials.sales_channel"}),
        ({**KEYS, "token": "x"}, {"credentials.token"}),
        ({**KEYS, "secret_access_key": "x\r\nX-Evil: 1"}, {"credentials"}),
    ],
)
def test_credentials_are_refused_with_every_reason(given: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().credentials(given)

    assert {where for where, _ in refused.value.reasons} == wrong


def test_a_shop_signs_for_our_app_and_not_for_an_integration() -> None:
    with_app = {**KEYS, "shop_secret": "now", "former_shop_secret": "before"}

    assert Installation().secret_kind(with_app) == "theirs"
    assert Installation().secrets(with_app) == (Secret(b"now"), Secret(b"before"))
    assert Installation().secret_kind(KEYS) == "address"
    assert Installation().secrets(KEYS) == ()


def test_the_key_itself_is_tried_and_not_a_token_that_it_gave_before() -> None:
    asked: list[Request] = []
    euro = answer({"data": [{"isoCode": "EUR"}]})
    found = drive(Installation().probe(CONNECTION), in_turn(TOKEN, answer({"data": []}), euro, asked=asked))

    assert found == {"currency": "EUR"}
    assert [each.operation for each in asked] == ["Shopware token", "Shopware probe", "Shopware currency"]


def test_the_currency_is_not_worth_a_refusal() -> None:
    saying = in_turn(TOKEN, answer({"data": []}), lacking("currency:read"))

    assert drive(Installation().probe(CONNECTION), saying) == {}


def test_privileges_that_reads_need_are_asked_for_at_once() -> None:
    with pytest.raises(CredentialsRefused) as refused:
        drive(Installation().probe(CONNECTION), in_turn(TOKEN, lacking("product:read", "product_media:read")))

    assert "product:read, product_media:read" in str(refused.value)


def test_a_key_that_the_shop_does_not_know_is_refused() -> None:
    with pytest.raises(CredentialsRefused):
        drive(Installation().probe(CONNECTION), in_turn(errors(401, "Client authentication failed")))
