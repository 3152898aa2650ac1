import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest

from app.domain.errors import (
    CredentialsRefused,
    InvalidInstallation,
    InvalidSignature,
    PlatformRejected,
    PlatformUnavailable,
    RateLimited,
)
from app.domain.http import Delivery, Request, Response
from app.platforms.adapter import Heard, Secret, Ticket
from app.platforms.bigcommerce.handshake import Handshake, login
from app.platforms.bigcommerce.installation import Installation
from tests.platforms.asking import answer, drive, in_turn
from tests.platforms.bigcommerce.shop import CONNECTION, MISSING

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALLBACK = "https://service.example/install/bigcommerce/callback"
APP = {
    "client_id": "test-client-id",
    "client_secret": "new-secret, old-secret",
    "app_page": "https://login.bigcommerce.com/app/test-client-id/install",
}
GIVEN = {"code": "qr6h3thvbvag2ffq", "scope": "a b", "context": "stores/abc123", "account_uuid": "1"}
TOLD = {"access_token": "token", "scope": "a b", "context": "stores/abc123", "user": {"id": 1}}


def ticket(shop: str | None = "abc123") -> Ticket:
    secret, base_url = Secret(b"x" * 64), None if shop is None else Installation().base_url(shop)
    return Ticket(state="state", callback=CALLBACK, confirm="x", shop=shop, base_url=base_url, secret=secret)


def call(query: str, method: str = "GET") -> Delivery:
    return Delivery(method=method, url=f"{CALLBACK}?{query}", headers={}, body=b"", received_at=NOW)


def hear(made: Delivery, shop: str | None = "abc123") -> Heard:
    return Handshake().hear(made, ticket(shop), APP, now=NOW)


# The handshake


def test_it_begins_at_the_page_of_our_app_for_a_store_that_is_named() -> None:
    assert Handshake().begin(ticket(), APP) == APP["app_page"]
    with pytest.raises(InvalidInstallation):
        Handshake().begin(ticket(None), APP)


def test_a_call_is_told_by_its_browser_alone_since_anybody_can_make_one() -> None:
    made = call(urlencode(GIVEN))

    assert (Handshake().state_of(made), Handshake().shop_of(made)) == (None, None)


def test_the_code_of_a_call_is_exchanged_for_a_token() -> None:
    asked = list[Request]()
    heard = hear(call(urlencode(GIVEN)))

    assert (heard.shop, heard.reply, heard.refused) == ("abc123", None, None)
    assert heard.credentials is not None
    brought = drive(heard.credentials, in_turn(answer(TOLD), asked=asked))
    assert brought == Installation().credentials(brought) == {"access_token": "token", "of_our_app": "yes"}
    assert asked[0].url == "https://login.bigcommerce.com/oauth2/token"
    assert json.loads(asked[0].body) == {
        "client_id": "test-client-id",
        "client_secret": "new-secret",
        "code": GIVEN["code"],
        "scope": "a b",
        "context": "stores/abc123",
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
    }


@pytest.mark.parametrize(
    ("base_url", "address"),
    [
        ("https://api.bigcommerce.com/stores/abc123", "https://login.bigcommerce.com"),
        ("http://127.0.0.1:8031/shops/abc123", "http://127.0.0.1:8031"),
        ("https://shops.example/api.x", "https://shops.example"),
    ],
)
def test_logins_are_at_the_host_beside_the_api(base_url: str, address: str) -> None:
    assert login(base_url) == address


@pytest.mark.parametrize(
    "query",
    [
        "",
        urlencode({**GIVEN, "code": ""}),
        urlencode({**GIVEN, "context": "abc123"}),
        urlencode({**GIVEN, "context": "stores/../x"}),
        urlencode(GIVEN) + "&context=stores%2Fdef456",
        urlencode(GIVEN) + "&code=another",
    ],
    ids=range(6),
)
def test_a_call_that_is_not_whole_or_says_something_twice_is_refused(query: str) -> None:
    with pytest.raises(InvalidSignature):
        hear(call(query))


