"""BigCommerce's two signatures: that of its webhooks, and that of its calls.

Webhooks are signed as https://www.standardwebhooks.com has it, with the bytes of the client secret for a key
(https://developer.bigcommerce.com/docs/integrations/webhooks/https-webhook-overview). Calls carry a JSON web token
(https://developer.bigcommerce.com/docs/integrations/apps/guide/callbacks).
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from app.domain.errors import InvalidSignature
from app.domain.http import Delivery
from app.platforms.adapter import Secret, signed_with
from app.platforms.bodies import read_json

SIGNATURE, MESSAGE_ID, SENT_AT = "webhook-signature", "webhook-id", "webhook-timestamp"
"""Headers of a webhook."""

KIND = "v1,"
"""How a signature begins of the only kind that is known here; there may be others beside it."""

TOLERANCE = timedelta(minutes=5)
"""How far the time of a webhook may be away from ours."""

CALL = "signed_payload_jwt"
"""The parameter in which a call carries its token."""

LEEWAY = timedelta(seconds=60)
"""How wrong clocks may be that look at a token's times."""

DIGITS = 11
"""Seconds since 1970 have fewer, for three thousand years."""

UNPROVEN = "The call is not signed with the secret of our app."


def signature_of(delivery: Delivery, secret: Secret) -> str:
    """Return the signature of a webhook under the id and time in its headers."""
    return KIND + base64.b64encode(hmac.digest(secret.value, _message(delivery), hashlib.sha256)).decode()


def is_signed(delivery: Delivery, secrets: Sequence[Secret]) -> bool:
    """Tell whether one of ``secrets`` signed a webhook. Of several signatures one is enough."""
    given = [each.removeprefix(KIND) for each in delivery.headers[SIGNATURE].split() if each.startswith(KIND)]
    message = _message(delivery)
    return any(signed_with(message, _bytes(each), secrets) for each in given)


def is_recent(delivery: Delivery) -> bool:
    """Tell whether a webhook says that it was sent about now."""
    sent = _moment(delivery.headers.get(SENT_AT, ""))
    return sent is not None and abs(delivery.received_at - sent) <= TOLERANCE


def claims_of(call: Delivery, secrets: Sequence[Secret]) -> Mapping[str, Any]:
    """Return what a call's token says; InvalidSignature unless one of ``secrets`` signed it for this time.

    For which app it was made is not looked at: every app has a secret of its own.
    """
    head, _, signature = _token(call).rpartition(".")
    if not signed_with(head.encode("utf-8", "replace"), _bytes(signature), secrets):
        raise InvalidSignature(UNPROVEN)
    header, claims = (_part(each) for each in (head.partition(".")[0], head.partition(".")[2]))
    begins, ends = (_moment(str(claims.get(name))) for name in ("nbf", "exp"))
    if header.get("alg") != "HS256" or claims.get("iss") != "bc" or begins is None or ends is None:
        raise InvalidSignature(UNPROVEN)
    if not begins - LEEWAY <= call.received_at <= ends + LEEWAY:
        raise InvalidSignature("The call was made too long ago, or is of a time to come.")
    return claims


def claims_unproven(call: Delivery) -> Mapping[str, Any]:
    """Return what a call's token says, whoever signed it; nothing if it cannot be read."""
    return _part(_token(call).partition(".")[2].partition(".")[0])


def _message(delivery: Delivery) -> bytes:
    told = f"{delivery.headers.get(MESSAGE_ID, '')}.{delivery.headers.get(SENT_AT, '')}."
    return told.encode("utf-8", "replace") + delivery.body


def _token(call: Delivery) -> str:
    given = parse_qs(urlsplit(call.url).query, errors="replace").get(CALL, [])
    # Of two nobody knows which is meant.
    return given[0] if len(given) == 1 else ""


def _part(text: str) -> Mapping[str, Any]:
    try:
        found = read_json(_bytes(text))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bytes(text: str) -> bytes:
    """Return the bytes of base64 in either alphabet, padded or not; none at all if it is not base64."""
    try:
        plain = text.replace("-", "+").replace("_", "/").rstrip("=")
        return base64.b64decode((plain + "=" * (-len(plain) % 4)).encode(), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _moment(text: str) -> datetime | None:
    if not (text.isascii() and text.isdigit()) or len(text) > DIGITS:
        return None
    return datetime.fromtimestamp(int(text), UTC)
