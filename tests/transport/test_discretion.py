"""What a shop quotes of the secrets that it was sent never gets further than the transport."""

import base64

import pytest

from app.domain.http import Request
from app.transport.discretion import without_secrets

TOKEN = "shpat_0123/456789"


def asked(**headers: str) -> Request:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Request(method="GET", url="https://shop.example/", operation="x", headers=named)


@pytest.mark.parametrize(
    "request_",
    [
        asked(X_Shopify_Access_Token=TOKEN),
        asked(authorization=f"Bearer {TOKEN}"),
        asked(Authorization=f"Basic {base64.b64encode(f'user:{TOKEN}'.encode()).decode()}"),
        asked(Authorization=f"Basic {base64.b64encode(f'{TOKEN}:x'.encode()).decode()}"),
        asked(X_CE_KEY=TOKEN),
    ],
)
def test_a_quoted_secret_is_taken_out_however_it_was_sent(request_: Request) -> None:
    for told in (TOKEN, TOKEN.replace("/", "\\/")):
        body = without_secrets(request_, f'{{"error": "{told} lacks a scope", "again": "{told}"}}'.encode())
        assert body == b'{"error": "(secret) lacks a scope", "again": "(secret)"}'


def test_the_proof_itself_is_taken_out_too() -> None:
    proof = base64.b64encode(b"user:password").decode()
    assert without_secrets(asked(Authorization=f"Basic {proof}"), f"bad {proof}".encode()) == b"bad (secret)"


def test_everything_else_stays_byte_for_byte() -> None:
    body = b"\xff{application/json} short \x00"
    request = asked(
        Content_Type="application/json", Accept="application/json", Authorization="Bearer short", Key="Basic \xff"
    )
    assert without_secrets(request, body) == body
