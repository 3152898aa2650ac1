"""Our app at Orderchamp: what is asked, what is believed, and what a code brings."""

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from app.domain.errors import CredentialsRefused, InvalidSignature, NoAnswer, OrderchampUnavailable
from app.domain.http import Delivery, Request, Response
from app.orderchamp.oauth import OrderchampOAuth

SECRET = "our-client-secret"
NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
CALLBACK = "https://ours.example/install/orderchamp/callback"
AT = int(NOW.timestamp())


class Answering:
    """A transport that answers, and remembers what it was asked."""

    def __init__(self, answer: Response | Exception) -> None:
        self.answer = answer
        self.asked: list[Request] = []

    async def send(self, request: Request, *, within: timedelta) -> Response:
        self.asked.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def our_app(answer: Response | Exception | None = None) -> tuple[OrderchampOAuth, Answering]:
    transport = Answering(answer or Response(status=200, body=b'{"access_token": "token"}'))
    app = OrderchampOAuth(
        transport,
        www_url="https://www.orderchamp.example",
        client_id="our-app",
        client_secret=SECRET,
        call_deadline=timedelta(seconds=1),
    )
    return app, transport


def redirected(query: str) -> Delivery:
    return Delivery(method="GET", url=f"{CALLBACK}?{query}", headers={}, body=b"", received_at=NOW)


def signed(message: str, *, rest: str | None = None) -> str:
    """A query whose ``message`` is signed; ``rest`` is how it is sent, where that differs."""
    digest = hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()
    return f"{message if rest is None else rest}&signature={digest}"


WHOLE = f"account_id=QWNjb3VudDox&code=abc&state=s&timestamp={AT}"


def test_the_supplier_is_asked_at_the_www_host() -> None:
    asked = urlsplit(our_app()[0].ask(state="unguessable", callback=CALLBACK))

    assert f"{asked.scheme}://{asked.netloc}{asked.path}" == "https://www.orderchamp.example/oauth/authorize"
    assert dict(parse_qsl(asked.query)) == {
        "response_type": "code",
        "client_id": "our-app",
        "redirect_uri": CALLBACK,
        "scope": "account_read,products_read,products_write",
        "state": "unguessable",
    }


@pytest.mark.parametrize(
    "query",
    [
        signed(WHOLE),
        signed(WHOLE, rest=f"timestamp={AT}&state=s&code=abc&account_id=QWNjb3VudDox"),
        signed(f"Z=1&account_id=a&code=abc&timestamp={AT}"),
        signed(f"account_id=a&code=abc&name=Oak+%26+Ash+%C3%A9&timestamp={AT}"),
        signed(
            f"account_id=a&code=abc&name=Oak+%26+Ash+%C3%A9&timestamp={AT}",
            rest=f"account_id=a&code=abc&name=Oak%20%26%20Ash%20%c3%a9&timestamp={AT}",
        ),
        signed(
            f"account_id=a&code=abc&tilde=%7E-_.&timestamp={AT}",
            rest=f"account_id=a&code=abc&tilde=~-_.&timestamp={AT}",
        ),
        signed(f"account_id=a&code=abc&empty=&timestamp={AT}", rest=f"account_id=a&code=abc&empty&timestamp={AT}"),
    ],
)
def test_believes_what_is_signed_as_phps_query_builder_writes_it(query: str) -> None:
    assert our_app()[0].hear(redirected(query), now=NOW) == "abc"


@pytest.mark.parametrize(
    "query",
    [
        WHOLE,
        WHOLE + "&signature=",
        WHOLE + "&signature=" + "0" * 64,
        WHOLE + "&signature=%E4",
        signed(WHOLE) + "&more=1",
        signed(WHOLE) + "&code=other",
        signed(WHOLE).replace("abc", "abd"),
        WHOLE + "&signature=" + signed(WHOLE).rpartition("=")[2].upper(),
        signed(f"code=abc&timestamp={AT}"),
        signed("account_id=a&code=abc"),
        signed("account_id=a&code=abc&timestamp=soon"),
        signed(f"account_id=a&code=abc&timestamp={AT - 16 * 60}"),
        signed(f"account_id=a&code=abc&timestamp={AT + 6 * 60}"),
    ],
)
def test_refuses_what_orderchamp_did_not_sign_just_now(query: str) -> None:
    with pytest.raises(InvalidSignature):
        our_app()[0].hear(redirected(query), now=NOW)


@pytest.mark.parametrize(
    "query", ["", "error=access_denied&state=s", "code=&state=s", signed(f"account_id=a&timestamp={AT}")]
)
def test_whatever_comes_without_a_code_is_a_refusal(query: str) -> None:
    assert our_app()[0].hear(redirected(query), now=NOW) is None


def test_names_the_state_that_comes_back() -> None:
    assert our_app()[0].state_of(redirected(WHOLE)) == "s"
    assert our_app()[0].state_of(redirected("code=abc")) is None


async def test_a_code_is_exchanged_at_the_www_host_for_a_token() -> None:
    app, transport = our_app()

    assert await app.token("abc") == "token"

    [asked] = transport.asked
    assert (asked.method, asked.url) == ("POST", "https://www.orderchamp.example/oauth/access_token")
    assert json.loads(asked.body) == {
        "grant_type": "authorization_code",
        "code": "abc",
        "client_id": "our-app",
        "client_secret": SECRET,
    }
    assert SECRET not in repr(asked)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Response(status=400, body=b'{"error": "invalid_grant"}'), CredentialsRefused),
        (Response(status=401, body=b""), CredentialsRefused),
        (Response(status=302, body=b""), CredentialsRefused),
        (Response(status=429, body=b""), OrderchampUnavailable),
        (Response(status=503, body=b"<html>"), OrderchampUnavailable),
        (Response(status=200, body=b"<html>"), OrderchampUnavailable),
        (Response(status=200, body=b'{"access_token": " "}'), OrderchampUnavailable),
        (Response(status=200, body=b'{"access_token": 7}'), OrderchampUnavailable),
        (Response(status=200, body=b"[]"), OrderchampUnavailable),
        (NoAnswer("Nobody answered.", maybe_executed=True), OrderchampUnavailable),
    ],
)
async def test_what_comes_instead_of_a_token_says_what_to_do(
    answer: Response | Exception, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await our_app(answer)[0].token("abc")
