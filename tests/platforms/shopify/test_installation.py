import pytest

from app.domain.errors import CredentialsRefused, InvalidInstallation, PlatformRejected
from app.platforms.adapter import Secret
from app.platforms.shopify.installation import Installation
from tests.platforms.asking import drive
from tests.platforms.shopify.admin import CONNECTION, saying

SHOP = {"name": "Oak & Ash", "myshopifyDomain": "oak-and-ash.myshopify.com", "currencyCode": "EUR"}


def installed(*scopes: str) -> dict[str, object]:
    app = {"accessScopes": [{"handle": each} for each in scopes]}
    return {"data": {"shop": SHOP, "currentAppInstallation": app}}


@pytest.mark.parametrize(
    "written",
    [
        "oak-and-ash",
        "oak-and-ash.myshopify.com",
        " Oak-And-Ash.myshopify.com ",
        "https://oak-and-ash.myshopify.com",
        "https://Oak-And-Ash.myshopify.com/",
        "http://oak-and-ash.myshopify.com/",
        "https://admin.shopify.com/store/oak-and-ash",
    ],
)
def test_any_way_of_writing_a_shop_has_one_normal_form(written: str) -> None:
    assert Installation().shop(written) == "oak-and-ash.myshopify.com"


@pytest.mark.parametrize(
    "written",
    [
        "",
        "-oak",
        "oak ash",
        "oak.example",
        "myshopify.com",
        ".myshopify.com",
        "oak.myshopify.com.evil.example",
        "evil.example/oak.myshopify.com",
        "evil.example#.myshopify.com",
        "evil.example?.myshopify.com",
        "user@oak.myshopify.com",
        "oak.myshopify.com:8080",
        "a.b.myshopify.com",
        "oak\n.myshopify.com",
        "oak.myshopify.com\x00",
        "öak",
        "https://",
        "127.0.0.1",
    ],
)
def test_an_address_that_is_no_shop_at_shopify_is_refused(written: str) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().shop(written)

    assert [where for where, _ in refused.value.reasons] == ["shop"]


def test_the_shop_answers_at_its_own_address() -> None:
    assert Installation().base_url("oak-and-ash.myshopify.com") == "https://oak-and-ash.myshopify.com"


def test_credentials_are_trimmed_and_empty_ones_left_out() -> None:
    given = {"access_token": " shpat_1 ", "client_secret": "  "}

    assert Installation().credentials(given) == {"access_token": "shpat_1"}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({}, {"credentials.access_token"}),
        ({"access_token": "  "}, {"credentials.access_token"}),
        ({"access_token": "x", "api_key": "y"}, {"credentials.api_key"}),
        ({"token": "x", "key": "y"}, {"credentials.token", "credentials.key", "credentials.access_token"}),
        ({"access_token": "x\r\nX-Evil: 1"}, {"credentials"}),
        ({"access_token": "tökén"}, {"credentials"}),
    ],
)
def test_credentials_are_refused_with_every_reason(given: dict[str, str], wrong: set[str]) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().credentials(given)

    assert {where for where, _ in refused.value.reasons} == wrong
    assert not any(value.strip() and value in str(refused.value.reasons) for value in given.values() if len(value) > 1)


def test_a_shop_signs_with_its_client_secret_when_it_has_one() -> None:
    assert Installation().secrets({"access_token": "x", "client_secret": "hush"}) == (Secret(b"hush"),)
    assert Installation().secrets({"access_token": "x"}) == ()


@pytest.mark.parametrize(
    "scopes",
    [
        ("read_products", "read_inventory"),
        ("write_products", "write_inventory"),
        ("read_products", "write_inventory", "read_orders"),
    ],
)
def test_a_working_token_gives_the_details_of_the_shop(scopes: tuple[str, ...]) -> None:
    details = drive(Installation().probe(CONNECTION), saying(installed(*scopes)))

    assert details == {"name": "Oak & Ash", "domain": "oak-and-ash.myshopify.com", "currency": "EUR"}


@pytest.mark.parametrize(
    ("scopes", "missing"),
    [
        ((), "read_products, read_inventory"),
        (("read_products",), "read_inventory"),
        (("write_inventory", "read_orders"), "read_products"),
    ],
)
def test_a_token_that_may_too_little_is_refused_with_what_is_missing(scopes: tuple[str, ...], missing: str) -> None:
    with pytest.raises(CredentialsRefused, match=missing) as refused:
        drive(Installation().probe(CONNECTION), saying(installed(*scopes)))

    assert refused.value.side == "shop"


def test_a_refused_token_is_refused() -> None:
    with pytest.raises(CredentialsRefused):
        drive(Installation().probe(CONNECTION), saying({"errors": "[API] Invalid API key"}, status=401))


@pytest.mark.parametrize("data", [{}, {"shop": None}, {"shop": SHOP, "currentAppInstallation": None}], ids=str)
def test_an_answer_of_another_shape_is_rejected(data: object) -> None:
    with pytest.raises(PlatformRejected):
        drive(Installation().probe(CONNECTION), saying({"data": data}))


@pytest.mark.parametrize(
    ("given", "secrets"),
    [
        ({}, []),
        ({"client_secret": ""}, []),
        ({"client_secret": "new"}, [b"new"]),
        ({"client_secret": "new, old,"}, [b"new", b"old"]),
    ],
)
def test_the_secrets_of_the_app_are_those_that_are_set(given: dict[str, str], secrets: list[bytes]) -> None:
    assert [each.value for each in Installation().app_secrets(given)] == secrets
