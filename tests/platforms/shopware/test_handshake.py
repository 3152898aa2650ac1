import base64
import dataclasses
import hashlib
import hmac
import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from app.domain.errors import InvalidSignature, PlatformUnavailable
from app.domain.http import Delivery, Method, Response
from app.domain.structs import replace
from app.platforms.adapter import Connection, Heard, Secret, Ticket
from app.platforms.shopware.archive import NAME
from app.platforms.shopware.handshake import Handshake
from app.platforms.shopware.installation import Installation
from tests.platforms.asking import drive
from tests.platforms.samples import ROOT
from tests.platforms.shopware.admin import errors, in_turn

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SECRET = Secret(b"s" * 64)
TICKET = Ticket(
    state="st4te",
    callback="https://service.example/base/install/shopware/callback",
    confirm="https://service.example/base/install/shopware/confirm",
    shop="shop.example",
    base_url="https://shop.example",
    secret=SECRET,
)
APP_SECRET = hmac.new(SECRET.value, b"app", hashlib.sha256).hexdigest()
INSTALLED = {"access_key_id": "SWIAOLD", "secret_access_key": "old", "shop_secret": "o" * 64, "app_secret": APP_SECRET}
VECTORS = {each["id"]: each for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]}


def signed(message: str | bytes, secret: str) -> str:
    told = message.encode() if isinstance(message, str) else message
    return hmac.new(secret.encode(), told, hashlib.sha256).hexdigest()


def call(method: Method, address: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Delivery:
    return Delivery(method=method, url=address, headers=headers or {}, body=body, received_at=NOW)


def hear(made: Delivery, ticket: Ticket = TICKET, *, now: datetime = NOW) -> Heard:
    return Handshake().hear(made, ticket, {}, now=now)


def registration(
    shop: str = "https://shop.example",
    *,
    at: datetime = NOW,
    secret: str = APP_SECRET,
    again: str | None = None,
    encoded: bool = False,
) -> Delivery:
    query = f"state=st4te&shop-id=shop-1&shop-url={shop}&timestamp={int(at.timestamp())}"
    headers = {"shopware-app-signature": signed(query, secret), "sw-version": "6.6.10.3"}
    if again is not None:
        headers["shopware-shop-signature"] = signed(query, again)
    sent = query.replace(shop, quote(shop, safe="")) if encoded else query
    return call("GET", f"{TICKET.callback}?{sent}", headers)


def confirmation(secret: str, *, former: str | None = None, **changes: object) -> Delivery:
    told = {
        "apiKey": "SWIANEW",
        "secretKey": "hush",
        "timestamp": "1",
        "shopUrl": "https://shop.example/",
        "shopId": "shop-1",
    }
    body = json.dumps({**told, **changes}).replace("/", "\\/").encode()
    headers = {"shopware-shop-signature": signed(body, secret)}
    if former is not None:
        headers["shopware-shop-signature-previous"] = signed(body, former)
    return call("POST", f"{TICKET.confirm}?state=st4te", headers, body)


def told(heard: Heard) -> Any:
    assert heard.reply is not None
    return json.loads(heard.reply.body)


def brought(heard: Heard) -> dict[str, str]:
    assert heard.credentials is not None
    return dict(drive(heard.credentials, in_turn()))


def registered(ticket: Ticket = TICKET, **how: Any) -> tuple[str, Ticket]:
    """Register, and return the secret that the shop was given and the ticket with what is remembered of it."""
    heard = hear(registration(**how), ticket)
    return told(heard)["secret"], dataclasses.replace(ticket, kept=heard.kept)


# The app


def test_the_browser_is_sent_to_a_page_from_which_the_app_is_downloaded() -> None:
    address = Handshake().begin(TICKET, {})
    page = hear(call("GET", address)).reply
    assert address == f"{TICKET.callback}?state=st4te"
    assert page is not None
    assert b"state=st4te&amp;archive=zip" in page.body
    assert Handshake().state_of(call("GET", address)) == "st4te"


def test_the_app_names_its_install_and_signs_with_a_secret_of_its_own() -> None:
    answer = hear(call("GET", f"{TICKET.callback}?state=st4te&archive=zip")).reply
    assert answer is not None
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.body)) as packed:
        assert packed.namelist() == [f"{NAME}/manifest.xml"]
        text = packed.read(f"{NAME}/manifest.xml").decode()
    assert f"<registrationUrl>{TICKET.callback}?state=st4te</registrationUrl>" in text
    assert f"<secret>{APP_SECRET}</secret>" in text
    assert SECRET.value.decode() not in text
    assert 'url="https://service.example/base/webhooks/shopware" event="app.deleted"' in text
    assert "onlyLiveVersion" not in text


