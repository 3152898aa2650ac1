"""Lightspeed's signatures: MD5 over a message with the app's secret behind it, in hexadecimal digits.

https://developers.lightspeedhq.com/ecom/tutorials/build-an-app/ for calls by address; that of webhooks was seen in use. This
is no HMAC, and weak: what such a signature vouches for is taken as a hint, and the shop is asked.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlsplit

from app.domain.http import Delivery
from app.platforms.adapter import Secret

SIGNATURE, CLUSTER = "signature", "cluster_id"
UNSIGNED = (SIGNATURE, CLUSTER)
"""Parameters of a call that its signature leaves out."""


def digest(message: bytes, secret: Secret) -> str:
    """Return the signature of ``message``."""
    return hashlib.md5(message + secret.value, usedforsecurity=False).hexdigest()


def signed_with(message: bytes, signature: str, secrets: Sequence[Secret]) -> bool:
    """Tell whether one of ``secrets`` signed ``message``. Every one is tried, in constant time; an empty one never fits."""
    fits = False
    for secret in secrets:
        fits |= bool(secret.value) and hmac.compare_digest(digest(message, secret).encode(), signature.encode())
    return fits


def parameters(call: Delivery) -> Mapping[str, str]:
    """Return the parameters of a call's address; empty when one is there twice, since nobody knows which was signed."""
    pairs = parse_qsl(urlsplit(call.url).query, keep_blank_values=True, errors="replace")
    given = dict(pairs)
    return given if len(given) == len(pairs) else {}


def message(given: Mapping[str, str]) -> bytes:
    """Return what is signed of a call's parameters: all by name, ``name=value``, with nothing between them."""
    return "".join(f"{name}={given[name]}" for name in sorted(given) if name not in UNSIGNED).encode()
