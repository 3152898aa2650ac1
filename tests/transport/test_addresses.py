from datetime import timedelta

import pytest

from app.domain.errors import AddressRefused, NoAnswer
from app.domain.http import Request
from app.transport import HttpTransport
from app.transport.addresses import is_public, resolve

REFUSED = [
    "0.0.0.0",  # noqa: S104 - an example of what is refused
    "10.0.0.1",
    "100.64.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
]


@pytest.mark.parametrize("address", [*REFUSED, "fe80::1%eth0", "localhost", ""])
def test_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_is_public(address: str) -> None:
    assert is_public(address)


async def test_refuses_to_call_any_form_of_them() -> None:
    http = HttpTransport(allow_private=False)
    for host in (*REFUSED, "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.1"):
        url = f"https://[{host}]/" if ":" in host else f"https://{host}/"
        with pytest.raises(AddressRefused, match=r"^test: "):
            await http.send(Request(method="GET", url=url, operation="test"), within=timedelta(seconds=1))
    await http.aclose()


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "127.0.0.1.",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "0",
        "0x7f.0x0.0x0.0x1",
        "017700000001",
        "LOCALHOST",
    ],
)
async def test_refuses_other_ways_to_say_here(host: str) -> None:
    http = HttpTransport(allow_private=False)
    with pytest.raises((AddressRefused, NoAnswer)) as refused:
        await http.send(Request(method="GET", url=f"https://{host}/", operation="test"), within=timedelta(seconds=5))
    assert not (isinstance(refused.value, NoAnswer) and refused.value.maybe_executed)
    await http.aclose()


async def test_the_system_reads_every_form_of_an_address() -> None:
    assert await resolve("2130706433", 443) == ("127.0.0.1",)
    assert await resolve("0x7f.1", 443) == ("127.0.0.1",)