def test_the_app_is_the_same_whenever_it_is_downloaded() -> None:
    address = f"{TICKET.callback}?state=st4te&archive=zip"
    assert hear(call("GET", address)).reply == hear(call("GET", address), now=NOW + timedelta(minutes=5)).reply


# Registration


def test_a_registration_gets_a_proof_a_secret_and_where_to_confirm() -> None:
    heard = hear(registration())

    assert heard.reply is not None
    assert heard.reply.status == 200
    assert heard.shop == "shop.example"
    assert told(heard)["proof"] == signed(f"shop-1https://shop.example{NAME}", APP_SECRET)
    assert told(heard)["confirmation_url"] == f"{TICKET.confirm}?state=st4te"
    assert len(told(heard)["secret"]) == 64
    assert heard.credentials is None


def test_a_registration_that_comes_twice_gets_the_same_and_a_later_one_another_secret() -> None:
    assert told(hear(registration())) == told(hear(registration()))
    assert told(hear(registration()))["secret"] != told(hear(registration(at=NOW + timedelta(seconds=1))))["secret"]


def test_an_address_that_was_escaped_on_its_way_is_verified_as_it_was_signed() -> None:
    assert told(hear(registration(encoded=True)))["proof"]


@pytest.mark.parametrize(
    "vector",
    ["shopware-registration-raw", "shopware-registration-encoded-transport", "shopware-registration-encoded-signed"],
)
def test_agrees_with_registrations_signed_elsewhere(vector: str) -> None:
    known = VECTORS[vector]
    headers = {known["header"]: known["expected"], "shopware-shop-signature": known["expected"]}
    made = call("GET", f"{TICKET.callback}?{known['query']}", headers)
    ticket = dataclasses.replace(TICKET, credentials={"app_secret": known["secret"], "shop_secret": known["secret"]})

    heard = hear(made, ticket, now=datetime.fromtimestamp(1795190401, UTC))
    assert told(heard)["proof"] == signed(f"Xq7Lr2TestShopIdhttps://shop.example{NAME}", known["secret"])


@pytest.mark.parametrize("vector", ["shopware-confirmation", "shopware-confirmation-previous"])
def test_agrees_with_confirmations_signed_elsewhere(vector: str) -> None:
    known = VECTORS[vector]
    body = base64.b64decode(known["body_base64"])
    kept = {
        "shop": "shop.example",
        "shop_id": "Xq7Lr2TestShopId",
        "pending": known["secret"],
        "app_secret": "a",
        "again": "",
    }
    made = call("POST", TICKET.confirm, {"shopware-shop-signature": known["expected"]}, body)

    assert brought(hear(made, dataclasses.replace(TICKET, kept=kept)))["access_key_id"] == "SWIATESTKEY"


@pytest.mark.parametrize("secret", ["", "other", SECRET.value.decode()])
def test_a_registration_that_is_signed_otherwise_is_refused(secret: str) -> None:
    with pytest.raises(InvalidSignature):
        hear(registration(secret=secret))


def test_a_registration_that_was_changed_on_its_way_is_refused() -> None:
    made = registration()
    for changed in (
        made.url.replace("shop.example&", "evil.example&"),
        made.url + "&more=1",
        made.url.replace("st4te", "x"),
    ):
        with pytest.raises(InvalidSignature):
            hear(replace(made, url=changed))


def test_a_registration_without_a_signature_is_refused() -> None:
    with pytest.raises(InvalidSignature):
        hear(replace(registration(), headers={}))


@pytest.mark.parametrize("late", [timedelta(minutes=16), -timedelta(minutes=16)])
def test_a_registration_that_was_recorded_long_ago_is_told_so(late: timedelta) -> None:
    heard = hear(registration(at=NOW + late))

    assert heard.reply is not None
    assert heard.reply.status == 400
    assert "clock" in told(heard)["error"]
    assert heard.kept == {}


@pytest.mark.parametrize(("shop", "why"), [("https://other.example", "shop.example"), ("http://localhost", "APP_URL")])
def test_an_app_that_was_made_for_one_shop_installs_no_other(shop: str, why: str) -> None:
    heard = hear(registration(shop))

    assert why in told(heard)["error"]
    assert (heard.shop, heard.kept) == (None, {})


def test_an_install_that_has_ended_answers_nobody() -> None:
    ended = dataclasses.replace(TICKET, secret=Secret(b""))
    forged = registration(secret=hmac.new(b"", b"app", hashlib.sha256).hexdigest())
    for made in (forged, call("GET", TICKET.callback), confirmation("")):
        with pytest.raises(InvalidSignature):
            hear(made, ended)


# Confirmation