def test_a_call_of_another_store_than_the_one_that_waits_is_refused() -> None:
    for shop in ("def456", None):
        with pytest.raises(InvalidSignature, match="another store"):
            hear(call(urlencode(GIVEN)), shop)
    with pytest.raises(InvalidSignature):
        hear(call(urlencode(GIVEN), method="POST"))


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        (answer({**TOLD, "context": "stores/def456"}), CredentialsRefused, "another store"),
        (answer({"error": "invalid_grant"}, status=400), CredentialsRefused, "invalid_grant"),
        (answer({"error": "<b>"}, status=401), CredentialsRefused, "401"),
        (Response(status=429), RateLimited, "slow down"),
        (Response(status=502), PlatformUnavailable, "502"),
        (Response(status=200, body=b"<html>"), PlatformUnavailable, "no token"),
        (answer({"context": "stores/abc123"}), PlatformUnavailable, "no token"),
    ],
    ids=range(7),
)
def test_a_code_that_is_good_for_no_token_of_this_store_is_refused(
    given: Response, error: type[Exception], words: str
) -> None:
    heard = hear(call(urlencode(GIVEN)))
    assert heard.credentials is not None

    with pytest.raises(error, match=words):
        drive(heard.credentials, lambda _: given)


# By hand


@pytest.mark.parametrize(
    "written",
    [
        "abc123",
        " ABC123 ",
        "stores/abc123",
        "https://api.bigcommerce.com/stores/abc123/v3/",
        "api.bigcommerce.com/stores/abc123",
        "https://store-abc123.mybigcommerce.com",
        "store-abc123-1.mybigcommerce.com/manage/settings",
    ],
)
def test_a_store_is_its_hash_however_that_is_written(written: str) -> None:
    assert Installation().shop(written) == "abc123"
    assert Installation().base_url("abc123") == "https://api.bigcommerce.com/stores/abc123"


@pytest.mark.parametrize(
    "written", ["", "ab", "shop.example", "abc/123", "stores/", "abc_123", "a" * 41, "store-.mybigcommerce.com"]
)
def test_anything_else_is_no_store(written: str) -> None:
    with pytest.raises(InvalidInstallation, match="BigCommerce"):
        Installation().shop(written)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"access_token": "t"}, "credentials.client_secret"),
        ({"client_secret": "s"}, "credentials.access_token"),
        ({"of_our_app": "yes"}, "credentials.access_token"),
        ({"access_token": "t", "client_secret": "s", "shop": "1"}, "credentials.shop"),
        ({"access_token": "té", "client_secret": "s"}, "credentials"),
    ],
)
def test_credentials_that_are_not_whole_are_refused_by_name(given: dict[str, str], wrong: str) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().credentials(given)

    assert wrong in [where for where, _ in refused.value.reasons]


def test_the_client_secret_of_the_store_and_those_of_our_app_sign() -> None:
    assert Installation().secrets({"access_token": "t", "client_secret": "s"}) == (Secret(b"s"),)
    assert Installation().secrets({"access_token": "t", "of_our_app": "yes"}) == ()
    assert Installation().app_secrets(APP) == (Secret(b"new-secret"), Secret(b"old-secret"))
    assert Installation().app_secrets({}) == ()


PRODUCTS = ITEMS = answer({"data": [], "meta": {}})
FORBIDDEN = answer({"status": 403, "title": "You don't have a required scope to access the endpoint"}, status=403)


def test_the_probe_tries_what_is_needed_and_tells_what_is_worth_keeping() -> None:
    kept = {
        "name": "Oak",
        "domain": "oak.example",
        "currency": "EUR",
        "weight_units": "KGS",
        "dimension_units": "Inches",
    }
    store = answer({"id": "1", "plan_name": "Standard", **kept})

    found = drive(Installation().probe(CONNECTION), in_turn(PRODUCTS, ITEMS, store))
    assert found == kept


def test_a_token_that_may_not_see_the_stores_settings_is_good_all_the_same() -> None:
    assert drive(Installation().probe(CONNECTION), in_turn(PRODUCTS, ITEMS, FORBIDDEN)) == {}


@pytest.mark.parametrize(
    ("answers", "error", "words"),
    [
        ((Response(status=401),), CredentialsRefused, "does not accept"),
        ((FORBIDDEN,), CredentialsRefused, r"scope Products \(read-only\)"),
        ((PRODUCTS, FORBIDDEN), CredentialsRefused, r"scope Store Inventory \(read-only\)"),
        ((MISSING,), PlatformUnavailable, "no such store"),
        ((PRODUCTS, ITEMS, answer({"title": "No."}, status=400)), PlatformRejected, "No"),
    ],
    ids=range(5),
)
def test_a_token_that_does_not_work_is_refused_with_the_reason(
    answers: tuple[Response, ...], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        drive(Installation().probe(CONNECTION), in_turn(*answers))
