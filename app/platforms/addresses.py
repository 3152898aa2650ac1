"""Addresses of shops that stand on hosts of their own: foreign input, which passes here and nowhere else.

What is refused here is refused with a reason a supplier understands. What a name leads to is not known here: ``transport``
looks every address of a host up, checks all of them, and connects to one of those.
"""

import re
from urllib.parse import SplitResult, urlsplit

PORTS = frozenset({443, 8443})
"""Where shops are called: at https, and at its customary second port. ``transport`` keeps to the same two."""

LONGEST = 200

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# The last label begins with a letter: so no number is a host, in whatever way it is written.
_HOST = re.compile(rf"(?=.{{4,253}}$)(?:{_LABEL}\.)+(?=[a-z]){_LABEL}")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def site(written: str) -> str:
    """Return ``host[:port][/path]`` for any way of writing a site's address; ValueError, a sentence, if it cannot be one.

    The scheme is left out, since only https is called; the host is in ASCII and lower case, without the dot of a root.
    """
    text = written.strip()
    if not text.isprintable() or "\\" in text:
        raise ValueError("It holds characters that no address has.")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError("It must begin with https://, or with nothing of the kind.")
    if "@" in parts.netloc:
        raise ValueError("It must not carry a user or a password.")
    if parts.query:
        raise ValueError("It must be the address of the site, not of a page in it.")
    host = _host(parts)
    path = re.sub(r"/+", "/", parts.path).rstrip("/")
    if _PATH.fullmatch(path) is None or {".", ".."} & set(path.split("/")):
        raise ValueError("Its path has characters that no site's path has.")
    if len(host + path) > LONGEST:
        raise ValueError("It is too long.")
    return host + path


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").removesuffix(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise ValueError("Its host is not a name.") from None
    if _HOST.fullmatch(host) is None:
        raise ValueError("Its host is not a name, such as www.shop.example.")
    port = parts.port
    if port in (None, _DEFAULT_PORTS[parts.scheme]):
        return host
    if port not in PORTS:
        raise ValueError("Only the ports 443 and 8443 are called.")
    return f"{host}:{port}" if port != _DEFAULT_PORTS["https"] else host
