"""How a shop is known: by its host and, where it lies in a folder there, its path."""

import re
from urllib.parse import SplitResult, urlsplit

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?=.{{4,253}}$){_LABEL}(?:\.{_LABEL})+(?::[1-9][0-9]{{0,4}})?")
_PATH = re.compile(r"(?:/[A-Za-z0-9._~-]+)*")
_ADMIN = re.compile(r"(?:/(?:admin|api))+$")
_DEFAULT_PORTS = {"https": 443, "http": 80}


def normal_form(written: str) -> str:
    """Return ``host[:port][/path]`` for any way of writing a shop's address; ValueError if it cannot be one.

    ``APP_URL`` of a shop is seen with slashes at its end or doubled, and people copy the address of the administration.
    """
    text = written.strip()
    if not text.isprintable():
        raise ValueError("it holds what nobody can see")
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in ("https", "http") or parts.query or "@" in parts.netloc:
        raise ValueError("it is not the address of a shop")
    host = _host(parts)
    path = _ADMIN.sub("", re.sub(r"/+", "/", parts.path).rstrip("/"))
    if _HOST.fullmatch(host) is None or _PATH.fullmatch(path) is None or {".", ".."} & set(path.split("/")):
        raise ValueError("it is not the address of a shop")
    return host + path


def _host(parts: SplitResult) -> str:
    """Return the host in lower case and ASCII, with its port unless that goes without saying."""
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode()
    port = parts.port
    return host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
