import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest

from app.domain.errors import (
    CredentialsRefused,
    InvalidInstallation,
    InvalidSignature,
    PlatformRejected,
    PlatformUnavailable,
    RateLimited,
)
from app.domain.http import Delivery, Reading, Request, Response
from app.platforms.adapter import Connection, Secret, Ticket
from app.platforms.shopify.installation import Installation
from app.platforms.shopify.oauth import Handshake, Renewal
from tests.platforms.samples import ROOT

VECTORS: list[dict[str, Any]] = [
    each
    for each in json.loads((ROOT / "signature-vectors.json").read_text())["vectors"]
    if each["platform"] == "shopify" and each["kind"] == "oauth_callback"
]
APP = {"client_id": "our-app", "client_secret": "new-secret, old-secret"}
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SHOP = "oak-and-ash.myshopify.com"
TICKET = Ticket(
    state="unguessable",
    callback="https://ours.example/install/shopify/callback",
    confirm="https://ours.example/install/shopify/confirm",
    shop=SHOP,
    base_url=f"https://{SHOP}",
    secret=Secret(b"x" * 64),
)
GRANTED = {"access_token": "shpat_1", "scope": "write_products,read_inventory,read_locations"}
EXPIRING = {**GRANTED, "expires_in": 3600, "refresh_token": "shprt_1", "refresh_token_expires_in": 7776000}


def arrived(query: str) -> Delivery:
    return Delivery(method="GET", url=f"{TICKET.callback}?{query}", headers={}, body=b"", received_at=NOW)


def signed(secret: str = "new-secret", **changes: str) -> str:  # noqa: S107
    """A callback's query, signed as Shopify's Python library does."""
    given = {
        "code": "abc",
        "host": "YWRtaW4",
        "shop": SHOP,
        "state": "unguessable",
        "timestamp": str(int(NOW.timestamp())),
        **changes,
    }
    query = urlencode(sorted((name, value) for name, value in given.items() if value), quote_via=quote)
    digest = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
    return f"{query}&hmac={digest}"


def answered(reading: Reading[Any], status: int, body: object) -> tuple[Any, Request]:
    request = next(reading)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(StopIteration) as stop:
        reading.send(Response(status=status, body=content))
    return stop.value.value, request


def exchange(status: int, body: object) -> tuple[Any, Request]:
    heard = Handshake().hear(arrived(signed()), TICKET, APP, now=NOW)
    assert heard.credentials is not None
    return answered(heard.credentials, status, body)


def test_the_supplier_is_asked_in_their_own_shop() -> None:
    asked = urlsplit(Handshake().begin(TICKET, APP))

    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == f"https://{SHOP}/admin/oauth/authorize"
    assert dict(parse_qsl(asked.query)) == {
        "client_id": "our-app",
        "scope": "read_products,read_inventory,read_locations",
        "redirect_uri": TICKET.callback,
        "state": "unguessable",
    }


def test_without_a_shop_there_is_nobody_to_ask() -> None:
    nobody = Ticket(
        state="s", callback=TICKET.callback, confirm=TICKET.confirm, shop=None, base_url=None, secret=TICKET.secret
    )
    with pytest.raises(InvalidInstallation) as refused:
        Handshake().begin(nobody, APP)

    assert [where for where, _ in refused.value.reasons] == ["shop"]


@pytest.mark.parametrize("vector", VECTORS, ids=[each["id"] for each in VECTORS])
def test_agrees_with_signatures_computed_elsewhere(vector: dict[str, Any]) -> None:
    query = vector.get("query") or f"{vector['message_utf8']}&hmac={vector['expected']}"
    given = dict(parse_qsl(query))
    ticket = Ticket(
        state=given["state"],
        callback=TICKET.callback,
        confirm=TICKET.confirm,
        shop=given["shop"],
        base_url=f"https://{given['shop']}",
        secret=TICKET.secret,
    )
    at = datetime.fromtimestamp(int(given["timestamp"]), UTC)

    heard = Handshake().hear(arrived(query), ticket, {**APP, "client_secret": vector["secret"]}, now=at)

    assert heard.credentials is not None
    assert base64.b64decode(vector["message_base64"]).decode() == vector["message_utf8"]
    for position in range(len(vector["message_utf8"])):
        changed = query[:position] + ("x" if query[position] != "x" else "y") + query[position + 1 :]
        with pytest.raises(InvalidSignature):
            Handshake().hear(arrived(changed), ticket, {**APP, "client_secret": vector["secret"]}, now=at)


def test_there_are_vectors() -> None:
    assert len(VECTORS) == 2


@pytest.mark.parametrize("secret", ["new-secret", "old-secret"])
def test_either_secret_of_a_rotation_signs(secret: str) -> None:
    assert Handshake().hear(arrived(signed(secret)), TICKET, APP, now=NOW).credentials is not None


def test_however_characters_were_escaped_it_is_what_was_signed_that_counts() -> None:
    message = f"code=a%20b!&shop={SHOP}&state=unguessable&timestamp={int(NOW.timestamp())}"
    digest = hmac.new(b"new-secret", message.encode(), hashlib.sha256).hexdigest()

    for query in (f"{message}&hmac={digest}", f"hmac={digest}&{message}"):
        assert Handshake().hear(arrived(query), TICKET, APP, now=NOW).credentials is not None


