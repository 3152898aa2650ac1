"""Where a shop is: the address of its WordPress site, in one form."""

import re
from urllib.parse import urlsplit

from app.domain.errors import InvalidInstallation

_WITHIN = re.compile(r"/(wp-json|wp-admin|wp-login\.php|wc-auth|index\.php)(/.*)?$", re.IGNORECASE)
"""What people copy along with the address: pages of the site that every WordPress has."""

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
LONGEST = 200


def normal_form(shop: str) -> str:
    """Return ``host`` or ``host/path`` for any way of writing a site's address; InvalidInstallation if it cannot be one.

    The scheme is left out, because only https is called. ``www.`` stays: to WordPress that is another address.
    """
    text = shop.strip()
    if "://" not in text:
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").encode("idna").decode(), parts.port
    except ValueError:  # UnicodeError is one, too.
        raise _invalid() from None
    path = _WITHIN.sub("", parts.path).rstrip("/")
    plain = parts.scheme in ("https", "http") and port in (None, 443, 80) and "@" not in parts.netloc
    if not plain or not _is_name(host) or _PATH.fullmatch(path) is None or {".", ".."} & set(path.split("/")):
        raise _invalid()
    normal = host + path
    if len(normal) > LONGEST:
        raise _invalid()
    return normal


def _is_name(host: str) -> bool:
    """Tell whether this is the name of a host on the internet; a number is none."""
    labels = host.split(".")
    return len(labels) > 1 and all(map(_LABEL.fullmatch, labels)) and not labels[-1].isdigit()


def _invalid() -> InvalidInstallation:
    reason = (
        "It must be the address of the WordPress site, such as https://www.my-shop.example or https://example.com/shop."
    )
    return InvalidInstallation("The shop's address is not one of a website.", reasons=[("shop", reason)])
