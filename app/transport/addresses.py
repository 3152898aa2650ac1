"""Which addresses may be called, and how a host's addresses are found."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Gives the addresses of a host for a port, best first; OSError when it has none."""

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""Holds an IPv4 address in its last 32 bits: https://www.rfc-editor.org/rfc/rfc6052#section-2.1."""

_SPECIAL = (
    ipaddress.IPv4Network("192.0.0.0/24"),
    ipaddress.IPv4Network("192.88.99.0/24"),
)
"""Set apart for protocols, which ``is_global`` allows in part: https://www.iana.org/assignments/iana-ipv4-special-registry."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, which also reads addresses in their decimal, octal and hexadecimal forms."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(each[4][0]) for each in found))


def is_public(address: str) -> bool:
    """Tell whether an address is one of the open internet; False for what is not an address at all.

    An IPv6 address that wraps an IPv4 one is judged by the latter, since that is where the packets may end.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv4Address):
        return _is_public_v4(parsed)
    wrapped = _wrapped(parsed)
    if wrapped is not None:
        return _is_public_v4(wrapped)
    return parsed.is_global and not (parsed.is_multicast or parsed.is_reserved or parsed.is_site_local)


def _is_public_v4(address: ipaddress.IPv4Address) -> bool:
    special = any(address in network for network in _SPECIAL)
    return address.is_global and not (address.is_multicast or address.is_reserved or special)


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