def test_a_confirmation_brings_keys_that_can_be_kept() -> None:
    secret, ticket = registered()
    heard = hear(confirmation(secret), ticket)

    assert heard.reply == Response(status=204)
    assert heard.shop == "shop.example"
    credentials = brought(heard)
    assert Installation().credentials(credentials) == credentials
    assert credentials["shop_secret"] == secret
    assert (credentials["access_key_id"], credentials["secret_access_key"]) == ("SWIANEW", "hush")
    assert "former_shop_secret" not in credentials


def test_a_confirmation_may_come_twice() -> None:
    secret, ticket = registered()

    assert brought(hear(confirmation(secret), ticket)) == brought(hear(confirmation(secret), ticket))


def test_a_confirmation_of_nobody_or_with_another_secret_is_refused() -> None:
    secret, ticket = registered()
    for made, asked in (
        (confirmation(secret), TICKET),
        (confirmation(APP_SECRET), ticket),
        (confirmation(""), TICKET),
        (replace(confirmation(secret), body=b"{}"), ticket),
    ):
        with pytest.raises(InvalidSignature):
            hear(made, asked)


@pytest.mark.parametrize(
    "changes",
    [{"shopUrl": "https://other.example"}, {"shopId": "other"}, {"apiKey": None}, {"secretKey": ""}, {"shopUrl": 7}],
)
def test_a_confirmation_of_another_shop_or_without_keys_is_told_so(changes: dict[str, Any]) -> None:
    secret, ticket = registered()
    heard = hear(confirmation(secret, **changes), ticket)

    assert heard.credentials is None
    assert told(heard)["error"]


def test_a_key_that_is_new_is_waited_for_and_one_that_worked_is_dead() -> None:
    secret, ticket = registered()
    credentials = brought(hear(confirmation(secret), ticket))
    connection = Connection(base_url="https://shop.example", credentials=credentials)
    with pytest.raises(PlatformUnavailable) as waiting:
        drive(Installation().probe(connection), in_turn(errors(401, "Client authentication failed")))

    assert "switched on" in str(waiting.value)


# Registering again

AGAIN = dataclasses.replace(TICKET, state="an0ther", credentials={**INSTALLED, "sales_channel": "c" * 32})


def test_a_shop_that_registers_again_is_found_by_its_address() -> None:
    made = registration(again="o" * 64)

    assert Handshake().state_of(made) is None
    assert Handshake().shop_of(made) == "https://shop.example"
    assert Handshake().shop_of(registration()) is None
    assert Handshake().state_of(confirmation("x" * 64, former="o" * 64)) == "st4te"


def test_what_a_shop_began_itself_is_confirmed_without_a_state() -> None:
    secret, ticket = registered(dataclasses.replace(AGAIN, state=""), again="o" * 64)
    made = replace(confirmation(secret, former="o" * 64), url=f"{TICKET.confirm}?state=")

    assert Handshake().state_of(made) is None
    assert Handshake().shop_of(made) == "https://shop.example/"
    assert brought(hear(made, ticket))["shop_secret"] == secret
    assert Handshake().shop_of(confirmation(secret)) is None
    assert Handshake().shop_of(replace(made, body=b"[]")) is None


def test_a_shop_that_registers_again_signs_twice_and_gets_another_secret() -> None:
    secret, ticket = registered(AGAIN, again="o" * 64)
    assert secret != "o" * 64
    credentials = brought(hear(confirmation(secret, former="o" * 64), ticket))

    assert credentials["shop_secret"] == secret
    assert credentials["former_shop_secret"] == "o" * 64
    assert credentials["app_secret"] == APP_SECRET
    assert credentials["sales_channel"] == "c" * 32


@pytest.mark.parametrize("again", ["x" * 64, "", APP_SECRET])
def test_a_shop_that_does_not_sign_with_its_secret_does_not_register_again(again: str) -> None:
    with pytest.raises(InvalidSignature):
        hear(registration(again=again), AGAIN)


def test_a_shop_that_is_not_installed_does_not_register_again() -> None:
    with pytest.raises(InvalidSignature):
        hear(registration(again="o" * 64), TICKET)


@pytest.mark.parametrize("former", [None, "x" * 64])
def test_the_second_confirmation_is_signed_with_the_former_secret_too(former: str | None) -> None:
    secret, ticket = registered(AGAIN, again="o" * 64)

    with pytest.raises(InvalidSignature):
        hear(confirmation(secret, former=former), ticket)


def test_after_a_confirmation_that_only_one_side_heard_either_secret_registers() -> None:
    secret, ticket = registered(AGAIN, again="o" * 64)

    assert told(hear(registration(again=secret), ticket))["secret"]
    assert told(hear(registration(again="o" * 64), ticket))["secret"]
