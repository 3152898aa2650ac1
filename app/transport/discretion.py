"""Answers without the secrets of their requests: some shops quote what they were sent, and their words are shown to people."""

import base64
import re
from collections.abc import Iterator, Mapping

from app.domain.http import Request

SECRET = re.compile(r"authorization|token|secret|key", re.IGNORECASE)
"""What is in the name of every header by which adapters prove who they are."""

SHORTEST = 8
"""Letters below which nothing is taken for a secret: it might stand anywhere by chance."""

INSTEAD = b"(secret)"


def without_secrets(request: Request, body: bytes) -> bytes:
    """Return the body of an answer without what the request was proven by."""
    for secret in set(_secrets(request.headers)):
        for written in (secret, secret.replace("/", "\\/")):
            body = body.replace(written.encode(), INSTEAD)
    return body


def _secrets(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if SECRET.search(name) is None:
            continue
        scheme, _, proof = value.rpartition(" ")
        parts = [proof, *(_pair(proof) if scheme.lower() == "basic" else ())]
        yield from (part for part in parts if len(part) >= SHORTEST)


def _pair(proof: str) -> list[str]:
    """Return user and password of basic authentication."""
    try:
        return base64.b64decode(proof, validate=True).decode().split(":", 1)
    except ValueError:  # It is not what basic authentication says it is.
        return []