@pytest.mark.parametrize(
    "query",
    [
        "",
        signed("wrong-secret"),
        signed() + "&extra=1",
        signed() + f"&shop={SHOP}",
        signed().replace("hmac=", "signature="),
        signed()[:-1],
        signed().rpartition("&")[0],
        signed().replace(f"shop={SHOP}", "shop=evil.myshopify.com"),
        signed(shop="other.myshopify.com"),
        signed(shop="evil.example"),
        signed(shop=""),
        signed(timestamp=str(int((NOW - timedelta(minutes=11)).timestamp()))),
        signed(timestamp=str(int((NOW + timedelta(minutes=11)).timestamp()))),
        signed(timestamp="soon"),
        signed(timestamp="9" * 30),
        signed(timestamp=""),
        signed() + "ü",
        signed() + "\udce4",
    ],
)
def test_what_shopify_did_not_sign_for_this_shop_just_now_is_refused(query: str) -> None:
    with pytest.raises(InvalidSignature):
        Handshake().hear(arrived(query), TICKET, APP, now=NOW)


def test_a_signed_answer_without_a_code_is_a_refusal() -> None:
    heard = Handshake().hear(arrived(signed(code="")), TICKET, APP, now=NOW)

    assert heard.refused == "The app was not approved in the shop, so nothing was installed."
    assert heard.credentials is None


def test_a_code_is_exchanged_for_a_token_that_expires() -> None:
    credentials, request = exchange(200, EXPIRING)

    assert credentials == {
        "access_token": "shpat_1",
        "refresh_token": "shprt_1",
        "expires_at": "2026-11-20T13:00:00+00:00",
        "refresh_expires_at": "2027-02-18T12:00:00+00:00",
    }
    assert (request.method, request.url) == ("POST", f"https://{SHOP}/admin/oauth/access_token")
    assert json.loads(request.body) == {
        "client_id": "our-app",
        "client_secret": "new-secret",
        "code": "abc",
        "expiring": "1",
    }
    assert "abc" not in repr(request)
    assert Installation().credentials(credentials) == credentials


def test_a_token_that_lasts_is_taken_too() -> None:
    credentials, _ = exchange(200, GRANTED)

    assert credentials == {"access_token": "shpat_1"}
    assert Renewal().due(credentials) is None


@pytest.mark.parametrize(
    ("status", "body", "error", "told"),
    [
        (400, {"error": "invalid_request"}, CredentialsRefused, "invalid_request"),
        (400, {"error": "<script>"}, CredentialsRefused, "400"),
        (401, b"<html>", CredentialsRefused, "401"),
        (302, b"", CredentialsRefused, "302"),
        (429, b"", RateLimited, "slow down"),
        (502, b"<html>", PlatformUnavailable, "502"),
        (200, b"<html>", PlatformUnavailable, "no token"),
        (200, [], PlatformUnavailable, "no token"),
        (200, {**GRANTED, "access_token": 7}, PlatformUnavailable, "no token"),
        (200, {**GRANTED, "scope": "read_products"}, CredentialsRefused, "read_inventory"),
        (200, {**EXPIRING, "expires_in": None}, PlatformRejected, "how long"),
        (200, {**EXPIRING, "expires_in": 1e300}, PlatformRejected, "how long"),
    ],
)
def test_what_comes_instead_of_a_token_says_what_to_do(
    status: int, body: object, error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        exchange(status, body)


CREDENTIALS = {
    "access_token": "shpat_1",
    "refresh_token": "shprt_1",
    "expires_at": "2026-11-20T13:00:00+00:00",
    "client_secret": "the shop's own",
}
CONNECTION = Connection(base_url=f"https://{SHOP}", credentials=CREDENTIALS, app=APP)


def test_a_token_is_renewed_before_it_ends() -> None:
    assert Renewal().due(CREDENTIALS) == NOW + timedelta(minutes=50)
    assert Renewal().due({"access_token": "shpat_by_hand"}) is None


def test_a_renewal_gives_a_new_pair_and_keeps_the_rest() -> None:
    later = NOW + timedelta(minutes=50)
    answer = {**EXPIRING, "access_token": "shpat_2", "refresh_token": "shprt_2"}
    renewed, request = answered(Renewal().renew(CONNECTION, now=later), 200, answer)

    assert renewed == {
        "access_token": "shpat_2",
        "refresh_token": "shprt_2",
        "expires_at": "2026-11-20T13:50:00+00:00",
        "refresh_expires_at": "2027-02-18T12:50:00+00:00",
        "client_secret": "the shop's own",
    }
    assert json.loads(request.body) == {
        "client_id": "our-app",
        "client_secret": "new-secret",
        "grant_type": "refresh_token",
        "refresh_token": "shprt_1",
    }


def test_a_renewal_that_is_refused_says_so() -> None:
    with pytest.raises(CredentialsRefused, match="invalid_grant"):
        answered(Renewal().renew(CONNECTION, now=NOW), 400, {"error": "invalid_grant"})


def test_a_renewal_without_our_app_is_our_own_trouble_and_not_the_shops() -> None:
    without = Connection(base_url=f"https://{SHOP}", credentials=CREDENTIALS)
    with pytest.raises(PlatformUnavailable, match="PLATFORM_APPS"):
        next(Renewal().renew(without, now=NOW))


@pytest.mark.parametrize("ends", ["soon", "2026-11-20T13:00:00", ""])
def test_an_end_that_is_no_time_is_refused_where_it_is_entered(ends: str) -> None:
    given = {"access_token": "x", "refresh_token": "y", "expires_at": ends or "  never "}
    with pytest.raises(InvalidInstallation) as refused:
        Installation().credentials(given)

    assert [where for where, _ in refused.value.reasons] == ["credentials.expires_at"]
