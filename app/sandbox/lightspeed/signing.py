"""Lightspeed's signatures: MD5 of a text with the app's secret behind it."""

import hashlib
from collections.abc import Mapping


def of_text(text: str, secret: str) -> str:
    return hashlib.md5((text + secret).encode(), usedforsecurity=False).hexdigest()


def of_parameters(given: Mapping[str, str], secret: str) -> str:
    """Return the signature of an address's parameters; the cluster is left out of it."""
    return of_text("".join(f"{name}={value}" for name, value in sorted(given.items()) if name != "cluster_id"), secret)
