import base64
import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest

from app.domain.errors import CredentialsRefused, InvalidInstallation, InvalidSignature
from app.domain.http import Delivery, Request, Response
from app.platforms.adapter import Connection, Heard, Secret, Ticket
from app.platforms.lightspeed.handshake import Handshake
from app.platforms.lightspeed.installation import Installation
from tests.platforms.asking import drive
from tests.platforms.lightspeed.shop import CONNECTION, MISSING, told

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
APP = {"app_key": "test-app-key", "app_secret": "test-lightspeed-app-secret", "app_page": "https://apps.example/ours"}
GIVEN = {
    "language": "nl",
    "shop_id": "123456",
    "timestamp": str(int(NOW.timestamp())),
    "token": "0123456789abcdef0123456789abcdef",
    "cluster_id": "eu1",
}


def ticket(shop: str | None = None) -> Ticket:
    return Ticket(
        state="state",
        callback="https://service.example/install/lightspeed/callback",
        confirm="https://service.example/install/lightspeed/confirm",
        shop=shop,
        base_url=None,
        secret=Secret(b"x" * 64),
    )


def call(given: dict[str, str], secret: str = APP["app_secret"], signature: str | None = None) -> Delivery:
    signed = "".join(f"{name}={given[name]}" for name in sorted(given) if name != "cluster_id")
    found = hashlib.md5((signed + secret).encode(), usedforsecurity=False).hexdigest()
    query = urlencode({**given, "signature": found if signature is None else signature})
    url = f"https://service.example/install/lightspeed/callback?{query}"
    return Delivery(method="GET", url=url, headers={}, body=b"", received_at=NOW)


def hear(made: Delivery, shop: str | None = None, now: datetime = NOW) -> Heard:
    return Handshake().hear(made, ticket(shop), APP, now=now)


def nothing(_: Request) -> Response:
    raise AssertionError("nothing is to be asked")


# The handshake


def test_it_begins_at_the_page_of_our_app() -> None:
    assert Handshake().begin(ticket(), APP) == "https://apps.example/ours"


def test_a_call_is_told_by_its_shop_and_brings_a_token() -> None:
    heard = hear(call(GIVEN))

    assert Handshake().state_of(call(GIVEN)) is None
    assert Handshake().shop_of(call(GIVEN)) == heard.shop == "eu1-123456"
    assert heard.credentials is not None
    brought = drive(heard.credentials, nothing)
    assert brought == {"token": GIVEN["token"], "language": "nl"}
    assert Installation().credentials(brought) == brought


def test_a_call_that_comes_twice_is_answered_the_same() -> None:
    assert hear(call(GIVEN)).shop == hear(call(GIVEN)).shop


@pytest.mark.parametrize(
    "made",
    [
        call(GIVEN, secret="another"),
        call(GIVEN, signature=""),
        call(GIVEN, signature="é"),
        call({name: value for name, value in GIVEN.items() if name != "token"}),
        call({**GIVEN, "cluster_id": "moon1"}),
        call({**GIVEN, "shop_id": "../1"}),
        call({**GIVEN, "language": "nl/../x"}),
        call({**GIVEN, "timestamp": "soon"}),
        call({**GIVEN, "timestamp": "9" * 30}),
    ],
    ids=range(9),
)
def test_a_call_that_is_not_lightspeeds_or_not_whole_is_refused(made: Delivery) -> None:
    with pytest.raises(InvalidSignature):
        hear(made)


@pytest.mark.parametrize("age", [timedelta(minutes=11), timedelta(minutes=-11)])
def test_an_old_call_is_refused_and_says_what_to_do(age: timedelta) -> None:
    with pytest.raises(InvalidSignature, match="anew"):
        hear(call(GIVEN), now=NOW + age)


def test_a_call_of_another_shop_than_the_one_that_waits_is_refused() -> None:
    with pytest.raises(InvalidSignature, match="another shop"):
        hear(call(GIVEN), shop="eu1-7")


# By hand


@pytest.mark.parametrize(
    ("written", "shop", "address"),
    [
        ("123456", "eu1-123456", "https://api.webshopapp.com"),
        (" EU1-123456 ", "eu1-123456", "https://api.webshopapp.com"),
        ("us1-7", "us1-7", "https://api.shoplightspeed.com"),
    ],
)
def test_a_shop_is_its_number_on_its_cluster(written: str, shop: str, address: str) -> None:
    assert Installation().shop(written) == shop
    assert Installation().base_url(shop) == address


@pytest.mark.parametrize(
    "written", ["", "eu1-", "eu1-0", "eu2-7", "shop.example", "eu1-7/../8", "-7", "eu1-" + "9" * 30]
)
def test_anything_else_is_no_shop(written: str) -> None:
    with pytest.raises(InvalidInstallation):
        Installation().shop(written)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"api_key": "k", "api_secret": "s"}, "credentials.language"),
        ({"api_key": "k", "language": "nl"}, "credentials.api_secret"),
        ({"token": "t"}, "credentials.language"),
        ({"api_key": "k", "api_secret": "s", "language": "Dutch"}, "credentials.language"),
        ({"api_key": "k", "api_secret": "s", "language": "nl", "shop": "1"}, "credentials.shop"),
        ({"api_key": "ké", "api_secret": "s", "language": "nl"}, "credentials"),
    ],
)
def test_credentials_that_are_not_whole_are_refused_by_name(given: dict[str, str], wrong: str) -> None:
    with pytest.raises(InvalidInstallation) as refused:
        Installation().credentials(given)

    assert wrong in [where for where, _ in refused.value.reasons]


def test_a_key_of_the_shop_and_a_token_of_the_app_are_sent_in_their_own_ways() -> None:
    by_app = Connection(
        base_url="https://api.webshopapp.com", credentials={"token": GIVEN["token"], "language": "nl"}, app=APP
    )
    sent = {}
    for name, connection in (("hand", CONNECTION), ("app", by_app)):
        header = next(Installation().probe(connection)).headers["Authorization"]
        sent[name] = base64.b64decode(header.removeprefix("Basic ")).decode()

    assert sent["hand"] == f"{'k' * 32}:{'s' * 32}"
    assert sent["app"] == "test-app-key:0fd1ffa04f709f89d399897c0b0f9cc5"


def test_the_probe_tells_number_name_and_currency() -> None:
    shop = told({"shop": {"id": 123456, "subDomain": "oak", "currency": {"shortcode": "eur"}}})

    found = drive(
        Installation().probe(CONNECTION), lambda asked: shop if "shop" in asked.url[-9:] else told({"count": 1})
    )
    assert found == {"number": "123456", "name": "oak", "currency": "EUR"}


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Response(status=401), "does not accept"),
        (Response(status=403, body=b'{"error":{"message":"No access to shop."}}'), "No access to shop"),
        (MISSING, "language “nl”"),
    ],
)
def test_a_key_that_does_not_work_is_refused_with_the_reason(answer: Response, words: str) -> None:
    with pytest.raises(CredentialsRefused, match=words):
        drive(Installation().probe(CONNECTION), lambda _: answer)
